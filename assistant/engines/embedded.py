"""The index on this machine: vectors searched by FAISS, the weights of rank-bm25, word pieces for the last order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from assistant.index import Stored
from assistant.retrieval.dense import Dense
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.engine import CANDIDATES
from assistant.retrieval.late import TokenVectors, gather
from assistant.retrieval.lexical import Lexical
from assistant.retrieval.phrases import longest_word
from assistant.retrieval.search import Search
from assistant.types import Document, Passage, Policy, Ranking

Mask = NDArray[np.bool_]


class Embedded:
    """An `Engine` over a built index, which is read where it is needed; a passage's id is its row."""

    def __init__(self, index: Stored) -> None:
        self._index = index
        self._numbers = {policy.id: number for number, policy in enumerate(index.policies)}
        self._passages = np.diff(index.firsts)
        postings, size = index.postings, len(index.passages)
        lexical = Lexical(postings.terms, postings.firsts, postings.rows, postings.weights, size)
        self._search = Search(index.passages, Dense(index.vectors, index.near), lexical, index.tokens)

    def policies(self) -> tuple[Policy, ...]:
        """Every policy, in order."""
        return self._index.policies

    def document(self, policy: str) -> Document:
        """The document of one of the policies.

        Raises:
            KeyError: no policy has this id.
        """
        return self._index.documents[self._numbers[policy]]

    def passages(self, policy: str) -> Sequence[Passage]:
        """All passages of one of the policies, citable or not, in reading order.

        Raises:
            KeyError: no policy has this id.
        """
        number = self._numbers[policy]
        return self._index.passages[int(self._index.firsts[number]) : int(self._index.firsts[number + 1])]

    def passage_count(self) -> int:
        """How many citable passages all policies have."""
        return int(np.count_nonzero(self._index.citable))

    def degraded(self) -> bool:
        """Never: files answer or are damaged."""
        return False

    def holding(self, phrase: str) -> Collection[str]:
        """As `Library.holding`: whose record holds the phrase's longest word."""
        word = longest_word(phrase)
        return self._recorded(word.encode()) if word else self._numbers.keys()

    def numbering(self, number: str) -> Collection[str]:
        """As `Library.numbering`: whose record holds the number as it would be written there."""
        # Bytes know the case of ASCII letters alone.
        return self._recorded(orjson.dumps(number).lower()) if number.isascii() else self._numbers.keys()

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
        allowed = self._citable(policies)
        if passages is not None:
            allowed = np.zeros(len(allowed), dtype=np.bool_)
            allowed[[passage.id for passage in passages]] = True
        return self._search.rank(text, query, allowed, k, candidates)

    def pieces(self, passages: Sequence[Passage]) -> TokenVectors:
        """The word pieces of these passages; row `i` is that of `passages[i]`."""
        tokens = self._index.tokens
        return gather(map(tokens.pieces, (p.id for p in passages)), tokens.frequencies, tokens.values.shape[1])

    def weights(self, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each word piece of a question counts for, summing to 1: float32[q]."""
        return self._index.tokens.weights(pieces)

    def matched(self, text: str) -> bool:
        """Whether any passage shares a token with `text`."""
        return self._search.lexical.matched(text)

    def words(self) -> Iterable[tuple[str, int]]:
        """Every word of the passages, with how often it stands."""
        return zip(self._index.words, self._index.counts.tolist(), strict=True)

    def _citable(self, policies: Collection[str] | None) -> Mask:
        """bool[n]: the citable passages of these policies, of all for None."""
        if policies is None:
            return self._index.citable
        wanted = np.zeros(len(self._numbers), dtype=np.bool_)
        wanted[[self._numbers[policy] for policy in policies if policy in self._numbers]] = True
        allowed: Mask = np.repeat(wanted, self._passages) & self._index.citable
        return allowed

    def _recorded(self, small: bytes) -> list[str]:
        """Ids of the policies whose record holds this, in small letters."""
        lines = self._index.document_lines
        return [policy for policy, number in self._numbers.items() if small in lines[number].lower()]
