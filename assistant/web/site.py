"""What every door of the server shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.feedback.store import FeedbackStore
    from assistant.settings import Settings

T = TypeVar("T")


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
        """The result of `work`, done in a thread when its turn comes."""
        return await anyio.to_thread.run_sync(work, limiter=self.limiter)
