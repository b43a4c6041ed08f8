"""What is kept of a vote, of a question and of what was not covered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why an answer was of no use."""

    WRONG_POLICY = "wrong_policy"
    NOT_THE_CLAUSE = "not_the_clause"
    NOT_ANSWERED = "not_answered"
    OUT_OF_DATE = "out_of_date"
    OTHER = "other"

    @property
    def words(self) -> str:
        """As people are told."""
        return _WORDS[self]


_WORDS = {
    Reason.WRONG_POLICY: "Wrong policy",
    Reason.NOT_THE_CLAUSE: "Not the right clause",
    Reason.NOT_ANSWERED: "Policy doesn’t answer",
    Reason.OUT_OF_DATE: "Out of date",
    Reason.OTHER: "Something else",
}


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's word on one answer."""

    useful: bool
    # One of `Reason`, "" for none.
    reason: str = ""
    # What the person added, "" for nothing; kept redacted.
    note: str = ""
    # What was asked; kept, redacted, only where questions are stored.
    question: str = ""
    # How the question came out, one of `Status`; "" where that is not known.
    status: str = ""
    # Permalinks of the clauses that were shown, relative to the root of the server, best first.
    clauses: tuple[str, ...] = ()
    # Ids of the policies that the person picked; empty for all.
    policies: tuple[str, ...] = ()
    # Day in UTC, ISO 8601, with the time where questions are stored; the store sets it.
    at: str = ""


class Asked(NamedTuple):
    """A question that is counted."""

    # How it came out, one of `Status`.
    status: str
    # ISO 639-1 or "".
    language: str
    # Ids that were picked, none for all.
    policies: tuple[str, ...]
    # Kept, redacted, only where it was not covered and questions are stored.
    question: str


class Tally(NamedTuple):
    """How many questions of one kind were asked on one day."""

    # ISO 8601, in UTC.
    day: str
    # One of `Status`.
    status: str
    # ISO 639-1, "" where it is not known.
    language: str
    # Ids of the policies that were picked, in order; empty for all.
    policies: tuple[str, ...]
    questions: int


class Uncovered(NamedTuple):
    """A question that no clause answered, redacted."""

    # ISO 8601, in UTC.
    at: str
    # ISO 639-1, "" where it is not known.
    language: str
    # Ids of the policies that were picked, in order; empty for all.
    policies: tuple[str, ...]
    question: str
