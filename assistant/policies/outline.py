"""Lines of plain text or PDF → blocks: the one place where structure is guessed, and it is guessed once.

Each pass labels lines that no earlier pass has taken; what is left over is a paragraph. No pass knows a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from assistant.policies.emit import MARKER, Labels, emit
from assistant.policies.headings import find_headings, is_dated, split_trailing_questions
from assistant.policies.numbering import Numbered, clause_numbers, numbered
from assistant.policies.parsed import Line
from assistant.policies.tables import find_tables
from assistant.policies.unglue import unglue
from assistant.types import Block, BlockKind, Span

_DECORATION = re.compile(r"([^\w\s])\1{2,}|(?:[^\w\s]\s+){2,}[^\w\s]")
_PLAIN_ITEM_MAX = 200


def outline(text: str, lines: Sequence[Line]) -> tuple[Block, ...]:
    """The blocks of `text`, in reading order.

    Args:
        text: canonical text.
        lines: its lines that are not blank, in order; a heading level from the layout is believed.
    """
    shown = sum(bool(line.heading) for line in lines) >= max(3, len(lines) // 40)
    cut = unglue(text, lines)
    lines = split_trailing_questions(text, unwrap(text, cut.lines))
    numbers = [numbered(text, line) for line in lines]
    labels = Labels([None] * len(lines), shown=shown)
    for at, line in enumerate(lines):
        if _DECORATION.fullmatch(line.span.of(text)):
            labels.kinds[at] = BlockKind.DECORATION
        elif line.span in cut.contents:
            labels.kinds[at] = BlockKind.CONTENTS
    for at, number in clause_numbers(text, lines, numbers).items():
        labels.kinds[at] = BlockKind.PARAGRAPH
        labels.opens[at] = number
    _label_tables(text, lines, numbers, labels)
    for at, line in enumerate(lines):
        if labels.kinds[at] is None and not line.heading and (numbers[at] or MARKER.match(line.span.of(text))):
            labels.kinds[at] = BlockKind.ITEM
    _label_plain_items(text, lines, labels)
    for at in find_headings(text, lines, labels.kinds, shown=labels.shown):
        labels.kinds[at] = BlockKind.HEADING
        labels.opens[at] = ""
    return emit(text, lines, numbers, labels)


def unwrap(text: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Join the lines of paragraphs that were broken at a fixed width; other texts come back as they are."""
    widths = sorted(len(line.span.of(text)) for line in lines)
    if len(lines) < 8:
        return tuple(lines)
    width = widths[len(widths) * 9 // 10]
    runs = [(a, b) for a, b in pairwise(lines) if not b.blanks and len(a.span.of(text)) > 0.7 * width]
    broken = [b for a, b in runs if not a.span.of(text).endswith((".", ":", ";", "?")) and text[b.span.start].islower()]
    if width > 130 or len(broken) < 0.3 * max(1, len(runs)) or len(broken) < 4:
        return tuple(lines)
    out: list[Line] = []
    full = False
    for line in lines:
        part = line.span.of(text)
        starts = line.blanks or line.heading or MARKER.match(part) or numbered(text, line) or not out or not full
        if starts:
            out.append(line)
        else:
            out[-1] = replace(out[-1], span=Span(out[-1].span.start, line.span.end))
        full = len(part) > 0.6 * width
    return tuple(out)


def _label_tables(text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None], labels: Labels) -> None:
    free = [kind is None and not numbers[at] for at, kind in enumerate(labels.kinds)]
    for table in find_tables(text, lines, free):
        labels.kinds[table.header] = BlockKind.HEADER
        for row in table.rows:
            labels.kinds[row.start] = BlockKind.ROW
            for at in range(row.start + 1, row.stop):
                labels.kinds[at] = BlockKind.ROW
                labels.joined.add(at)


def _label_plain_items(text: str, lines: Sequence[Line], labels: Labels) -> None:
    """Lines without a marker that a lead-in with a colon announces, up to the first that is no item."""
    for lead in range(len(lines) - 1):
        if labels.kinds[lead] in (BlockKind.DECORATION, BlockKind.CONTENTS, BlockKind.ROW, BlockKind.HEADER):
            continue
        if not lines[lead].span.of(text).endswith(":"):
            continue
        run: list[int] = []
        for at in range(lead + 1, len(lines)):
            words = lines[at].span.of(text)
            fits = len(words) <= _PLAIN_ITEM_MAX and not words.endswith((":", "?", "!"))
            if labels.kinds[at] is not None or lines[at].heading or not fits or (run and lines[at].blanks):
                break
            if words.endswith("."):
                if run and lines[run[-1]].span.of(text).endswith((";", ",")):
                    run.append(at)
                break
            run.append(at)
        alone = len(run) == 1 and lines[run[0]].blanks and (run[0] + 1 == len(lines) or lines[run[0] + 1].blanks)
        if run and not alone and lines[run[0]].blanks <= 1:
            for at in run:
                labels.kinds[at] = BlockKind.ITEM
                labels.plain.add(at)


def title_of(text: str, blocks: Sequence[Block]) -> str:
    """The document's own title: its first heading where that opens no clause, "" otherwise."""
    first = next((block for block in blocks if block.kind is not BlockKind.DECORATION), None)
    if first is None or first.opens or first.kind is not BlockKind.HEADING or is_dated(first.span.of(text)):
        return ""
    return " ".join(first.span.of(text).split())
