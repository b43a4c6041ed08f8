"""Nearest passages among very many, nearly all of them: vectors sorted into cells, of which a question enters a few.

Vectors are kept there in one byte a dimension, so that a million take 400 MB; what is found is compared again by the
vectors themselves. docs/scale.md measures how many of the nearest are found.

Source: Jégou, Douze, Schmid 2011, "Product Quantization for Nearest Neighbor Search" (inverted file).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Vectors from which on it is worth it: comparing each of 200,000 takes 20 ms in one thread.
LEAST = 200_000
# Vectors in one file, which is what a build holds in memory.
PART = 200_000
# Vectors that are read at a time.
_BLOCK = 16384
# Vectors that the middles of the cells are found by, all in memory at once, and how often these are moved.
_SAMPLE = 80_000
_ROUNDS = 10
_SEED = 1
# Cells that a question enters; of those that are allowed only in part more are entered, up to so many times as many.
_ENTERED = 64
_MORE = 4
# How many times as many as are wanted are compared again by their own vectors.
_AGAIN = 4


class Stored(Protocol):
    """Vectors of which only slices of rows are asked for, float32[n, dim]; they may lie in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and dimensions."""

    def __getitem__(self, rows: slice, /) -> Vectors: ...


def write(vectors: Stored, opened: Callable[[int], AbstractContextManager[BinaryIO]]) -> None:
    """Makes an index over unit vectors and writes it part by part, of which one at a time is in memory.

    Args:
        vectors: all of them.
        opened: opens the file of a part by its number; a buffered one, which takes all that it is given.

    Raises:
        OSError: a part cannot be written.
    """
    count, dim = vectors.shape
    cells = 1 << max(0, round(np.log2(2 * max(1, count) ** 0.5)))
    middles = faiss.IndexFlatIP(dim)
    empty = faiss.IndexIVFScalarQuantizer(
        middles, dim, cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, False
    )
    empty.cp.seed, empty.cp.niter, empty.cp.spherical = _SEED, _ROUNDS, True
    empty.cp.min_points_per_centroid, empty.cp.max_points_per_centroid = 1, _SAMPLE
    empty.train(_picked(vectors, _sample(count)))
    for number, first in enumerate(range(0, count, PART)):
        part = faiss.clone_index(empty)
        for start, block in _blocks(vectors, first, min(first + PART, count)):
            part.add_with_ids(block, np.arange(start, start + len(block)))
        with opened(number) as out:
            faiss.write_index(part, faiss.PyCallbackIOWriter(out.write))  # type: ignore[attr-defined]


def _sample(count: int) -> Rows:
    """Rows of the sample, ascending: one drawn of each of as many stretches."""
    size = min(count, _SAMPLE)
    edges = np.arange(size + 1) * count // max(1, size)
    return np.random.default_rng(_SEED).integers(edges[:-1], edges[1:])


def _picked(vectors: Stored, rows: Rows) -> Vectors:
    """The vectors of some rows, ascending."""
    found = np.empty((len(rows), vectors.shape[1]), dtype=np.float32)
    for first, block in _blocks(vectors):
        here = slice(*np.searchsorted(rows, (first, first + len(block))))
        found[here] = block[rows[here] - first]
    return found


def _blocks(vectors: Stored, first: int = 0, last: int | None = None) -> Iterator[tuple[int, Vectors]]:
    """Some vectors after the others, with the row of the first."""
    last = vectors.shape[0] if last is None else last
    for start in range(first, last, _BLOCK):
        yield start, np.ascontiguousarray(vectors[start : min(start + _BLOCK, last)], dtype=np.float32)


class Near:
    """The index that `write` made, mapped into memory."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Maps the files.

        Args:
            files: in their order.
        """
        self._parts = [faiss.read_index(str(file), faiss.IO_FLAG_MMAP) for file in files]

    def __len__(self) -> int:
        return sum(int(part.ntotal) for part in self._parts)

    def search(self, query: Vectors, k: int, allowed: Mask | None) -> Rows:
        """Rows among which nearly all of the `k` nearest are, in no order.

        Args:
            query: float32[dim], unit length.
            k: how many are wanted.
            allowed: bool[n], search among these only; None for all.
        """
        entered, selector = _ENTERED, None
        if allowed is not None:
            share = int(np.count_nonzero(allowed)) / max(1, len(allowed))
            entered = int(_ENTERED / max(share, 1 / _MORE))
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))  # type: ignore[call-arg, arg-type]
        parameters = faiss.SearchParametersIVF(nprobe=entered, sel=selector)  # type: ignore[call-arg]
        asked = np.ascontiguousarray(query[np.newaxis], dtype=np.float32)
        found = [part.search(asked, _AGAIN * k, params=parameters) for part in self._parts]
        scores = np.concatenate([each[0][0] for each in found])
        rows = np.concatenate([each[1][0] for each in found])
        best = np.argsort(-scores, kind="stable")[: _AGAIN * k]
        return rows[best][rows[best] >= 0]
