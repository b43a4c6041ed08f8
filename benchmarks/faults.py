"""Kills ingest at random moments and counts what survives: `make faults`.

    PYTHONPATH=. python benchmarks/faults.py [--kills 200]

Each round changes two policies, starts an ingest in a process of its own and kills it with SIGKILL after a random time,
drawn over the whole length of an ingest. Then the index must open and be one of the whole ones, the next ingest must
succeed, and nothing may be left in the folder but the manifest, one build and the locks. The processes are forked from
this one with the encoder loaded, so that the time is spent in reading, encoding and writing.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

# Before torch is loaded: its threads do not survive a fork.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from assistant import index, ingest
from assistant.retrieval.encoder import Encoder

TEXT = "Shop Privacy Policy\n\n" + "\n\n".join(
    f"{number}. Part {number}\nWe keep record {number}-{{0}} of you for {{0}} days, and share it with partner {number}."
    for number in range(1, 9)
)
KEPT = {"manifest.json", ".ingest", ".lock"}
SEED = 7


def main() -> None:
    """Prints how the rounds came out; exits 1 where one index was lost or anything stayed behind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    kills = parser.parse_args().kills
    encoder = Encoder()
    ingest.Encoder = lambda: encoder  # type: ignore[assignment,misc]
    dice, found = random.Random(SEED), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        corpus, place = Path(folder) / "corpus", Path(folder) / "index"
        corpus.mkdir()
        last = -1.0
        length = _length(corpus, place)
        for days in range(1, kills + 1):
            before = _days(place)
            _write(corpus, days)
            done = _killed(corpus, place, dice.uniform(0, 1.1 * length))
            found["ended before the kill" if done else "killed"] += 1
            after = _days(place)
            found[
                "the new index serves" if after == days else "the old index serves" if after == before else "lost"
            ] += 1
            ingest.ingest(corpus, place)
            left = {path.name for path in place.iterdir() if not path.name.startswith("build-")} - KEPT
            found["left behind"] += bool(left) or len(list(place.glob("build-*"))) != 1
            found["next ingest failed"] += _days(place) != days
            if time.monotonic() - last > 10:
                last = time.monotonic()
                print(f"{days} of {kills}", file=sys.stderr, flush=True)
    print(f"{kills} ingests of about {length:.2f} s, killed at random moments")
    for name in ("killed", "ended before the kill", "the old index serves", "the new index serves"):
        print(f"  {name}: {found[name]}")
    for name in ("lost", "left behind", "next ingest failed"):
        print(f"  {name}: {found[name]}")
    sys.exit(any(found[name] for name in ("lost", "left behind", "next ingest failed")))


def _write(corpus: Path, days: int) -> None:
    for name in ("shop", "other"):
        (corpus / f"{name}.txt").write_text(TEXT.format(days), encoding="utf-8")


def _length(corpus: Path, place: Path) -> float:
    """Seconds that an ingest takes in a forked process."""
    _write(corpus, 100_001)
    ingest.ingest(corpus, place)
    _write(corpus, 100_002)
    started = time.monotonic()
    _killed(corpus, place, 600)
    return time.monotonic() - started


def _killed(corpus: Path, place: Path, after: float) -> bool:
    """Runs an ingest in a process of its own and kills it; whether it had ended before."""
    child = os.fork()
    if child == 0:
        ingest.ingest(corpus, place)
        os._exit(0)
    deadline = time.monotonic() + after
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                sys.exit(f"An ingest failed by itself with status {status}.")
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _days(place: Path) -> int:
    """Which of the rounds the index is of; all its documents must be of the same."""
    found = {int(d.text.partition(" days")[0].rpartition(" ")[2]) for d in index.load(place).documents}
    return found.pop() if len(found) == 1 else -1


if __name__ == "__main__":
    main()
