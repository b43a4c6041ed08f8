"""Two documents side by side, clause by clause: unchanged, changed, moved, added, removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from assistant.types import Document
from assistant.web.reader.align import Unit, align, moved, units
from assistant.web.reader.outline import Heading
from assistant.web.reader.words import Change, changes


class Status(StrEnum):
    """What became of a clause."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    # In another place, with the same words.
    MOVED = "moved"
    # In another place, with other words.
    MOVED_CHANGED = "moved and changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a row."""

    heading: Heading
    # Joined, the clause's text.
    parts: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A clause in both documents; a side that does not have it is None."""

    status: Status
    old: Side | None
    new: Side | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All clauses of two documents."""

    # Runs of unchanged clauses and runs of others, in turn, in the order of the new document.
    runs: tuple[tuple[Row, ...], ...]
    # How many clauses each status has.
    counts: Mapping[str, int]

    @property
    def same(self) -> bool:
        """Whether no clause differs."""
        return set(self.counts) <= {Status.UNCHANGED}


def compare(old: Document, new: Document) -> Comparison:
    """The clauses of `new` in their order, those that only `old` has where they stood."""
    before, after = units(old), units(new)
    pairs = align(before, after)
    rows = list(_rows(before, after, pairs))
    runs = tuple(tuple(run) for _, run in groupby(rows, key=lambda row: row.status is Status.UNCHANGED))
    return Comparison(runs, Counter(str(row.status) for row in rows))


def _rows(old: Sequence[Unit], new: Sequence[Unit], pairs: Mapping[int, int]) -> list[Row]:
    shifted = moved(dict(pairs))
    gone = _gone(len(old), pairs, shifted)
    out = [_removed(old[at]) for at in gone.get(-1, ())]
    for at, unit in enumerate(new):
        if at in pairs:
            out.append(_pair(old[pairs[at]], unit, at in shifted))
            out += [_removed(old[lost]) for lost in (gone.get(pairs[at], ()) if at not in shifted else ())]
        else:
            out.append(Row(Status.ADDED, None, Side(unit.heading, (Change(unit.text, True),))))
    return out


def _gone(count: int, pairs: Mapping[int, int], shifted: frozenset[int]) -> dict[int, list[int]]:
    """Index of an old clause that kept its place, -1 for none → the removed ones that follow it."""
    taken = set(pairs.values())
    kept = {before for at, before in pairs.items() if at not in shifted}
    out: dict[int, list[int]] = {}
    last = -1
    for at in range(count):
        if at in kept:
            last = at
        elif at not in taken:
            out.setdefault(last, []).append(at)
    return out


def _removed(unit: Unit) -> Row:
    return Row(Status.REMOVED, Side(unit.heading, (Change(unit.text, True),)), None)


def _pair(old: Unit, new: Unit, is_moved: bool) -> Row:
    same = old.folded == new.folded
    parts = ((Change(old.text, False),), (Change(new.text, False),)) if same else changes(old.text, new.text)
    if same:
        status = Status.MOVED if is_moved else Status.UNCHANGED
    else:
        status = Status.MOVED_CHANGED if is_moved else Status.CHANGED
    return Row(status, Side(old.heading, parts[0]), Side(new.heading, parts[1]))
