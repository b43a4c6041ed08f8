"""What an update costs: one changed file among 1,000, and a running server that takes up the new index: `make updates`.

    PYTHONPATH=. python benchmarks/updates.py [--policies 1000] [--folder DIR]

The policies are made of the clauses of corpus/, six to a policy, with other names. Each command runs as people run it,
a process from start to end; beside the time on the clock stands that of the processors, which a busy machine does not
change as much. The index is built once, which takes minutes: --folder keeps it for the next run. The bound: with one
file changed, added or removed, an ingest takes no more than 4 seconds of processors beside what it takes to import the
encoder's libraries and load it, and no answer of the server fails or is of two indexes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source

ROOT = Path(__file__).resolve().parent.parent
BOUND = 4.0
CLAUSES = 6
SEED = 11
NAMES = re.compile(r"\b(?:www\.)?(?:italki|i2istudy|unistudy)(?:\.\w+)*\b", re.IGNORECASE)
FLOOR = "from assistant.retrieval.encoder import Encoder; Encoder().encode_query('Which cookies?')"
QUESTION = "How long are cookies kept?"
# In two policies, so that an answer of two indexes would show.
MARKED = "\n\n{number}. Cookies\nOur cookies are kept for {days} days.\n"
PATIENCE = 300


@dataclass
class Asked:
    """What people saw while the index changed."""

    answers: int = 0
    failed: int = 0
    mixed: int = 0
    slowest: float = 0.0
    # Days → when they were first answered.
    first: dict[str, float] = field(default_factory=dict)


def main() -> int:
    """Prints the figures; the exit code is 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policies", type=int, default=1000)
    parser.add_argument("--folder", type=Path, help="where corpus and index are kept (default: nowhere)")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        corpus, index = folder / "corpus", folder / "index"
        write(corpus, options.policies)
        print(f"{options.policies} policies; seconds on the clock, seconds of processors, memory at most")
        ingest("full ingest" if not index.exists() else "ingest of what an earlier run left", corpus, index)
        floor = timed("the encoder's libraries and itself", [sys.executable, "-c", FLOOR])
        for how in (["--check"], ["--if-stale"], []):
            ingest(f"nothing changed, ingest {' '.join(how)}", corpus, index, *how)
        slow = []
        path = corpus / "firm-0500.txt" if options.policies > 500 else corpus / "firm-0001.txt"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("personal", "private"), encoding="utf-8")
        slow.append(ingest("one file changed", corpus, index))
        (corpus / "new.txt").write_text(text.replace("Firm", "New"), encoding="utf-8")
        slow.append(ingest("one file added", corpus, index))
        (corpus / "new.txt").unlink()
        slow.append(ingest("one file removed", corpus, index))
        asked = serve(corpus, index)
    most = max(slow) - floor
    print(f"  one file, less the encoder: {most:.1f} s of processors at most; bound: {BOUND:g} s")
    return int(most > BOUND or asked.failed > 0 or asked.mixed > 0)


def write(corpus: Path, policies: int) -> None:
    """Makes the policies, the same ones every time."""
    parts = clauses()
    dice = random.Random(SEED)
    corpus.mkdir(parents=True, exist_ok=True)
    for number in range(policies):
        name = f"Firm {number:04}"
        chosen = dice.sample(parts, CLAUSES)
        body = "\n\n".join(f"{at}. {title}\n{text}" for at, (title, text) in enumerate(chosen, 1))
        text = f"{name} Privacy Policy\n\n{NAMES.sub(name, body)}\n"
        if number < 2:
            text += MARKED.format(number=CLAUSES + 1, days=30)
        (corpus / f"firm-{number:04}.txt").write_text(text, encoding="utf-8")


def clauses() -> list[tuple[str, str]]:
    """Title and text of every clause of corpus/ that is worth citing."""
    found = []
    for path in sorted((ROOT / "corpus").glob("*.txt")):
        document = parse(read_source(path), None)
        texts: dict[int, list[str]] = {}
        for passage in split(document):
            if passage.citable:
                texts.setdefault(passage.clause, []).append(passage.text.strip())
        for clause, pieces in texts.items():
            title = document.clauses[clause].title.strip() or "General"
            found.append((title[:80].replace("\n", " "), "\n".join(pieces)))
    return found


def ingest(name: str, corpus: Path, index: Path, *how: str) -> float:
    """Runs an ingest; as `timed`."""
    return timed(
        name, [sys.executable, "-m", "assistant", "ingest", *how, "--corpus", str(corpus), "--index", str(index)]
    )


def timed(name: str, command: list[str]) -> float:
    """Runs a command and prints what it took; returns the seconds of processors."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.read().strip()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    clock, work = time.monotonic() - started, used.ru_utime + used.ru_stime
    print(f"  {name:36} {clock:7.1f} s {work:7.1f} s {used.ru_maxrss // 1024:6} MiB  {said}", flush=True)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed")
    return work


def serve(corpus: Path, index: Path) -> Asked:
    """Changes the two marked policies under a running server that is asked all the time, and prints what it did."""
    asked = Asked()
    with server(index) as url:
        over = threading.Event()
        people = [threading.Thread(target=ask, args=(url, over, asked)) for _ in range(2)]
        for person in people:
            person.start()
        try:
            for days in (60, 90):
                for name in ("firm-0000.txt", "firm-0001.txt"):
                    path = corpus / name
                    text = re.sub(r"kept for \d+ days", f"kept for {days} days", path.read_text(encoding="utf-8"))
                    path.write_text(text, encoding="utf-8")
                ingest("two files changed under a server", corpus, index)
                written = time.monotonic()
                while str(days) not in asked.first and time.monotonic() < written + PATIENCE:
                    time.sleep(0.05)
                took = asked.first.get(str(days), float("nan")) - written
                print(f"  {'the server answers from it after':36} {took:7.1f} s", flush=True)
        finally:
            over.set()
            for person in people:
                person.join(PATIENCE)
    print(
        f"  meanwhile {asked.answers} answers, {asked.failed} failed, {asked.mixed} of two indexes, "
        f"the slowest {asked.slowest:.2f} s"
    )
    return asked


def ask(url: str, over: threading.Event, asked: Asked) -> None:
    """Asks the two marked policies until it is over."""
    body = {"question": QUESTION, "policies": ["firm-0000", "firm-0001"], "top_k": 2}
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        while not over.is_set():
            started = time.monotonic()
            answer = client.post("/api/ask", json=body)
            ended = time.monotonic()
            quotes = " ".join(cited["quote"] for cited in answer.json()["citations"]) if answer.is_success else ""
            days = set(re.findall(r"kept for (\d+) days", quotes))
            asked.answers += 1
            asked.failed += not days
            asked.mixed += len(days) > 1
            asked.slowest = max(asked.slowest, ended - started)
            for each in days:
                asked.first.setdefault(each, ended)


@contextlib.contextmanager
def server(index: Path) -> Iterator[str]:
    """`app.py` over the index, on a free port; prints when it was ready."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    environment |= {
        "ASSISTANT_INDEX": str(index),
        "ASSISTANT_PORT": str(port),
        "ASSISTANT_FEEDBACK": str(index.parent / "feedback.sqlite"),
        "ASSISTANT_RATE_LIMIT": "100000/second",
        "ASSISTANT_LOG": "off",
    }
    url, started = f"http://127.0.0.1:{port}", time.monotonic()
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
    try:
        while time.monotonic() < started + PATIENCE and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{url}/readyz", trust_env=False).is_success:
                    break
            time.sleep(0.1)
        print(f"  {'the server is ready after':36} {time.monotonic() - started:7.1f} s", flush=True)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)


if __name__ == "__main__":
    sys.exit(main())
