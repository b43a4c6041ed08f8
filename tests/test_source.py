from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import CorpusError, PolicyFileError
from assistant.policies.parsed import Unreadable
from assistant.policies.source import decode, list_sources, read_source

RUSSIAN = "Политика конфиденциальности. Мы храним ваши данные, чтобы оказывать услуги, и удаляем их через год."


def test_policies_are_listed_by_name_and_nothing_else(tmp_path: Path) -> None:
    for name in (
        "b.txt",
        "a.md",
        "d.PDF",
        "c.html",
        "e.htm",
        "f.markdown",
        "README.md",
        "policies.csv",
        ".x.md",
        "g.docx",
    ):
        (tmp_path / name).write_text("x")
    paths, errors = list_sources(tmp_path)
    assert [path.name for path in paths] == ["a.md", "b.txt", "c.html", "d.PDF", "e.htm", "f.markdown"]
    assert errors == ()


def test_the_second_file_of_one_id_is_refused(tmp_path: Path) -> None:
    for name in ("x.pdf", "x.md", "X.txt", "y.txt"):
        (tmp_path / name).write_text("x")
    paths, errors = list_sources(tmp_path)
    assert [path.name for path in paths] == ["X.txt", "y.txt"]
    assert [error.file for error in errors] == ["x.md", "x.pdf"]
    assert "id of X.txt" in str(errors[0])


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="is no folder"):
        list_sources(tmp_path / "nowhere")


def test_a_file_is_read_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "My Policy.TXT"
    path.write_bytes(b"text")
    source = read_source(path)
    assert (source.id, source.suffix, source.data) == ("My Policy", ".txt", b"text")
    assert source.sha256 == hashlib.sha256(b"text").hexdigest()


@pytest.mark.parametrize(("data", "wrong"), [(b"", "empty"), (b" \n\t\r\n", "white space")])
def test_empty_files(tmp_path: Path, data: bytes, wrong: str) -> None:
    (tmp_path / "x.txt").write_bytes(data)
    with pytest.raises(PolicyFileError, match=rf"^x\.txt: .*{wrong}.*; .*\.$"):
        read_source(tmp_path / "x.txt")


def test_a_file_that_is_too_big_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.pdf").open("wb") as file:
        file.truncate(60 << 20)
    with pytest.raises(PolicyFileError, match=r"big\.pdf: it is too big \(60\.0 MiB, and the limit is 50 MiB\)"):
        read_source(tmp_path / "big.pdf", 50 << 20)


def test_unreadable_files(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.txt").symlink_to(tmp_path / "loop.txt")
    for name, wrong in (("folder.txt", "folder"), ("link.txt", "no such file"), ("loop.txt", "symbolic links")):
        with pytest.raises(PolicyFileError, match=rf"{name}: .*{wrong}"):
            read_source(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "x.txt").chmod(0)
    with pytest.raises(PolicyFileError, match="permission"):
        read_source(tmp_path / "x.txt")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "windows-1251", "koi8-r"]
)
def test_russian_in_every_encoding(encoding: str) -> None:
    assert decode(RUSSIAN.encode(encoding)) == RUSSIAN


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("“Privacy” – Müller & Söhne keep your data for 30 days; that is the law’s wish.", "windows-1252"),
        ("Política de privacidad: la información del año se conserva en España.", "windows-1252"),
        ("Privacy Policy\n\n1. Data\n\nМы храним ваши данные один год, потому что так велит закон.", "windows-1251"),
        ("Polityka prywatności: dane osobowe są przechowywane przez rok, zgodnie z prawem.", "windows-1250"),
        ("隐私权政策：我们收集您的信息，并妥善保管。", "gb18030"),
    ],
)
def test_other_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_page_says_its_charset() -> None:
    page = '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>Да</p>'
    assert decode(page.encode("windows-1251")) == page


def test_line_ends_become_newlines() -> None:
    assert decode(b"a\r\nb\rc\n") == "a\nb\nc\n"


@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Co", "Cn"), exclude_characters="\ufeff\ufffd"), min_size=1)
)
def test_utf8_text_comes_back_as_it_is(text: str) -> None:
    if text.strip():
        assert decode(text.encode()) == text


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        bytes(range(256)) * 20,
        b"text\x00text",
        b"\xff\xfe\x00\xd8",
        b"\x01\x02 ab" * 9,
    ],
)
def test_rubbish_is_no_text(data: bytes) -> None:
    with pytest.raises(Unreadable, match="no text"):
        decode(data)


def test_a_byte_order_mark_alone_is_no_text() -> None:
    with pytest.raises(Unreadable, match="white space"):
        decode(b"\xef\xbb\xbf \n")


@pytest.mark.parametrize("name", ["a\nb.txt", "a\x1b[31m.md", "a\u202etxt.html", "a\u2028b.txt"])
def test_names_that_no_line_shows_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("x")
    paths, (error,) = list_sources(tmp_path)
    assert paths == ()
    assert str(error) == f"{ascii(name)[1:-1]}: its name holds characters that no line shows; rename it."
