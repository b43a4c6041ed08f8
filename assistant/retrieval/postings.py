"""Texts → which passages hold each term and what it weighs there, in memory that does not grow with the texts.

What is counted of a passage goes to a scratch file; when all are counted the weights are laid out term by term, so many
at a time as fit into memory.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Plus

from assistant.retrieval.tally import Tally
from assistant.retrieval.tokens import tokens

# Postings that are laid out at a time, and passages whose counts are read at a time.
PART = 2 << 20
PASSAGES = 16384
# Terms whose idf is reckoned at a time.
_TERMS = 65536
_PAIR = np.dtype([("term", np.int32), ("count", np.int32)])


class Weighed(NamedTuple):
    """Some postings, term by term and for each term in the order of passages."""

    # int32[m] passages, and float32[m] what the term weighs in each.
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]


class Counting:
    """Counts the terms of passages, then weighs them as `rank_bm25.BM25Plus(corpus, delta=0)` does."""

    def __init__(self, scratch: BinaryIO, terms: Tally) -> None:
        """Begins.

        Args:
            scratch: an empty file to write to and read from.
            terms: an empty tally, which is used here alone.
        """
        self._scratch, self._terms = scratch, terms
        # The first passage of each run of terms.
        self._firsts = [0]
        # Tokens of each passage, and how many different ones.
        self._lengths, self._held = array("i"), array("i")
        # Passages that hold each term, in the order of the terms.
        self._passages = array("q")

    def add(self, text: str) -> None:
        """Counts one more passage."""
        found = tokens(text)
        counts = Counter(found)
        pairs = array("i")
        for token, count in counts.items():
            pairs.extend((self._terms.add(token), count))
        self._scratch.write(pairs.tobytes())
        self._lengths.append(len(found))
        self._held.append(len(counts))
        if self._terms.full:
            self._terms.end_run()
            self._firsts.append(len(self._lengths))

    def terms(self) -> Iterator[bytes]:
        """All terms in UTF-8, sorted; nothing can be added any more."""
        for term, passages in self._terms.merged():
            self._passages.append(passages)
            yield term

    def firsts(self) -> NDArray[np.int64]:
        """int64[terms + 1], where the postings of each term begin; once all `terms` were taken."""
        return np.concatenate([[0], np.cumsum(self._passages, dtype=np.int64)])

    def postings(self) -> Iterator[Weighed]:
        """All postings, in the order of `terms`; once all of these were taken."""
        if not self._passages:
            return
        idf, bm25 = self._model()
        ends = self.firsts()[1:]
        first = 0
        while first < len(ends):
            before = int(ends[first - 1]) if first else 0
            # At least one term, and then as many as fit.
            last = max(first + 1, int(np.searchsorted(ends, before + PART, side="right")))
            yield self._weighed((first, last), idf, bm25)
            first = last

    def _weighed(self, part: tuple[int, int], idf: NDArray[np.float64], bm25: BM25Plus) -> Weighed:
        """The postings of the terms from `part[0]` up to `part[1]`."""
        terms, rows, weights = [], [], []
        for row, held, held_terms, counts in self._read():
            wanted = (held_terms >= part[0]) & (held_terms < part[1])
            passages = np.repeat(np.arange(row, row + len(held), dtype=np.int32), held)[wanted]
            term, count = held_terms[wanted], counts[wanted].astype(np.float64)
            length = np.frombuffer(self._lengths, dtype=np.int32)[passages] / bm25.avgdl
            weight = idf[term] * count * (bm25.k1 + 1) / (bm25.k1 * (1 - bm25.b + bm25.b * length) + count)
            terms.append(term)
            rows.append(passages)
            weights.append(weight.astype(np.float32))
        by_term = np.argsort(np.concatenate(terms), kind="stable")
        return Weighed(np.concatenate(rows)[by_term], np.concatenate(weights)[by_term])

    def _read(self) -> Iterator[tuple[int, NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]]:
        """Of some passages after the others the first, how many terms each holds, these terms, and their counts."""
        self._scratch.seek(0)
        all_held = np.array(self._held, dtype=np.int32)
        for place, (begin, end) in zip(self._terms.places, pairwise((*self._firsts, len(all_held))), strict=True):
            for row in range(begin, end, PASSAGES):
                held = all_held[row : min(row + PASSAGES, end)]
                pairs = np.frombuffer(self._scratch.read(int(held.sum()) * _PAIR.itemsize), dtype=_PAIR)
                yield row, held, place[pairs["term"]], pairs["count"]

    def _model(self) -> tuple[NDArray[np.float64], BM25Plus]:
        """The idf of each term, and what else the library weighs by."""
        model = BM25Plus([["any"]], delta=0)
        model.corpus_size, model.avgdl = len(self._lengths), sum(self._lengths) / len(self._lengths)
        idf = np.empty(len(self._passages), dtype=np.float64)
        for first in range(0, len(idf), _TERMS):
            # By place instead of by term, which the library does not look at.
            model.idf = {}
            model._calc_idf(dict(enumerate(self._passages[first : first + _TERMS])))
            idf[first : first + _TERMS] = list(model.idf.values())
        return idf, model
