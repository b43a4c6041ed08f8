"""What was fetched last, kept in memory: what a generation holds never changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by key, fetched together where they are missing; those used longest ago go first."""

    def __init__(self, fetch: Callable[[list[K]], Sequence[V]], most: int) -> None:
        """Args: fetch: gives the values of keys, in their order; most: values that are kept."""
        self._fetch = fetch
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, keys: Sequence[K]) -> list[V]:
        """The values of these keys, in their order."""
        with self._lock:
            found = {key: self._values[key] for key in keys if key in self._values}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            found |= zip(missing, self._fetch(missing), strict=True)
        with self._lock:
            for key in keys:
                self._values[key] = found[key]
                self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return [found[key] for key in keys]
