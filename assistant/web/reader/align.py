"""Which clause of one document became which clause of the other."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import fuzz, process

from assistant.types import BlockKind, Document, fold
from assistant.web.reader.outline import Heading, headings

# Percent of likeness from which two clauses of different number and title are taken for one.
_ALIKE = 60.0
# Percent from which two clauses of one number but different titles are.
_SAME_PLACE = 40.0
# Characters of a clause that likeness is measured on, and clauses on each side that are compared with each other at
# most: what is left after numbers, titles and equal texts have been matched is a handful in versions of one document.
_COMPARED = 2000
_MOST = 600
_SILENT = frozenset({BlockKind.DECORATION, BlockKind.CONTENTS})
_LINES = frozenset({BlockKind.ITEM, BlockKind.HEADER, BlockKind.ROW})


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause without the clauses below it."""

    heading: Heading
    # Its blocks, ornaments and tables of contents left out, with empty lines between paragraphs.
    text: str
    # `text` with white space folded.
    folded: str


def units(document: Document) -> tuple[Unit, ...]:
    """The clauses that have text of their own, in reading order."""
    lines: dict[int, list[tuple[BlockKind, str]]] = {}
    for block, owner in zip(document.blocks, document.owners, strict=True):
        if block.kind not in _SILENT:
            lines.setdefault(owner, []).append((block.kind, block.span.of(document.text)))
    named = headings(document)
    texts = {owner: "".join(_lined(found)) for owner, found in lines.items()}
    return tuple(Unit(named[owner], texts[owner], fold(texts[owner])) for owner in sorted(texts))


def _lined(blocks: Sequence[tuple[BlockKind, str]]) -> Iterator[str]:
    before: BlockKind | None = None
    for kind, text in blocks:
        if before is not None:
            yield "\n" if before in _LINES and kind in _LINES else "\n\n"
        yield text
        before = kind


def align(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    """Index in `new` → index in `old` of the same clause; clauses that only one of them has are in no pair."""
    pairs: dict[int, int] = {}
    keys: list[Callable[[Unit], Hashable]] = [
        lambda unit: (unit.heading.number, unit.heading.title.casefold(), unit.folded),
        _body,
        lambda unit: (unit.heading.number, unit.heading.title.casefold()) if unit.heading.title else None,
        lambda unit: unit.heading.title.casefold() or None,
    ]
    for key in keys:
        _match(old, new, pairs, key)
    place = dict(pairs)
    _match(old, new, place, lambda unit: unit.heading.number or None)
    for at, before in place.items():
        if at not in pairs and fuzz.ratio(old[before].folded[:_COMPARED], new[at].folded[:_COMPARED]) >= _SAME_PLACE:
            pairs[at] = before
    _match_alike(old, new, pairs)
    # What stands before the first clause is the same place, whatever it says.
    if old and new and not (old[0].heading.anchor or new[0].heading.anchor or 0 in pairs.values()):
        pairs.setdefault(0, 0)
    return pairs


def _body(unit: Unit) -> str | None:
    """The text without its number, so that a clause is known again under another one; None where it says little."""
    body = unit.folded.removeprefix(unit.heading.number).lstrip(".) ")
    return body if len(body) > 40 else None


def _match(old: Sequence[Unit], new: Sequence[Unit], pairs: dict[int, int], key: Callable[[Unit], Hashable]) -> None:
    """Adds the clauses that share a key which no other unmatched clause on either side has."""
    taken = set(pairs.values())
    left = {at: key(unit) for at, unit in enumerate(old) if at not in taken}
    right = {at: key(unit) for at, unit in enumerate(new) if at not in pairs}
    once = [{value for value, n in Counter(side.values()).items() if n == 1} for side in (left, right)]
    by_key = {value: at for at, value in left.items() if value is not None and value in once[0]}
    pairs.update({at: by_key[value] for at, value in right.items() if value in once[1] and value in by_key})


def _match_alike(old: Sequence[Unit], new: Sequence[Unit], pairs: dict[int, int]) -> None:
    taken = set(pairs.values())
    left = list(islice((at for at in range(len(old)) if at not in taken), _MOST))
    right = list(islice((at for at in range(len(new)) if at not in pairs), _MOST))
    if not left or not right:
        return
    texts = [[side[at].folded[:_COMPARED] for at in chosen] for side, chosen in ((old, left), (new, right))]
    scores = process.cdist(texts[1], texts[0], scorer=fuzz.ratio, score_cutoff=_ALIKE)
    likely = sorted(
        ((float(scores[r, c]), r, c) for r, c in zip(*scores.nonzero(), strict=True)),
        key=lambda found: (-found[0], *found[1:]),
    )
    for _, r, c in likely:
        if right[r] not in pairs and left[c] not in taken:
            pairs[right[r]] = left[c]
            taken.add(left[c])


def moved(pairs: dict[int, int]) -> frozenset[int]:
    """Indices in `new` of the fewest clauses that changed places, so that all others are in the old order."""
    order = sorted(pairs)
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int] = {}
    for at in order:
        place = bisect_left(tails, pairs[at])
        tails[place : place + 1] = [pairs[at]]
        ends[place : place + 1] = [at]
        before[at] = ends[place - 1] if place else -1
    kept = set(_back(before, ends[-1] if ends else -1))
    return frozenset(order) - kept


def _back(before: dict[int, int], at: int) -> Iterator[int]:
    while at >= 0:
        yield at
        at = before[at]
