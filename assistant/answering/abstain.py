"""Whether the policies answer a question at all: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Status

# How much it counts against an answer that a policy which is not searched matches the question better: a question about
# cookies fits some clause of every policy, but fits the clauses about cookies best.
ELSEWHERE_WEIGHT = 2.8
# Below these nothing is answered; the first is for questions without a single known word, such as keys hit at random.
# benchmarks/abstention.py asks questions of other policies and prints what each refuses: all together 5 % of those that
# have an answer.
LEAST_TOPICALITY_OF_NO_WORDS = 0.4
LEAST_TOPICALITY = 0.24
LEAST_SUPPORT = 0.12


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the policies fit the question, read from the texts and never from fused ranks."""

    # Whether the question holds a word that the policies or a dictionary of its language know.
    words: bool
    # Cosine of the question and the nearest passage of any policy: whether it is about privacy at all; −1 to 1.
    topicality: float
    # Score of the best passage searched: mean over the question's tokens of their best cosine; about 0 to 1.
    match: float
    # The same for the best passage of any policy; at least `match`.
    elsewhere: float

    @property
    def support(self) -> float:
        """How much speaks for an answer."""
        return self.match - ELSEWHERE_WEIGHT * (self.elsewhere - self.match)


def decide(evidence: Evidence) -> Status:
    """Whether to answer, on the evidence of the texts."""
    if evidence.topicality < (LEAST_TOPICALITY if evidence.words else LEAST_TOPICALITY_OF_NO_WORDS):
        return Status.OFF_TOPIC
    if evidence.support < LEAST_SUPPORT:
        return Status.NOT_COVERED
    return Status.ANSWERED
