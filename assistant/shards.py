"""Shares of the policies, for several machines that ingest into one server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from assistant.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Shard:
    """A share of the policies: which one is told by the name of the file without its ending, on every machine alike."""

    # From 1 to `count`.
    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that "2/8" names.

        Raises:
            SettingsError: the text names none.
        """
        number, _, count = text.partition("/")
        known = number.isdecimal() and count.isdecimal() and number.isascii() and count.isascii()
        if not known or not 1 <= int(number) <= int(count):
            raise SettingsError(f"A shard is named such as 1/4, from 1/4 to 4/4, not {text!r}.")
        return cls(int(number), int(count))

    def holds(self, policy: str) -> bool:
        """Whether a policy is of this shard."""
        digest = hashlib.sha256(policy.encode()).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
