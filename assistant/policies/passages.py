"""Document → passages: the blocks of one clause packed up to a size that reads well as a quote.

Small passages rank better, whole clauses read better; blocks of one clause are therefore packed together up to a
target size. A lead-in stays with its list as long as both fit, and a list or paragraph that is too long is cut
between items or sentences, never inside one unless the sentence alone is too long to show.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.policies.headings import is_dated
from assistant.policies.sentences import sentences
from assistant.types import Block, BlockKind, Document, Passage, Span, fold

# Code points that a passage is packed up to, and that none but an unbreakable sentence exceeds.
TARGET = 700
LONGEST = 1200
# A lead-in is repeated in the context of an item up to this many code points.
_LEAD_MAX = 300
_IMPRINT_MAX = 120
# Stands between the parts of a context.
_APART = " › "
_SILENT = (BlockKind.HEADING, BlockKind.CONTENTS)


@dataclass(frozen=True, slots=True)
class _Unit:
    """The smallest part that packing moves: a block, or a sentence of a block that is too long."""

    span: Span
    block: Block
    clause: int

    @property
    def citable(self) -> bool:
        return self.block.kind not in _SILENT


def split(document: Document) -> tuple[Passage, ...]:
    """The passages of one document: ordered, disjoint, each within one clause.

    Together they cover every character that is neither white space nor decoration. Ids count from 0.
    """
    groups = _pack(document, tuple(_units(document)))
    return tuple(_passage(document, id_, group) for id_, group in enumerate(groups))


def goes_on(passage: Passage) -> bool:
    """Whether a passage goes on with a list, so that the lead-in stands before it: its context ends with that."""
    return passage.context.count(_APART) > len(passage.path)


def _units(document: Document) -> Iterator[_Unit]:
    for block, owner in zip(document.blocks, document.owners, strict=True):
        if block.kind is BlockKind.DECORATION or not block.span:
            continue
        if len(block.span.of(document.text)) <= LONGEST:
            yield _Unit(block.span, block, owner)
            continue
        for sentence in sentences(document.text, block.span):
            for piece in _hard_cut(document.text, sentence):
                yield _Unit(piece, block, owner)


def _hard_cut(text: str, span: Span) -> Iterator[Span]:
    """Cut a sentence that is longer than any passage may be at white space, or anywhere if it has none."""
    start = span.start
    while span.end - start > LONGEST:
        blank = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        stop = blank if blank > 0 else start + LONGEST
        yield Span(start, stop)
        start = stop + (blank > 0)
    yield Span(start, span.end)


def _pack(document: Document, units: Sequence[_Unit]) -> list[list[_Unit]]:
    groups: list[list[_Unit]] = []
    for at, unit in enumerate(units):
        last = groups[-1] if groups else []
        if last and _fits(document, last, units, at):
            last.append(unit)
        else:
            groups.append([unit])
    return groups


def _fits(document: Document, group: Sequence[_Unit], units: Sequence[_Unit], at: int) -> bool:
    """Whether `units[at]` may join `group`: same clause, nothing between, and not too long."""
    unit, last = units[at], group[-1]
    between = Span(last.span.end, unit.span.start).of(document.text).strip()
    if between or unit.clause != last.clause or unit.citable != last.citable:
        return False
    if _imprint(document, unit) or _imprint(document, last):
        return False
    size = unit.span.end - group[0].span.start
    if unit.block.kind in (BlockKind.ITEM, BlockKind.ROW):
        return size <= LONGEST
    list_end = _list_end(units, at)
    if list_end > unit.span.end:
        return list_end - group[0].span.start <= TARGET
    return size <= TARGET


def _imprint(document: Document, unit: _Unit) -> bool:
    """Whether a unit is the line that dates the policy: it answers questions of its own, and only those."""
    words = unit.span.of(document.text)
    return unit.clause == 0 and len(words) <= _IMPRINT_MAX and is_dated(words)


def _list_end(units: Sequence[_Unit], at: int) -> int:
    """Where the list or table that `units[at]` leads in ends; its own end where it leads in none."""
    unit = units[at]
    end = unit.span.end
    for later in map(units.__getitem__, range(at + 1, len(units))):
        if later.clause != unit.clause or later.block.kind not in (BlockKind.ITEM, BlockKind.ROW):
            break
        end = later.span.end
    return end


def _passage(document: Document, id_: int, group: Sequence[_Unit]) -> Passage:
    text = document.text
    span = Span(group[0].span.start, group[-1].span.end)
    clause = group[0].clause
    path = document.path(clause)
    lead = group[0].block.lead
    context = [document.policy.name, *path]
    if lead and not span.covers(lead):
        context.append(fold(lead.of(text))[-_LEAD_MAX:])
    parts = tuple(part for unit in group for part in _parts(text, unit))
    return Passage(
        id=id_,
        policy=document.policy.id,
        clause=clause,
        span=span,
        text=span.of(text),
        context=_APART.join(part for part in context if part),
        number=_number(document, clause),
        path=path,
        page=page_of(document, span.start),
        sentences=parts,
        citable=group[0].citable,
    )


def _parts(text: str, unit: _Unit) -> tuple[Span, ...]:
    if unit.block.kind is BlockKind.ITEM and len(unit.span.of(text)) <= LONGEST // 4:
        return (unit.span,)
    return sentences(text, unit.span)


def _number(document: Document, clause: int) -> str:
    """The clause's own number, else the nearest number above it."""
    at: int | None = clause
    while at is not None:
        if document.clauses[at].number:
            return document.clauses[at].number
        at = document.clauses[at].parent
    return ""


def page_of(document: Document, offset: int) -> int | None:
    """1-based page on which `offset` lies, None where the source has no pages."""
    return bisect_right(document.pages, offset) or None
