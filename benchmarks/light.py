"""What takes the place of the slow parts where files are measured and tested, not meaning: encoder and reader."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.retrieval.encoder import Encoded, EncodedQuery
from assistant.retrieval.late import gather
from assistant.retrieval.weights import read_page
from assistant.types import Document, Passage, Policy


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


class Here(contextlib.nullcontext[None]):
    """Reads policies in this process, in place of `Reader`."""

    def __enter__(self) -> Here:  # type: ignore[override]
        return self

    def read(self, path: Path, row: Policy | None = None) -> tuple[Document, tuple[Passage, ...]]:
        """As the real one, without limits."""
        document = parse(read_source(path), row)
        return document, tuple(split(document))
