"""An encoder that loads nothing and knows nothing, for what is measured and tested beside it: files, not meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.retrieval.encoder import Encoded, EncodedQuery
from assistant.retrieval.late import gather
from assistant.retrieval.weights import read_page


class Light:
    """Takes the place of `Encoder`: a text's vectors are drawn by its digest, one word piece to a word."""

    dim = 384
    token_dim = 64
    name = "light"

    @property
    def sha256(self) -> str:
        """That of the real one, so that an index of this one is taken for one of it."""
        return read_page().sha256

    def encode_passages(
        self,
        texts: Sequence[str],
        progress: Callable[[int], None] | None = None,
        skips: Sequence[int] | None = None,
    ) -> Encoded:
        """As the real one, in passages that have a word piece each."""
        vectors = np.array([self._unit(text, self.dim) for text in texts], np.float32).reshape(-1, self.dim)
        values = [np.rint(127 * self._unit(text, self.token_dim)).astype(np.int8)[None] for text in texts]
        place = np.zeros(1, np.int32)
        if progress:
            progress(len(texts))
        return Encoded(vectors, gather([(value, place, place + 1) for value in values], self.frequencies(texts), 64))

    def frequencies(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """All word pieces are one."""
        return np.array([len(texts)], dtype=np.int32)

    def encode_query(self, text: str) -> EncodedQuery:
        """As the real one, in a question that has one word piece."""
        return EncodedQuery(self._unit(text, self.dim), self._unit(text, self.token_dim)[None], np.zeros(1, np.int64))

    def _unit(self, text: str, dim: int) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        drawn = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
        unit: NDArray[np.float32] = drawn / np.linalg.norm(drawn)
        return unit
