"""The pool of processes that answer: each has a few questions at a time in its hands.

A worker that ends is started anew, and what it had in its hands is asked once more of another one. All workers end with
the process that started them.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from assistant.errors import AssistantError, BusyError
from assistant.workers.process import CALLS, GoneError, LateError, Process, preload
from assistant.workers.worker import OPEN, Answering, Call, Job, Reply

_LOG = logging.getLogger(__name__)
# Seconds that an answer may take, and to wait for a worker that is free.
SECONDS = 30.0
# Seconds that a worker may take to load the encoder and to open an index.
OPENING = 300.0
# Seconds that the processes may take to end.
_LEAVING = 2.0
# Seconds before a worker that has ended is started anew: one that cannot start must not take all the time there is.
PAUSE = 1.0
# Seconds after which it is worth asking again.
_WAIT = 5
PRELOADED = "assistant.workers.preloaded"
_NOBODY = "Nobody is there to answer just now; ask again in a moment."
_LATE = "The answer took too long and was given up; ask again, with fewer words."


@dataclass(eq=False, slots=True)
class _Worker:
    """What the pool knows of a process; it changes under the pool's lock."""

    process: Process
    # Numbers of the indexes that it can be asked about.
    opened: set[int] = field(default_factory=set)
    # Calls that it has in its hands.
    calls: int = 0
    # How many want it for themselves, to open an index say; it gets no other question until then.
    reserved: int = 0


class _Index(NamedTuple):
    """The index that workers open when they start."""

    generation: int
    # Names it to the workers.
    build: object


class Workers:
    """So many processes that answer; a context manager, whose end is theirs. Used by any number of threads."""

    def __init__(
        self,
        index_dir: Path,
        count: int,
        max_question_chars: int,
        *,
        prepare: Callable[[], None] | None = None,
        seconds: float = SECONDS,
        answering: Callable[[Job], Callable[[Call], Reply]] = Answering,
        preloaded: Sequence[str] = (PRELOADED,),
    ) -> None:
        """Starts the processes, which load the encoder while something else is done here.

        Args:
            index_dir: folder of the built index.
            count: how many, 1 or more.
            max_question_chars: longest question in code points.
            prepare: what each process does first; a function of a module.
            seconds: longest time that an answer may take.
            answering: makes what replies in each process.
            preloaded: modules that are imported once for all processes.
        """
        preload(preloaded)
        self._job = Job(index_dir, max_question_chars, prepare, answering)
        self._seconds = seconds
        # Whether what the last answer was searched in needed further tries.
        self.degraded = False
        self._count = count
        self._changed = threading.Condition()
        self._living: list[_Worker] = []
        self._newest: _Index | None = None
        # Changed without the lock, which whoever forgets an index may hold already.
        self._alive: set[int] = set()
        self._numbers = itertools.count(1)
        self._closed = threading.Event()
        self._keepers = [threading.Thread(target=self._keep, daemon=True) for _ in range(count)]
        for keeper in self._keepers:
            keeper.start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends all processes at once; they hold nothing that could be lost."""
        with self._changed:
            self._closed.set()
            for worker in self._living:
                worker.process.end()
            self._changed.notify_all()
        for keeper in self._keepers:
            # One may wait for a process that is only being made; it ends by itself, with this one.
            keeper.join(_LEAVING)

    def pids(self) -> tuple[int, ...]:
        """The processes that are there now."""
        with self._changed:
            return tuple(worker.process.pid for worker in self._living)

    def open(self, build: object) -> int | None:
        """Lets each worker open the index in the folder, one after the other, so that the others go on answering.

        Args:
            build: what names it: of an index in a folder the name of the build that it must be.

        Returns:
            The number by which this index is asked about until it is forgotten; None where another has taken its place.

        Raises:
            AssistantError: a worker cannot open it, or no worker is there.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._living or self._closed.is_set(), OPENING)
            index, before = _Index(next(self._numbers), build), self._newest
            self._alive.add(index.generation)
            self._newest = index
            there = tuple(self._living)
        taken_up = False
        try:
            opened = [self._open_next(worker, index) for worker in there]
            if True not in opened and False not in opened:
                raise AssistantError("No process that answers has started; the log says why.")
            taken_up = False not in opened
        finally:
            if not taken_up:
                with self._changed:
                    self._newest = before
                self.forget(index.generation)
        return index.generation if taken_up else None

    def forget(self, generation: int) -> None:
        """Lets workers let go of an index that nobody will ask about again."""
        self._alive.discard(generation)

    def call(self, generation: int, method: str, *args: object) -> Any:
        """What a method of the assistant over an index returns, in whichever worker is free first.

        Args:
            generation: the number of the index.
            method: its name.
            args: its arguments.

        Raises:
            AssistantError: as the method does.
            BusyError: no worker has become free, or answers over this index, or does in time.
        """
        # What ended a worker may end another: it is tried again where nothing else is in hand.
        for calls in (1, CALLS):
            worker = self._take(generation, calls)
            try:
                reply = worker.process.ask(Call(frozenset(self._alive), generation, method, args), self._seconds)
            except GoneError:
                continue
            except LateError:
                _LOG.error("An answer took more than %g seconds; its process is ended.", self._seconds)
                raise BusyError(_LATE, _WAIT) from None
            finally:
                self._give_back(worker, calls)
            self.degraded = reply.degraded
            if reply.error:
                raise reply.error
            return reply.value
        raise BusyError(_NOBODY, _WAIT)

    def _take(self, generation: int, calls: int) -> _Worker:
        """The worker with the fewest calls that has opened this index; so many of its calls are the caller's."""

        def free() -> _Worker | None:
            there = (each for each in self._living if generation in each.opened and not each.process.ended)
            usable = (each for each in there if each.calls < CALLS and not each.reserved)
            return min(usable, key=lambda each: each.calls, default=None)

        def hopeless() -> bool:
            """Whether nobody has this index or is about to open it."""
            newest = self._newest is not None and self._newest.generation == generation
            starting = len(self._living) < self._count or any(each.reserved for each in self._living)
            there = any(generation in each.opened for each in self._living)
            return self._closed.is_set() or not (there or (newest and starting))

        with self._changed:
            while True:
                self._changed.wait_for(lambda: free() or hopeless(), self._seconds)
                worker = free()
                if not worker or self._closed.is_set():
                    raise BusyError(_NOBODY, _WAIT)
                if calls == 1 or self._alone(worker):
                    worker.calls += calls
                    return worker

    def _alone(self, worker: _Worker) -> bool:
        """Waits, under the lock, until a worker has nothing in its hands; false where it has ended instead."""
        worker.reserved += 1
        self._changed.wait_for(lambda: not worker.calls or worker not in self._living)
        worker.reserved -= 1
        return worker in self._living and not worker.process.ended

    def _give_back(self, worker: _Worker, calls: int) -> None:
        with self._changed:
            worker.calls -= calls
            self._changed.notify_all()

    def _open_next(self, worker: _Worker, index: _Index) -> bool | None:
        """Lets a worker open an index as soon as it has nothing else in its hands; None where it has ended."""
        with self._changed:
            worker.reserved += 1
            self._alone(worker)
            worker.calls += CALLS
        try:
            return self._open_in(worker, index)
        except (GoneError, LateError):
            return None
        finally:
            with self._changed:
                worker.reserved -= 1
            self._give_back(worker, CALLS)

    def _open_in(self, worker: _Worker, index: _Index) -> bool:
        alive = frozenset(self._alive)
        reply = worker.process.ask(Call(alive, index.generation, OPEN, (index.build,)), OPENING)
        if reply.error:
            raise reply.error
        if reply.value:
            with self._changed:
                worker.opened = (worker.opened & alive) | {index.generation}
        return bool(reply.value)

    def _keep(self) -> None:
        """Has one worker there: starts another where it has ended."""
        while not self._closed.is_set():
            try:
                worker = _Worker(Process(self._job))
            except (OSError, EOFError) as error:
                _LOG.error("A process that answers cannot be started: %s.", type(error).__name__)
            else:
                self._admit(worker)
                code = worker.process.wait()
                with self._changed:
                    self._living.remove(worker)
                    self._changed.notify_all()
                if not self._closed.is_set():
                    _LOG.error("A process that answers has ended (%s); another is started.", code)
            self._closed.wait(PAUSE)

    def _admit(self, worker: _Worker) -> None:
        """Puts a worker among the others, and lets it open what they have opened last."""
        with self._changed:
            newest = self._newest
            worker.reserved = int(newest is not None)
            self._living.append(worker)
            self._changed.notify_all()
            if self._closed.is_set():
                worker.process.end()
        if newest:
            self._catch_up(worker, newest)

    def _catch_up(self, worker: _Worker, newest: _Index) -> None:
        try:
            if self._open_next(worker, newest) is False:
                _LOG.info("A new process that answers waits for the index that has just been built.")
        except AssistantError as error:
            _LOG.error("A new process that answers waits for an index that can be used: %s", error)
        finally:
            with self._changed:
                worker.reserved -= 1
                self._changed.notify_all()
