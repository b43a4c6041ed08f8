"""A document laid out for the page: sections of clauses, and in them headings, paragraphs, lists, tables, rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from assistant.types import Block, BlockKind, Document, Span
from assistant.web.reader.outline import Heading
from assistant.web.reader.pieces import Cutter, Piece

Cells = tuple[tuple[Piece, ...], ...]


@dataclass(slots=True)
class Item:
    """A list item with the items nested in it."""

    pieces: tuple[Piece, ...]
    items: list[Item] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing in a section."""

    # A BlockKind; a list is "item", a table "row".
    kind: str
    pieces: tuple[Piece, ...] = ()
    # 1 to 6, of a heading.
    level: int = 0
    items: Sequence[Item] = ()
    # Rows of column names, then all others; the cells of each.
    head: Sequence[Cells] = ()
    rows: Sequence[Cells] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Consecutive blocks of one clause, without those of the clauses below it."""

    heading: Heading
    # False where the clause goes on after one below it: it has its anchor already.
    opens: bool
    parts: tuple[Part, ...]


def sections(document: Document, headings: Sequence[Heading], cutter: Cutter) -> tuple[Section, ...]:
    """The document in reading order; joined, all pieces hold every character that is not white space."""
    levels = _levels(document)
    out: list[Section] = []
    seen: set[int] = set()
    owned = zip(document.blocks, document.owners, strict=True)
    for owner, pairs in groupby(owned, key=lambda pair: pair[1]):
        blocks = [block for block, _ in pairs]
        parts = tuple(_parts(document, blocks, levels[owner], cutter))
        out.append(Section(headings[owner], owner not in seen, parts))
        seen.add(owner)
    return tuple(out)


def _levels(document: Document) -> list[int]:
    """Per clause the level of its heading: the page's own is 1, and none is left out on the way down."""
    headed = {
        owner
        for block, owner in zip(document.blocks, document.owners, strict=True)
        if block.kind is BlockKind.HEADING and block.opens and block.span
    }
    depth = [1]
    for clause in document.clauses[1:]:
        depth.append(depth[clause.parent or 0] + (clause.id in headed))
    return [min(6, level) for level in depth]


def _parts(document: Document, blocks: Sequence[Block], level: int, cutter: Cutter) -> Iterator[Part]:
    # A heading that the source has lost opens its clause without a character.
    printed = [block for block in blocks if block.span]
    for kind, group in groupby(_joined(printed), key=lambda run: _group(run[0])):
        runs = list(group)
        if kind == BlockKind.ITEM:
            yield Part(kind, items=_nested([(run[0].depth, cutter.block(run[0])) for run in runs]))
        elif kind == BlockKind.ROW:
            yield from _tables(document, [run[0] for run in runs], cutter)
        else:
            for run in runs:
                own = level if run[0].opens or run[0] is document.blocks[0] else min(6, level + 1)
                yield Part(kind, _run(run, cutter), own if kind == BlockKind.HEADING else 0)


def _group(block: Block) -> str:
    return BlockKind.ROW if block.kind is BlockKind.HEADER else block.kind


def _joined(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Single blocks; a number and the heading that it stands before come together, with what ornaments lie between."""
    at = 0
    while at < len(blocks):
        end = at + 1
        block = blocks[at]
        if block.kind is BlockKind.HEADING and block.opens and block.title and not block.span.covers(block.title):
            last = next((i for i in range(at, len(blocks)) if blocks[i].span.covers(block.title)), at)
            between = blocks[at + 1 : last]
            if all(other.kind is BlockKind.DECORATION for other in between):
                end = last + 1
        yield list(blocks[at:end])
        at = end


def _run(run: Sequence[Block], cutter: Cutter) -> tuple[Piece, ...]:
    if len(run) == 1:
        return cutter.block(run[0])
    looks = {BlockKind.DECORATION: "ornament"}
    return tuple(
        piece._replace(look=looks.get(block.kind, piece.look or "part"))
        for block in run
        for piece in cutter.block(block)
    )


def _nested(items: Sequence[tuple[int, tuple[Piece, ...]]]) -> list[Item]:
    """Items as a tree by their depth, from 1."""
    top: list[Item] = []
    open_: list[tuple[int, list[Item]]] = [(0, top)]
    for depth, pieces in items:
        while len(open_) > 1 and open_[-1][0] >= depth:
            open_.pop()
        item = Item(pieces)
        open_[-1][1].append(item)
        open_.append((depth, item.items))
    return top


def _tables(document: Document, rows: Sequence[Block], cutter: Cutter) -> Iterator[Part]:
    """A table begins at each row of column names that follows another kind of row."""
    starts = [0] + [
        at
        for at, (before, row) in enumerate(pairwise(rows), 1)
        if row.kind is BlockKind.HEADER and before.kind is BlockKind.ROW
    ]
    for start, end in pairwise([*starts, len(rows)]):
        cells = [(row.kind, _cells(document, row, cutter)) for row in rows[start:end]]
        width = max(len(row) for _, row in cells)
        full = [(kind, (*row, *((),) * (width - len(row)))) for kind, row in cells]
        yield Part(
            BlockKind.ROW,
            head=[row for kind, row in full if kind is BlockKind.HEADER],
            rows=[row for kind, row in full if kind is BlockKind.ROW],
        )


def _cells(document: Document, row: Block, cutter: Cutter) -> Cells:
    out = []
    at = row.span.start
    for text in row.span.of(document.text).split("\t"):
        inner = Span(at + len(text) - len(text.lstrip()), at + len(text.rstrip()))
        out.append(cutter.cut(inner) if inner else ())
        at += len(text) + 1
    return tuple(out)
