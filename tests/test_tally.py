"""Strings are counted in runs as they are in one, and what is held does not grow with them."""

from __future__ import annotations

import io
import tracemalloc
from collections import Counter
from tempfile import TemporaryFile
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval import tally
from assistant.retrieval.tally import Tally

STRINGS = st.text("abя\udc80漢0", min_size=1, max_size=3)


def utf8(string: str) -> bytes:
    return string.encode("utf-8", "surrogatepass")


@given(st.lists(st.tuples(STRINGS, st.integers(1, 3))), st.integers(1, 5), st.integers(1, 9))
def test_runs_come_to_what_a_counter_does(counted: list[tuple[str, int]], run: int, block: int) -> None:
    expected: Counter[str] = Counter()
    numbers: list[list[tuple[int, str]]] = [[]]
    with patch.multiple(tally, RUN=run, _BLOCK=block):
        found = Tally(io.BytesIO())
        for string, times in counted:
            expected[string] += times
            numbers[-1].append((found.add(string, times), string))
            if found.full:
                found.end_run()
                numbers.append([])
        merged = list(found.merged())
    assert merged == sorted((utf8(string), times) for string, times in expected.items())
    for places, said in zip(found.places, numbers, strict=True):
        assert all(merged[places[number]][0] == utf8(string) for number, string in said)


def test_what_is_held_of_a_string_is_its_place() -> None:
    def peak(strings: int) -> int:
        with TemporaryFile() as scratch, patch.object(tally, "RUN", 2000):
            found = Tally(scratch)
            tracemalloc.start()
            try:
                for number in range(strings):
                    found.add(f"word{number:09}")
                    if found.full:
                        found.end_run()
                assert sum(1 for _ in found.merged()) == strings
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

    # Four bytes, and what a run takes in a merge.
    more = peak(80_000) - peak(40_000)
    assert more < 40_000 * 4 + 20 * (4 * tally._BLOCK)
