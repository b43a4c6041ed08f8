"""What the feedback comes to: what was asked and not covered, where and when, and what was said of the answers."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Reason, Tally, Uncovered, Vote
from assistant.types import Status, fold

# Up to so many days are shown one by one, more by weeks.
_DAYS_ONE_BY_ONE = 14
_MOST_QUESTIONS, _MOST_CLAUSES, _MOST_NOTES = 20, 20, 20


@dataclass(frozen=True, slots=True)
class Group:
    """The questions of one policy, one language, or all."""

    # Ids of the policies that were picked, joined by " + "; a language; "" where none was picked or known.
    label: str
    questions: int
    not_covered: int
    off_topic: int
    # Not covered in each of the report's periods.
    by_period: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was not covered, however it was written."""

    # As it was last written, redacted.
    question: str
    # Label of the policies that were picked, as in `Group`.
    policies: str
    times: int


@dataclass(frozen=True, slots=True)
class VotedDown:
    """One clause that answers of no use cited."""

    # Permalink without its marks, relative to the root of the server.
    clause: str
    votes: int
    # Reason → votes with it; votes without a reason are in `votes` only.
    reasons: dict[str, int]


@dataclass(frozen=True, slots=True)
class Gaps:
    """The feedback of some days."""

    # First and last day, ISO 8601; empty where nothing is kept.
    first: str
    last: str
    # "day" or "week", and the first day of each, ISO 8601, oldest first.
    period: str
    periods: tuple[str, ...]
    all: Group
    # Most uncovered questions first.
    by_policy: tuple[Group, ...]
    by_language: tuple[Group, ...]
    # Most frequent first; empty where questions are not stored.
    questions: tuple[Asked, ...]
    votes: int
    useful: int
    # Reason → votes with it; "" for votes of no use without a reason.
    reasons: dict[str, int]
    # Most votes first.
    clauses: tuple[VotedDown, ...]
    # Notes on answers of no use, newest first.
    notes: tuple[str, ...]


def gaps(store: FeedbackStore, days: int | None = None) -> Gaps:
    """What a store holds of the newest `days` days, of all days where None, grouped and counted.

    Raises:
        FeedbackError: the store's file cannot be used.
    """
    tallies, votes = store.tallies(days), store.votes(days)
    dated = sorted({tally.day for tally in tallies} | {vote.at[:10] for vote in votes})
    first, last = (dated[0], dated[-1]) if dated else ("", "")
    period, periods = _periods(first, last)
    down = [vote for vote in votes if not vote.useful]
    reasons = Counter(vote.reason for vote in down)

    def groups(label: Callable[[Tally], str]) -> tuple[Group, ...]:
        named: dict[str, list[Tally]] = {}
        for tally in tallies:
            named.setdefault(label(tally), []).append(tally)
        found = [_group(name, those, periods) for name, those in named.items()]
        return tuple(sorted(found, key=lambda group: (-group.not_covered, -group.questions, group.label)))

    return Gaps(
        first=first,
        last=last,
        period=period,
        periods=periods,
        all=_group("", tallies, periods),
        by_policy=groups(lambda tally: _label(tally.policies)),
        by_language=groups(lambda tally: tally.language),
        questions=_questions(store.uncovered(days)),
        votes=len(votes),
        useful=len(votes) - len(down),
        reasons={reason: reasons[reason] for reason in (*Reason, "") if reasons[reason]},
        clauses=_clauses(down),
        notes=tuple(vote.note for vote in reversed(down) if vote.note)[:_MOST_NOTES],
    )


def same_question(text: str) -> str:
    """What is alike in two writings of one question: its letters and digits in lower case, without accents."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return fold(re.sub(r"[\W_]+", " ", plain))


def _periods(first: str, last: str) -> tuple[str, tuple[str, ...]]:
    """Every day from the first to the last, or the Monday of every week."""
    if not first:
        return "day", ()
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    step = 1 if (end - start).days < _DAYS_ONE_BY_ONE else 7
    if step == 7:
        start -= timedelta(days=start.weekday())
    count = (end - start).days // step + 1
    return ("day" if step == 1 else "week"), tuple((start + timedelta(days=step * n)).isoformat() for n in range(count))


def _group(label: str, tallies: Sequence[Tally], periods: Sequence[str]) -> Group:
    def of(status: Status) -> int:
        return sum(tally.questions for tally in tallies if tally.status == status)

    not_covered = Counter[str]()
    for tally in tallies:
        if tally.status == Status.NOT_COVERED:
            not_covered[max(start for start in periods if start <= tally.day)] += tally.questions
    by_period = tuple(not_covered[start] for start in periods)
    asked = sum(tally.questions for tally in tallies)
    return Group(label, asked, of(Status.NOT_COVERED), of(Status.OFF_TOPIC), by_period)


def _questions(uncovered: Sequence[Uncovered]) -> tuple[Asked, ...]:
    times = Counter((same_question(one.question), _label(one.policies)) for one in uncovered)
    written = {(same_question(one.question), _label(one.policies)): fold(one.question) for one in uncovered}
    found = (Asked(written[key], key[1], count) for key, count in times.items())
    return tuple(sorted(found, key=lambda asked: (-asked.times, asked.question)))[:_MOST_QUESTIONS]


def _clauses(down: Sequence[Vote]) -> tuple[VotedDown, ...]:
    reasons: dict[str, Counter[str]] = {}
    for vote in down:
        for clause in dict.fromkeys(re.sub(r"\?[^#]*", "", url) for url in vote.clauses):
            reasons.setdefault(clause, Counter())[vote.reason] += 1
    found = (
        VotedDown(clause, counted.total(), {reason: counted[reason] for reason in Reason if counted[reason]})
        for clause, counted in reasons.items()
    )
    return tuple(sorted(found, key=lambda one: (-one.votes, one.clause)))[:_MOST_CLAUSES]


def _label(policies: Iterable[str]) -> str:
    return " + ".join(policies)
