from __future__ import annotations

from pathlib import Path

import pytest
from reader_checks import CORPORA, READERS

from assistant.errors import PolicyFileError
from assistant.policies.parse import parse
from assistant.policies.source import read_source
from assistant.types import Document, Policy

TEXT = "Privacy Policy\n\n1. Data\n\nМы храним ваши данные один год, потому что так велит закон о налогах.\n"


def document(tmp_path: Path, name: str, data: bytes, row: Policy | None = None) -> Document:
    (tmp_path / name).write_bytes(data)
    return parse(read_source(tmp_path / name), row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1251"])
def test_plain_text_is_canonical_as_it_stands(tmp_path: Path, encoding: str) -> None:
    assert document(tmp_path, "x.txt", TEXT.replace("\n", "\r\n").encode(encoding)).text == TEXT


@pytest.mark.parametrize("name", ["policy.html", "policy.md", "policy.pdf"])
def test_every_format_becomes_a_document(name: str) -> None:
    found = parse(read_source(READERS / name))
    assert found.policy.id == "policy"
    assert len(found.owners) == len(found.blocks)
    assert len(found.clauses) > 2
    assert bool(found.pages) == name.endswith(".pdf")


def test_endings_may_be_written_otherwise(tmp_path: Path) -> None:
    assert document(tmp_path, "x.HTM", b"<h1>Notice</h1><p>text").text == "Notice\n\ntext"
    assert document(tmp_path, "x.markdown", b"# Notice\n\n*text*").text == "Notice\n\ntext"


def test_a_row_overrules_the_text(tmp_path: Path) -> None:
    row = Policy("x", "Acme", "", effective_date="2024")
    policy = document(tmp_path, "x.txt", TEXT.encode(), row).policy
    assert (policy.company, policy.title, policy.effective_date) == ("Acme", "Privacy Policy", "2024")


FAULTS = {
    "rubbish.txt": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no text"),
    "rubbish.html": (bytes(range(256)) * 9, "no text"),
    "spaces.txt": (b"\xef\xbb\xbf \n", "white space"),
    "nothing.html": (b"<html><body><script>x()</script></body></html>", "no text in it"),
    "nothing.md": (b"---\ntitle: x\n---\n", "no text in it"),
    "pdf.txt": (b"%PDF-1.7\n", "PDF under another name"),
    "text.pdf": (b"plain text", "no PDF"),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_one_sentence_with_the_file_and_what_to_do(tmp_path: Path, name: str) -> None:
    data, wrong = FAULTS[name]
    with pytest.raises(PolicyFileError) as caught:
        document(tmp_path, name, data)
    sentence = str(caught.value)
    assert sentence.startswith(f"{name}: ")
    assert wrong in sentence
    assert "; " in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("name", ["encrypted.pdf", "scanned.pdf", "broken.pdf", "loop.pdf"])
def test_faulty_pdfs_name_their_file(name: str) -> None:
    with pytest.raises(PolicyFileError, match=rf"^{name}: "):
        parse(read_source(READERS / name))


def test_nothing_is_said_beside_the_error(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("broken.pdf", "loop.pdf"):
        with pytest.raises(PolicyFileError):
            parse(read_source(READERS / name))
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the published policies of others are not here")
@pytest.mark.parametrize("path", sorted(CORPORA.glob("*-*")), ids=lambda path: path.name)
def test_real_files_become_the_same_document_twice(path: Path) -> None:
    assert parse(read_source(path)) == parse(read_source(path))
