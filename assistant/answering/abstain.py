"""Whether the policies answer a question at all: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Status


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the best passage fits the question, read from the texts and never from fused ranks."""

    # Cosine of the question and the nearest passage of the whole corpus: whether it is about privacy at all; −1 to 1.
    topicality: float
    # Cosine of the question and the best passage; −1 to 1.
    similarity: float
    # Mean over the question's tokens of the best cosine with a token of the best passage; −1 to 1.
    match: float
    # The same mean over its three worst matched tokens: what the passage does not speak of.
    weakest: float
    # How far the best passage's score stands above the fifth's.
    lead: float
    # Tokens of the question.
    tokens: int


# Below these nothing is answered. Each refuses 3 % of the answerable questions that benchmarks/abstention.py asks of
# other policies, and 47 % and 29 % of the messages there that have nothing to do with privacy.
LEAST_TOPICALITY = 0.24
LEAST_SIMILARITY = 0.10


def decide(evidence: Evidence) -> Status:
    """Whether to answer, on the evidence of the texts."""
    if evidence.topicality < LEAST_TOPICALITY:
        return Status.OFF_TOPIC
    if evidence.similarity < LEAST_SIMILARITY:
        return Status.NOT_COVERED
    return Status.ANSWERED
