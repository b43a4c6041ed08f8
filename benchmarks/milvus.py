"""A Milvus server beside the index on this machine: `make milvus`, or `PYTHONPATH=. python benchmarks/milvus.py`.

Asks the judged questions of both, and counts bytes per clause for the sizing in docs/milvus.md. It starts milvus-lite
on 127.0.0.1, or takes the server that MILVUS_URI names (MILVUS_TOKEN says how to log in), in collections of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from assistant.ask import Assistant
from assistant.engines.milvus.packing import Kind, Place, cut
from assistant.evaluation.questions import read_questions
from assistant.ingest import ingest
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.late import TokenVectors
from tests.milvus_server import GIVEN, World, running, world

ROOT = Path(__file__).resolve().parent.parent
TENANT = "bench"
# Bytes of a number and its weight in a sparse vector.
_TERM = 8


def main() -> int:
    """Prints the figures; the exit code is 1 where an answer differs on milvus-lite."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times that each question is asked (default: 3)")
    options = parser.parse_args()
    encoder = Encoder()
    kind = GIVEN if os.environ.get(GIVEN) else "lite"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ingest(ROOT / "corpus", place / "index")
        with running(kind, place) as server, world(server, encoder) as made:
            print(f"Milvus {made.client.call('get_server_version')}")
            started = time.perf_counter()
            report = made.ingest(TENANT, ROOT / "corpus")
            print(f"{report.passages} passages ingested in {time.perf_counter() - started:.1f} s")
            started = time.perf_counter()
            there = Assistant(made.engine(TENANT), encoder=encoder)
            print(f"opened in {time.perf_counter() - started:.2f} s")
            different = compare(Assistant.open(place / "index", encoder=encoder), there, options.rounds)
            measure_bytes(made)
    return int(kind == "lite" and different > 0)


def compare(here: Assistant, there: Assistant, rounds: int) -> int:
    """Asks both the judged questions; how many answers differ in anything."""
    questions = list(read_questions(ROOT / "benchmarks" / "questions.dev.jsonl"))
    different = 0
    seconds: dict[str, list[float]] = {"the index on this machine": [], "Milvus": []}
    for turn in range(rounds + 1):
        for each in questions:
            policies = None if each.scope is None else [each.scope]
            answers = []
            for taken, assistant in zip(seconds.values(), (here, there), strict=True):
                started = time.perf_counter()
                answers.append(assistant.ask(each.question, policies, each.history))
                # The first turn warms both.
                if turn:
                    taken.append(time.perf_counter() - started)
            different += not turn and answers[0] != answers[1]
    print(f"{len(questions)} judged questions: {len(questions) - different} answers are the same in every part")
    for name, taken in seconds.items():
        half, most = np.percentile(taken, [50, 95]) * 1000
        print(f"  {name}: median {half:.0f} ms, 95th percentile {most:.0f} ms for a whole answer")
    return different


def measure_bytes(made: World) -> None:
    """Bytes of a passage in each field, in the mean."""
    engine, store = made.engine(TENANT), made.store(TENANT)
    sizes: dict[str, list[int]] = {}

    def note(name: str, size: int) -> None:
        sizes.setdefault(name, []).append(size)

    count = 0
    for entry in store.entries():
        passages = engine.passages(entry.policy)
        count += len(passages)
        held: TokenVectors = engine.pieces(passages)
        note(
            "word pieces, as they are", held.values[0 : len(held.values)].nbytes + held.starts.nbytes + held.ends.nbytes
        )
        for kind, name in ((Kind.PIECES, "word pieces, packed"), (Kind.RECORD, "texts, packed")):
            data = store.payloads([Place(entry.generation, kind, at) for at in range(len(passages))])
            note(name, sum(len(part) for each in data for part in cut(each)))
        for kind, name in ((Kind.DOCUMENT, "documents, packed"), (Kind.COUNTS, "counts, packed")):
            (data_of,) = store.payloads([Place(entry.generation, kind)])
            note(name, sum(map(len, cut(data_of))))
        searched = ["id", "tenant", "generation", "ordinal", "citable", "content", "terms", "dense"]
        fetched = ["id", "tenant", "generation", "kind", "ordinal", "part", "parts", "stub"]
        of = f'generation == "{entry.generation}"'
        for row in made.client.every(made.names.payloads, of, fetched, level="Strong"):
            note("keys of what is fetched, with the stub", sum(_size(row[field]) for field in fetched))
        for row in made.client.every(made.names.passages, of, searched, level="Strong"):
            note("keys of the searched row", sum(_size(row[field]) for field in searched[:-2]))
            note("stems", len(row["terms"]))
            note("stems as sparse vector", _TERM * len(set(row["terms"].split())))
            note("vector", 4 * len(row["dense"]))
    print(f"bytes per passage, over {count} passages:")
    for name, found in sizes.items():
        print(f"  {name}: {sum(found) / count:,.0f}")


def _size(value: object) -> int:
    """Bytes of a field's value in memory: text has its own, a switch one, a number eight, a vector four each."""
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool):
        return 1
    return 8 if isinstance(value, int) else 4 * len(cast("Sequence[float]", value))


if __name__ == "__main__":
    sys.exit(main())
