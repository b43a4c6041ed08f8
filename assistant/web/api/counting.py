"""Questions are counted beside their answers: all of a moment in one transaction, which takes as long as one alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio.to_thread

from assistant.errors import FeedbackError
from assistant.feedback.votes import Asked

if TYPE_CHECKING:
    from assistant.feedback.store import FeedbackStore

# Seconds that the first question waits for others.
_MOMENT = 0.2


class Counting:
    """Counts the questions that one event loop has answered."""

    def __init__(self, store: FeedbackStore, failed: Callable[[], None]) -> None:
        """Args: store: where to; failed: called for each question that cannot be counted."""
        self._store = store
        self._failed = failed
        self._waiting: list[Asked] = []
        self._turn = asyncio.Lock()

    async def count(self, asked: Asked) -> None:
        """Returns once the question is counted, or cannot be, which is nobody's concern who has asked it."""
        self._waiting.append(asked)
        async with self._turn:
            # Another one may have counted it meanwhile.
            if self._waiting:
                try:
                    await asyncio.sleep(_MOMENT)
                finally:
                    # Also where nobody may wait any longer, since the server ends.
                    questions, self._waiting = self._waiting, []
                    await asyncio.shield(self._count(questions))

    async def _count(self, questions: list[Asked]) -> None:
        try:
            await anyio.to_thread.run_sync(self._store.count_all, questions)
        except Exception as error:
            for _ in questions:
                self._failed()
            if not isinstance(error, FeedbackError):
                raise
