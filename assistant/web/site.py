"""What every door of the server shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from assistant.errors import BusyError
from assistant.web.limits import refusal

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.feedback.store import FeedbackStore
    from assistant.settings import Settings

T = TypeVar("T")
# Questions that may wait for each one that is being answered; who comes later is told to come again.
_WAITING = 4


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """The assistant as it is served: no more questions at once than the settings say, whichever door they come by."""

    # The assistant over the index that this request began with.
    current: Callable[[], Assistant]
    settings: Settings
    feedback: FeedbackStore
    limiter: anyio.CapacityLimiter

    @property
    def assistant(self) -> Assistant:
        """What answers; within one request always the same."""
        return self.current()

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread when its turn comes.

        Raises:
            TooManyRequestsError: this client has had its share for now.
            BusyError: too many wait already.
        """
        if refused := refusal():
            raise refused
        if self.limiter.statistics().tasks_waiting >= _WAITING * self.limiter.total_tokens:
            raise BusyError("Busy right now: too many questions are waiting. Try again in a moment.", 1)
        return await anyio.to_thread.run_sync(work, limiter=self.limiter)
