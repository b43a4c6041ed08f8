"""How many people the server answers at once: `make load`, or `PYTHONPATH=. python benchmarks/load.py`.

A real server over the index of corpus/ is started on this machine and asked by 1, 10, 50 and 200 people over the API
and by 20 over the chat. Each asks again when an answer has come, or after the time that a "busy" names. Before and
after each crowd the encoder alone, in a process of its own, encodes the same questions one at a time in each of as many
threads: as sentence-transformers runs it, and on ONNX Runtime, as the server does. Those who ask take their time of the
same cores. `--memory 20000` asks a server so many different questions and draws its memory. Bounds: the best throughput
is at least 80 % of that of the encoder as the server runs it, nothing but answers and "busy" comes, and the median
grows no faster than the crowd, but for a fifth that such timings vary by.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, cycle, pairwise
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from assistant.evaluation.questions import read_questions
from assistant.retrieval.encoder import Backend, Encoder
from tests.operated import ROOT, Running, operated

CROWDS = (1, 10, 50, 200)
CHATTING = 20
BACKENDS: dict[Backend, str] = {"torch": "sentence-transformers alone", "onnx": "ONNX Runtime alone"}
LEAST_SHARE = 0.8
NOISE = 1.2
THREADS = len(os.sched_getaffinity(0))
Request = tuple[str, dict[str, object]]


@dataclass(slots=True)
class Tally:
    """What a crowd met."""

    # Seconds until each answer.
    answers: list[float] = field(default_factory=list)
    # Seconds until "busy" was said.
    busy: list[float] = field(default_factory=list)
    # Statuses of whatever else came.
    errors: Counter[int] = field(default_factory=Counter)


def main() -> int:
    """Prints the figures; the exit code is 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15, help="how long each crowd asks (default: 15)")
    parser.add_argument("--workers", default="0", help="as of app.py")
    parser.add_argument("--memory", type=int, default=0, help="ask so many questions and draw the server's memory")
    options = parser.parse_args()
    if options.memory:
        return _memory(options.memory, options.workers)
    questions = [each.question for each in read_questions(ROOT / "benchmarks" / "questions.dev.jsonl")]
    missed: list[str] = []
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(_server(options.workers))
        encoders = [stack.enter_context(_encoder(questions, backend)) for backend in BACKENDS]
        shares, medians = [], []
        print(f"{THREADS} cores; the encoder alone takes one question at a time in each of {THREADS} threads\n")
        heads = ("people", "answers/s", *(f"of {name}" for name in BACKENDS.values()))
        print(f"| {' | '.join(heads)} | median | 95 % within | busy | told | errors |")
        print("|---" * 9 + "|")
        crowds = [(f"{people}", people, "/api/ask") for people in CROWDS]
        for name, people, path in (*crowds, (f"{CHATTING}, chat", CHATTING, "chat")):
            asked = _chat(server.url, questions) if path == "chat" else _api(questions)
            before = [encoder(4.0) for encoder in encoders]
            tally = asyncio.run(_crowd(server.url, asked, people, options.seconds))
            alone = [(one + encoder(4.0)) / 2 for one, encoder in zip(before, encoders, strict=True)]
            rate = len(tally.answers) / options.seconds
            told = " | ".join(f"{rate / each:.2f}" for each in alone)
            print(f"| {name} | {rate:.1f} | {told} | {_times(tally)} |", flush=True)
            shares.append(rate / alone[-1])
            medians.append((people, statistics.median(tally.answers)))
            if tally.errors:
                missed.append(f"{name} people met errors")
    if max(shares) < LEAST_SHARE:
        missed.append(f"throughput is {max(shares):.2f} of that of the encoder alone")
    for (few, fast), (many, slow) in pairwise(medians[: len(CROWDS)]):
        if slow / fast > NOISE * many / few:
            missed.append(f"the median grows from {few} to {many} people by {slow / fast:.1f}")
    print("\n" + ("; ".join(missed) or "all bounds are kept"))
    return bool(missed)


def _times(tally: Tally) -> str:
    """Cells of the table."""
    found = sorted(tally.answers)
    told = f"{1000 * max(tally.busy):.0f} ms" if tally.busy else "–"
    return (
        f"{1000 * statistics.median(found):.0f} ms | {1000 * found[int(0.95 * len(found))]:.0f} ms | "
        f"{len(tally.busy)} | {told} | {tally.errors.total()}"
    )


def _server(workers: str) -> contextlib.AbstractContextManager[Running]:
    """`python app.py` over the index of the repository."""
    folder = tempfile.mkdtemp()
    return operated(Path(folder), program=("app.py", "--workers", workers), log="off", rate_limit="1000000/second")


def _api(questions: Sequence[str]) -> Iterator[Request]:
    """Requests to the API, without end."""
    return (("/api/ask", {"question": question}) for question in cycle(questions))


def _chat(url: str, questions: Sequence[str]) -> Iterator[Request]:
    """Requests as the chat's page sends them, without end."""
    components = httpx.get(f"{url}/config", trust_env=False).json()["components"]
    (transcript,) = (each["id"] for each in components if "turn" in str(each["props"].get("server_fns")))
    for number, question in enumerate(cycle(questions)):
        asked = {"turn": f"t{number}", "question": question, "policy": "", "history": []}
        yield (
            "/gradio_api/component_server/",
            {"data": asked, "component_id": transcript, "fn_name": "turn", "session_hash": f"person{number % 20}"},
        )


async def _crowd(url: str, requests: Iterator[Request], people: int, seconds: float) -> Tally:
    """So many people ask for so long."""
    tally = Tally()
    end = time.monotonic() + seconds

    async def person() -> None:
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
        while time.monotonic() < end:
            started = time.monotonic()
            status, headers, body = await _exchange(reader, writer, *next(requests))
            took = time.monotonic() - started
            if status == 200 and b"Busy right now" not in body:
                tally.answers.append(took)
            elif status in (200, 503):
                tally.busy.append(took)
                await asyncio.sleep(float(headers.get("retry-after", "1")))
            else:
                tally.errors[status] += 1
        writer.close()

    await asyncio.gather(*(person() for _ in range(people)))
    return tally


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: object
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection that stays open: the cheapest client, since it shares the server's cores."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    writer.write(head.encode() + b"\r\n\r\n" + data)
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers["content-length"]))


@contextlib.contextmanager
def _encoder(questions: list[str], backend: Backend) -> Iterator[Callable[[float], float]]:
    """A function of the seconds to measure that gives the questions encoded in a second, by a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_encode, args=(there, questions, backend), daemon=True)
    process.start()

    def rate(seconds: float) -> float:
        here.send(seconds)
        found: float = here.recv()
        return found

    rate(1.0)
    try:
        yield rate
    finally:
        process.terminate()
        process.join()


def _encode(connection: Connection, questions: list[str], backend: Backend) -> None:
    encoder = Encoder(backend=backend)

    def encoded(first: int, seconds: float) -> int:
        end = time.monotonic() + seconds
        for done in count():
            if time.monotonic() > end:
                return done
            encoder.encode_queries([questions[(first + done) % len(questions)]])
        return 0

    starts = [at * len(questions) // THREADS for at in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        while True:
            seconds = connection.recv()
            connection.send(sum(pool.map(encoded, starts, [seconds] * THREADS)) / seconds)


def _memory(questions: int, workers: str) -> int:
    """Asks different questions, ten people at a time, and draws what the server's processes take."""
    known = [each.question for each in read_questions(ROOT / "benchmarks" / "questions.dev.jsonl")]
    samples: list[tuple[int, float]] = []
    with _server(workers) as server:
        for done in range(0, questions + 1, 500):
            samples.append((done, _megabytes(server.process.pid)))
            print(f"{done} questions: {samples[-1][1]:.0f} MB", flush=True)
            if done < questions:
                asked = ((f"{known[at % len(known)]} {at}") for at in range(done, done + 500))
                tally = asyncio.run(_exactly(server.url, (("/api/ask", {"question": each}) for each in asked)))
                if tally.errors or tally.busy:
                    print(f"errors: {tally.errors}, busy: {len(tally.busy)}")
                    return 1
    _draw(samples)
    # What a warm server takes after a tenth of the questions, beside the end.
    settled, last = samples[len(samples) // 10][1], samples[-1][1]
    print(f"{settled:.0f} MB after {samples[len(samples) // 10][0]} questions, {last:.0f} MB at the end")
    return last > 1.05 * settled


async def _exactly(url: str, requests: Iterator[Request]) -> Tally:
    """Ten people ask all of these, each once."""
    tally = Tally()

    async def person() -> None:
        reader, writer = await asyncio.open_connection(*urlsplit(url).netloc.split(":"))
        for path, body in requests:
            started = time.monotonic()
            status, _, _ = await _exchange(reader, writer, path, body)
            if status == 200:
                tally.answers.append(time.monotonic() - started)
            else:
                tally.errors[status] += 1
        writer.close()

    await asyncio.gather(*(person() for _ in range(10)))
    return tally


def _megabytes(pid: int) -> float:
    """Proportional set size of a process and its children, in MB: pages that several share count once."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(child) for thread in threads for child in thread.read_text().split()]
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6
    return own + sum(map(_megabytes, children))


def _draw(samples: list[tuple[int, float]]) -> None:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3), layout="constrained")
    axes.plot(*zip(*samples, strict=True), color="#2f5d8a")
    axes.set(xlabel="questions answered", ylabel="memory, MB", ylim=(0, 1.2 * max(size for _, size in samples)))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / "docs" / "memory.svg", metadata={"Date": None})
    pyplot.close(figure)


if __name__ == "__main__":
    sys.exit(main())
