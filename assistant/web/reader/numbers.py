"""The clause that a number means, seen from the clause that names it."""

from __future__ import annotations

import re
from typing import NamedTuple

from assistant.types import Document, Span
from assistant.web.reader.outline import full_numbers
from assistant.web.reader.wording import SCHEDULE, Whose, is_inner, is_strict


class Reference(NamedTuple):
    """Words that mean a clause."""

    span: Span
    # Id of the policy that holds it.
    policy: str
    # Id of the clause in its document; 0 means the whole document.
    clause: int


class Numbers:
    """Finds clauses of one document by number. A schedule or annex counts its clauses anew: a world apart."""

    def __init__(self, document: Document) -> None:
        self.policy = document.policy.id
        self._clauses = document.clauses
        # Past the last clause below each clause, as clauses stand in preorder.
        self._last = _last(document)
        self._schedules: dict[str, list[int]] = {}
        # Per clause the schedule that it lies in, 0 for none.
        self._world: list[int] = []
        self._ids: dict[str, list[int]] = {}
        for clause, number in zip(document.clauses, full_numbers(document), strict=True):
            label = SCHEDULE.match(f"{clause.number} {clause.title}".strip())
            if label:
                self._schedules.setdefault(_key(label.group()), []).append(clause.id)
            above = self._world[clause.parent] if clause.parent is not None else 0
            self._world.append(clause.id if label else above)
            for name in {_key(number), _key(clause.number)} - {""}:
                self._ids.setdefault(name, []).append(clause.id)
        opened = {
            owner: block.span.of(document.text)[:20].lstrip().partition(" ")[0]
            for block, owner in zip(document.blocks, document.owners, strict=True)
            if block.opens
        }
        # What clauses call themselves where they start, such as "clause" or "article".
        self._labels = {clause: _label(word) for clause, word in opened.items()}

    def resolve(self, number: str, owner: int, label: str, whose: Whose) -> int | None:
        """The clause meant by `label` and `number` in clause `owner`; None where there is none or more than one."""
        if re.fullmatch(r"pp?", label, re.IGNORECASE) and "." not in number:
            # A page, as likely.
            return None
        if number.startswith("(") or (is_inner(label) and "." not in number):
            return self._inside(number, owner)
        found = self._one(number, 0 if whose is Whose.OWN else self._world[owner])
        word = _label(label)
        labelled = any(self._labels.get(id) == word for id in self._ids.get(_key(number), ()))
        if whose is Whose.OPEN and (labelled or is_strict(label)):
            # Where "Clause 17" or "Article 5" is printed as a heading, no other "17." is meant.
            return found if found and self._labels.get(found) == word else None
        return found

    def within(self, number: str, schedule: str) -> int | None:
        """The clause of this number in the schedule of this name; None where there is no such one."""
        found = self.schedule(schedule)
        return None if found is None else self._one(number, found)

    def schedule(self, name: str) -> int | None:
        """The clause that is the schedule of this name, such as "Schedule 3"."""
        found = self._schedules.get(_key(name), [])
        return found[0] if len(found) == 1 else None

    def plain(self, number: str) -> int | None:
        """The clause of this number in the body of the document."""
        return self._one(number, 0)

    def is_above(self, clause: int, other: int) -> bool:
        """Whether `other` lies below `clause`."""
        return clause < other < self._last[clause]

    def _one(self, number: str, world: int) -> int | None:
        found = [id for id in self._ids.get(_key(number), ()) if self._world[id] == world]
        return found[0] if len(found) == 1 else None

    def _inside(self, number: str, owner: int) -> int | None:
        """The clause of this number right below `owner`, else beside it; both within a clause with a number."""
        for above in (owner, self._clauses[owner].parent):
            if above and self._clauses[above].number:
                found = [id for id in self._ids.get(_key(number), ()) if self._clauses[id].parent == above]
                if found:
                    return found[0] if len(found) == 1 else None
        return None


def _key(number: str) -> str:
    return re.sub(r"\s+", "", number).rstrip(".").casefold()


def _label(word: str) -> str:
    return word.casefold().rstrip("s.")


def _last(document: Document) -> list[int]:
    last = [clause.id + 1 for clause in document.clauses]
    for clause in reversed(document.clauses):
        if clause.parent is not None:
            last[clause.parent] = max(last[clause.parent], last[clause.id])
    return last
