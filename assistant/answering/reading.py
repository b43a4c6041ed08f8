"""A question on its way to an answer, and what to mark in what answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from assistant.answering.marks import marks
from assistant.answering.understand import Question
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.engine import Engine
from assistant.types import Passage, Policy, Span


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A question as it is searched for."""

    asked: Question
    # The policies that are searched.
    policies: tuple[Policy, ...]
    # What is searched for: the question standing alone, its typing mended.
    words: str
    query: EncodedQuery


def marks_of(
    reading: Reading, passages: Sequence[Passage], engine: Engine, exact: Mapping[Passage, tuple[Span, ...]]
) -> list[tuple[Span, ...]]:
    """What to mark in each of the passages that are cited.

    Args:
        reading: the question.
        passages: what is cited for it.
        engine: where they are from.
        exact: where a phrase that was asked for stands; a clause that was asked for by number has no marks.
    """
    numbers = set(reading.asked.numbers)
    matched = [passage for passage in passages if passage not in exact and passage.number not in numbers]
    found = dict(exact)
    if matched:
        weights = engine.weights(reading.query.pieces)
        held = engine.pieces(matched)
        for row, passage in enumerate(matched):
            scores = partial(held.span_scores, reading.query.tokens, row, weights=weights)
            found[passage] = marks(passage, scores, reading.asked.wants_list)
    return [found.get(passage, ()) for passage in passages]
