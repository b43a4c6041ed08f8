"""How often each of very many strings occurs, in memory that does not grow with them.

Strings are counted in runs; a run that is full goes to a scratch file, sorted, and all runs are merged in the end.

Source: Manning, Raghavan, Schütze 2008, "Introduction to Information Retrieval", 4.3, single-pass in-memory indexing.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

# Different strings of one run: some 25 MB.
RUN = 1 << 17
# Bytes of a run that are read at a time.
_BLOCK = 1 << 16
_Entry = tuple[bytes, int, int, int]


class Tally:
    """Counts strings without white space; within a run each has a number."""

    def __init__(self, scratch: BinaryIO) -> None:
        """Begins the first run; `scratch` is an empty file to write to and read from."""
        self._scratch = scratch
        self._numbers: dict[str, int] = {}
        self._counts = array("q")
        # Where each run lies in the file.
        self._runs: list[tuple[int, int]] = []
        # int32[numbers] for each run: the place of each of its strings among all, once they are merged.
        self.places: list[NDArray[np.int32]] = []

    @property
    def full(self) -> bool:
        """Whether it is time to end the run."""
        return len(self._numbers) >= RUN

    def add(self, string: str, times: int = 1) -> int:
        """Counts a string so many times more; returns its number in this run."""
        number = self._numbers.setdefault(string, len(self._numbers))
        if number == len(self._counts):
            self._counts.append(0)
        self._counts[number] += times
        return number

    def end_run(self) -> None:
        """Puts the run into the file and begins another."""
        named = [string.encode("utf-8", "surrogatepass") for string in self._numbers]
        first = self._scratch.seek(0, 2)
        for number in sorted(range(len(named)), key=named.__getitem__):
            self._scratch.write(b"%d %d %b\n" % (number, self._counts[number], named[number]))
        self._runs.append((first, self._scratch.tell()))
        self.places.append(np.zeros(len(named), dtype=np.int32))
        self._numbers, self._counts = {}, array("q")

    def merged(self) -> Iterator[tuple[bytes, int]]:
        """Each string in UTF-8 with how often it was counted, in the order of their bytes; ends the last run."""
        self.end_run()
        entries = heapq.merge(*map(self._read, range(len(self._runs))))
        for place, (string, same) in enumerate(groupby(entries, key=itemgetter(0))):
            total = 0
            for _, run, number, count in same:
                self.places[run][number] = place
                total += count
            yield string, total

    def _read(self, run: int) -> Iterator[_Entry]:
        """A run as it was written: string, run, number in it, count."""
        at, last = self._runs[run]
        rest = b""
        while at < last:
            # Other runs are read from the same file in between.
            self._scratch.seek(at)
            block = self._scratch.read(min(_BLOCK, last - at))
            at += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number, count, string = line.split(b" ", 2)
                yield string, run, int(number), int(count)
