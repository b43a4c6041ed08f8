"""Text → lines of a width that is measured, word by word, or character by character in Chinese and Japanese."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

# A character that a line may be broken at, with the closing marks that may not start a line.
_HAN = "\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CLOSING = "、。，．：；？！）」』】》〉”’％…ー"
_OPENING = "（「『【《〈"
_TOKEN = re.compile(rf"[{_OPENING}“‘]*[{_HAN}][{_CLOSING}]*[ ]*|[^\s{_HAN}{_OPENING}]+[ ]*|[{_OPENING}]+|\s+")


class Line(NamedTuple):
    """Half-open range `[start, end)` of the text that stands on one line."""

    start: int
    end: int


def wrap(text: str, width: Callable[[str], float], room: float) -> list[Line]:
    """The lines of one paragraph; joined they are the text.

    Args:
        text: without line feeds.
        width: how wide a text is set.
        room: the widest line, in the same unit, at least one character.
    """
    out: list[Line] = []
    start = at = 0
    used = 0.0
    for token in _TOKEN.findall(text):
        if at > start and used + width(token.rstrip()) > room:
            out.append(Line(start, at))
            start, used = at, 0.0
        for piece in _pieces(token, width, room):
            if used + width(piece.rstrip()) > room and at > start:
                out.append(Line(start, at))
                start, used = at, 0.0
            at += len(piece)
            used += width(piece)
    return [*out, Line(start, len(text))]


def _pieces(token: str, width: Callable[[str], float], room: float) -> list[str]:
    """The token itself; its characters where it is wider than a line, as a web address may be."""
    return [token] if width(token.rstrip()) <= room else list(token)
