"""One system in a process of its own, started by benchmarks/peers.py: builds its index, or asks it the questions.

    python benchmarks/peer.py index|ask SYSTEM FOLDER

FOLDER holds material.json; figures go to index.json or ask.json beside it.
"""

from __future__ import annotations

import json
import resource
import socket
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from assistant.retrieval.encoder import EncodedQuery, Encoder
from benchmarks.peer_material import Material, System
from benchmarks.peer_systems import SYSTEMS

# Times that every question is asked after the first time.
ROUNDS = 3


class TimedEncoder(Encoder):
    """The assistant's encoder, which knows how long it took."""

    seconds = 0.0

    def encode_query(self, text: str) -> EncodedQuery:
        started = time.perf_counter()
        query = super().encode_query(text)
        self.seconds += time.perf_counter() - started
        return query


def main() -> int:
    step, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    material = Material.read(folder / "material.json")
    system = SYSTEMS[name]()
    with refused() as tried:
        figures = {"index": index, "ask": ask}[step](system, material, folder)
    figures["refused"] = tried
    (folder / f"{step}.json").write_text(json.dumps(figures), encoding="utf-8")
    return 0


def index(system: System, material: Material, folder: Path) -> dict[str, object]:
    """Seconds from the imported libraries to the index on disk, the encoder's loading included."""
    system.imports()
    started = time.perf_counter()
    chunks = system.index(material, folder / "store", Encoder)
    seconds = time.perf_counter() - started
    (folder / "chunks.json").write_text(json.dumps(chunks), encoding="utf-8")
    stored = sum(file.stat().st_size for file in (folder / "store").rglob("*") if file.is_file())
    return {"seconds": seconds, "peak": peak(), "stored": stored, "passages": len(chunks)}


def ask(system: System, material: Material, folder: Path) -> dict[str, object]:
    """What is found for each question, how soon, and what memory the process has at the end."""
    chunks = json.loads((folder / "chunks.json").read_text(encoding="utf-8"))
    started = time.perf_counter()
    system.imports()
    encoder = TimedEncoder()
    search = system.open(folder / "store", chunks, encoder)
    search(material.questions[0])
    first = time.perf_counter() - started
    found = [search(question) for question in material.questions]
    seconds, encoding = [], []
    for _ in range(ROUNDS):
        for question in material.questions:
            encoder.seconds = 0.0
            seconds.append(timed(lambda question=question: search(question)))
            encoding.append(encoder.seconds)
    return {"found": found, "first": first, "seconds": seconds, "encoding": encoding, "memory": resident()}


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def peak() -> int:
    """Most bytes that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """Bytes of this process, pages that it shares with others counted in part."""
    lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


@contextmanager
def refused():
    """Other hosts cannot be reached from Python; what was tried is in the list. Files and pipes are left alone."""
    tried: list[str] = []

    def guard(event: str, args: tuple[object, ...]) -> None:
        if event == "socket.getaddrinfo" and args[0] not in (None, "localhost", "127.0.0.1"):
            tried.append(f"{args[0]}:{args[1]}")
            raise socket.gaierror(socket.EAI_FAIL, f"{args[0]} is not to be looked up in a benchmark")
        if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] != "127.0.0.1":
            tried.append(f"{args[1][0]}:{args[1][1]}")
            raise PermissionError(f"{args[1][0]} is not to be reached in a benchmark")

    sys.addaudithook(guard)
    yield tried


if __name__ == "__main__":
    sys.exit(main())
