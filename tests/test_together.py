"""Calls of several threads share one piece of work, and each gets its own result."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from assistant.together import Together

WAIT = 20


class Gate:
    """Work that squares numbers, remembers with whom, and waits at its first call until it is let through."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        self.begun.set()
        assert self.open.wait(WAIT)
        if -1 in items:
            raise ValueError("no root")
        return [item * item for item in items]


def waiting(together: Together[int, int], count: int) -> None:
    """Returns when so many calls wait for their turn."""
    for _ in range(WAIT * 100):
        if len(together._waiting) == count:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(together._waiting)} wait, not {count}")


@pytest.mark.parametrize(("most", "calls"), [(10, 2), (3, 3), (1, 7)])
def test_what_comes_while_work_is_busy_is_done_together(most: int, calls: int) -> None:
    gate = Gate()
    together = Together(gate, most)
    with ThreadPoolExecutor(7) as pool:
        first = pool.submit(together, 2)
        assert gate.begun.wait(WAIT)
        others = [pool.submit(together, number) for number in range(3, 9)]
        waiting(together, 6)
        gate.open.set()
        assert [future.result(WAIT) for future in (first, *others)] == [number**2 for number in range(2, 9)]
    assert gate.calls[0] == [2]
    assert len(gate.calls) == calls
    assert max(map(len, gate.calls)) == min(most, 6)


def test_who_comes_alone_waits_for_nobody() -> None:
    gate = Gate()
    gate.open.set()
    together = Together(gate, 10)
    assert [together(number) for number in (1, 2, 3)] == [1, 4, 9]
    assert gate.calls == [[1], [2], [3]]


def test_a_second_lane_works_while_the_first_is_busy() -> None:
    gate = Gate()
    together = Together(gate, 10, lanes=2)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(together, number) for number in (1, 2)]
        for _ in range(WAIT * 100):
            if len(gate.calls) == 2:
                break
            threading.Event().wait(0.01)
        futures += [pool.submit(together, number) for number in (3, 4)]
        waiting(together, 2)
        gate.open.set()
        assert [future.result(WAIT) for future in futures] == [1, 4, 9, 16]
    assert len(gate.calls) == 3


def test_a_fault_is_told_to_everybody_whom_it_concerns_and_to_nobody_else() -> None:
    gate = Gate()
    together = Together(gate, 10)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(together, 5)
        assert gate.begun.wait(WAIT)
        others = [pool.submit(together, number) for number in (-1, 6)]
        waiting(together, 2)
        gate.open.set()
        assert first.result(WAIT) == 25
        for future in others:
            with pytest.raises(ValueError, match="no root"):
                future.result(WAIT)
    assert together(7) == 49
