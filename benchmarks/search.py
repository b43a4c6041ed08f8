"""What a question and an ingest cost beside bare encoders: `make bench`, or `PYTHONPATH=. python benchmarks/search.py`.

A question is compared with encoding it by plain all-MiniLM-L6-v2 in one thread, an ingest with encoding its passages
by the assistant's own encoder alone, in the same process and in turns, so that a busy machine slows both. Bounds: the
95th percentile of a warm `ask` over five policies is at most 6 times the plain encoder's median; an ingest runs at 90 %
or more of its encoder's passages per second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant import index
from assistant.ask import Assistant
from assistant.index import IndexData
from assistant.ingest import ingest
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.late import TokenVectors
from benchmarks.ablation import minilm

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
ASK_BOUND = 6.0
INGEST_BOUND = 0.9
QUESTIONS = (
    "Which cookies do you use?",
    "How long do you keep my personal data after I delete my account?",
    "Can I ask for a copy of everything you hold about me?",
    "do u sell my adress to anybdy",
    "Who do I write to if I want to complain about the way my information is handled?",
    "Is my data sent to other countries?",
    "What happens to my information if the company is sold?",
    "Do children need their parents' permission?",
    "How can I switch off advertising cookies in my browser?",
    "what is the capital of France",
)


def main() -> int:
    """Prints the figures; the exit code is 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="times that each question is asked (default: 10)")
    parser.add_argument("--passages", type=int, default=10_000, help="passages of the large index (default: 10000)")
    parser.add_argument("--copies", type=int, default=10, help="copies of the corpus that are ingested (default: 10)")
    options = parser.parse_args()

    from sentence_transformers import SentenceTransformer

    bare = SentenceTransformer(str(minilm()), device="cpu", local_files_only=True)
    encoder = Encoder()
    with tempfile.TemporaryDirectory() as folder:
        ingest_ratio = measure_ingest(encoder, Path(folder), options.copies)
        data = small_index(Path(folder))
    ratios = []
    for made in (data, enlarged(data, options.passages)):
        with tempfile.TemporaryDirectory() as folder:
            index.save(Path(folder), made)
            started = time.perf_counter()
            assistant = Assistant.open(Path(folder))
        opened = time.perf_counter() - started
        print(f"\n{len(made.passages):,} passages of {len(made.documents)} policies, opened in {opened:.2f} s")
        ratios.append(measure_ask(bare, assistant, options.rounds))
        measure_steps(encoder, assistant, options.rounds)
    missed = ratios[0] > ASK_BOUND or ingest_ratio < INGEST_BOUND
    print("\nA bound is missed." if missed else "\nAll bounds are kept.")
    return int(missed)


def measure_ingest(encoder: Encoder, folder: Path, copies: int) -> float:
    """Passages per second of a whole ingest, from files to index, over those of the bare encoder; best of two."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for copy in range(copies):
        for file in CORPUS.glob("*.txt"):
            # Another title, which stands before each passage: what is known is not encoded again.
            text = f"{copy} {file.read_text(encoding='utf-8')}"
            (corpus / f"{file.stem}-{copy}.txt").write_text(text, encoding="utf-8")
    whole, encoding = [], []
    for turn in range(2):
        started = time.perf_counter()
        report = ingest(corpus, folder / f"index-{turn}")
        whole.append(time.perf_counter() - started)
        texts = [passage.indexed for passage in index.load(folder / f"index-{turn}").passages]
        started = time.perf_counter()
        encoder.encode_passages(texts)
        encoding.append(time.perf_counter() - started)
    ratio = min(encoding) / min(whole)
    print(f"ingest of {report.documents} files, {len(texts)} passages, {report.encoded} of them encoded")
    if report.encoded < 0.9 * len(texts):
        sys.exit("The passages are too much alike to be measured by.")
    print(f"  bare encoder  {len(texts) / min(encoding):8.1f} passages/s")
    print(f"  ingest        {len(texts) / min(whole):8.1f} passages/s   ratio {ratio:.2f} (bound {INGEST_BOUND})")
    return ratio


def small_index(folder: Path) -> IndexData:
    """The index of the corpus as it is."""
    ingest(CORPUS, folder / "small")
    found = index.load(folder / "small")
    return IndexData(found.manifest, tuple(found.documents), tuple(found.passages), found.vectors, found.tokens)


def enlarged(data: IndexData, count: int) -> IndexData:
    """`data` over and over under new policy ids, up to `count` passages.

    Vectors get a little noise, since a real corpus does not hold the same passage a hundred times.
    """
    size = len(data.passages)
    copies = -(-count // size)
    documents = tuple(
        replace(document, policy=replace(document.policy, id=f"{document.policy.id}-{copy}"))
        for copy in range(copies)
        for document in data.documents
    )
    passages = tuple(
        replace(passage, id=copy * size + passage.id, policy=f"{passage.policy}-{copy}")
        for copy in range(copies)
        for passage in data.passages
    )
    vectors = np.tile(data.vectors, (copies, 1))
    vectors += np.random.default_rng(0).normal(0, 0.01, vectors.shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pieces = data.tokens
    lengths = np.tile(np.diff(pieces.offsets), copies)
    tokens = TokenVectors(
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        values=np.tile(np.asarray(pieces.values), (copies, 1)),
        starts=np.tile(pieces.starts, copies),
        ends=np.tile(pieces.ends, copies),
        frequencies=pieces.frequencies * copies,
    )
    return IndexData(data.manifest, documents, passages, vectors, tokens)


def measure_ask(bare: SentenceTransformer, assistant: Assistant, rounds: int) -> float:
    """95th percentile of a warm `ask` over the plain encoder's median in one thread; the worse of two.

    Asked of all policies, and of one that is picked.
    """
    one = [assistant.policies()[0].id]
    encoding, of_all, of_one = [], [], []
    for question in QUESTIONS:
        assistant.ask(question)
    for _ in range(rounds):
        for question in QUESTIONS:
            with one_thread():
                encoding.append(seconds(lambda question=question: bare.encode(question, show_progress_bar=False)))
            of_all.append(seconds(lambda question=question: assistant.ask(question)))
            of_one.append(seconds(lambda question=question: assistant.ask(question, one)))
    alone = statistics.median(encoding)
    print(f"  plain MiniLM       {alone * 1000:8.2f} ms/question in one thread")
    ratios = []
    for name, asking in (("ask, all policies", of_all), ("ask, one policy", of_one)):
        median, slow = statistics.median(asking), statistics.quantiles(asking, n=20)[-1]
        ratios.append(slow / alone)
        print(f"  {name:18} {median * 1000:8.2f} ms/question, ratio {median / alone:.2f}; ", end="")
        print(f"95th percentile {slow * 1000:.2f} ms, ratio {ratios[-1]:.2f}")
    return max(ratios)


def measure_steps(encoder: Encoder, assistant: Assistant, rounds: int) -> None:
    """Where the time of a question goes."""
    search = assistant._engine._search
    queries = [encoder.encode_query(question) for question in QUESTIONS]
    rows = [search.dense.search(query.vector, 50)[0] for query in queries]
    steps: dict[str, Callable[[int], object]] = {
        "encode": lambda at: encoder.encode_query(QUESTIONS[at]),
        "lexical": lambda at: search.lexical.search(QUESTIONS[at], 50),
        "dense": lambda at: search.dense.search(queries[at].vector, 50),
        "late (50)": lambda at: search.late.max_sim(queries[at].tokens, rows[at]),
    }
    for name, step in steps.items():
        times = [seconds(lambda at=at, step=step: step(at)) for _ in range(rounds) for at in range(len(QUESTIONS))]
        print(f"    {name:<12}{statistics.median(times) * 1000:8.2f} ms")


@contextmanager
def one_thread() -> Iterator[None]:
    """torch, which the plain encoder runs on, in one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def seconds(call: Callable[[], object]) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
