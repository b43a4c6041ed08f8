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
    with patch.multiple(tally, RUN=run, _BLOCK=block, _PLACES=block):
        found = Tally(io.BytesIO())
        for string, times in counted:
            expected[string] += times
            numbers[-1].append((found.add(string, times), string))
            if found.full:
                found.end_run()
                numbers.append([])
        merged = list(found.merged())
    assert merged == sorted((utf8(string), times) for string, times in expected.items())
    for number_of_run, said in enumerate(numbers):
        places = found.places(number_of_run)
        assert len(places) == len({string for _, string in said})
        assert all(merged[places[number]][0] == utf8(string) for number, string in said)


def test_nothing_is_held_of_a_string() -> None:
    def peak(strings: int) -> int:
        with TemporaryFile() as scratch, patch.multiple(tally, RUN=8000, _BLOCK=256, _PLACES=32):
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

    # What a run takes in a merge, and less than a byte for each string.
    assert peak(96_000) - peak(24_000) < 72_000
