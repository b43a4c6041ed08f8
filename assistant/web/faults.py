"""What nobody expected, told to the operator."""

from __future__ import annotations

import logging
import traceback


def log_fault(log: logging.Logger, error: Exception, doing: str) -> None:
    """Says what kind of error it was and where, and not its own words, which may hold words of a question.

    Args:
        log: of the module that caught it.
        error: with its traceback.
        doing: what was being done, such as "answering in the chat".
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    log.error("%s while %s:%s", type(error).__name__, doing, where)
