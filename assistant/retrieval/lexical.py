"""BM25 over passages: finds names, numbers, quoted and rare words."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.tokens import tokens

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Terms(Protocol):
    """All terms, numbered."""

    def find(self, string: str, /) -> int | None:
        """The number of a term; None where it is none."""


class Lexical:
    """The scores of `rank_bm25.BM25Plus(corpus, delta=0)`, laid out term by term (`postings.Counting`).

    Why this variant: `BM25Okapi` scores the only matching passage of a tiny corpus below 0. `BM25Plus` has an idf that
    is always positive, but gives every passage, matching or not, the same extra idf · delta for each known token, which
    changes no order; without it a score is above 0 exactly where a token is shared. `get_scores` of rank_bm25 walks all
    passages in Python for each token; here the same weights were computed once, and a question adds up the
    passages of its tokens.

    Source: Lv and Zhai 2011, "Lower-bounding term frequency normalization"; Trotman et al. 2014, "Improvements to BM25
    and Language Models Examined".
    """

    def __init__(
        self, terms: Terms, firsts: NDArray[np.int64], rows: NDArray[np.int32], weights: Scores, size: int
    ) -> None:
        """Takes what was laid out; the arrays may be memory-mapped.

        Args:
            terms: numbered from 0.
            firsts: int64[terms + 1], where the postings of each term begin.
            rows: int32[postings], the passages that hold the term, ascending.
            weights: float32[postings], what the term weighs in the passage.
            size: how many passages there are.
        """
        self._terms, self._firsts, self._rows, self._weights, self._size = terms, firsts, rows, weights, size

    def __len__(self) -> int:
        return self._size

    def scores(self, query: str) -> Scores:
        """BM25 of every passage: float32[n], at least 0, and 0 exactly where no token is shared."""
        total = np.zeros(self._size, dtype=np.float64)
        for token, count in Counter(tokens(query)).items():
            rows, weights = self._postings(token)
            total[rows] += weights if count == 1 else weights * count
        return total.astype(np.float32)

    def matched(self, query: str) -> bool:
        """Whether any passage shares a token with `query`."""
        return any(self._terms.find(token) is not None for token in tokens(query))

    def search(self, query: str, k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The best matching passages.

        Args:
            query: text in any form.
            k: how many at most.
            allowed: bool[n], the passages to search among; None for all. The scores do not depend on it.

        Returns:
            Rows int64[m] and their scores float32[m], m ≤ k, best first, ties by row; only passages that share a token.
        """
        scores = self.scores(query)
        if allowed is not None:
            scores *= allowed
        least = np.float32(0)
        if 0 < k < len(scores):
            least = np.partition(scores, -k)[-k]
        # Whatever reaches the k-th best score, ties included; sorting all matches would cost more than scoring.
        found = np.flatnonzero(scores >= least if least > 0 else scores > 0)
        order = np.lexsort((found, -scores[found]))[: max(k, 0)]
        return found[order], scores[found[order]]

    def _postings(self, token: str) -> tuple[NDArray[np.int32], Scores]:
        """Passages that hold `token`, and its weight in each."""
        number = self._terms.find(token)
        if number is None:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        here = slice(int(self._firsts[number]), int(self._firsts[number + 1]))
        return self._rows[here], self._weights[here]
