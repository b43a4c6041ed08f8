"""A block of a policy cut where its look changes: at marks, cross-references, page starts, its number and title."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from assistant.types import Block, BlockKind, Document, Span
from assistant.web.reader.numbers import Reference

_BULLET = re.compile(r"(?:[•·▪◦‣●○■□*–—-]|\(?(?:\d{1,3}|[a-zа-я]{1,4})[.)]{1,2})(?=\s)", re.IGNORECASE)


class Piece(NamedTuple):
    """Text with one look; the pieces of a block, joined, are its text."""

    text: str
    # "number", "title", "bullet" or "".
    look: str = ""
    marked: bool = False
    # The first of all that are marked.
    first: bool = False
    # The reference that the text is part of.
    reference: Reference | None = None
    # Number of the page that starts right before the text; None where none does.
    page: int | None = None


class Cutter:
    """Cuts the blocks of one document; each cut costs no more than the block's own length."""

    def __init__(self, document: Document, marks: Sequence[Span], references: Sequence[Reference]) -> None:
        self._text = document.text
        self._marks = _Sorted(marks)
        self._references = references
        self._links = _Sorted([reference.span for reference in references])
        ends = [block.span.end for block in document.blocks]
        starts = [block.span.start for block in document.blocks]

        def shown(at: int) -> int:
            """The first offset at or after `at` that lies in a block."""
            block = bisect_right(ends, at)
            return max(at, starts[block]) if block < len(ends) else at

        self._pages = {shown(start): number for number, start in enumerate(document.pages, 1)}
        self._page_starts = sorted(self._pages)
        self._first = shown(marks[0].start) if marks else -1

    def block(self, block: Block) -> tuple[Piece, ...]:
        """The pieces of a whole block, its number and title or its bullet set off."""
        return self.cut(block.span, _looks(block, block.span.of(self._text)))

    def cut(self, span: Span, looks: Sequence[tuple[Span, str]] = ()) -> tuple[Piece, ...]:
        """The pieces of `span`, which lies in one block; `looks` are parts of it with the name of their look."""
        marks = self._marks.within(span)
        links = self._links.within(span)
        low, high = (bisect_left(self._page_starts, at) for at in span)
        edges = [*self._marks.spans[marks], *self._links.spans[links], *(look for look, _ in looks)]
        cuts = {at for edge in edges for at in edge if span.start < at < span.end}
        return tuple(
            Piece(
                self._text[start:end],
                next((name for look, name in looks if look.start <= start < look.end), ""),
                any(mark.start <= start < mark.end for mark in self._marks.spans[marks]),
                start == self._first,
                next((link for link in self._references[links] if link.span.start <= start < link.span.end), None),
                self._pages.get(start),
            )
            for start, end in pairwise(sorted({*span, *self._page_starts[low:high], *cuts}))
        )


class _Sorted:
    """Spans in order and disjoint."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = tuple(spans)
        self._ends = [span.end for span in spans]

    def within(self, span: Span) -> slice:
        """Those that overlap `span`."""
        first = bisect_right(self._ends, span.start)
        return slice(first, bisect_left(self.spans, (span.end, 0), lo=first))


def _looks(block: Block, text: str) -> list[tuple[Span, str]]:
    start = block.span.start
    out: list[tuple[Span, str]] = []
    if block.kind is BlockKind.ITEM and (bullet := _BULLET.match(text)):
        out.append((Span(start, start + bullet.end()), "bullet"))
    if block.opens and block.number:
        # The number as it is printed: up to the title or to the first white space.
        end = block.title.start if block.title and block.span.covers(block.title) else start + len(text)
        printed = re.match(r"\S*\d\S*|\(\w{1,4}\)|[IVXLC]+[.)]", text[: end - start])
        if printed and len(printed[0]) <= len(block.number) + 3:
            out.append((Span(start, start + printed.end()), "number"))
    if block.opens and block.kind is not BlockKind.HEADING and block.title and block.span.covers(block.title):
        out.append((block.title, "title"))
    return out
