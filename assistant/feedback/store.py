"""Votes, counts of questions and, where the operator wants it, questions that were not covered: one SQLite file.

Each call opens the file, does its work in one transaction, questions that are counted at the same time in the same one,
and closes it again, so that any number of threads and processes share it, and it may be deleted at any time. Of a
person nothing is kept but what they sent on purpose.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from assistant.errors import FeedbackError
from assistant.feedback.file import erase, opened
from assistant.feedback.redact import redact
from assistant.feedback.votes import Asked, Reason, Tally, Uncovered, Vote
from assistant.together import Together
from assistant.types import Status

__all__ = ["Asked", "FeedbackStore", "Vote"]

_TABLES = ("votes", "counts", "questions")
# Rows of votes and of questions in one day: no one fills the disk with them.
MOST_A_DAY = 10_000
# Characters and entries that are kept of what one person sends.
_LONGEST_NOTE, _LONGEST_QUESTION, _MOST_CLAUSES, _MOST_POLICIES = 1000, 2000, 20, 100
# Questions that are counted in one transaction.
_MOST_COUNTED = 1000
# As far back as a date is reckoned.
_MOST_DAYS = 36_500
_PERMALINK = re.compile(r"policies/[^\s/?#]{1,300}(\?mark=[0-9a-f,-]{0,1200})?(#[!-~]{1,300})?")
_ID = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]{1,200}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


class _Counted(NamedTuple):
    """A question that is counted; all fields as they are stored."""

    day: str
    status: str
    language: str
    scope: str
    # The question, redacted; "" where it is not kept.
    kept: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class FeedbackStore:
    """What people said of answers, and how often nothing was covered."""

    def __init__(
        self,
        path: Path,
        *,
        store_questions: bool = False,
        retention_days: int = 90,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Deletes what is too old in a file that is there; a missing file is made with the first write.

        Args:
            path: the SQLite file.
            store_questions: whether the text of questions is kept, redacted.
            retention_days: a row is deleted when this many days have begun since its own; 0 keeps nothing.
            now: the time, in UTC.

        Raises:
            FeedbackError: the file cannot be used, or the number of days is negative.
        """
        if retention_days < 0:
            raise FeedbackError(f"ASSISTANT_RETENTION_DAYS must be 0 or more, not {retention_days}.")
        self.path = path
        self._store_questions = store_questions
        self._retention_days = retention_days
        self._now = now
        self._lock = threading.Lock()
        # Questions that are answered while one is being counted are counted together.
        self._counting = Together(self._count_together, _MOST_COUNTED)
        if path.exists():
            with self._writing():
                pass

    def vote(self, vote: Vote) -> None:
        """Keeps one vote: its note redacted, its question only where questions are stored, and no other text.

        Raises:
            FeedbackError: the reason is unknown, there were too many votes today, or the file cannot be used.
        """
        if vote.reason and vote.reason not in set(Reason):
            raise FeedbackError(f"There is no reason {vote.reason!r}; the reasons are {', '.join(Reason)}.")
        row = (
            self._at(),
            int(vote.useful),
            vote.reason,
            redact(vote.note[:_LONGEST_NOTE]),
            redact(vote.question[:_LONGEST_QUESTION]) if self._store_questions else "",
            vote.status if vote.status in set(Status) else "",
            json.dumps([url for url in vote.clauses if _PERMALINK.fullmatch(url)][:_MOST_CLAUSES]),
            _scope(vote.policies),
        )
        with self._writing() as database:
            if not self._has_room(database, "votes"):
                raise FeedbackError("There were too many votes today; votes are kept again tomorrow.")
            database.execute("INSERT INTO votes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def count(self, status: str, language: str, policies: tuple[str, ...], question: str) -> None:
        """Counts one question that was answered, not covered or off topic; the fields are those of `Asked`.

        Raises:
            FeedbackError: the file cannot be used.
        """
        self._counting(Asked(status, language, policies, question))

    def count_all(self, questions: Sequence[Asked]) -> None:
        """As `count`, in one transaction.

        Raises:
            FeedbackError: the file cannot be used; none is counted then.
        """
        counted = [self._counted(each) for each in questions]
        with self._writing() as database:
            for each in counted:
                database.execute(
                    "INSERT INTO counts VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE SET questions = questions + 1",
                    (each.day, each.status, each.language, each.scope),
                )
                if each.kept and self._has_room(database, "questions"):
                    row = (self._at(), each.language, each.scope, each.kept)
                    database.execute("INSERT INTO questions VALUES (?, ?, ?, ?)", row)

    def _count_together(self, questions: Sequence[Asked]) -> list[None]:
        self.count_all(questions)
        return [None] * len(questions)

    def _counted(self, asked: Asked) -> _Counted:
        keeps = self._store_questions and asked.status == Status.NOT_COVERED
        kept = redact(asked.question[:_LONGEST_QUESTION]) if keeps else ""
        spoken = asked.language if _LANGUAGE.fullmatch(asked.language) else ""
        return _Counted(self._day(), Status(asked.status).value, spoken, _scope(asked.policies), kept)

    def votes(self, days: int | None = None) -> tuple[Vote, ...]:
        """The votes of the newest `days` days, of all days where None, oldest first.

        Raises:
            FeedbackError: the file cannot be used.
        """
        rows = self._read("SELECT * FROM votes WHERE at >= ? ORDER BY at, rowid", days)
        return tuple(
            Vote(bool(useful), reason, note, question, status, _list(clauses), _list(policies), at)
            for at, useful, reason, note, question, status, clauses, policies in rows
        )

    def tallies(self, days: int | None = None) -> tuple[Tally, ...]:
        """The counts of the newest `days` days, of all days where None, oldest first.

        Raises:
            FeedbackError: the file cannot be used.
        """
        rows = self._read("SELECT * FROM counts WHERE at >= ? ORDER BY at, status, language, policies", days)
        return tuple(Tally(day, status, language, _list(scope), count) for day, status, language, scope, count in rows)

    def uncovered(self, days: int | None = None) -> tuple[Uncovered, ...]:
        """Questions that were not covered on the newest `days` days, on all days where None, oldest first.

        Raises:
            FeedbackError: the file cannot be used.
        """
        rows = self._read("SELECT * FROM questions WHERE at >= ? ORDER BY at, rowid", days)
        return tuple(Uncovered(at, language, _list(scope), question) for at, language, scope, question in rows)

    def _day(self, before: int = 0) -> str:
        """Today, or so many days before; later than today where that is negative."""
        return (self._now() - timedelta(days=min(before, _MOST_DAYS))).date().isoformat()

    def _at(self) -> str:
        """The day; beside questions the time too, so that one conversation can be told from the next."""
        return f"{self._now():%Y-%m-%dT%H:%M:%SZ}" if self._store_questions else self._day()

    def _has_room(self, database: sqlite3.Connection, table: str) -> bool:
        (rows,) = database.execute(f"SELECT count(*) FROM {table} WHERE at >= ?", (self._day(),)).fetchone()  # noqa: S608
        return bool(rows < MOST_A_DAY)

    def _read(self, query: str, days: int | None) -> list[tuple[Any, ...]]:
        """Rows of `query`, which takes the first day; none where there is no file yet."""
        first = "" if days is None else self._day(days - 1)
        if not self.path.exists():
            return []
        with opened(self.path) as database:
            return database.execute(query, (first,)).fetchall()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; what is too old is gone after it."""
        # Threads take turns here; processes try again and again until one gets through.
        with self._lock, opened(self.path) as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            first = self._day(self._retention_days - 1)
            old = [database.execute(f"DELETE FROM {table} WHERE at < ?", (first,)).rowcount for table in _TABLES]  # noqa: S608
            database.execute("COMMIT")
            if any(old):
                erase(database)


def _scope(policies: Iterable[str]) -> str:
    """Ids as JSON, each once and in order, so that the same choice is always the same text."""
    return json.dumps(sorted({policy for policy in policies if _ID.fullmatch(policy)})[:_MOST_POLICIES])


def _list(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
