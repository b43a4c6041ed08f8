"""A second ingest reads and encodes what has changed, and comes to the same index as a first one."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from assistant import index, ingest
from assistant.index import Stored, load
from assistant.isolated import Reader

A = "A Privacy Policy\n\n1. Data\nWe keep your name.\n\n2. Sharing\nWe never sell data."
B = "B Cookie Notice\n\n1. Cookies\nWe set cookies to remember you for {} days."

pytestmark = pytest.mark.usefixtures("one_encoder")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a.txt").write_text(A, encoding="utf-8")
    (folder / "b.txt").write_text(B.format(30), encoding="utf-8")
    return folder


def same(one: Stored, other: Stored) -> None:
    """Equal but for the last bits of vectors."""
    assert one.manifest == other.manifest
    assert (list(one.documents), list(one.passages)) == (list(other.documents), list(other.passages))
    assert np.allclose(one.vectors, other.vectors, atol=1e-5)
    for field in ("offsets", "starts", "ends", "frequencies"):
        assert np.array_equal(getattr(one.tokens, field), getattr(other.tokens, field)), field
    assert np.abs(np.asarray(one.tokens.values, int) - np.asarray(other.tokens.values)).max() <= 1


def change(corpus: Path) -> None:
    (corpus / "b.txt").write_text(B.format(60), encoding="utf-8")


def add(corpus: Path) -> None:
    (corpus / "c.txt").write_text(A.replace("A Privacy", "C Privacy"), encoding="utf-8")


def remove(corpus: Path) -> None:
    (corpus / "a.txt").unlink()


def rename(corpus: Path) -> None:
    (corpus / "a.txt").rename(corpus / "z.txt")


def catalogue(corpus: Path) -> None:
    header = "id,company,title,version,effective_date,language,source_url,supersedes,note\n"
    (corpus / "policies.csv").write_text(header + "a,Acme,Privacy Policy,,,en,,,\n", encoding="utf-8")


def nothing(corpus: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("alter", "files", "encodes"),
    [
        (nothing, 0, False),
        (change, 1, True),
        (add, 1, True),
        (remove, 0, False),
        (rename, 1, False),
        (catalogue, 2, True),
    ],
)
def test_only_what_changed_is_read_and_encoded(
    corpus: Path, tmp_path: Path, alter: object, files: int, encodes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ingest.ingest(corpus, tmp_path / "index")
    assert first.encoded == first.passages
    alter(corpus)  # type: ignore[operator]
    read: list[str] = []
    real = Reader.read
    monkeypatch.setattr(Reader, "read", lambda self, path, row: read.append(path.name) or real(self, path, row))
    again = ingest.ingest(corpus, tmp_path / "index")
    assert len(read) == files
    assert bool(again.encoded) == encodes
    assert again.encoded < again.passages or alter is catalogue
    monkeypatch.undo()
    ingest.ingest(corpus, tmp_path / "fresh")
    same(load(tmp_path / "index"), load(tmp_path / "fresh"))


def test_a_damaged_or_foreign_index_keeps_nothing(corpus: Path, tmp_path: Path) -> None:
    ingest.ingest(corpus, tmp_path / "index")
    next((tmp_path / "index").glob("build-*/vectors.npy")).write_bytes(b"")
    assert ingest.ingest(corpus, tmp_path / "index").encoded > 0
    load(tmp_path / "index")


def test_two_ingests_at_once_one_waits_and_says_so(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    told = threading.Event()
    reports = []

    def second() -> None:
        reports.append(ingest.ingest(corpus, folder, waiting=told.set))

    with index.alone(folder):
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(20)
        time.sleep(0.05)
        assert not reports
    thread.join(60)
    assert reports[0].documents == 2
    assert load(folder).documents


def test_an_ingest_alone_waits_for_nobody(corpus: Path, tmp_path: Path) -> None:
    told = threading.Event()
    ingest.ingest(corpus, tmp_path / "index", waiting=told.set)
    assert not told.is_set()
