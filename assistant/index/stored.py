"""A built index as it lies on disk: what it holds is read where it is needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from assistant.index.lines import Lines, Strings
from assistant.index.manifest import Manifest
from assistant.records import read_document, read_passage
from assistant.retrieval.late import TokenVectors
from assistant.retrieval.near import Near
from assistant.types import Document, Passage, Policy

# Documents that are kept once they were read: one of 20,000 characters takes half a millisecond to read, and 200 KB.
_KEPT = 256

Item = TypeVar("Item")


class Read(Sequence[Item], Generic[Item]):
    """Records that are read one at a time."""

    def __init__(self, count: int, read: Callable[[int], Item]) -> None:
        self._count, self._read = count, read

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> list[Item]: ...
    def __getitem__(self, at: int | slice) -> Item | list[Item]:
        if isinstance(at, slice):
            return [self._read(each) for each in range(*at.indices(self._count))]
        if not -self._count <= at < self._count:
            raise IndexError(at)
        return self._read(at % self._count)


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Which passages hold each term, as `Lexical` takes it."""

    terms: Strings
    # int64[terms + 1], int32[m], float32[m].
    firsts: NDArray[np.int64]
    rows: NDArray[np.int32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """An index, every file of which was checked; large ones are mapped into memory, not read.

    Row `i` of vectors, tokens and columns belongs to `passages[i]`, whose id is `i`.
    """

    manifest: Manifest
    policies: tuple[Policy, ...]
    # One JSON record for each policy, in their order.
    document_lines: Lines
    documents: Sequence[Document]
    passages: Sequence[Passage]
    # int64[policies + 1]: passages of policy `p` are `firsts[p]:firsts[p + 1]`.
    firsts: NDArray[np.int64]
    # bool[n]
    citable: NDArray[np.bool_]
    # uint8[n, 16]: `data.digest` of each passage.
    digests: NDArray[np.uint8]
    postings: Postings
    # The words that spelling mends by, and how often each stands: int64[words].
    words: Strings
    counts: NDArray[np.int64]
    # float32[n, dim], unit rows.
    vectors: NDArray[np.float32]
    tokens: TokenVectors
    # The approximate index over the vectors, where they are very many.
    near: Near | None


def documents_of(lines: Lines) -> Sequence[Document]:
    """The documents of these lines."""

    @lru_cache(maxsize=_KEPT)
    def read(at: int) -> Document:
        return read_document(lines[at])

    return Read(len(lines), read)


def passages_of(lines: Lines) -> Sequence[Passage]:
    """The passages of these lines."""
    return Read(len(lines), lambda row: read_passage(lines[row], row))
