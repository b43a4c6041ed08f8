"""A question on its way to an answer, and what to mark in what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.answering.marks import marks
from assistant.answering.understand import Question
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.late import TokenVectors
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
    reading: Reading, passage: Passage, late: TokenVectors, exact: Mapping[Passage, tuple[Span, ...]]
) -> tuple[Span, ...]:
    """What to mark in a passage that is cited.

    Args:
        reading: the question.
        passage: what is cited for it.
        late: word pieces of all passages.
        exact: where a phrase that was asked for stands; a clause that was asked for by number has no marks.
    """
    if passage in exact:
        return exact[passage]
    if reading.asked.numbers and passage.number in reading.asked.numbers:
        return ()
    return marks(passage, late, reading.query, reading.asked.wants_list)
