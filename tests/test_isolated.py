"""A bad file takes down the process that reads it, at most, and is told in one sentence; the others are read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.errors import PolicyFileError
from assistant.ingest import ingest
from assistant.isolated import Limits, Reader
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import list_sources, read_source
from assistant.types import Policy

GOOD = "Shop Privacy Policy\n\n1. Data\nWe keep your name for ‘ten’ 𝔄 days."


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.txt"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits()) as reader:
        yield reader


def told(reader: Reader, path: Path) -> str:
    with pytest.raises(PolicyFileError) as error:
        reader.read(path)
    return str(error.value)


def test_what_is_read_there_is_what_is_read_here(corpus: Path, reader: Reader) -> None:
    for path in list_sources(corpus)[0]:
        document = parse(read_source(path, 1 << 24))
        assert reader.read(path) == (document, split(document))


def test_what_the_catalogue_says_goes_with_it(good: Path, reader: Reader) -> None:
    assert reader.read(good, Policy("good", "Acme", "Notice"))[0].policy.name == "Acme Notice"


def test_errors_keep_their_sentence(tmp_path: Path, reader: Reader) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_bytes(b"")
    with pytest.raises(PolicyFileError) as here:
        read_source(empty, 1)
    assert told(reader, empty) == str(here.value)
    assert "cannot be opened" in told(reader, tmp_path / "gone.txt")
    assert "cannot be opened" in told(reader, Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.txt")))


def test_a_file_that_takes_too_long_is_told_and_the_next_is_read(good: Path, tmp_path: Path) -> None:
    """Thousands of pages that each take their time; the first one warms the process up."""
    slow = tmp_path / "slow.html"
    slow.write_text("<table><tr>" + "<td>a<table><tr>" * 3000 + "<p>We keep it.</p>" * 100_000, encoding="utf-8")
    with Reader(Limits(seconds=2)) as reader:
        for _ in range(10):
            try:
                reader.read(good)
                break
            except PolicyFileError:
                time.sleep(0.1)
        assert "takes more than 2 seconds; split it, or raise ASSISTANT_MAX_FILE_SECONDS." in told(reader, slow)


def test_a_file_that_takes_too_much_memory_is_told(good: Path, tmp_path: Path) -> None:
    big = tmp_path / "big.txt"
    big.write_text("We keep your name. " * 3_000_000, encoding="utf-8")
    with Reader(Limits(file_mb=200, memory_mb=300)) as reader:
        assert "takes more than 300 MiB of memory; split it, or raise ASSISTANT_MAX_FILE_MEMORY_MB." in told(
            reader, big
        )
        assert reader.read(good)[0].text == GOOD


def test_a_reader_that_breaks_down_is_started_anew(good: Path) -> None:
    with Reader(Limits()) as reader:
        reader.read(good)
        assert reader._process
        reader._process.kill()
        reader._process.wait()
        assert told(reader, good).startswith("good.txt: its reader broke down on it;")
        assert reader.read(good)[0].text == GOOD


def test_no_process_is_left(good: Path) -> None:
    with Reader(Limits()) as reader:
        reader.read(good)
        process = reader._process
    assert process
    assert process.poll() is not None


BOMBS = {
    "nested.html": b"<div>" * 10_000 + b"<p>We keep your name for a year.</p>" + b"</div>" * 10_000,
    "nested-lists.html": b"<ul><li>" * 5_000 + b"We keep your name for a year.",
    "laughs.html": b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><p>We keep &b; your name for a year.</p>',
    "script.html": b"<p onclick='steal()'>We keep your name.<script>steal()</script> <a href='javascript:steal()'>x",
    "nested.md": b"> " * 10_000 + b"We keep your name for a year.",
    "brackets.md": b"[" * 50_000 + b" We keep your name for a year.",
    "emphasis.md": b"*a_" * 30_000 + b" We keep your name for a year.",
    "script.md": b"<script>steal()</script>\n\nWe keep your name. [More](javascript:run()) ![x](https://example.org/x.png)",
    "line.txt": b"We keep your name for a year. " * 30_000,
    "numbers.txt": b"\n".join(b"1." * 40 + b" We keep your name." for _ in range(2_000)),
    "bidi.txt": "We keep \u202eyour name\u202c for a year.\u2066\u2069".encode(),
    "cut.pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 1 0 R>>endobj\ntrailer<</Root 1 0 R>>",
    "loop.pdf": (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>endobj\ntrailer<</Root 1 0 R/Size 3>>"
    ),
}


def test_hostile_files_are_read_or_told_and_the_others_are_indexed(tmp_path: Path, good: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    good.rename(corpus / good.name)
    for name, content in BOMBS.items():
        (corpus / name).write_bytes(content)
    report = ingest(corpus, tmp_path / "index")
    refused = {error.file: str(error) for error in report.errors}
    assert report.documents == 1 + len(BOMBS) - len(refused)
    assert set(refused) <= set(BOMBS)
    assert {"cut.pdf", "loop.pdf"} <= set(refused)
    assert all(sentence.count("\n") == 0 and sentence.endswith(".") for sentence in refused.values())


@pytest.mark.parametrize("name", ["script.html", "script.md", "laughs.html"])
def test_what_could_run_is_no_text(tmp_path: Path, reader: Reader, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    text = reader.read(path)[0].text
    assert "We keep" in text
    assert "steal" not in text
    assert "example.org" not in text
    assert "ha" * 3 not in text
