"""Kills ingest at random moments and counts what survives: `make faults`.

    PYTHONPATH=. python benchmarks/faults.py [--kills 200] [--light]

Each round changes two policies, starts an ingest in a process group of its own and sends SIGKILL at a random time: in
every other round over the whole length of an ingest, else while it writes. It goes to the ingest alone, or to its group
with the process that reads policies. Then no process of the group may be left, the index must open and be one of the
whole ones, the next ingest must succeed, and nothing may be left in the folder but the manifest, one build and the
locks. Meanwhile a server's `Generations`, in a process of its own, takes up each index and is asked all the time for a
clause of both policies, which must be of one round.

Ingests are forked from a process with the encoder loaded, so that the time is spent in reading, encoding and writing;
--light takes an encoder that loads nothing. Where no process that reads policies would be there any more when the kill
comes, none is started, which takes most of the time.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple
from unittest import mock

# Before torch is loaded: its threads do not survive a fork.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from assistant import index, ingest
from assistant.ask import Assistant
from assistant.generations import Generations
from assistant.retrieval.encoder import Encoder
from benchmarks.light import Here, Light

UNFINISHED = ".building"
NAMES = ("shop", "other")
TEXT = "Shop Privacy Policy\n\n" + "\n\n".join(
    f"{number}. Part {number}\nWe keep record {number} of you for {{0}} days, and share it with partner {number}."
    for number in range(1, 4)
)
KEPT = {"manifest.json", ".ingest", ".lock"}
ENDS = ("killed", "ended before the kill")
SEEN = (
    *ENDS,
    "killed while it writes",
    "killed with its group",
    "the old index serves",
    "the new index serves",
    "indexes taken up by the server",
    "answers meanwhile",
)
FAULTS = ("lost", "left behind", "next ingest failed", "processes left", "answers failed", "answers of two indexes")
SEED = 7
# Seconds that a process may take to end on a busy machine.
PATIENCE = 60.0


def main() -> None:
    """Prints how the rounds came out; exits 1 where one index was lost or anything stayed behind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--light", action="store_true", help="take an encoder that loads nothing")
    options = parser.parse_args()
    encoder = Light() if options.light else Encoder()
    ingest.Encoder = lambda: encoder  # type: ignore[assignment,misc]
    dice, found, started = random.Random(SEED), Counter[str](), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        corpus, place = Path(folder) / "corpus", Path(folder) / "index"
        corpus.mkdir()
        lengths = _lengths(corpus, place)
        with _asked(place, encoder, found):
            while found["killed"] < options.kills:
                days = sum(found[name] for name in ENDS) + 1
                late = days % 2 == 0
                moment = Moment(late, dice.uniform(0, lengths[late]), dice.random() < 0.5)
                ended = _round(corpus, place, days, moment, found)
                # A busy machine is slow now and quick then.
                lengths[late] = ended or lengths[late]
                if sys.stderr.isatty():
                    print(f"\r{found['killed']} of {options.kills}", end="", file=sys.stderr, flush=True)
    print(f"{options.kills} ingests killed in {time.monotonic() - started:.0f} s")
    for name in (*SEEN, *FAULTS):
        print(f"  {name}: {found[name]}")
    sys.exit(any(found[name] for name in FAULTS))


class Moment(NamedTuple):
    """When an ingest is killed."""

    # Whether seconds count from its first write, or from its start.
    late: bool
    seconds: float
    # Whether all its processes are killed, or it alone.
    whole: bool


def _round(corpus: Path, place: Path, days: int, moment: Moment, found: Counter[str]) -> float:
    """Returns the seconds that the ingest took where it had ended before the kill, else 0."""
    before = _days(place)
    _write(corpus, days)
    group, ended = _killed(corpus, place, moment)
    found["ended before the kill" if ended else "killed"] += 1
    found["killed while it writes"] += moment.late and not ended
    found["killed with its group"] += moment.whole and not ended
    now = _days(place)
    found["the new index serves" if now == days else "the old index serves" if now == before else "lost"] += 1
    found["processes left"] += not _gone(group)
    _ingest(corpus, place)
    left = {path.name for path in place.iterdir() if not path.name.startswith("build-")} - KEPT
    found["left behind"] += bool(left) or len(list(place.glob("build-*"))) != 1
    found["next ingest failed"] += _days(place) != days
    return ended


def _ingest(corpus: Path, place: Path) -> None:
    """An ingest in this process alone."""
    with mock.patch.object(ingest, "Reader", return_value=Here()):
        ingest.ingest(corpus, place)


def _write(corpus: Path, days: int) -> None:
    for name in NAMES:
        (corpus / f"{name}.txt").write_text(TEXT.format(days), encoding="utf-8")


def _lengths(corpus: Path, place: Path) -> dict[bool, float]:
    """Seconds that an ingest takes in a forked process: False, from its start; True, from its first write."""
    _write(corpus, 100_001)
    _ingest(corpus, place)
    _write(corpus, 100_002)
    started = time.monotonic()
    child = _start(corpus, place, ingest.ingest)
    _wait(child, (place / UNFINISHED).exists)
    writing = time.monotonic()
    _wait(child, lambda: False)
    return {False: time.monotonic() - started, True: time.monotonic() - writing}


def _killed(corpus: Path, place: Path, moment: Moment) -> tuple[int, float]:
    """Runs an ingest in a process group of its own and kills it.

    Returns:
        The process group, and the seconds that the ingest took where it had ended before, else 0.
    """
    child = _start(corpus, place, _ingest if moment.late else ingest.ingest)
    started = time.monotonic()
    if moment.late and _wait(child, (place / UNFINISHED).exists):
        # Too short to be seen.
        return child, moment.seconds
    begun = time.monotonic() if moment.late else started
    if _wait(child, lambda: time.monotonic() >= begun + moment.seconds):
        return child, time.monotonic() - begun
    (os.killpg if moment.whole else os.kill)(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return child, 0.0


def _start(corpus: Path, place: Path, run: Callable[[Path, Path], object]) -> int:
    """An ingest in a process of its own, which leads a group of its own."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        run(corpus, place)
        os._exit(0)
    # In both: whichever comes first.
    with contextlib.suppress(PermissionError, ProcessLookupError):
        os.setpgid(child, child)
    return child


def _wait(child: int, until: Callable[[], bool]) -> bool:
    """Waits until something is so; whether the process ended before."""
    while not until():
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended and status:
            sys.exit(f"An ingest failed by itself with status {status}.")
        if ended:
            return True
        time.sleep(0.0005)
    return False


def _gone(group: int) -> bool:
    """Whether all processes of a group end."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.005)
    return False


def _days(place: Path) -> int:
    """Which of the rounds the index is of; all its documents must be of the same."""
    found = {days for document in index.load(place).documents for days in _told(document.text)}
    return int(found.pop()) if len(found) == 1 else -1


def _told(text: str) -> list[str]:
    return re.findall(r"for (\d+) days", text)


@contextlib.contextmanager
def _asked(place: Path, encoder: Encoder | Light, found: Counter[str]) -> Iterator[None]:
    """Has a process ask all the time, and adds what it saw at the end."""
    ours, theirs = multiprocessing.Pipe()
    asking = multiprocessing.get_context("fork").Process(target=_ask, args=(place, encoder, theirs), daemon=True)
    asking.start()
    if not ours.poll(PATIENCE):
        sys.exit("The server did not open the index.")
    ours.recv()
    yield
    ours.send(None)
    found += ours.recv() if ours.poll(PATIENCE) else {"answers failed": 1}
    asking.join(PATIENCE)


def _ask(place: Path, encoder: Encoder | Light, told: Connection) -> None:
    """Asks for a clause of both policies until it is told to end, and takes up every index."""

    def opened(_: Assistant | None) -> Assistant:
        new = Assistant.open(place, encoder=encoder)  # type: ignore[arg-type]
        # Questions to warm it with would take longer than the ingests.
        new.suggestions = lambda *_, **__: ()  # type: ignore[method-assign]
        return new

    seen, generations = Counter[str](), Generations(place, 2000, opened)
    told.send(None)
    while not told.poll(0.005):
        with generations.pinned() as assistant:
            first = assistant.clause(NAMES[0], "1")
            seen["indexes taken up by the server"] += generations.refresh()
            then = generations.current().clause(NAMES[1], "1")
        days = {each for cited in (*first, *then) for each in _told(cited.quote)}
        seen["answers meanwhile"] += 1
        seen["answers failed"] += not days
        seen["answers of two indexes"] += len(days) > 1
    told.send(seen)


if __name__ == "__main__":
    main()
