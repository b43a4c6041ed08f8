"""What replies in a worker of a test, without a model: it does what the name of the method says."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from assistant.errors import AssistantError, IndexDamagedError, QuestionEmptyError
from assistant.workers.worker import OPEN, Call, Job, Reply


class FakeAnswering:
    """Opens the build that is named in the file `build` of the folder, and keeps a file `pids` of its processes."""

    def __init__(self, job: Job) -> None:
        self._folder = job.index_dir
        self._opened: dict[int, str] = {}
        with (self._folder / "pids").open("a") as pids:
            pids.write(f"{os.getpid()}\n")

    def __call__(self, call: Call) -> Reply:
        for generation in self._opened.keys() - call.alive:
            del self._opened[generation]
        try:
            return Reply(getattr(self, call.method)(call, *call.args))
        except AssistantError as error:
            return Reply(None, error)

    def open(self, call: Call, build: str) -> bool:
        there = (self._folder / "build").read_text()
        if there == "damaged":
            raise IndexDamagedError("The index cannot be used; build it anew.")
        if there == build:
            self._opened[call.generation] = build
        return there == build

    def build(self, call: Call) -> str:
        return self._opened[call.generation]

    def opened(self, _: Call) -> list[str]:
        return sorted(self._opened.values())

    def pid(self, _: Call) -> int:
        return os.getpid()

    def empty(self, _: Call) -> None:
        raise QuestionEmptyError("The question is empty; type one.")

    def sleep(self, _: Call, seconds: float) -> int:
        with (self._folder / "asleep").open("a") as asleep:
            asleep.write("z")
        time.sleep(seconds)
        return os.getpid()

    def die(self, _: Call, once: str = "") -> int:
        """Ends the process; with a name, only the first process that is asked."""
        if once:
            try:
                (self._folder / once).touch(exist_ok=False)
            except FileExistsError:
                return os.getpid()
        os._exit(1)


assert OPEN == "open"


def main(folder: Path) -> None:
    """A process in front of two workers, one of which never answers: says that it is there, and waits."""
    import threading

    from assistant.workers import Workers

    with Workers(folder, 2, 100, answering=FakeAnswering, preloaded=()) as workers:
        generation = workers.open("a")
        threading.Thread(target=workers.call, args=(generation, "sleep", 3600), daemon=True).start()
        while not (folder / "asleep").exists():
            time.sleep(0.01)
        print("there", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
