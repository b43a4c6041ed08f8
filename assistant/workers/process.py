"""A worker as the process in front sees it: started, asked, ended."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Sequence
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

from assistant.cores import cores
from assistant.workers.worker import Call, Job, Reply, work

# Processes that are forked from one that has loaded what they need start at once and share it. They are not forked from
# this one, which has threads. Where forking is not safe, each loads its own.
if sys.platform == "linux":
    _CONTEXT = multiprocessing.get_context("forkserver")
else:
    _CONTEXT = multiprocessing.get_context("spawn")
# One process serves hardly more than four can answer.
_MOST = 4
# Calls that a worker has in its hands at most: their questions are encoded together, which takes less time for each.
CALLS = 8
_ROOT = Path(__file__).resolve().parent.parent.parent


class GoneError(Exception):
    """The process has ended, and with it the calls that it had in its hands."""


class LateError(Exception):
    """The process did not reply in time, and is ended."""


class Process:
    """One worker; asked by `CALLS` threads at a time, and ended by any."""

    def __init__(self, job: Job) -> None:
        """Starts it.

        Raises:
            OSError, EOFError: the system does not start it.
        """
        pipes = [multiprocessing.Pipe() for _ in range(CALLS)]
        ours, theirs = zip(*pipes, strict=True)
        self._free = deque(ours)
        # Whether nobody will be answered any more.
        self.ended = False
        self._process = _CONTEXT.Process(target=work, args=(theirs, job), name="assistant-worker", daemon=True)
        self._process.start()
        # The worker sees the end of this process by the end of the pipes, so nobody else may hold those.
        for pipe in theirs:
            pipe.close()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    def ask(self, call: Call, seconds: float) -> Reply:
        """What it replies.

        Args:
            call: what it is to do.
            seconds: how long it may take.

        Raises:
            GoneError: it has ended.
            LateError: it takes longer, and is ended.
        """
        sent = ForkingPickler.dumps(call)
        try:
            pipe = self._free.pop()
        except IndexError:
            # Who ends with calls in hand gives none of their pipes back.
            raise GoneError from None
        try:
            pipe.send_bytes(sent)
            if pipe.poll(seconds):
                reply: Reply = pipe.recv()
                self._free.append(pipe)
                return reply
        except (EOFError, OSError):
            self.end()
            raise GoneError from None
        except BaseException:
            # What is left in the pipe would be taken for the reply to the next call.
            self.end()
            raise
        self.end()
        raise LateError

    def end(self) -> None:
        """Ends it at once; it holds nothing that could be lost."""
        self.ended = True
        self._process.kill()

    def wait(self) -> int | None:
        """Its exit code, once it has ended."""
        self._process.join()
        return self._process.exitcode


def usual_count() -> int:
    """Workers where nobody says how many: one for each core, four at most; 1, for none, where memory is not shared."""
    return min(cores(), _MOST) if sys.platform == "linux" else 1


def preload(modules: Sequence[str]) -> None:
    """Imports modules before the first process is started, once for all, where they are forked."""
    _CONTEXT.set_forkserver_preload(list(modules))


def shared_out(count: int) -> dict[str, str]:
    """Environment variables for `count` processes: their threads are together no more than those of one would be."""
    threads = max(1, cores() // count)
    # Python 3.11 does not tell the process that others are forked from where modules lie.
    paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": os.pathsep.join(paths)}
