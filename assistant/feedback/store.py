"""Votes and gaps in one SQLite file."""

from __future__ import annotations

from pathlib import Path


class FeedbackStore:
    """What people said of answers, and how often nothing was covered."""

    def __init__(self, path: Path, *, store_questions: bool = False, retention_days: int = 90) -> None:
        self.path = path
