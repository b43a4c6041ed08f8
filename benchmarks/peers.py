"""This product beside others over the same policies, questions and encoder: `make peers`.

    PYTHONPATH=. python benchmarks/peers.py [--haiku PYTHON] [--only SYSTEM …] [--copies 10] [--write]

Each system builds its index in one process and answers in another, without a network where `unshare` can take it
away. What it finds is judged as `python -m assistant evaluate` judges. PYTHON is that of a virtual environment with
haiku.rag. With `--copies` every policy lies there so many times under other ids: more to search in, nothing to judge.
`--write` puts the figures into docs/peers.md and docs/peers.svg.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rapidfuzz import fuzz

from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.match import Letters
from assistant.evaluation.metrics import metrics, rank_measures
from assistant.evaluation.questions import JudgedQuestion, read_questions
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import list_sources, read_source
from assistant.types import Answer, Citation, Document, Policy, Span, Status
from benchmarks.peer_material import Chunk, Material, Place, Question
from benchmarks.peers_page import NAMES, Row, told, write

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
QUESTIONS = ROOT / "benchmarks" / "questions.dev.jsonl"
# Most seconds that one process may take.
PATIENCE = 600
# Nothing is fetched, and nothing is told.
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "LOGFIRE_SEND_TO_LOGFIRE": "false",
    "LOGFIRE_IGNORE_NO_CONFIG": "1",
    "OTEL_SDK_DISABLED": "true",
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class Replayed:
    """What a system found, as the evaluation asks for it."""

    def __init__(self, documents: Sequence[Document], questions: Sequence[JudgedQuestion], found: list[list[Place]]):
        self._documents = {document.policy.id: document for document in documents}
        asked = ((question.question, question.scope, question.history) for question in questions)
        self._found = dict(zip(asked, found, strict=True))

    def policies(self) -> tuple[Policy, ...]:
        return tuple(document.policy for document in self._documents.values())

    def document(self, policy: str) -> Document:
        return self._documents[policy]

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        found = self._found[question, policies[0] if policies else None, tuple(history)][:top_k]
        cited = tuple(self._cited(number, place) for number, place in enumerate(found, start=1))
        status = Status.ANSWERED if cited else Status.NOT_COVERED
        return Answer(question, status, cited, (), self.policies(), "")

    def _cited(self, number: int, place: Place) -> Citation:
        document, span = self._documents[place[0]], Span(*place[1:])
        return Citation(number, document.policy, "", (), None, span, span.of(document.text), document.sha256)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--haiku", type=Path, help="Python that haiku.rag is installed for; without it that is left out"
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, default=tuple(NAMES), help="systems to run (default: all)")
    parser.add_argument("--copies", type=int, default=1, help="times that the policies lie there (default: 1)")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/peers.md and docs/peers.svg")
    options = parser.parse_args()
    # Not resolved: a virtual environment's Python is a link, and is told by where that lies.
    haiku = options.haiku.absolute() if options.haiku else None
    pythons = {name: haiku if name.startswith("haiku") else Path(sys.executable) for name in options.only}

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = copied(options.copies, Path(folder))
        started = time.perf_counter()
        documents, material, questions = read(corpus)
        reading = time.perf_counter() - started
        for name, python in pythons.items():
            if python is None:
                print(f"{name}: left out; name a Python with haiku.rag by --haiku.", flush=True)
                continue
            with tempfile.TemporaryDirectory() as own:
                rows.append(measured(name, python, Path(own), documents, material, questions, reading))
            print(f"{name}: done", flush=True)
    print(f"\n{told(rows, options.copies)}")
    if options.write:
        write(rows, options.copies)
    return 0


def copied(copies: int, folder: Path) -> Path:
    """The corpus, or a folder where every policy lies so many times; the first keeps its id, for what is picked."""
    if copies == 1:
        return CORPUS
    for path in CORPUS.iterdir():
        shutil.copy(path, folder)
        if path.suffix == ".txt":
            for number in range(2, copies + 1):
                shutil.copy(path, folder / f"{path.stem}-{number}.txt")
    return folder


def read(corpus: Path = CORPUS) -> tuple[list[Document], Material, tuple[JudgedQuestion, ...]]:
    """The policies, what every system is given of them, and the judged questions."""
    catalogue = read_catalogue(corpus)
    documents = [parse(read_source(path), catalogue.get(path.stem)) for path in list_sources(corpus)[0]]
    chunks = tuple(
        Chunk(passage.policy, *passage.span, passage.context, passage.text)
        for document in documents
        for passage in split(document)
        if passage.citable
    )
    questions = read_questions(QUESTIONS)
    asked = tuple(Question(each.question, each.scope, each.history) for each in questions)
    texts = {document.policy.id: document.text for document in documents}
    return documents, Material(corpus, texts, chunks, asked), questions


def measured(
    name: str,
    python: Path,
    folder: Path,
    documents: Sequence[Document],
    material: Material,
    questions: Sequence[JudgedQuestion],
    reading: float,
) -> Row:
    """One system's figures; `reading` seconds are added to the indexing of those that are given passages."""
    material.write(folder / "material.json")
    built = run(name, "index", python, folder)
    chunks = [Chunk(*chunk) for chunk in json.loads((folder / "chunks.json").read_text(encoding="utf-8"))]
    chunks = located(chunks, material.texts)
    (folder / "chunks.json").write_text(json.dumps(chunks), encoding="utf-8")
    asked = run(name, "ask", python, folder)
    outcomes = list(evaluate(Replayed(documents, questions, asked["found"]), questions))
    figures = None if name == "bare" else metrics(outcomes, rank_measures(outcomes))
    tried = {*built["refused"], *asked["refused"]}
    if tried:
        print(f"{name} tried to reach {', '.join(sorted(tried))}.")
    return Row(
        name,
        built["passages"],
        figures,
        built["seconds"] + (0 if name.startswith("ours") else reading),
        asked["first"],
        asked["seconds"],
        asked["encoding"],
        asked["memory"],
        built["peak"],
        built["stored"],
    )


def located(chunks: Sequence[Chunk], texts: Mapping[str, str]) -> list[Chunk]:
    """Where the pieces of another chunker stand in the canonical text, each after the start of the one before it.

    Found by letters and digits, as quotes are; where a converter has changed some of them (a list numbered anew, a link
    spelt out), at the part of the text that is most like it.
    """
    letters = {policy: Letters(text) for policy, text in texts.items()}
    reached = dict.fromkeys(texts, 0)
    out = []
    for chunk in chunks:
        if chunk.end:
            out.append(chunk)
            continue
        policy, start = chunk.policy, reached[chunk.policy]
        exact = (place for place in letters[policy].find(chunk.text) if place.start >= start)
        place = next(exact, None) or _most_like(chunk.text, texts[policy], start)
        reached[policy] = place.start
        out.append(chunk._replace(start=place.start, end=place.end))
    return out


def _most_like(piece: str, text: str, start: int) -> Span:
    found = fuzz.partial_ratio_alignment(piece, text[start:])
    return Span(start + found.dest_start, start + found.dest_end) if found else Span(start, start)


def run(name: str, step: str, python: Path, folder: Path) -> dict:
    """What one step of one system measured, in a process of its own that no network is left to."""
    command = [*unplugged(), str(python), str(ROOT / "benchmarks" / "peer.py"), step, name, str(folder)]
    place = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        command, env={**OFFLINE, **place}, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        sys.exit(f"{name} failed to {step}:\n{done.stderr[-3000:]}")
    return json.loads((folder / f"{step}.json").read_text(encoding="utf-8"))


def unplugged() -> list[str]:
    """What starts a command without a network; nothing where the system does not let us, and Python alone refuses."""
    command = ["unshare", "--map-root-user", "--net"]
    try:
        allowed = subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return []
    return command if allowed else []


if __name__ == "__main__":
    sys.exit(main())
