"""Texts → which passages hold each term and what it weighs there, in memory that does not grow with the texts.

What is counted of some passages goes to a scratch file as one block; when all are counted each block is sorted by term,
and the blocks are merged, so many terms at a time as fit into memory.

Source: Manning, Raghavan, Schütze 2008, "Introduction to Information Retrieval", 4.2, blocked sort-based indexing.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Plus

from assistant.retrieval.tally import Tally
from assistant.retrieval.tokens import tokens

# Postings that are laid out at a time, and passages of one block.
PART = 1 << 19
PASSAGES = 8192
# Terms whose idf is reckoned at a time.
_TERMS = 65536
_PAIR = np.dtype([("term", np.int32), ("count", np.int32)])
# What BM25 makes of how often a term stands in a passage, to be multiplied by its idf.
_POSTING = np.dtype([("term", np.int32), ("row", np.int32), ("share", np.float64)])


class Weighed(NamedTuple):
    """Some postings, term by term and for each term in the order of passages."""

    # int64[terms]: how many passages hold each of the terms that begin here.
    held: NDArray[np.int64]
    # int32[m] passages, and float32[m] what the term weighs in each.
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]


class _Block(NamedTuple):
    """Passages whose terms are numbered by one run of the tally: where they lie in the scratch file."""

    run: int
    place: int
    passages: int
    pairs: int


class Counting:
    """Counts the terms of passages, then weighs them as `rank_bm25.BM25Plus(corpus, delta=0)` does."""

    def __init__(self, scratch: BinaryIO, terms: Tally) -> None:
        """Begins.

        Args:
            scratch: an empty file to write to and read from.
            terms: an empty tally, which is used here alone.
        """
        self._scratch, self._terms = scratch, terms
        self._blocks: list[_Block] = []
        self._run, self._passages, self._tokens = 0, 0, 0
        # Of the block at hand: tokens of each passage, how many different ones, and these with their counts.
        self._lengths, self._held, self._pairs = array("i"), array("i"), array("i")
        # The terms that parts of the postings end before.
        self._ends: list[int] = []

    def add(self, text: str) -> None:
        """Counts one more passage."""
        found = tokens(text)
        counts = Counter(found)
        for token, count in counts.items():
            self._pairs.extend((self._terms.add(token), count))
        self._lengths.append(len(found))
        self._held.append(len(counts))
        if self._terms.full or len(self._lengths) >= PASSAGES:
            self._end_block()
        if self._terms.full:
            self._terms.end_run()
            self._run += 1

    def terms(self) -> Iterator[bytes]:
        """All terms in UTF-8, sorted; nothing can be added any more."""
        self._end_block()
        number, postings = 0, 0
        for term, passages in self._terms.merged():
            # A part has at least one term, and then as many as fit.
            if postings and postings + passages > PART:
                self._ends.append(number)
                postings = 0
            postings += passages
            number += 1
            yield term
        self._ends.append(number)

    def postings(self) -> Iterator[Weighed]:
        """All postings, in the order of `terms`; once all of these were taken."""
        if not self._tokens:
            return
        model = BM25Plus([["any"]], delta=0)
        model.corpus_size, model.avgdl = self._passages, self._tokens / self._passages
        sorted_blocks = list(self._sorted(model))
        for part, (first, last) in enumerate(pairwise((0, *self._ends))):
            slices = [places[part : part + 2] for places in sorted_blocks]
            if last - first == 1:
                # May be more than fit, and are in order already.
                held = np.array([sum(end - begin for begin, end in slices) // _POSTING.itemsize])
                pieces: Iterable[NDArray[np.void]] = (self._postings(*each) for each in slices)
            else:
                found = np.concatenate([self._postings(*each) for each in slices])
                held = np.bincount(found["term"] - first, minlength=last - first)
                pieces = (found[np.argsort(found["term"], kind="stable")],)
            idf = _idf(model, held)
            for piece in pieces:
                weights = idf[piece["term"] - first] * piece["share"]
                yield Weighed(held, piece["row"], weights.astype(np.float32))
                held = held[:0]

    def _end_block(self) -> None:
        """Puts the block into the file and begins another."""
        pairs = len(self._pairs) // 2
        self._blocks.append(_Block(self._run, self._scratch.tell(), len(self._lengths), pairs))
        for each in (self._lengths, self._held, self._pairs):
            self._scratch.write(each.tobytes())
        self._passages += len(self._lengths)
        self._tokens += sum(self._lengths)
        self._lengths, self._held, self._pairs = array("i"), array("i"), array("i")

    def _sorted(self, model: BM25Plus) -> Iterator[list[int]]:
        """Writes the postings of each block, sorted by term; where in the file each part of them begins and ends."""
        row = 0
        for block in self._blocks:
            lengths, held, pairs = self._read(block)
            found = np.empty(block.pairs, dtype=_POSTING)
            found["term"] = self._terms.places(block.run)[pairs["term"]]
            found["row"] = np.repeat(np.arange(row, row + block.passages, dtype=np.int32), held)
            count, length = pairs["count"].astype(np.float64), np.repeat(lengths / model.avgdl, held)
            found["share"] = count * (model.k1 + 1) / (model.k1 * (1 - model.b + model.b * length) + count)
            found = found[np.argsort(found["term"], kind="stable")]
            row += block.passages
            place = self._scratch.seek(0, 2)
            self._scratch.write(found.tobytes())
            inside = np.searchsorted(found["term"], [0, *self._ends])
            yield (place + inside * _POSTING.itemsize).tolist()

    def _read(self, block: _Block) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.void]]:
        """Tokens of each passage of a block, how many different ones, and these with their counts."""
        self._scratch.seek(block.place)
        lengths, held = (np.frombuffer(self._scratch.read(4 * block.passages), dtype=np.int32) for _ in range(2))
        return lengths, held, np.frombuffer(self._scratch.read(_PAIR.itemsize * block.pairs), dtype=_PAIR)

    def _postings(self, first: int, last: int) -> NDArray[np.void]:
        """What lies between two places of the scratch file."""
        self._scratch.seek(first)
        return np.frombuffer(self._scratch.read(last - first), dtype=_POSTING)


def _idf(model: BM25Plus, held: NDArray[np.int64]) -> NDArray[np.float64]:
    """The idf of terms that so many passages hold."""
    idf = np.empty(len(held), dtype=np.float64)
    for first in range(0, len(held), _TERMS):
        # By place instead of by term, which the library does not look at.
        model.idf = {}
        model._calc_idf(dict(enumerate(held[first : first + _TERMS].tolist())))
        idf[first : first + _TERMS] = list(model.idf.values())
    return idf
