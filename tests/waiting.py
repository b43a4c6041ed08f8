"""Waiting for what happens elsewhere, not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 300


def until(true: Callable[[], object]) -> None:
    """Waits for something.

    Of a page with `page.evaluate`: `page.wait_for_function` evaluates text inside the page, which a
    Content-Security-Policy forbids from the second look on.
    """
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
