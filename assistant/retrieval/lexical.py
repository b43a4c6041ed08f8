"""BM25 over passages: finds names, numbers, quoted and rare words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Plus
from scipy.sparse import csr_array

from assistant.retrieval.tokens import tokens

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


class Lexical:
    """The scores of `rank_bm25.BM25Plus(corpus, delta=0)`, laid out token by passage.

    Why this variant: `BM25Okapi` scores the only matching passage of a tiny corpus below 0. `BM25Plus` has an idf that
    is always positive, but gives every passage, matching or not, the same extra idf · delta for each known token, which
    changes no order; without it a score is above 0 exactly where a token is shared. `get_scores` of rank_bm25 walks all
    passages in Python for each token; here the same weights are computed once and a question adds up the
    passages of its tokens.

    Source: Lv and Zhai 2011, "Lower-bounding term frequency normalization"; Trotman et al. 2014, "Improvements to BM25
    and Language Models Examined".
    """

    def __init__(self, texts: Sequence[str]) -> None:
        corpus = [tokens(text) for text in texts]
        self._size = len(corpus)
        self._vocabulary: dict[str, int] = {}
        self._weights = csr_array((0, self._size), dtype=np.float32)
        # rank_bm25 divides by the average length, which an empty corpus or one without any word does not have.
        if any(corpus):
            model = BM25Plus(corpus, delta=0)
            self._vocabulary = {token: number for number, token in enumerate(model.idf)}
            self._weights = _layout(model, self._vocabulary)

    def __len__(self) -> int:
        return self._size

    @property
    def frequencies(self) -> dict[str, int]:
        """Every token of the corpus with the number of passages that hold it."""
        counts = np.diff(self._weights.indptr)
        return {token: int(counts[number]) for token, number in self._vocabulary.items()}

    def scores(self, query: str) -> Scores:
        """BM25 of every passage: float32[n], at least 0, and 0 exactly where no token is shared."""
        total = np.zeros(self._size, dtype=np.float64)
        for token, count in Counter(tokens(query)).items():
            rows, weights = self._postings(token)
            total[rows] += weights * count
        return total.astype(np.float32)

    def matched(self, query: str, every: bool = False) -> NDArray[np.bool_]:
        """Which passages share a token with `query`, or all its tokens where `every`: bool[n].

        A query without tokens matches nothing.
        """
        wanted = set(tokens(query))
        shared = np.zeros(self._size, dtype=np.int32)
        for token in wanted:
            shared[self._postings(token)[0]] += 1
        return shared >= (len(wanted) if every and wanted else 1)

    def search(self, query: str, k: int, rows: Rows | None = None) -> tuple[Rows, Scores]:
        """The best matching passages.

        Args:
            query: text in any form.
            k: how many at most.
            rows: search among these only; None for all. The scores do not depend on it.

        Returns:
            Rows int64[m] and their scores float32[m], m ≤ k, best first, ties by row; only passages that share a token.
        """
        scores = self.scores(query)
        matching = scores > 0
        if rows is not None:
            allowed = np.zeros(self._size, dtype=np.bool_)
            allowed[rows] = True
            matching &= allowed
        found = np.flatnonzero(matching)
        if 0 < k < len(found):
            # Whatever reaches the k-th best score, ties included; sorting all matches would cost more than scoring.
            found = found[scores[found] >= np.partition(scores[found], -k)[-k]]
        order = np.lexsort((found, -scores[found]))[: max(k, 0)]
        return found[order], scores[found[order]]

    def _postings(self, token: str) -> tuple[NDArray[np.int32], Scores]:
        """Passages that hold `token`, and its weight in each."""
        number = self._vocabulary.get(token)
        if number is None:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        here = slice(self._weights.indptr[number], self._weights.indptr[number + 1])
        return self._weights.indices[here], self._weights.data[here]


def _layout(model: BM25Plus, vocabulary: dict[str, int]) -> csr_array:
    """What `BM25Plus.get_scores` adds for each token and passage: csr float32[tokens, n]."""
    held = np.array([len(frequencies) for frequencies in model.doc_freqs])
    passages = np.repeat(np.arange(len(held)), held)
    numbers = np.fromiter(map(vocabulary.__getitem__, chain.from_iterable(model.doc_freqs)), np.int64, held.sum())
    counts = np.fromiter(chain.from_iterable(d.values() for d in model.doc_freqs), np.float64, held.sum())
    idf = np.fromiter(model.idf.values(), np.float64, len(model.idf))[numbers]
    length = np.array(model.doc_len)[passages] / model.avgdl
    weights = idf * counts * (model.k1 + 1) / (model.k1 * (1 - model.b + model.b * length) + counts)
    shape = (len(vocabulary), len(held))
    return csr_array((weights.astype(np.float32), (numbers, passages)), shape=shape)
