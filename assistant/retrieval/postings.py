"""Texts → which passages hold each term and what it weighs there, in memory that does not grow with the texts.

What is counted of a passage goes to a scratch file; when all are counted the weights are laid out term by term, so many
at a time as fit into memory.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Plus

from assistant.retrieval.tokens import tokens

# Postings that are laid out at a time, and passages whose counts are read at a time.
PART = 4 << 20
PASSAGES = 16384
_PAIR = np.dtype([("term", np.int32), ("count", np.int32)])


class Weighed(NamedTuple):
    """Some postings, term by term and for each term in the order of passages."""

    # int32[m] passages, and float32[m] what the term weighs in each.
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]


class Counting:
    """Counts the terms of passages, then weighs them as `rank_bm25.BM25Plus(corpus, delta=0)` does."""

    def __init__(self, scratch: BinaryIO) -> None:
        """Begins; `scratch` is an empty file to write to and read from."""
        self._scratch = scratch
        self._numbers: dict[str, int] = {}
        # Passages that hold each term, by the number of the term.
        self._passages = array("q")
        # Tokens of each passage, and how many different ones.
        self._lengths, self._held = array("i"), array("i")

    def add(self, text: str) -> None:
        """Counts one more passage."""
        found = tokens(text)
        counts = Counter(found)
        pairs = array("i")
        for token, count in counts.items():
            number = self._numbers.setdefault(token, len(self._numbers))
            if number == len(self._passages):
                self._passages.append(0)
            self._passages[number] += 1
            pairs.extend((number, count))
        self._scratch.write(pairs.tobytes())
        self._lengths.append(len(found))
        self._held.append(len(counts))

    def terms(self) -> tuple[list[bytes], NDArray[np.int64]]:
        """All terms in UTF-8, sorted, and int64[terms + 1]: where the postings of each begin."""
        order = self._order
        named = list(self._numbers)
        counts = np.array(self._passages, dtype=np.int64)[order]
        return [_utf8(named[number]) for number in order], np.concatenate([[0], np.cumsum(counts)])

    def postings(self) -> Iterator[Weighed]:
        """All postings, in the order of `terms`."""
        order = self._order
        if not len(order):
            return
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        counts = np.array(self._passages, dtype=np.int64)[order]
        idf, bm25 = self._model(order)
        ends = np.cumsum(counts)
        first = 0
        while first < len(order):
            before = ends[first] - counts[first]
            # At least one term, and then as many as fit.
            last = max(first + 1, int(np.searchsorted(ends, before + PART, side="right")))
            yield self._weighed(place, (first, last), idf, bm25)
            first = last

    def _weighed(
        self, place: NDArray[np.int64], part: tuple[int, int], idf: NDArray[np.float64], bm25: BM25Plus
    ) -> Weighed:
        """The postings of the terms from `part[0]` up to `part[1]` in the order of `place`."""
        terms, rows, weights = [], [], []
        for row, held, pairs in self._read():
            term = place[pairs["term"]]
            wanted = (term >= part[0]) & (term < part[1])
            passages = np.repeat(np.arange(row, row + len(held)), held)[wanted]
            term, count = term[wanted], pairs["count"][wanted].astype(np.float64)
            length = np.frombuffer(self._lengths, dtype=np.int32)[passages] / bm25.avgdl
            weight = idf[term] * count * (bm25.k1 + 1) / (bm25.k1 * (1 - bm25.b + bm25.b * length) + count)
            terms.append(term)
            rows.append(passages.astype(np.int32))
            weights.append(weight.astype(np.float32))
        by_term = np.argsort(np.concatenate(terms), kind="stable")
        return Weighed(np.concatenate(rows)[by_term], np.concatenate(weights)[by_term])

    def _read(self) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.void]]]:
        """First passage, terms held by each passage, and their counts, of some passages after the others."""
        self._scratch.seek(0)
        all_held = np.array(self._held, dtype=np.int32)
        for row in range(0, len(all_held), PASSAGES):
            held = all_held[row : row + PASSAGES]
            yield row, held, np.frombuffer(self._scratch.read(int(held.sum()) * _PAIR.itemsize), dtype=_PAIR)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        """The numbers of the terms, sorted by their bytes."""
        named = [_utf8(term) for term in self._numbers]
        return np.array(sorted(range(len(named)), key=named.__getitem__), dtype=np.int64)

    def _model(self, order: NDArray[np.int64]) -> tuple[NDArray[np.float64], BM25Plus]:
        """The idf of each term in this order, and what else the library weighs by."""
        model = BM25Plus([["any"]], delta=0)
        model.corpus_size, model.idf = len(self._lengths), {}
        model.avgdl = sum(self._lengths) / len(self._lengths)
        # By number instead of by term, which the library does not look at.
        model._calc_idf(dict(enumerate(self._passages)))
        return np.array([model.idf[number] for number in order.tolist()]), model


def _utf8(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")
