"""Nearest passages by the cosine of their vectors."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.near import LEAST, Near

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]
Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Passages of which each is compared, whatever there is to find the nearest by.
FEW = LEAST


class Dense:
    """Unit vectors, searched by FAISS where they lie: every passage is compared, nothing is approximated or copied.

    Of very many only those are compared that an approximate index holds for the nearest, unless few are allowed.
    """

    def __init__(self, vectors: Vectors, near: Near | None = None) -> None:
        """Takes the vectors.

        Args:
            vectors: float32[n, dim], unit rows, may be memory-mapped; n may be 0.
            near: an index over the same vectors, where they are very many.
        """
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        self._near = near

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, query: Vectors, k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The nearest passages.

        Args:
            query: float32[dim], unit length.
            k: how many at most.
            allowed: bool[n], search among these only, before anything is ranked; None for all.

        Returns:
            Rows int64[m] and their cosines float32[m], m = min(k, candidates), best first, ties by row; of very many
            perhaps not quite the nearest.
        """
        candidates = len(self) if allowed is None else int(np.count_nonzero(allowed))
        k = min(k, candidates)
        if k <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        if self._near and candidates > FEW:
            found = np.sort(self._near.search(query, k, allowed))
            scores = self._vectors[found] @ query
            order = np.lexsort((found, -scores))[:k]
            return found[order], scores[order]
        fetch = min(k + 1, candidates)
        while True:
            found, scores = self._nearest(query, fetch, allowed)
            # FAISS keeps an arbitrary one of equal scores, so a tie across the k-th place needs a look further down.
            if fetch == candidates or scores[-1] < scores[k - 1]:
                break
            fetch = min(2 * fetch, candidates)
        order = np.lexsort((found, -scores))[:k]
        return found[order], scores[order]

    def _nearest(self, query: Vectors, k: int, allowed: Mask | None) -> tuple[Rows, Scores]:
        """The `k` nearest, best first, ties in any order."""
        query = np.ascontiguousarray(query, dtype=np.float32)
        found, scores = np.empty(k, dtype=np.int64), np.empty(k, dtype=np.float32)
        count, dim = self._vectors.shape
        selector = None if allowed is None else _only(allowed)
        pointers = [faiss.swig_ptr(each) for each in (query, self._vectors)]
        out = [faiss.swig_ptr(each) for each in (scores, found)]
        # What `IndexFlatIP.search` calls; the index itself would hold a copy of all vectors.
        faiss.knn_inner_product(*pointers, dim, 1, count, k, *out, selector)  # type: ignore[call-arg]
        return found, scores


def _only(allowed: Mask) -> faiss.IDSelector:
    return faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))  # type: ignore[call-arg, arg-type]
