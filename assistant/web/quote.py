"""How much of a long clause is seen before it is opened: never less than the sentences that answer."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from assistant.types import Citation

# Characters in a line of a quote on a phone and on a wide screen, as chat.css sets it.
_NARROW, _WIDE = 42, 84
# Lines that a folded clause shows, and how many more make folding worth a button.
_SHOWN, _SPARE = 12, 3


class Fold(NamedTuple):
    """Where a clause is folded: on all screens, on phones only, or nowhere."""

    # "all", "phone" or "".
    where: str
    # Code points at the start of the quote that are hidden while it is folded.
    early: int


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


def parts(citation: Citation, early: int) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    """The marked pieces of the quote before and from code point `early` on; joined they are the quote.

    No mark reaches over `early`, which `fold` chooses at or before the first one.
    """
    before: list[tuple[str, bool]] = []
    after: list[tuple[str, bool]] = []
    at = 0
    for text, marked in citation.pieces:
        cut = min(max(early - at, 0), len(text))
        if text[:cut]:
            before.append((text[:cut], marked))
        if text[cut:]:
            after.append((text[cut:], marked))
        at += len(text)
    return tuple(before), tuple(after)


def _lines(text: str, columns: int) -> int:
    """Lines that `text` takes at `columns` characters; East Asian wide characters count twice."""
    return sum(max(1, -(-_width(line) // columns)) for line in text.split("\n"))


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
