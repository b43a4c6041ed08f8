"""Lines of plain text or PDF → blocks: the one place where structure is guessed, and it is guessed once.

Each pass labels lines that no earlier pass has taken; what is left over is a paragraph. No pass knows a document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from assistant.policies import tables
from assistant.policies.headings import find_headings, is_dated, split_trailing_questions
from assistant.policies.numbering import PART, Numbered, clause_numbers, is_title, numbered
from assistant.policies.parsed import Line
from assistant.policies.sentences import last_sentence
from assistant.policies.unglue import unglue
from assistant.types import Block, BlockKind, Span

_DECORATION = re.compile(r"([^\w\s])\1{2,}|(?:[^\w\s]\s+){2,}[^\w\s]")
MARKER = re.compile(r"[•●○▪◦‣·–—*-]\s+(?=\S)|\((?:[a-zа-я]{1,2}|[ivx]{1,5}|\d{1,2})\)\s+|(?:[a-z]|[ivx]{1,5})[.)]\s+(?=\S)")
# Title in front of the text of the same numbered clause: "4.2 Reliability. The processor shall …".
_RUN_IN = re.compile(r"(?:[A-Z][\w’'/&()-]*)(?:,?\s+(?:[A-Z][\w’'/&()-]*|of|and|the|for|to|in|on|or|a|an|with|by|from|de|per)){0,9}\.(?=\s+[“\"‘(]?[A-Z0-9])")
_PLAIN_ITEM_MAX = 200
# Outline ranks: what has the smaller rank stands above.
_RANK_PART, _RANK_HEADING, _RANK_LABEL, _RANK_NUMBER, _RANK_SUBHEADING = 0, 10, 20, 30, 90


@dataclass(slots=True)
class _Labels:
    """What each line is, filled in by one pass after another."""

    # Per line: the kind, or None while unknown.
    kinds: list[BlockKind | None]
    # Per line that opens a clause: its number, "" for an unnumbered heading.
    opens: dict[int, str] = field(default_factory=dict)
    # Lines that belong to the block of the line before.
    joined: set[int] = field(default_factory=set)
    # Items without a marker of their own.
    plain: set[int] = field(default_factory=set)


def outline(text: str, lines: Sequence[Line]) -> tuple[Block, ...]:
    """The blocks of `text`, in reading order.

    Args:
        text: canonical text.
        lines: its lines that are not blank, in order; a heading level from the layout is believed.
    """
    cut = unglue(text, lines)
    lines = split_trailing_questions(text, unwrap(text, cut.lines))
    numbers = [numbered(text, line) for line in lines]
    labels = _Labels([None] * len(lines))
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
    for at in find_headings(text, lines, labels.kinds):
        labels.kinds[at] = BlockKind.HEADING
        labels.opens[at] = ""
    return _emit(text, lines, numbers, labels)


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


def _label_tables(text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None], labels: _Labels) -> None:
    free = [kind is None and not numbers[at] for at, kind in enumerate(labels.kinds)]
    for table in tables.find_tables(text, lines, free):
        labels.kinds[table.header] = BlockKind.HEADER
        for row in table.rows:
            labels.kinds[row.start] = BlockKind.ROW
            for at in range(row.start + 1, row.stop):
                labels.kinds[at] = BlockKind.ROW
                labels.joined.add(at)


def _label_plain_items(text: str, lines: Sequence[Line], labels: _Labels) -> None:
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


@dataclass(slots=True)
class _Open:
    """A clause that is open while its blocks are emitted."""

    rank: int
    level: int


@dataclass(slots=True)
class _State:
    """What the emission of the next block depends on."""

    blocks: list[Block] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    # (marker style, indent) of the lists that the last item lies in, outermost first.
    lists: list[tuple[str, int]] = field(default_factory=list)
    header: Span = Span(0, 0)
    section: str = ""

    def level_of(self, rank: int) -> int:
        while self.open and self.open[-1].rank >= rank:
            self.open.pop()
        self.open.append(_Open(rank, len(self.open) + 1))
        return len(self.open)


def _emit(text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None], labels: _Labels) -> tuple[Block, ...]:
    state = _State()
    sectioned = any("." not in number and number for number in labels.opens.values())
    pending_title = False
    for at, line in enumerate(lines):
        kind = labels.kinds[at] or BlockKind.PARAGRAPH
        if at in labels.joined:
            last = state.blocks[-1]
            state.blocks[-1] = replace(last, span=Span(last.span.start, line.span.end))
            continue
        number = labels.opens.get(at)
        if number:
            _emit_clause(text, line, numbers[at], number, state)
            pending_title = not (numbers[at] and numbers[at].rest)  # type: ignore[union-attr]
        elif pending_title and kind is not BlockKind.DECORATION and _may_name(text, line, number):
            _give_title(state, line)
            pending_title = False
        elif kind is BlockKind.HEADING and at == 0 and len(lines) > 1:
            state.blocks.append(Block(line.span, kind))
        elif kind is BlockKind.HEADING:
            part = PART.match(line.span.of(text))
            rank = _RANK_PART if part else _heading_rank(line, sectioned)
            level = state.level_of(rank)
            label = part.group() if part else ""
            words = Span(line.span.start + len(label), line.span.end)
            title = Span(words.start + len(words.of(text)) - len(words.of(text).lstrip(" .:–—-")), words.end)
            state.blocks.append(Block(line.span, kind, level, opens=True, number=label, title=title))
            pending_title = bool(part) and not title
        elif kind is BlockKind.ITEM:
            state.blocks.append(_item(text, line, at in labels.plain, state))
        elif kind is BlockKind.HEADER:
            state.header = line.span
            state.blocks.append(Block(line.span, kind))
        elif kind is BlockKind.ROW:
            state.blocks.append(Block(line.span, kind, lead=state.header))
        else:
            state.blocks.append(_paragraph(text, lines, at, kind, labels, sectioned, state))
        if kind not in (BlockKind.ITEM, BlockKind.DECORATION):
            state.lists.clear()
    return tuple(state.blocks)


def _may_name(text: str, line: Line, number: str | None) -> bool:
    return number is None and bool(line.heading or (is_title(line.span.of(text)) and len(line.span.of(text)) < 100)) or number == ""


def _give_title(state: _State, line: Line) -> None:
    """Let the heading on `line` name the clause that the last number opened."""
    for at in range(len(state.blocks) - 1, -1, -1):
        if state.blocks[at].opens:
            state.blocks[at] = replace(state.blocks[at], title=line.span, kind=BlockKind.HEADING)
            break
    state.blocks.append(Block(line.span, BlockKind.HEADING))


def _heading_rank(line: Line, sectioned: bool) -> int:
    if line.heading:
        return _RANK_HEADING + line.heading
    return _RANK_SUBHEADING if sectioned else _RANK_HEADING


def _emit_clause(text: str, line: Line, printed: Numbered | None, number: str, state: _State) -> None:
    assert printed is not None
    section = number.split(".")[0]
    depth = number.count(".")
    if depth and section != state.section:
        level = state.level_of(_RANK_NUMBER)
        start = Span(line.span.start, line.span.start)
        state.blocks.append(Block(start, BlockKind.HEADING, level, opens=True, number=section))
    state.section = section
    level = state.level_of(_RANK_LABEL if printed.labelled else _RANK_NUMBER + depth)
    rest = printed.rest.of(text)
    run_in = _RUN_IN.match(rest)
    title = Span(0, 0)
    kind = BlockKind.PARAGRAPH
    if run_in and len(run_in.group()) < 0.8 * len(rest):
        title = Span(printed.rest.start, printed.rest.start + run_in.end() - 1)
    elif rest and (is_title(rest) if not depth else (is_title(rest) and not rest.endswith(":") and len(rest) <= 100)) or line.heading:
        title, kind = printed.rest, BlockKind.HEADING
    state.blocks.append(Block(line.span, kind, level, opens=True, number=number, title=title))


def _item(text: str, line: Line, plain: bool, state: _State) -> Block:
    words = line.span.of(text)
    marker = MARKER.match(words)
    style = "plain" if plain else re.sub(r"\w+", "1", marker.group().strip()) if marker else "1."
    key = (style, 0 if plain else line.indent)
    last = state.blocks[-1] if state.blocks else None
    keys = [known for known in state.lists if known[0] == style and (plain or known[1] == line.indent)]
    if keys:
        del state.lists[state.lists.index(keys[-1]) + 1 :]
    else:
        while state.lists and state.lists[-1][1] > line.indent and not plain:
            state.lists.pop()
        state.lists.append(key)
    depth = len(state.lists)
    lead = Span(0, 0)
    if last is not None:
        above = next((b for b in reversed(state.blocks) if not (b.kind is BlockKind.ITEM and b.depth >= depth)), None)
        if above is not None and above.kind not in (BlockKind.DECORATION, BlockKind.ROW, BlockKind.HEADER):
            lead = above.title if above.kind is BlockKind.HEADING and above.title else last_sentence(text, above.span)
    return Block(line.span, BlockKind.ITEM, lead=lead, depth=depth)


def _paragraph(
    text: str, lines: Sequence[Line], at: int, kind: BlockKind, labels: _Labels, sectioned: bool, state: _State
) -> Block:
    line = lines[at]
    block = Block(line.span, kind)
    if kind is not BlockKind.PARAGRAPH or not state.open:
        return block
    following = labels.opens.get(at + 1, "")
    if line.span.of(text).endswith(":") and following.count(".") == state.open[-1].rank - _RANK_NUMBER > 0:
        return replace(block, level=state.open[-1].level - 1)
    if not sectioned and _lost_heading(lines, at, labels):
        level = state.level_of(_RANK_HEADING)
        return replace(block, level=level, opens=True)
    return block


def _lost_heading(lines: Sequence[Line], at: int, labels: _Labels) -> bool:
    """Whether the gap before a paragraph is where a heading was: wider than the gaps between other paragraphs."""
    gaps = [line.blanks for line in lines[1:]]
    wide = [gap for gap in gaps if gap > 1]
    return lines[at].blanks > 1 and gaps.count(1) > 3 * len(wide) and BlockKind.HEADING in labels.kinds


def title_of(text: str, blocks: Sequence[Block]) -> str:
    """The document's own title: its first heading where that opens no clause, "" otherwise."""
    first = next((block for block in blocks if block.kind is not BlockKind.DECORATION), None)
    if first is None or first.opens or first.kind is not BlockKind.HEADING or is_dated(first.span.of(text)):
        return ""
    return " ".join(first.span.of(text).split())
