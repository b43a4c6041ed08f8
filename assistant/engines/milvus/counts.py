"""What is counted over all passages of a tenant: each policy brings its own counts, and they add up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import orjson
from numpy.typing import NDArray

from assistant.engines.milvus.packing import damaged
from assistant.retrieval.late import TokenVectors
from assistant.retrieval.spelling import counted
from assistant.retrieval.tokens import tokens


@dataclass(slots=True)
class Counts:
    """Of the passages of a policy or of many, citable or not."""

    passages: int = 0
    # Tokens of all passages together.
    length: int = 0
    # Size of the encoder's vocabulary.
    vocabulary: int = 0
    # Words with how often they stand, as `spelling.counted` counts.
    words: Counter[str] = field(default_factory=Counter)
    # Tokens, and numbers of word pieces as text, with how many passages hold them.
    tokens: Counter[str] = field(default_factory=Counter)
    pieces: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, texts: Sequence[str], frequencies: NDArray[np.int32]) -> Counts:
        """The counts of passages.

        Args:
            texts: `Passage.indexed` of each.
            frequencies: int32[vocabulary]: in how many of them each word piece occurs.
        """
        taken = [tokens(text) for text in texts]
        return cls(
            passages=len(texts),
            length=sum(map(len, taken)),
            vocabulary=len(frequencies),
            words=counted(texts),
            tokens=Counter(token for each in taken for token in set(each)),
            pieces=Counter({str(at): int(frequencies[at]) for at in np.flatnonzero(frequencies)}),
        )

    def add(self, other: Counts) -> None:
        """Counts what `other` counted as well."""
        self.passages += other.passages
        self.length += other.length
        self.vocabulary = max(self.vocabulary, other.vocabulary)
        self.words.update(other.words)
        self.tokens.update(other.tokens)
        self.pieces.update(other.pieces)

    def take_away(self, other: Counts) -> None:
        """Forgets what `other` counted."""
        self.passages -= other.passages
        self.length -= other.length
        # What is not there any more has no count, not a count of 0.
        self.words -= other.words
        self.tokens -= other.tokens
        self.pieces -= other.pieces

    @property
    def average(self) -> float:
        """Tokens of a passage in the mean."""
        return self.length / self.passages if self.passages else 0.0

    def idf(self, wanted: Iterable[str]) -> dict[str, float]:
        """How rare each token is, as rank-bm25's `BM25Plus` has it; tokens that no passage has are left out."""
        return {token: math.log((self.passages + 1) / self.tokens[token]) for token in wanted if token in self.tokens}

    def weigher(self) -> TokenVectors:
        """What tells the weights of word pieces: it has these frequencies and as many passages, all empty."""
        frequencies = np.zeros(self.vocabulary, dtype=np.int32)
        for number, count in self.pieces.items():
            frequencies[int(number)] = count
        nothing = np.empty(0, dtype=np.int32)
        offsets = np.zeros(self.passages + 1, dtype=np.int64)
        return TokenVectors(offsets, np.empty((0, 1), dtype=np.int8), nothing, nothing, frequencies)

    def to_bytes(self) -> bytes:
        """These counts as `from_bytes` reads them."""
        return orjson.dumps(
            {
                "passages": self.passages,
                "length": self.length,
                "vocabulary": self.vocabulary,
                "words": self.words,
                "tokens": self.tokens,
                "pieces": self.pieces,
            },
            option=orjson.OPT_SORT_KEYS,
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Counts:
        """What `to_bytes` made these of.

        Raises:
            EngineError: they are not what it made.
        """
        try:
            form = orjson.loads(data)
            return cls(
                form["passages"],
                form["length"],
                form["vocabulary"],
                Counter(form["words"]),
                Counter(form["tokens"]),
                Counter(form["pieces"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(f"counts have an unknown form ({error})") from None
