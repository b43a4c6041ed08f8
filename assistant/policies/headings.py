"""Which unnumbered lines are headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.policies.numbering import PART
from assistant.policies.parsed import Line
from assistant.policies.sentences import sentences
from assistant.types import BlockKind, Span

_LONGEST = 100
_LONGEST_QUESTION = 120
_MOST_WORDS = 14
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ADDRESS = re.compile(r"\S@\S|://|www\.")
_QUESTION_WORD = re.compile(
    r"(?:what|how|when|why|who|whom|whose|where|which|do|does|did|can|could|is|are|will|should|may|must|have|has)\b",
    re.I,
)
_TERMINAL = (".", "!", "?", ";", ":", "…", "。", "：", "；")


def is_dated(words: str) -> bool:
    """Whether a line tells a date or version rather than a topic."""
    return bool(_YEAR.search(words))


def find_headings(
    text: str, lines: Sequence[Line], kinds: Sequence[BlockKind | None], *, shown: bool = False
) -> tuple[int, ...]:
    """Indices of lines that are headings, among those that `kinds` leaves open.

    Args:
        text: canonical text.
        lines: its lines.
        kinds: per line, what it is known to be.
        shown: whether the layout shows headings; then it shows all of them, and only parts are told by their words.
    """
    found = [
        at
        for at, line in enumerate(lines)
        if kinds[at] is None
        and (_is_part(line.span.of(text)) or line.heading if shown else _is_heading(text, lines, kinds, at))
    ]
    out: list[int] = []
    for at in found:
        stack = _stack(found, at, lines)
        if len(stack) > 2 and at != stack[-1] and not lines[at].heading and not _asks(lines[at].span.of(text)):
            continue
        out.append(at)
    return tuple(out)


def split_trailing_questions(text: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Give a question that is glued to the end of a paragraph its own line, where headings are questions."""
    if sum(_is_question_heading(text, line) for line in lines) < 2:
        return tuple(lines)
    out: list[Line] = []
    for line in lines:
        parts = sentences(text, line.span)
        last = parts[-1] if len(parts) > 1 else None
        if last and _QUESTION_WORD.match(last.of(text)) and _asks(last.of(text)):
            out.append(replace(line, span=Span(line.span.start, parts[-2].end)))
            out.append(Line(last, 0, 1))
        else:
            out.append(line)
    return tuple(out)


def _is_question_heading(text: str, line: Line) -> bool:
    words = line.span.of(text)
    return _asks(words) and len(sentences(text, line.span)) == 1


def _asks(words: str) -> bool:
    return words.endswith(("?", "？")) and len(words) <= _LONGEST_QUESTION


def _is_heading(text: str, lines: Sequence[Line], kinds: Sequence[BlockKind | None], at: int) -> bool:
    line = lines[at]
    words = line.span.of(text)
    if line.heading or PART.fullmatch(words.rstrip(".:")):
        return True
    if at + 1 == len(lines) or not _looks_like_heading(words):
        return False
    before = lines[at - 1].span.of(text) if at else ""
    apart = at == 0 or line.blanks > 0 or before.endswith(_TERMINAL)
    after = lines[at + 1]
    if at == 0 or after.blanks:
        return apart
    if kinds[at + 1] not in (None, BlockKind.PARAGRAPH):
        return False
    body = after.span.of(text)
    return apart and len(words.split()) <= 10 and len(body) > max(_LONGEST, 2 * len(words)) and body.endswith(_TERMINAL)


def _is_part(words: str) -> bool:
    """Whether a line names a part, with or without its title: "Annex II", "Part 1: Tables"."""
    found = PART.match(words)
    return (
        found is not None
        and len(words) <= _LONGEST
        and words[found.end() :].lstrip()[:1] in ("", ":", ".", "–", "—", "-")
    )


def _looks_like_heading(words: str) -> bool:
    if _asks(words):
        return True
    first = next((char for char in words if char.isalnum()), "")
    short = len(words) <= _LONGEST and len(words.split()) <= _MOST_WORDS
    plain = not (_ADDRESS.search(words) or is_dated(words) or "\t" in words)
    return short and plain and not first.islower() and not words.endswith((*_TERMINAL, ",")) and first.isalpha()


def _stack(found: Sequence[int], at: int, lines: Sequence[Line]) -> list[int]:
    """The headings that follow one another directly around `at`, without text between them."""
    known = set(found)
    stack = [at]
    while stack[0] - 1 in known:
        stack.insert(0, stack[0] - 1)
    while stack[-1] + 1 in known and stack[-1] + 1 < len(lines):
        stack.append(stack[-1] + 1)
    return stack
