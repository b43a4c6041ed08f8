"""What several threads ask for at the same time, done together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Together(Generic[T, R]):
    """Calls `work` with all that threads have asked for and nobody has begun yet.

    Nobody waits for company: who finds a free lane starts at once; what comes while all lanes are busy shares the next
    call. Source: Hendler et al. 2010, "Flat Combining and the Synchronization-Parallelism Tradeoff".
    """

    def __init__(self, work: Callable[[Sequence[T]], Sequence[R]], most: int, lanes: int = 1) -> None:
        """Args: work: results in the order of its items; most: items of one call; lanes: calls at the same time."""
        self._work = work
        self._most = most
        self._lanes = threading.Semaphore(lanes)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[T, Future[R]]] = deque()

    def __call__(self, item: T) -> R:
        """What `work` makes of `item`; raises what it raises."""
        mine: Future[R] = Future()
        self._waiting.append((item, mine))
        with self._lanes:
            while taken := self._take(mine):
                self._do(taken)
        return mine.result()

    def _take(self, mine: Future[R]) -> list[tuple[T, Future[R]]]:
        """The next call's items; none where `mine` is in somebody's hands already."""
        with self._lock:
            if mine.running() or mine.done():
                return []
            taken = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            for _, future in taken:
                future.set_running_or_notify_cancel()
            return taken

    def _do(self, taken: list[tuple[T, Future[R]]]) -> None:
        try:
            results = self._work([item for item, _ in taken])
        # Whatever it is, each thread that waits for it must hear of it.
        except BaseException as error:
            for _, future in taken:
                future.set_exception(error)
            return
        for (_, future), result in zip(taken, results, strict=True):
            future.set_result(result)
