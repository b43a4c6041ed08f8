"""How often each of very many strings occurs, in memory that does not grow with them.

Strings are counted in runs; a run that is full goes to a scratch file, sorted, and all runs are merged in the end.

Source: Manning, Raghavan, Schütze 2008, "Introduction to Information Retrieval", 4.3, single-pass in-memory indexing.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterator
from itertools import accumulate, groupby
from operator import itemgetter
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

# Different strings of one run: some 25 MB.
RUN = 1 << 17
# Bytes of a run that are read at a time, and places of its strings that are written at a time.
_BLOCK = 1 << 16
_PLACES = 1 << 12
_PLACE = np.dtype([("number", np.int32), ("place", np.int32)])
_Entry = tuple[bytes, int, int, int]


class Tally:
    """Counts strings without white space; within a run each has a number."""

    def __init__(self, scratch: BinaryIO) -> None:
        """Begins the first run; `scratch` is an empty file to write to and read from."""
        self._scratch = scratch
        self._numbers: dict[str, int] = {}
        self._counts = array("q")
        # Where each run lies in the file, and how many strings it has; and where their places lie.
        self._runs: list[tuple[int, int]] = []
        self._sizes: list[int] = []
        self._placed: list[int] = []

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
        self._sizes.append(len(named))
        self._numbers, self._counts = {}, array("q")

    def merged(self) -> Iterator[tuple[bytes, int]]:
        """Each string in UTF-8 with how often it was counted, in the order of their bytes; ends the last run."""
        self.end_run()
        begin = self._scratch.seek(0, 2)
        self._placed = [begin + size * _PLACE.itemsize for size in accumulate(self._sizes, initial=0)]
        written, waiting = self._placed[:-1], [array("i") for _ in self._runs]

        def write(run: int) -> None:
            self._scratch.seek(written[run])
            written[run] += self._scratch.write(waiting[run].tobytes())
            del waiting[run][:]

        entries = heapq.merge(*map(self._read, range(len(self._runs))))
        for place, (string, same) in enumerate(groupby(entries, key=itemgetter(0))):
            total = 0
            for _, run, number, count in same:
                total += count
                waiting[run].extend((number, place))
                if len(waiting[run]) >= 2 * _PLACES:
                    write(run)
            yield string, total
        for run in range(len(self._runs)):
            write(run)

    def places(self, run: int) -> NDArray[np.int32]:
        """int32[numbers]: the place of each string of a run among all; once all were `merged`."""
        self._scratch.seek(self._placed[run])
        found = np.frombuffer(self._scratch.read(self._placed[run + 1] - self._placed[run]), dtype=_PLACE)
        places = np.empty(len(found), dtype=np.int32)
        places[found["number"]] = found["place"]
        return places

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
