"""What each worker takes in memory, and how soon one that was killed is replaced.

`PYTHONPATH=. python benchmarks/workers.py` starts `app.py --workers N` over the built index of corpus/, asks questions,
and reads /proc of Linux: "own" is memory that no other process shares (Private), "share" divides what is shared by who
shares it (PSS), so that shares add up. The benchmarks of the start and of the load take `--workers` too.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

import httpx

from assistant.settings import Settings
from tests.operated import operated

QUESTIONS = 50
PATIENCE = 120


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", default=["1", "2", "4"], help="as of app.py, 1 or more (default: 1 2 4)")
    print("| workers | process | own, MB | share, MB |\n|---|---|---|---|")
    for count in parser.parse_args().counts:
        _measure(count)


def _measure(count: str) -> None:
    index = str(Settings().index.resolve())
    with operated(Path(tempfile.mkdtemp()), program=("app.py", "--workers", count), log="off", index=index) as server:
        for _ in range(QUESTIONS):
            httpx.post(f"{server.url}/api/ask", json={"question": "How long is my data kept?"}, timeout=PATIENCE)
        front = server.process.pid
        rows = [("in front" if int(count) > 1 else "the only one", front)]
        for child in _children(front):
            forked = _children(child)
            rows += [("others are forked from it" if forked else "Python's own, to clean up", child)]
            rows += [("worker", pid) for pid in forked]
        shares = 0
        for name, pid in rows:
            own, share = _memory(pid)
            shares += share
            print(f"| {count} | {name} | {own} | {share} |")
        print(f"| {count} | all | | {shares} |")
        workers = [pid for name, pid in rows if name == "worker"]
        if workers:
            print(f"| {count} | a killed worker is replaced after {_replaced(workers[0]):.1f} s | | |", flush=True)


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for thread in threads for child in thread.read_text(encoding="ascii").split())


def _memory(pid: int) -> tuple[int, int]:
    """Private memory and PSS in MB."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    size = {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB$", told, re.MULTILINE)}
    return (size["Private_Clean"] + size["Private_Dirty"]) * 1024 // 1_000_000, size["Pss"] * 1024 // 1_000_000


def _replaced(worker: int) -> float:
    """Seconds from the kill until another process has opened the index: until it maps its vectors."""
    stat = Path(f"/proc/{worker}/stat").read_text(encoding="ascii")
    parent = int(stat.rpartition(")")[2].split()[1])
    there = set(_children(parent))
    started = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    while time.monotonic() < started + PATIENCE:
        for pid in set(_children(parent)) - there:
            with contextlib.suppress(OSError):
                if "vectors.npy" in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8"):
                    return time.monotonic() - started
        time.sleep(0.02)
    raise SystemExit("The worker was not replaced.")


if __name__ == "__main__":
    sys.exit(main())
