"""The assistant over the newest index: a server takes up a new one without a restart.

Each index is a generation. What has begun with one ends with it; the next one is opened beside it, warmed, and only
then put in its place. One that cannot be used is told once, and the last good one goes on; it is tried again now and
then, for its files may only be on their way, out of a backup say.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path

from assistant.ask import Assistant
from assistant.errors import AssistantError
from assistant.index import MANIFEST

_LOG = logging.getLogger(__name__)
# Seconds between two looks at the manifest.
EVERY = 1.0
# Seconds after which an index that could not be used is tried again.
AGAIN = 30.0
_Mark = tuple[int, int, int]


class Generations:
    """Opens the index in a folder, and each that takes its place."""

    def __init__(
        self,
        index_dir: Path,
        max_question_chars: int,
        opened: Callable[[Assistant | None], Assistant] | None = None,
        mark: Callable[[], object] | None = None,
    ) -> None:
        """Opens the index that is there.

        Args:
            index_dir: folder of the built index.
            max_question_chars: longest question in code points.
            opened: opens the index that is in the folder, given the assistant over the one before; None for one that
                answers in this process.
            mark: what changes with each index that takes the place of another; None for that of the folder.

        Raises:
            IndexMissingError, IndexDamagedError, IndexStaleError: as for `Assistant.open`.
        """
        self._index_dir = index_dir
        self._max_question_chars = max_question_chars
        self._opened = opened or self._open_here
        self._mark = mark or partial(_mark, index_dir)
        self._seen = self._mark()
        # When the index that was seen last is tried again, and what was told of it.
        self._again, self._told = math.inf, ""
        self._newest = self._opened(None)
        self._pinned: ContextVar[Assistant | None] = ContextVar("generation", default=None)
        self._heed: list[Callable[[], None]] = []

    def current(self) -> Assistant:
        """The generation that this request began with; outside of one, the newest."""
        return self._pinned.get() or self._newest

    def heed(self, then: Callable[[], None]) -> None:
        """Calls `then` after each new index is in use."""
        self._heed.append(then)

    @contextmanager
    def pinned(self) -> Iterator[Assistant]:
        """Holds on to one generation, in this thread or task and in all that it starts."""
        token = self._pinned.set(self._newest)
        try:
            yield self._newest
        finally:
            self._pinned.reset(token)

    def refresh(self) -> bool:
        """Takes up the index in the folder where it is another than before; whether it did."""
        mark = self._mark()
        if mark == self._seen and time.monotonic() < self._again:
            return False
        self._seen, self._again = mark, time.monotonic() + AGAIN
        try:
            new = self._opened(self._newest)
            for question in new.suggestions(count=1):
                new.ask(question)
        except AssistantError as error:
            if str(error) != self._told:
                _LOG.error("The index is not used, the last one goes on: %s", error)
            self._told = str(error)
            return False
        self._again, self._told = math.inf, ""
        self._newest = new
        for then in self._heed:
            then()
        _LOG.info("A new index is in use: %d policies.", len(new.policies()))
        return True

    def _open_here(self, last: Assistant | None) -> Assistant:
        return Assistant.open(self._index_dir, self._max_question_chars, last.encoder if last else None)

    def watch(self, stop: threading.Event, every: float = EVERY) -> None:
        """Refreshes until `stop` is set.

        Args:
            stop: ends it.
            every: seconds between two looks.
        """
        while not stop.wait(every):
            try:
                self.refresh()
            except Exception as error:
                # Out of memory, say: whoever waits for the next index must not wait for a thread that is gone.
                _LOG.error("The index is not used, the last one goes on: %s.", type(error).__name__)


def _mark(index_dir: Path) -> _Mark | None:
    """What changes with each manifest that is put into place; None where there is none."""
    try:
        found = (index_dir / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
