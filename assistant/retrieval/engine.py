"""What a question is asked of: the policies of one index, wherever they lie, and the search in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.late import TokenVectors
from assistant.types import Document, Passage, Policy, Ranking

# Passages that late interaction reorders.
CANDIDATES = 50


class Library(Protocol):
    """The policies, and what they say; read by any number of threads."""

    def policies(self) -> tuple[Policy, ...]:
        """Every policy, in order."""

    def document(self, policy: str) -> Document:
        """The document of one of the policies.

        Raises:
            KeyError: no policy has this id.
        """

    def passages(self, policy: str) -> Sequence[Passage]:
        """All passages of one of the policies, citable or not, in reading order.

        Raises:
            KeyError: no policy has this id.
        """

    def passage_count(self) -> int:
        """How many citable passages all policies have."""

    def degraded(self) -> bool:
        """Whether what holds them needed further tries lately."""

    def holding(self, phrase: str) -> Collection[str]:
        """Ids of the policies that may hold a phrase: of all that do, and perhaps of others."""

    def numbering(self, number: str) -> Collection[str]:
        """Ids of the policies that may have a clause of this number, in whatever case: of all that do, at least."""


class Engine(Library, Protocol):
    """A library that can be searched: all that answering knows of an index."""

    def rank(
        self,
        text: str,
        query: EncodedQuery,
        k: int,
        policies: Collection[str] | None = None,
        passages: Collection[Passage] | None = None,
        candidates: int = CANDIDATES,
    ) -> Ranking:
        """The `k` best citable passages.

        Args:
            text: the question in words, for the lexical search.
            query: the same question encoded.
            k: most hits.
            policies: ids to search among, before anything is ranked; None for all.
            passages: rank these alone, whatever `policies` says; None for those of the policies.
            candidates: how many of the fused ranking late interaction reorders; no fewer than `k`.

        Returns:
            Hits, best first, ties by passage, with scores of about 0 to 1.
        """

    def pieces(self, passages: Sequence[Passage]) -> TokenVectors:
        """The word pieces of these passages; row `i` is that of `passages[i]`."""

    def weights(self, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each word piece of a question counts for in this index, summing to 1: float32[q].

        Args:
            pieces: int64[q], numbers in the encoder's vocabulary.
        """

    def matched(self, text: str) -> bool:
        """Whether any passage shares a token with `text`."""

    def words(self) -> Iterable[tuple[str, int]]:
        """Every word of the passages, as `spelling.counted` counts them, with how often it stands."""
