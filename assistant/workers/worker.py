"""A process that answers a few calls at a time: it holds the encoder and the indexes that may still be asked about.

What reads the index or loads a library is imported when it is needed: a process that is forked has it already.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.ask import Assistant

_LOG = logging.getLogger(__name__)
# The method of a call that opens an index; its one argument names the build.
OPEN = "open"
_WARM = "Which data is collected?"


class Call(NamedTuple):
    """A method of the assistant over one index."""

    # Numbers of the indexes that may still be asked about; the others are let go.
    alive: frozenset[int]
    # Number of the index.
    generation: int
    method: str
    args: tuple[object, ...]


class Reply(NamedTuple):
    """What came of a call."""

    # What the method returned.
    value: object
    # What it raised instead.
    error: Exception | None = None
    # Whether what was searched in needed further tries.
    degraded: bool = False


class Job(NamedTuple):
    """What a worker works on."""

    index_dir: Path
    # Longest question in code points.
    max_question_chars: int
    # Done first of all, such as starting the log.
    prepare: Callable[[], None] | None
    # Makes what replies to calls.
    answering: Callable[[Job], Callable[[Call], Reply]]


def work(connections: Sequence[Connection], job: Job) -> None:
    """The process: replies to each call that comes, by each connection one at a time, until nobody is there to call."""
    # The process in front says when it is the end; a signal may go to all processes of a group.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if job.prepare:
        job.prepare()
    reply = job.answering(job)
    threads = [threading.Thread(target=_replies, args=(each, reply), daemon=True) for each in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _replies(connection: Connection, reply: Callable[[Call], Reply]) -> None:
    # Whatever ends this, the one who calls sees the end of the pipe and waits for nothing.
    with contextlib.closing(connection), contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(reply(connection.recv()))


def _end_with_parent() -> None:
    """Ends this process, whatever it is doing, when the one that started it has ended in whatever way."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


class Answering:
    """Replies with the assistants over the indexes that were opened, which have one encoder."""

    def __init__(self, job: Job) -> None:
        """Loads the encoder, where that is not done."""
        from assistant.workers.preloaded import encoder

        self._job = job
        self._encoder = encoder
        self._opened: dict[int, Assistant] = {}

    def __call__(self, call: Call) -> Reply:
        """What comes of one call; of an error that nobody foresaw only the kind, for the rest is in the log."""
        for generation in self._opened.keys() - call.alive:
            # Two calls may do so at once.
            self._opened.pop(generation, None)
        try:
            if call.method == OPEN:
                return Reply(self._open(call.generation, call.args[0]))
            return Reply(getattr(self._opened[call.generation], call.method)(*call.args))
        except AssistantError as error:
            return Reply(None, error)
        except Exception as error:
            _LOG.error("An error while answering.", exc_info=error)
            return Reply(None, RuntimeError(f"{type(error).__name__} in a worker"))

    def opened(self, build: object) -> Assistant | None:
        """The assistant over the index that lies in the folder; None where that is not this build."""
        from assistant.ask import Assistant
        from assistant.index.manifest import read_record

        assistant = Assistant.open(self._job.index_dir, self._job.max_question_chars, self._encoder)
        return assistant if read_record(self._job.index_dir)["build"] == build else None

    def _open(self, generation: int, build: object) -> bool:
        """Opens an index and asks it something; whether it is this build."""
        assistant = self.opened(build)
        if not assistant:
            return False
        if assistant.policies():
            assistant.ask(_WARM, top_k=1)
        self._opened[generation] = assistant
        return True
