"""Files of lines that are read one at a time, where they are needed, out of a file that is mapped into memory."""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray


class Lines(Sequence[bytes]):
    """The lines of a file, without their ends."""

    def __init__(self, path: Path, starts: NDArray[np.int64]) -> None:
        """Maps the file.

        Args:
            path: its lines end with a line feed each.
            starts: int64[n+1], where each line begins, and the length of the file.

        Raises:
            OSError: it cannot be opened.
            ValueError: it has not this length.
        """
        # Items of a view are read as the integers that they are.
        self._starts = starts.data
        self._bytes: bytes | mmap.mmap = b""
        with path.open("rb") as file:
            # Nothing cannot be mapped.
            if path.stat().st_size:
                self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if int(starts[-1]) != len(self._bytes):
            raise ValueError(f"{path.name} has another length")

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...
    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        count = len(self._starts) - 1
        if not -count <= at < count:
            raise IndexError(at)
        at %= count
        return self._bytes[self._starts[at] : self._starts[at + 1] - 1]


class Strings(Sequence[str]):
    """Different strings, in the order of their bytes in UTF-8."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        return [each.decode() for each in self._lines[at]] if isinstance(at, slice) else self._lines[at].decode()

    def __iter__(self) -> Iterator[str]:
        return (line.decode() for line in self._lines)

    def find(self, string: str) -> int | None:
        """The place of `string`; None where it is not among them."""
        wanted = string.encode("utf-8", "surrogatepass")
        at = bisect_left(self._lines, wanted)
        return at if at < len(self) and self._lines[at] == wanted else None
