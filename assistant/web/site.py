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

    assistant: Assistant
    settings: Settings
    feedback: FeedbackStore
    limiter: anyio.CapacityLimiter

    async def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, done in a thread when its turn comes."""
        return await anyio.to_thread.run_sync(work, limiter=self.limiter)
