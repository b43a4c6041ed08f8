"""Which passages are about which topic.

A passage is about a topic where it answers the topic's questions, and better so than those of other topics; the heading
above it is asked the same. One logistic model weighs these for all topics, and each topic has a bias of its own: few
numbers, fitted by benchmarks/topics.py on labelled passages. docs/quality.md tells how well it does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.answering.topics import QUESTIONS, TOPICS, Topic
from assistant.errors import EncoderError
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.late import TokenVectors
from assistant.types import Passage

Floats = NDArray[np.float32]

MODEL_FILE = Path(__file__).with_name("topics.json")
# Evidence per passage and topic: see `Sorter.evidence`.
EVIDENCE = 6
_WORD = re.compile(r"[^\W\d_]{2}")
# A passage that answers two questions of a topic is surer to be about it than one that answers one.
_BEST = 2


@dataclass(frozen=True, slots=True)
class Model:
    """What was fitted, for one encoder."""

    # SHA-256 of the encoder. Another one only sorts less well, which does no harm; a test asks for a new fit.
    encoder: str
    # Of the `EVIDENCE` columns.
    weights: tuple[float, ...]
    # By id of the topic.
    biases: dict[str, float]
    # Probability from which a passage is about a topic.
    least: float


class Pieces(Protocol):
    """The part of an engine that sorting needs."""

    def pieces(self, passages: Sequence[Passage], /) -> TokenVectors:
        """The word pieces of these passages; row `i` is that of `passages[i]`."""


class Sorter:
    """Sorts passages of one index by topic; used by any number of threads."""

    def __init__(self, encode: Callable[[str], EncodedQuery], engine: Pieces) -> None:
        """Encodes the topics' questions.

        Args:
            encode: the encoder that the index was built with.
            engine: what holds the passages.
        """
        self._encode = encode
        self._engine = engine
        self._asked = [encode(question) for questions in QUESTIONS for question in questions]
        # float32[questions, dim]
        self._vectors = np.stack([query.vector for query in self._asked])
        # Where each topic's questions end.
        self._ends = np.cumsum([len(questions) for questions in QUESTIONS])

    def sort(self, passages: Sequence[Passage]) -> dict[Topic, list[Passage]]:
        """The passages of each topic, in the order given; one may be in several or in none."""
        about = self.about(passages)
        return {
            topic: [passage for passage, found in zip(passages, about[:, at], strict=True) if found]
            for at, topic in enumerate(TOPICS)
        }

    def about(self, passages: Sequence[Passage]) -> NDArray[np.bool_]:
        """Whether each passage is about each topic: bool[n, topics].

        Raises:
            EncoderError: the fitted model is missing or has not the form.
        """
        fitted = model()
        biases = np.array([fitted.biases[topic.id] for topic in TOPICS])
        odds = self.evidence(passages) @ np.array(fitted.weights) + biases
        found: NDArray[np.bool_] = odds >= np.log(fitted.least / (1 - fitted.least))
        return found

    def evidence(self, passages: Sequence[Passage]) -> Floats:
        """What tells whether a passage is about a topic: float32[n, topics, EVIDENCE].

        The columns are how well the text answers the topic's questions, how much better than those of the next topic,
        and how much better than those of all; then the same for the nearest heading of words, 0 where there is none.
        """
        if not passages:
            return np.zeros((0, len(TOPICS), EVIDENCE), dtype=np.float32)
        held, rows = self._engine.pieces(passages), np.arange(len(passages))
        text = np.stack([held.max_sim(query.tokens, rows) for query in self._asked], axis=1)
        labels = [next((label for label in reversed(passage.path) if _WORD.search(label)), "") for passage in passages]
        known = {label: self._heading(label) for label in set(labels)}
        heading = np.stack([known[label] for label in labels])
        evidence: Floats = np.concatenate([self._compared(text), self._compared(heading)], axis=2).astype(np.float32)
        return evidence

    def _heading(self, label: str) -> Floats:
        """The cosine of a heading with each question."""
        if not label:
            return np.zeros(len(self._vectors), dtype=np.float32)
        cosines: Floats = np.einsum("ij,j->i", self._vectors, self._encode(label).vector)
        return cosines

    def _compared(self, scores: Floats) -> Floats:
        """float32[n, topics, 3]: the score of each topic alone, less the best other one, less the mean of all.

        Args:
            scores: float32[n, questions].
        """
        parts = np.split(scores, self._ends[:-1], axis=1)
        own = np.stack([np.sort(part, axis=1)[:, -_BEST:].mean(axis=1) for part in parts], axis=1)
        others = np.stack([np.delete(own, at, axis=1).max(axis=1) for at in range(len(TOPICS))], axis=1)
        topics = own[:, : len(TOPICS)]
        return np.stack([topics, topics - others, topics - own.mean(axis=1, keepdims=True)], axis=2)


@cache
def model() -> Model:
    """The shipped model.

    Raises:
        EncoderError: it is missing or has not the form.
    """
    try:
        found = Model(**json.loads(MODEL_FILE.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise EncoderError(f"{MODEL_FILE.name} cannot be read ({error}); fetch it again from the repository.") from None
    if set(found.biases) != {topic.id for topic in TOPICS} or len(found.weights) != EVIDENCE:
        raise EncoderError(
            f"{MODEL_FILE.name} is not of these topics; run `PYTHONPATH=. python benchmarks/topics.py --write`."
        )
    return found
