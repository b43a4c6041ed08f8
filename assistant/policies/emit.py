"""Labelled lines → blocks: emits what `outline` has found, with outline depth, lead-in and nesting."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assistant.policies.numbering import PART, Numbered, is_title
from assistant.policies.parsed import Line
from assistant.policies.sentences import last_sentence
from assistant.types import Block, BlockKind, Span

MARKER = re.compile(
    r"[•●○▪◦‣·–—*-]\s+(?=\S)|\((?:[a-zа-я]{1,2}|[ivx]{1,5}|\d{1,2})\)\s+|(?:[a-z]|[ivx]{1,5})[.)]\s+(?=\S)"
)
# Title in front of the text of the same numbered clause: "4.2 Reliability. The processor shall …".
_WORD = r"[A-Z][\w’'/&()-]*"
_SMALL = r"of|and|the|for|to|in|on|or|a|an|with|by|from|de|per"
_RUN_IN = re.compile(rf"{_WORD}(?:,?\s+(?:{_WORD}|{_SMALL})){{0,9}}\.(?=\s+[“\"‘(]?[A-Z0-9])")
# "A. List of parties": a heading below the part, not its title.
_LETTER = re.compile(r"[A-Z]\.\s")
# Titles of numbered clauses and of parts that stand on a line of their own.
_TITLE_LINE_MAX = 100
# Outline ranks: what has the smaller rank stands above.
_RANK_PART, _RANK_HEADING, _RANK_LABEL, _RANK_NUMBER, _RANK_SUBHEADING = 0, 10, 20, 30, 90
# Parts that divide what they stand in; all others are attached to it.
_DIVISIONS = frozenset({"part", "chapter"})
_EMPTY = Span(0, 0)


@dataclass(slots=True)
class Labels:
    """What each line is, filled in by one pass after another."""

    # Per line: the kind, or None while unknown.
    kinds: list[BlockKind | None]
    # Per line that opens a clause: its number, "" for an unnumbered heading.
    opens: dict[int, str] = field(default_factory=dict)
    # Lines that belong to the block of the line before.
    joined: set[int] = field(default_factory=set)
    # Items without a marker of their own.
    plain: set[int] = field(default_factory=set)
    # Whether the layout shows the headings.
    shown: bool = False


def emit(text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None], labels: Labels) -> tuple[Block, ...]:
    """One block for each line that is not joined to the one before, in order.

    Args:
        text: canonical text.
        lines: its lines.
        numbers: per line, the number that it starts with.
        labels: per line, what it is.
    """
    emitter = _Emitter(text, lines, numbers, labels)
    for at in range(len(lines)):
        emitter.line(at)
    return tuple(emitter.blocks)


class _Emitter:
    """The clauses and lists that are open while blocks are emitted."""

    def __init__(self, text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None], labels: Labels) -> None:
        self.blocks: list[Block] = []
        self._text = text
        self._lines = lines
        self._numbers = numbers
        self._labels = labels
        # Ranks of the open clauses, outermost first; their number is the outline depth.
        self._open: list[int] = []
        # Style and indent of the lists that the last item lies in, outermost first.
        self._lists: list[tuple[str, int]] = []
        self._header = _EMPTY
        # Words of the open parts, outermost first: "schedule", "annex".
        self._parts: list[str] = []
        self._section = ""
        # Whether the clause opened last may still find its title on a line below its number.
        self._untitled = False
        self._sectioned = any(number and "." not in number for number in labels.opens.values())
        gaps = [line.blanks for line in lines[1:]]
        wide = sum(gap > 1 for gap in gaps)
        # Wide gaps are lost headings where paragraphs otherwise stand one blank line apart and headings are unnumbered.
        self._gaps_tell = gaps.count(1) > 3 * wide and BlockKind.HEADING in labels.kinds and not self._sectioned

    def line(self, at: int) -> None:
        """Emits line `at`."""
        line = self._lines[at]
        kind = self._labels.kinds[at] or BlockKind.PARAGRAPH
        number = self._labels.opens.get(at)
        printed = self._numbers[at]
        if at in self._labels.joined:
            last = self.blocks[-1]
            self.blocks[-1] = replace(last, span=Span(last.span.start, line.span.end))
            return
        if number and printed:
            self._clause(line, printed, number)
        elif self._untitled and kind is not BlockKind.DECORATION and self._may_name(line, number):
            self._name(line)
        elif kind is BlockKind.HEADING:
            self._heading(at)
        elif kind is BlockKind.ITEM:
            self._item(line, plain=at in self._labels.plain)
        else:
            self._plain(at, kind)
        if kind not in (BlockKind.ITEM, BlockKind.DECORATION):
            self._lists.clear()

    def _level(self, rank: int) -> int:
        """Closes what does not stand above `rank` and opens a clause of it; its outline depth."""
        while self._open and self._open[-1] >= rank:
            self._open.pop()
        self._open.append(rank)
        return len(self._open)

    def _clause(self, line: Line, printed: Numbered, number: str) -> None:
        section = number.split(".", maxsplit=1)[0]
        depth = number.count(".")
        if depth and section != self._section:
            # The heading of this section is lost: the section is there all the same.
            start = Span(line.span.start, line.span.start)
            self.blocks.append(Block(start, BlockKind.HEADING, self._level(_RANK_NUMBER), opens=True, number=section))
        self._section = section
        level = self._level(_RANK_LABEL if printed.labelled else _RANK_NUMBER + depth)
        rest = printed.rest.of(self._text)
        run_in = _RUN_IN.match(rest)
        short = not (depth or self._labels.shown) or (len(rest) <= _TITLE_LINE_MAX and not rest.endswith(":"))
        kind, title = BlockKind.PARAGRAPH, _EMPTY
        if line.run_in:
            title = self._stripped(Span(printed.rest.start, max(printed.rest.start, line.span.start + line.run_in)))
        elif run_in and len(run_in.group()) < 0.8 * len(rest):
            title = Span(printed.rest.start, printed.rest.start + run_in.end() - 1)
        elif line.heading or (short and is_title(rest)):
            kind, title = BlockKind.HEADING, Span(printed.rest.end - len(rest.lstrip(" –—-")), printed.rest.end)
        self.blocks.append(Block(line.span, kind, level, opens=True, number=number, title=title))
        self._untitled = not printed.rest

    def _stripped(self, title: Span) -> Span:
        """`title` without the stop behind it."""
        return Span(title.start, title.start + len(title.of(self._text).rstrip(" .:")))

    def _may_name(self, line: Line, number: str | None) -> bool:
        words = line.span.of(self._text)
        if _LETTER.match(words):
            return False
        return number == "" or (
            number is None and bool(line.heading or (is_title(words) and len(words) < _TITLE_LINE_MAX))
        )

    def _name(self, line: Line) -> None:
        """Lets the heading on `line` name the clause that was opened last."""
        at = max(at for at, block in enumerate(self.blocks) if block.opens)
        self.blocks[at] = replace(self.blocks[at], title=line.span, kind=BlockKind.HEADING)
        self.blocks.append(Block(line.span, BlockKind.HEADING))
        self._untitled = False

    def _heading(self, at: int) -> None:
        line = self._lines[at]
        if at == 0 and len(self._lines) > 1:
            self.blocks.append(Block(line.span, BlockKind.HEADING))
            return
        words = line.span.of(self._text)
        part = PART.match(words)
        label = part.group() if part else ""
        title = words[len(label) :].lstrip(" .:–—-")
        level = self._level(self._part_rank(label) if part else self._heading_rank(line))
        span = Span(line.span.end - len(title), line.span.end)
        self.blocks.append(Block(line.span, BlockKind.HEADING, level, opens=True, number=label, title=span))
        self._untitled = bool(part) and not title

    def _part_rank(self, label: str) -> int:
        """Annexes stand below the schedule and parts below the annex that they follow; equals stand side by side."""
        word = label.split(maxsplit=1)[0].casefold()
        if word in self._parts:
            del self._parts[self._parts.index(word) :]
        elif word not in _DIVISIONS:
            while self._parts and self._parts[-1] in _DIVISIONS:
                self._parts.pop()
        self._parts.append(word)
        return min(_RANK_PART + len(self._parts) - 1, _RANK_HEADING - 1)

    def _heading_rank(self, line: Line) -> int:
        if line.heading:
            return _RANK_HEADING + line.heading
        return _RANK_SUBHEADING if self._sectioned else _RANK_HEADING

    def _item(self, line: Line, *, plain: bool) -> None:
        marker = MARKER.match(line.span.of(self._text))
        style = "plain" if plain else re.sub(r"\w+", "1", marker.group().strip()) if marker else "1."
        key = (style, 0 if plain else line.indent)
        if key in self._lists:
            del self._lists[self._lists.index(key) + 1 :]
        else:
            while self._lists and self._lists[-1][1] > line.indent and not plain:
                self._lists.pop()
            self._lists.append(key)
        depth = len(self._lists)
        above = next((b for b in reversed(self.blocks) if b.kind is not BlockKind.ITEM or b.depth < depth), None)
        lead = _EMPTY
        if above and above.kind not in (BlockKind.DECORATION, BlockKind.ROW, BlockKind.HEADER):
            named = above.kind is BlockKind.HEADING and above.title
            lead = above.title if named else last_sentence(self._text, above.span)
        self.blocks.append(Block(line.span, BlockKind.ITEM, lead=lead, depth=depth))

    def _plain(self, at: int, kind: BlockKind) -> None:
        line = self._lines[at]
        if kind is BlockKind.HEADER:
            self._header = line.span
        block = Block(line.span, kind, lead=self._header if kind is BlockKind.ROW else _EMPTY)
        if kind is BlockKind.PARAGRAPH and self._open:
            if self._leads_in_siblings(at):
                block = replace(block, level=len(self._open) - 1)
            elif self._gaps_tell and line.blanks > 1:
                block = replace(block, level=self._level(_RANK_HEADING), opens=True)
        self.blocks.append(block)

    def _leads_in_siblings(self, at: int) -> bool:
        """Whether a paragraph announces the clauses that follow beside the open one, and so belongs above them."""
        depth = self._labels.opens.get(at + 1, "").count(".")
        announces = self._lines[at].span.of(self._text).endswith(":")
        return announces and depth > 0 and self._open[-1] == _RANK_NUMBER + depth
