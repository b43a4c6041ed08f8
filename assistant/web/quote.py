"""A quote line by line, and how much of a long one is seen at first: never less than the sentences that answer."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from assistant.types import Citation

# Characters in a line of a quote on a phone and on a wide screen, as chat.css sets it.
_NARROW, _WIDE = 42, 84
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_ITEM = re.compile(r"\s*(?:[•·▪◦‣*–—-]|\(?(?:\d{1,2}|[a-zа-я])[.)])\s")
# Lines that a folded clause shows, and how many more make folding worth a button.
_SHOWN, _SPARE = 12, 3


class Fold(NamedTuple):
    """Where a clause is folded: on all screens, on phones only, or nowhere."""

    # "all", "phone" or "".
    where: str
    # Code points at the start of the quote that are hidden while it is folded.
    early: int


class Piece(NamedTuple):
    """Text of one line with one look."""

    text: str
    marked: bool
    # Hidden while the clause is folded.
    early: bool


class Line(NamedTuple):
    """One line of a quote, with its line feed."""

    pieces: tuple[Piece, ...]
    # Starts with a bullet or a number, so that what is wrapped hangs below its first word.
    item: bool
    blank: bool
    # The first of which something is seen while the lines before it are hidden.
    resumes: bool


def fold(citation: Citation) -> Fold:
    """Decides from estimated lines, so that no script has to measure the page.

    All marks stay in sight: where they lie too deep, the text before them is hidden as well; where they lie too far
    apart, nothing is folded.
    """
    quote = citation.quote
    if _lines(quote, _NARROW) <= _SHOWN + _SPARE:
        return Fold("", 0)
    early = 0
    if citation.marks:
        first = citation.marks[0].start - citation.span.start
        last = citation.marks[-1].end - citation.span.start
        starts = (0, quote.rfind("\n", 0, first) + 1, first)
        seen = [start for start in starts if _lines(quote[start:last], _NARROW) <= _SHOWN]
        if not seen:
            return Fold("", 0)
        early = seen[0]
    return Fold("all" if _lines(quote, _WIDE) > _SHOWN + _SPARE else "phone", early)


def lines(citation: Citation, early: int) -> tuple[Line, ...]:
    """The quote line by line; joined, the pieces of all lines are the quote.

    Args:
        citation: with its quote and marks.
        early: code points at the start that are hidden while the clause is folded.
    """
    out: list[Line] = []
    pieces: list[Piece] = []
    resumes = early > 0
    for piece in _pieces(citation, early):
        for text in _LINE.findall(piece.text):
            pieces.append(piece._replace(text=text))
            if text.endswith("\n"):
                out.append(_line(pieces, resumes))
                resumes = resumes and not out[-1].resumes
                pieces = []
    return (*out, _line(pieces, resumes)) if pieces else tuple(out)


def _line(pieces: list[Piece], resumes: bool) -> Line:
    text = "".join(piece.text for piece in pieces)
    return Line(
        tuple(pieces),
        item=_ITEM.match(text) is not None,
        blank=not text.strip(),
        resumes=resumes and not all(piece.early for piece in pieces),
    )


def _pieces(citation: Citation, early: int) -> list[Piece]:
    """The marked pieces of the quote, cut once more at `early`."""
    out: list[Piece] = []
    at = 0
    for text, marked in citation.pieces:
        cut = min(max(early - at, 0), len(text))
        out += [Piece(text[:cut], marked, early=True), Piece(text[cut:], marked, early=False)]
        at += len(text)
    return [piece for piece in out if piece.text]


def _lines(text: str, columns: int) -> int:
    """Lines that `text` takes at `columns` characters; East Asian wide characters count twice."""
    return sum(max(1, -(-_width(line) // columns)) for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
