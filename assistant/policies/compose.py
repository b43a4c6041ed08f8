"""Pieces of a marked-up document → canonical text and blocks, written together so that no span is searched for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from assistant.policies.numbering import PART, Numbered, numbered
from assistant.policies.parsed import Line, Parsed
from assistant.policies.sentences import last_sentence
from assistant.types import Block, BlockKind, Span, fold

# Outline rank of a paragraph in bold type that stands for a heading: below h6.
_BOLD_RANK = 7
_BOLD_MAX = 100
_FEWEST_CONTENTS = 3
_DEEPEST_INDENT = 8
_TITLE_WORD = re.compile(
    r"policy|privacy|notice|statement|terms|agreement|addendum|disclosure|политик|уведомлени|соглашени|положени|aviso|política"
    r"|政策|声明|政策|datenschutz|richtlinie|confidentialité|informativa",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_STARTS_CLAUSE = re.compile(r"[^\W\d_a-zа-яё]|[“\"«„‘(\[]")
_LEADING_ZERO = re.compile(r"(?:^|\.)0")


@dataclass(frozen=True, slots=True)
class Piece:
    """One heading, paragraph, item or row as the reader of a markup found it."""

    kind: BlockKind
    # White space folded; "\n" for a line break, "\t" between cells.
    text: str
    # 1 to 6 for a heading, 0 for anything else.
    rank: int = 0
    # What a browser paints before an item: "• ", "3. "; "" for none.
    marker: str = ""
    # Nesting depth of the list around it, 0 outside lists.
    depth: int = 0
    # Which list or table it belongs to, 0 for none; pieces of one group stand on adjacent lines.
    group: int = 0
    # Whether all of it is in bold type.
    bold: bool = False
    # Whether all of it is links to other places of the document.
    linked: bool = False
    # Whether the piece before is what this one explains (a term and its definition).
    defines: bool = False


@dataclass(slots=True)
class _State:
    """Text and blocks written so far."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    blocks: list[Block] = field(default_factory=list)
    last: Piece | None = None
    # The text of the last block.
    said: str = ""
    # Ranks of the headings that are open, outermost first.
    ranks: list[int] = field(default_factory=list)
    # Number of the innermost heading, () for none.
    number: tuple[int, ...] = ()
    # Lead of each list and table, by group.
    leads: dict[int, Span] = field(default_factory=dict)
    header: tuple[int, Span] = (0, Span(0, 0))

    def put(self, text: str) -> Span:
        start = self.length
        self.parts.append(text)
        self.length += len(text)
        return Span(start, self.length)


def compose(pieces: Sequence[Piece], title: str = "") -> Parsed:
    """The canonical text of `pieces` with its blocks.

    Args:
        pieces: in reading order; pieces without text are left out.
        title: what the document calls itself outside its text (front matter, `<title>`); used where no heading does.
    """
    pieces = _bold_headings(_contents([piece for piece in pieces if piece.text]))
    head = _title_heading(pieces, title)
    state = _State()
    for at, piece in enumerate(pieces):
        state.put(_separator(state.last, piece))
        if piece.kind is BlockKind.HEADING:
            _heading(piece, at == head, state)
        elif piece.kind in (BlockKind.HEADER, BlockKind.ROW):
            _row(piece, state)
        else:
            _running(piece, state)
        state.last = piece
        state.said = state.parts[-1]
    named = pieces[head].text if head is not None else title
    return Parsed("".join(state.parts), tuple(state.blocks), title=fold(named))


def _contents(pieces: list[Piece]) -> list[Piece]:
    """Runs of paragraphs or items that only point to other places of the document are its table of contents."""
    out: list[Piece] = []
    for linked, run in groupby(pieces, lambda piece: piece.linked and not piece.rank):
        found = list(run)
        many = linked and len(found) >= _FEWEST_CONTENTS
        out.extend(replace(piece, kind=BlockKind.CONTENTS) if many else piece for piece in found)
    return out


def _bold_headings(pieces: list[Piece]) -> list[Piece]:
    """Short paragraphs in bold type that stand above a text of their own are headings."""
    out: list[Piece] = []
    for at, piece in enumerate(pieces):
        short = len(piece.text) <= _BOLD_MAX and "\n" not in piece.text
        short = short and not piece.text.endswith((".", ",", ";", ":"))
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        text_below = after is not None and after.kind is not BlockKind.HEADING and not after.bold
        plain = piece.kind is BlockKind.PARAGRAPH and piece.bold and not piece.depth and not _YEAR.search(piece.text)
        heads = plain and short and text_below
        out.append(replace(piece, kind=BlockKind.HEADING, rank=_BOLD_RANK) if heads else piece)
    return out


def _title_heading(pieces: Sequence[Piece], title: str) -> int | None:
    """Index of the heading that is the document's own title: the first one, where none stands beside it."""
    headings = [at for at, piece in enumerate(pieces) if piece.kind is BlockKind.HEADING]
    if not headings:
        return None
    first = pieces[headings[0]]
    if fold(first.text).casefold() == fold(title).casefold():
        return headings[0]
    if min(pieces[at].rank for at in headings) < first.rank or _parse_number(first.text):
        return None
    alone = all(pieces[at].rank > first.rank for at in headings[1:])
    if first.rank == 1 and (alone or (_TITLE_WORD.search(first.text) and headings[0] == 0)):
        return headings[0]
    return headings[0] if alone and len(headings) > 1 and not title else None


def _separator(before: Piece | None, piece: Piece) -> str:
    if before is None:
        return ""
    if before.kind is piece.kind is BlockKind.CONTENTS or (before.group and before.group == piece.group):
        return "\n"
    in_list = piece.kind in (BlockKind.ITEM, BlockKind.CONTENTS)
    leads_in = before.kind is BlockKind.PARAGRAPH and in_list and not before.depth
    nested = bool(before.depth and piece.depth)
    return "\n" if leads_in or nested or piece.defines else "\n\n"


def _heading(piece: Piece, is_title: bool, state: _State) -> None:
    text = piece.marker + piece.text
    span = state.put(text)
    if is_title:
        state.blocks.append(Block(span, BlockKind.HEADING))
        return
    while state.ranks and state.ranks[-1] >= piece.rank:
        state.ranks.pop()
    state.ranks.append(piece.rank)
    number, title = piece.marker.rstrip(". "), Span(span.start + len(piece.marker), span.end)
    part = PART.match(text)
    found = _parse_number(text)
    state.number = found.value if found else ()
    if part:
        number = part.group()
        rest = text[part.end() :]
        title = Span(span.start + part.end() + len(rest) - len(rest.lstrip(" .:–—-")), span.end)
    elif found and not piece.marker:
        number = ".".join(map(str, found.value))
        rest = found.rest.of(text)
        title = Span(span.end - len(rest.lstrip(" .:–—-")), span.end)
    state.blocks.append(Block(span, BlockKind.HEADING, len(state.ranks), opens=True, number=number, title=title))


def _row(piece: Piece, state: _State) -> None:
    if piece.group not in state.leads:
        state.leads[piece.group] = _lead_in(state)
    span = _without_ends(state.put(piece.text), piece.text)
    if piece.kind is BlockKind.HEADER:
        start = state.header[1].start if state.header[0] == piece.group else span.start
        state.header = (piece.group, Span(start, span.end))
        state.blocks.append(Block(span, BlockKind.HEADER))
        return
    header = state.header[1] if state.header[0] == piece.group else Span(0, 0)
    state.blocks.append(Block(span, BlockKind.ROW, lead=header or state.leads[piece.group]))


def _running(piece: Piece, state: _State) -> None:
    """Write a paragraph, an item or a line of a table of contents."""
    found = _clause_number(piece.text)
    lead = Span(0, 0)
    if piece.defines and state.blocks:
        lead = state.blocks[-1].span
    elif piece.group:
        if piece.group not in state.leads:
            state.leads[piece.group] = _list_lead(piece, state)
        lead = state.leads[piece.group]
    indent = "  " * min(piece.depth, _DEEPEST_INDENT)
    state.put(indent[2:])
    span = state.put((piece.marker if not found else "") + piece.text.replace("\n", "\n" + indent))
    if found:
        heading = len(state.number) or 1
        level = len(state.ranks) + max(1, len(found.value) - heading)
        number = ".".join(map(str, found.value))
        state.blocks.append(Block(span, BlockKind.PARAGRAPH, level, opens=True, number=number))
    elif piece.kind is BlockKind.ITEM:
        state.blocks.append(Block(span, BlockKind.ITEM, lead=lead, depth=piece.depth))
    else:
        state.blocks.append(Block(span, piece.kind, lead=lead))


def _list_lead(piece: Piece, state: _State) -> Span:
    """The sentence before a list; a list directly behind another one shares its lead."""
    before = state.last
    if before and before.kind is BlockKind.ITEM and before.depth >= piece.depth:
        near = next((b for b in reversed(state.blocks) if b.kind is BlockKind.ITEM and b.depth == piece.depth), None)
        return near.lead if near else Span(0, 0)
    if before and before.kind is BlockKind.ITEM:
        block = state.blocks[-1]
        return Span(block.span.start + len(before.marker), block.span.end)
    return _lead_in(state)


def _lead_in(state: _State) -> Span:
    """The last sentence of the paragraph that was written last, empty after anything else."""
    if not state.blocks or state.blocks[-1].kind is not BlockKind.PARAGRAPH:
        return Span(0, 0)
    start = state.blocks[-1].span.start
    found = last_sentence(state.said, Span(0, len(state.said)))
    return Span(start + found.start, start + found.end)


def _parse_number(text: str) -> Numbered | None:
    """The number that a heading starts with."""
    return numbered(text, Line(Span(0, len(text)), 0, 0))


def _clause_number(text: str) -> Numbered | None:
    """The number of a paragraph that opens a clause: dotted, and followed by the start of a sentence."""
    found = _parse_number(text) if text[:1].isdigit() else None
    if not found or len(found.value) < 2 or not found.rest or _LEADING_ZERO.search(found.printed.of(text)):
        return None
    return found if _STARTS_CLAUSE.match(found.rest.of(text)) else None


def _without_ends(span: Span, text: str) -> Span:
    start = span.start + len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip()))
