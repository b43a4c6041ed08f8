"""What the server knows of each policy: which generation of its rows counts, and which are on their way in or out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from assistant.engines.milvus.packing import damaged
from assistant.types import Policy


@dataclass(frozen=True, slots=True)
class Entry:
    """One policy of one tenant; written anew in one step, which changes for all readers at once what counts."""

    policy: str
    # Name of its file: the order of the policies, and what tells shards.
    file: str
    # Names the rows that count; "" where none do, because the policy is only coming or has gone.
    generation: str = ""
    # What is known of it; None where no rows count.
    about: Policy | None = None
    # Passages, and how many of them are citable.
    passages: int = 0
    citable: int = 0
    # The generation that is being written, "" for none.
    pending: str = ""
    # Generations that no longer count, with the second (Unix time) since which; readers may still hold on to them.
    retired: tuple[tuple[str, float], ...] = ()

    def begun(self, generation: str) -> Entry:
        """With a generation that is being written from now on; what was being written before will not be finished."""
        kept = tuple(each for each in self._dropped() if each[0] != generation)
        return replace(self, pending=generation, retired=kept)

    def switched(self, about: Policy, passages: int, citable: int, now: float) -> Entry:
        """With the generation that was being written as the one that counts."""
        new = Entry(self.policy, self.file, self.pending, about, passages, citable)
        return replace(new, retired=(*self.retired, *self._replaced(now)))

    def gone(self, now: float) -> Entry:
        """With no generation that counts, and none on its way."""
        return Entry(self.policy, self.file, retired=(*self._dropped(), *self._replaced(now)))

    def _replaced(self, now: float) -> tuple[tuple[str, float], ...]:
        return ((self.generation, now),) if self.generation else ()

    def _dropped(self) -> tuple[tuple[str, float], ...]:
        """What is retired, and what was being written, which nobody has read."""
        return (*self.retired, *(((self.pending, 0.0),) if self.pending else ()))

    def row(self) -> dict[str, Any]:
        """The fields that hold it."""
        about = {
            "about": self.about,
            "passages": self.passages,
            "citable": self.citable,
            "pending": self.pending,
            "retired": self.retired,
        }
        return {
            "policy": self.policy,
            "file": self.file,
            "generation": self.generation,
            "about": orjson.dumps(about).decode(),
        }

    @classmethod
    def of(cls, row: dict[str, Any]) -> Entry:
        """What `row` made these fields of.

        Raises:
            EngineError: they are not what it made.
        """
        try:
            form = orjson.loads(row["about"])
            form["about"] = Policy(**form["about"]) if form["about"] else None
            form["retired"] = tuple((str(name), float(since)) for name, since in form["retired"])
            return cls(row["policy"], row["file"], row["generation"], **form)
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(f"an entry has an unknown form ({error})") from None
