"""A build is written as it comes: what it holds in memory does not grow with the corpus."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from assistant.index import Manifest, building, load, publish
from assistant.retrieval.late import gather
from assistant.types import Document, Passage, Span
from tests.index_fixtures import document_named

WORDS = 24
PASSAGES = 50


def policies(count: int) -> Iterator[tuple[Document, list[Passage]]]:
    """Policies of words that mostly stand in no other, one passage to a line."""
    for number in range(count):
        lines = [
            " ".join(f"w{(number * PASSAGES + at) * WORDS + word:x}" for word in range(WORDS)) for at in range(PASSAGES)
        ]
        text = "\n".join(f"we {line}" for line in lines)
        document = replace(document_named(f"policy-{number}"), text=text)
        spans, at = [], 0
        for line in text.split("\n"):
            spans.append(Span(at, at + len(line)))
            at += len(line) + 1
        name = document.policy.id
        yield document, [Passage(0, name, 0, span, span.of(text), "", "", (), 1, (span,), True) for span in spans]


def peak(folder: Path, count: int) -> int:
    """The most bytes that a build of so many policies held."""
    pieces = [(np.ones((3, 4), np.int8), np.arange(3, dtype=np.int32), np.arange(1, 4, dtype=np.int32))] * PASSAGES
    tokens = gather(pieces, np.zeros(9, np.int32), 4)
    vectors = np.random.default_rng(0).standard_normal((PASSAGES, 8)).astype(np.float32)
    tracemalloc.start()
    try:
        with building(folder, 8, 4) as build:
            for document, passages in policies(count):
                build.add(document, passages)
                build.encoded(vectors, tokens)
            publish(folder, build, Manifest("model", "ab" * 32, "ef" * 32, {}), np.zeros(9, np.int32))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


SMALL = {
    "assistant.index.building.CHUNK": 1 << 10,
    "assistant.retrieval.postings.PART": 1 << 13,
    "assistant.retrieval.postings.PASSAGES": 256,
    "assistant.retrieval.tally.RUN": 1 << 12,
    "assistant.retrieval.tally._BLOCK": 1 << 10,
    "assistant.retrieval.tally._PLACES": 1 << 7,
}


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMALL.items():
        module, _, attribute = name.rpartition(".")
        monkeypatch.setattr(import_module(module), attribute, value)
    # What is held of words lately seen is full with 20 policies.
    some, many = (peak(tmp_path / str(count), count) for count in (20, 100))
    assert len(load(tmp_path / "100").passages) == 100 * PASSAGES
    # Of 4,000 passages with 24 words each that stand in no other; two megabytes were 20 bytes of each word.
    assert many - some < 4_000 * 100
