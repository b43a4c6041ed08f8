"""Questions that the API has answered are counted together, and none holds up or fails an answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

from assistant.errors import FeedbackError
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Asked
from assistant.web.api.counting import Counting


class Counted(FeedbackStore):
    """Keeps how many questions each transaction had; fails where it is told to."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.transactions: list[int] = []
        self.full = False

    def count_all(self, questions: object) -> None:
        assert isinstance(questions, list)
        self.transactions.append(len(questions))
        if self.full:
            raise FeedbackError("The disk is full.")
        super().count_all(questions)


def count(store: Counted, number: int) -> int:
    """Counts so many questions at once; returns how many could not be counted."""
    failed: list[None] = []
    counting = Counting(store, lambda: failed.append(None))

    async def every() -> None:
        asked = Asked("answered", "en", (), "?")
        await asyncio.gather(*(counting.count(asked) for _ in range(number)))

    asyncio.run(every())
    return len(failed)


def test_what_goes_wrong_otherwise_is_counted_too_and_not_kept_quiet(tmp_path: Path) -> None:
    store = Counted(tmp_path / "feedback.sqlite")
    failed: list[None] = []
    counting = Counting(store, lambda: failed.append(None))

    async def every() -> list[object]:
        # No status: a mistake of ours.
        asked = Asked("", "en", (), "?")
        return await asyncio.gather(*(counting.count(asked) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(each, ValueError) for each in asyncio.run(every())) == 1
    assert len(failed) == 3


def test_a_server_that_ends_counts_what_waits(tmp_path: Path) -> None:
    store = Counted(tmp_path / "feedback.sqlite")
    counting = Counting(store, lambda: None)

    async def begun() -> None:
        tasks = [asyncio.ensure_future(counting.count(Asked("answered", "en", (), "?"))) for _ in range(5)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(begun())
    assert store.transactions == [5]


def test_questions_of_a_moment_are_counted_in_one_transaction(tmp_path: Path) -> None:
    store = Counted(tmp_path / "feedback.sqlite")
    assert count(store, 100) == 0
    assert store.transactions == [100]
    assert [tally.questions for tally in store.tallies()] == [100]


def test_questions_that_cannot_be_counted_are_told_and_the_next_ones_are_counted(tmp_path: Path) -> None:
    store = Counted(tmp_path / "feedback.sqlite")
    store.full = True
    assert count(store, 3) == 3
    store.full = False
    assert count(store, 2) == 0
    assert [tally.questions for tally in store.tallies()] == [2]
