"""From a folder to an index: what is read, what is left out, and that the same corpus gives the same bytes."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from assistant.ask import Assistant
from assistant.errors import CorpusError
from assistant.freshness import is_stale
from assistant.ingest import ingest
from assistant.isolated import Limits

pytestmark = pytest.mark.usefixtures("one_encoder")


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_corpus_gives_the_same_bytes(corpus: Path, index_dir: Path, tmp_path: Path) -> None:
    ingest(corpus, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(index_dir)


def test_bad_files_are_left_out_and_told(tmp_path: Path, corpus: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    shutil.copy(corpus / "unnamed-privacy-policy.txt", folder)
    (folder / "empty.txt").write_bytes(b"")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    (folder / "hollow.html").write_text("<html><script>1</script></html>", encoding="utf-8")
    (folder / "twin.md").write_text("# Twin\n\nWe keep your name.", encoding="utf-8")
    (folder / "twin.txt").write_text("We keep your name.", encoding="utf-8")
    (folder / "huge.txt").write_bytes(b"x" * 4096)
    counted = []
    report = ingest(
        folder, tmp_path / "index", lambda done, _: counted.append(done), limits=Limits(file_mb=4000 / (1 << 20))
    )
    assert report.documents == 2
    assert sum(counted) == report.passages
    assert sorted(error.file for error in report.errors) == [
        "broken.pdf",
        "empty.txt",
        "hollow.html",
        "huge.txt",
        "twin.txt",
    ]
    assert all(str(error).startswith(error.file) and str(error).endswith(".") for error in report.errors)
    assert {policy.id for policy in Assistant.open(tmp_path / "index").policies()} == {"twin", "unnamed-privacy-policy"}


def test_a_folder_without_policies_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"put \.txt, \.md, \.html or \.pdf files there"):
        ingest(tmp_path, tmp_path / "index")


def test_odd_files_are_told_and_the_others_indexed(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "good.txt").write_text("Good Privacy Policy\n\nWe keep your name.", encoding="utf-8")
    (folder / "codec.html").write_bytes(b"<meta charset=hex><p>Privacy caf\xe9 policy. We keep your data.</p>")
    os.mkfifo(folder / "pipe.txt")
    (folder / "endless.txt").symlink_to("/dev/zero")
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.txt")).write_text("We keep it.", encoding="utf-8")
    report = ingest(folder, tmp_path / "index")
    assert sorted(error.file for error in report.errors) == ["bad\\udcff.txt", "endless.txt", "pipe.txt"]
    assert {policy.id for policy in Assistant.open(tmp_path / "index").policies()} == {"codec", "good"}
    assert not is_stale(tmp_path / "index", folder)
