"""Rows of an array that are read out of its file whenever they are needed."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from assistant.errors import IndexDamagedError


class Rows:
    """A two-dimensional array in a file, of which only slices of rows are read.

    Of a file mapped into memory the system maps sixteen pages where one is needed, and counts them all as memory of the
    process: of a gigabyte of which a question needs fifty pieces here and there, soon all. What is read leaves nothing.
    """

    def __init__(self, path: Path) -> None:
        """Opens the file, and closes it with this object.

        Args:
            path: as NumPy writes it, row by row.

        Raises:
            OSError: it cannot be opened.
            ValueError: it is of another form.
        """
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.ndim != 2 or not mapped.flags.c_contiguous:
            raise ValueError(f"{path.name} has another form")
        self.shape, self.dtype, self.ndim = mapped.shape, mapped.dtype, mapped.ndim
        self._first, self._row = int(mapped.offset), mapped.shape[1] * mapped.itemsize
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        start, stop, _ = rows.indices(len(self))
        size = max(0, stop - start) * self._row
        content = os.pread(self._file, size, self._first + start * self._row)
        if len(content) != size:
            raise IndexDamagedError("The index was cut short while it was in use; run `python -m assistant ingest`.")
        return np.frombuffer(content, dtype=self.dtype).reshape(-1, self.shape[1])

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype=dtype)
