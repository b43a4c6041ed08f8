"""Files of a build that are written bit by bit: lines, and arrays of NumPy's form whose length is known at the end."""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from assistant.index.files import STARTS, to_disk


class ArrayFile:
    """An array that grows along its first axis; `np.load` reads it, mapped or whole."""

    def __init__(self, opened: ExitStack, path: Path, dtype: DTypeLike, width: tuple[int, ...] = ()) -> None:
        """Begins the file, which `opened` closes at the latest; `width` is the shape of one row."""
        self._file = _begun(opened, path)
        self._dtype, self._width = np.dtype(dtype), width
        # Rows that were added.
        self.length = 0
        self._head()

    def append(self, rows: NDArray[np.generic]) -> None:
        """Adds rows."""
        array = np.ascontiguousarray(rows, dtype=self._dtype)
        if array.shape[1:] != self._width:
            raise ValueError(f"rows of {array.shape[1:]} do not fit {self._width}")
        self._file.write(array.data if array.size else b"")
        self.length += len(array)

    def close(self) -> None:
        """Says how long it has become, and brings it to disk."""
        self._file.seek(0)
        self._head()
        to_disk(self._file)
        self._file.close()

    def _head(self) -> None:
        """NumPy's header, which leaves room for any length."""
        shape = (self.length, *self._width)
        said = {"descr": npy.dtype_to_descr(self._dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self._file, said)


class LinesFile:
    """Lines, and the file that says where each begins."""

    def __init__(self, opened: ExitStack, path: Path) -> None:
        """Begins both, which `opened` closes at the latest."""
        self._file = _begun(opened, path)
        self._starts = ArrayFile(opened, path.with_name(STARTS[path.name]), np.int64)
        self._length = 0

    def append(self, lines: Iterable[bytes]) -> None:
        """Adds lines, given without their ends."""
        starts = array("q")
        for line in lines:
            starts.append(self._length)
            self._file.write(line + b"\n")
            self._length += len(line) + 1
        self._starts.append(np.array(starts, dtype=np.int64))

    def close(self) -> None:
        """Brings both to disk."""
        self._starts.append(np.array([self._length], dtype=np.int64))
        self._starts.close()
        to_disk(self._file)
        self._file.close()


def _begun(opened: ExitStack, path: Path) -> BinaryIO:
    file = path.open("wb")
    opened.callback(_close, file)
    return file


def _close(file: BinaryIO) -> None:
    # What could not be written is not wanted any more.
    with contextlib.suppress(OSError):
        file.close()
