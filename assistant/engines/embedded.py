"""The index on this machine: vectors in FAISS, the weights of rank-bm25, word pieces for the last order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.engines.shelf import Shelf
from assistant.index import IndexData
from assistant.retrieval.dense import Dense
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.engine import CANDIDATES
from assistant.retrieval.late import TokenVectors, gather
from assistant.retrieval.lexical import Lexical
from assistant.retrieval.search import Search
from assistant.retrieval.spelling import counted
from assistant.types import Passage, Ranking

Rows = NDArray[np.int64]


class Embedded(Shelf):
    """An `Engine` over what a built index holds; a passage's id is its row."""

    def __init__(self, data: IndexData) -> None:
        """Lays out what is searched in."""
        super().__init__(data.documents, data.passages)
        self._tokens = data.tokens
        self._texts = [passage.indexed for passage in data.passages]
        self._search = Search(data.passages, Dense(data.vectors), Lexical(self._texts), data.tokens)
        self._rows = {
            policy.id: np.array([each.id for each in self.passages(policy.id) if each.citable], dtype=np.int64)
            for policy in self.policies()
        }

    def rank(
        self,
        text: str,
        query: EncodedQuery,
        k: int,
        policies: Collection[str] | None = None,
        passages: Collection[Passage] | None = None,
        candidates: int = CANDIDATES,
    ) -> Ranking:
        """As `Engine.rank`."""
        if passages is None:
            rows = self._citable(policies)
        else:
            rows = np.array(sorted(passage.id for passage in passages), dtype=np.int64)
        return self._search.rank(text, query, rows, k, candidates)

    def pieces(self, passages: Sequence[Passage]) -> TokenVectors:
        """The word pieces of these passages; row `i` is that of `passages[i]`."""
        tokens = self._tokens
        return gather(map(tokens.pieces, (p.id for p in passages)), tokens.frequencies, tokens.values.shape[1])

    def weights(self, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each word piece of a question counts for, summing to 1: float32[q]."""
        return self._tokens.weights(pieces)

    def matched(self, text: str) -> bool:
        """Whether any passage shares a token with `text`."""
        return bool(self._search.lexical.matched(text).any())

    def words(self) -> Mapping[str, int]:
        """Every word of the passages, with how often it stands."""
        return counted(self._texts)

    def _citable(self, policies: Collection[str] | None) -> Rows:
        """int64[n], ascending: the rows of the citable passages of these policies, of all for None."""
        wanted = self._rows if policies is None else set(policies)
        rows = [self._rows[policy] for policy in wanted if policy in self._rows]
        return np.sort(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int64)
