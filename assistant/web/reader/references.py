"""Cross-references in a policy: words such as "clause 5.8.3 of this Policy" or "our Cookie Policy", and what they mean.

Words become a reference only where their target exists and nothing else could be meant. A clause of a law ("Article 6
GDPR", "section 1798.100 of the California Civil Code") is none, and neither is another company's policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.types import BlockKind, Document, Span
from assistant.web.reader.named import NamedPolicies
from assistant.web.reader.numbers import Numbers, Reference
from assistant.web.reader.wording import ITEM, LABELLED, OF_SCHEDULE, SCHEDULE, Whose, whose

_QUIET = frozenset({BlockKind.HEADING, BlockKind.CONTENTS, BlockKind.DECORATION})
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
_OF = re.compile(r"\s*,?\s*(?:of|in|to|under|de|der|unserer|du)\s+(?:(?:our|the)\s+)?", re.IGNORECASE)


class Finder:
    """Finds the cross-references of one document."""

    def __init__(self, document: Document, others: Sequence[Document] = ()) -> None:
        self._document = document
        self._numbers = {each.policy.id: Numbers(each) for each in (*others, document)}
        self._own = self._numbers[document.policy.id]
        self._named = NamedPolicies(document, others)
        initials = "".join(word[0] for word in document.policy.title.casefold().split())
        self._short = frozenset(initials[-size:] for size in (2, 3, 4) if len(initials) >= size)

    def find(self) -> tuple[Reference, ...]:
        """All of them, in order and disjoint."""
        out: list[Reference] = []
        for block, owner in zip(self._document.blocks, self._document.owners, strict=True):
            if block.kind not in _QUIET:
                found = self._in(block.span.of(self._document.text), owner)
                out += [each._replace(span=Span(*(at + block.span.start for at in each.span))) for each in found]
        return tuple(out)

    def _in(self, text: str, owner: int) -> list[Reference]:
        addresses = [Span(*match.span()) for match in _ADDRESS.finditer(text)]
        policies = [each for each in self._named.find(text) if not self._is_around(each, owner)]
        found = [*policies, *self._labelled(text, owner, policies), *self._schedules(text, owner)]
        out: list[Reference] = []
        for each in sorted(found):
            free = not out or each.span.start >= out[-1].span.end
            if free and not any(each.span.overlap(address) for address in addresses):
                out.append(each)
        return out

    def _labelled(self, text: str, owner: int, policies: Sequence[Reference]) -> Iterator[Reference]:
        """References by number; the label goes with the first number of a list."""
        for match in LABELLED.finditer(text):
            group = "one" if match["chinese"] else "all"
            start = match.start()
            for item in ITEM.finditer(match[group]):
                at = match.start(group) + item.start()
                end = match.end() if match["chinese"] else match.start(group) + item.end()
                target = self._target(text, match, item.group(), owner, policies)
                if target is None and "(" in item.group()[1:]:
                    # "Clause 5(a)", where (a) is no clause of its own, leads to clause 5.
                    number = item.group()[: item.group().index("(", 1)].rstrip()
                    target = self._target(text, match, number, owner, policies)
                    end = match.start(group) + item.start() + len(number)
                if target is not None and target[1] != owner:
                    yield Reference(Span(start if item.start() == 0 else at, end), *target)

    def _target(
        self, text: str, match: re.Match[str], number: str, owner: int, policies: Sequence[Reference]
    ) -> tuple[str, int] | None:
        label = match["label"] or match["chinese"]
        of = _OF.match(text, match.end())
        other = next((each for each in policies if of and each.span.start in (of.end(), match.end())), None)
        if other is not None:
            found = self._numbers[other.policy].plain(number) if other.clause == 0 else None
            return None if found is None else (other.policy, found)
        in_schedule = OF_SCHEDULE.match(text, match.end())
        if in_schedule:
            schedule = SCHEDULE.match(text, in_schedule.end())
            found = self._own.within(number, schedule.group()) if schedule else None
        else:
            meant = whose(text, match.start(), match.end(), self._short)
            found = None if meant is Whose.OTHER else self._own.resolve(number, owner, label, meant)
        return None if found is None else (self._own.policy, found)

    def _schedules(self, text: str, owner: int) -> Iterator[Reference]:
        """Schedules and annexes by name."""
        for match in SCHEDULE.finditer(text):
            found = self._own.schedule(match.group())
            each = None if found is None else Reference(Span(*match.span()), self._own.policy, found)
            if each is not None and not self._is_around(each, owner):
                yield each

    def _is_around(self, each: Reference, owner: int) -> bool:
        """Whether `each` means the clause that it stands in, or one around it."""
        own = each.policy == self._own.policy
        return own and (each.clause == owner or self._own.is_above(each.clause, owner))


def references(document: Document, others: Sequence[Document] = ()) -> tuple[Reference, ...]:
    """The cross-references in `document`, in order and disjoint.

    Args:
        document: where they stand.
        others: further documents that may be meant; only those of the same company ever are.
    """
    return Finder(document, others).find()
