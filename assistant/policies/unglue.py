"""Lines whose headings lost their line breaks → lines with every heading on its own.

Text copied from a page often runs a heading into what stands before and after it: "…or not.1.2 Service UseWe may log".
Two things give such a heading away: its number continues the numbering of the document, and the word in which title
and body meet falls into two words that the document uses elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.policies.parsed import Line
from assistant.types import Span

_STOP = r"(?<=[.!?:;…)\]”\"’])"
_GLUED_NUMBER = re.compile(
    rf"(?:{_STOP}|(?<=[^\W\d_]))(\d{{1,2}}(?:\.\d{{1,2}}){{1,3}})\.?[ \u00a0]+(?=[^\W\d_])"
    rf"|{_STOP}(\d{{1,2}})\.(?=[ \u00a0]+[A-ZА-ЯЁ]|\s*$)"
)
_LINE_NUMBER = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?(?=\s|$)")
_DATE_LINE = re.compile(
    r"(?<=[^\W\d_])(?=(?:Last\s+(?:Updated|Modified|Revised)|Effective\s+(?:Date|as of))\b)", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+")
# A title that is glued to its text is looked for within so many characters behind its number.
_TITLE_REACH = 120
# Fewer glued numbers than this are more likely version numbers and amounts.
_LEAST_GLUED = 3
_LEAST_CONTENTS = 3


@dataclass(frozen=True, slots=True)
class Unglued:
    """Lines after cutting, and which of them are a table of contents."""

    lines: tuple[Line, ...]
    contents: frozenset[Span]


@dataclass(frozen=True, slots=True)
class _Number:
    line: int
    span: Span
    value: tuple[int, ...]
    glued: bool


def unglue(text: str, lines: Sequence[Line]) -> Unglued:
    """Cut `lines` before and after every glued heading; lines of a document without any come back as they are."""
    numbers = tuple(_chain(_numbers(text, lines)))
    if sum(number.glued for number in numbers) < _LEAST_GLUED:
        return Unglued(tuple(lines), frozenset())
    vocabulary = Counter(word.casefold() for word in _WORD.findall(text))
    brands = {word for word, count in Counter(_first_words(text, lines)).items() if count > 1 and word[0].islower()}
    heads: dict[int, list[Span]] = {}
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        title = _title(text, lines, number, following, vocabulary, brands)
        if title:
            heads.setdefault(number.line, []).append(number.span)
            heads.setdefault(_line_at(lines, title.start), []).append(title)
    return _cut(text, lines, heads)


def _numbers(text: str, lines: Sequence[Line]) -> Iterator[_Number]:
    for at, line in enumerate(lines):
        part = line.span.of(text)
        first = _LINE_NUMBER.match(part)
        if first:
            yield _number(at, line, first, 1, glued=False)
        for found in _GLUED_NUMBER.finditer(part):
            if found.start() > 0:
                yield _number(at, line, found, 1 if found.group(1) else 2, glued=True)


def _number(at: int, line: Line, found: re.Match[str], group: int, *, glued: bool) -> _Number:
    digits = found.group(group)
    start = line.span.start + found.start(group)
    end = start + len(digits)
    dotted = found.string[end - line.span.start : end - line.span.start + 1] == "."
    return _Number(at, Span(start, end + dotted), tuple(int(part) for part in digits.split(".")), glued)


def _chain(numbers: Iterator[_Number]) -> Iterator[_Number]:
    """The numbers that count on: first child, next sibling, or next sibling of a clause above."""
    last: tuple[int, ...] = ()
    for number in numbers:
        value = number.value
        child = value == (*last, 1)
        sibling = len(value) <= len(last) and value == (*last[: len(value) - 1], last[len(value) - 1] + 1)
        if child or sibling:
            last = value
            yield number


def _first_words(text: str, lines: Sequence[Line]) -> Iterator[str]:
    for line in lines:
        yield from re.findall(r"(?:^|[.!?…]\s*)([^\W\d_]+)", line.span.of(text))


def _line_at(lines: Sequence[Line], offset: int) -> int:
    return max(at for at, line in enumerate(lines) if line.span.start <= offset)


def _title(
    text: str,
    lines: Sequence[Line],
    number: _Number,
    following: _Number | None,
    vocabulary: Counter[str],
    brands: set[str],
) -> Span:
    """The title behind a number, on its line or, where the number ends it, on the next line with words."""
    line, start = lines[number.line], number.span.end
    if not Span(start, line.span.end).of(text).strip():
        after = (later for later in lines[number.line + 1 :] if _WORD.search(later.span.of(text)))
        line = next(after, line)
        start = line.span.start
    end = line.span.end
    if following and following.span.start < end:
        end = following.span.start
    reach = text[start : min(end, start + _TITLE_REACH)]
    seam = _seam(reach, vocabulary, brands)
    if seam is None and (end - start > _TITLE_REACH or reach.rstrip().endswith((".", ";"))):
        return Span(0, 0)
    title = reach[:seam]
    lead = len(title) - len(title.lstrip())
    return Span(start + lead, start + len(title.rstrip()))


def _seam(reach: str, vocabulary: Counter[str], brands: set[str]) -> int | None:
    """Where the first word that is two words of the document falls apart; None without one before a sentence ends."""
    for word in _WORD.finditer(reach):
        if re.search(r"[.!?]\s", reach[: word.start()]):
            return None
        token = word.group()
        for at in range(len(token) - 1, 0, -1):
            left, right = token[:at], token[at:]
            camel = left[-1].islower() and right[0].isupper()
            known = bool(vocabulary[left.casefold()]) + bool(vocabulary[right.casefold()])
            if (camel or right in brands) and (known == 2 or (camel and known and vocabulary[token.casefold()] == 1)):
                return word.start() + at
    return None


def _cut(text: str, lines: Sequence[Line], heads: dict[int, list[Span]]) -> Unglued:
    titles = [head.of(text) for spans in heads.values() for head in spans if _WORD.search(head.of(text))]
    out: list[Line] = []
    contents: set[Span] = set()
    for at, line in enumerate(lines):
        cuts = {line.span.start, line.span.end}
        marked = {}
        for head in heads.get(at, ()):
            cuts |= {head.start, head.end}
            marked[head.start] = 1
        listed = _contents(text, line, titles) if at not in heads else Span(0, 0)
        if listed:
            cuts |= set(listed)
            cuts |= {line.span.start + m.start() for m in _DATE_LINE.finditer(line.span.of(text))}
        pieces = sorted(cuts)
        for start, end in pairwise(pieces):
            words = text[start:end]
            if words.strip():
                begin = start + len(words) - len(words.lstrip())
                span = Span(begin, begin + len(words.strip()))
                first = start == line.span.start
                piece = replace(line, span=span) if first else Line(span, 0, 0)
                out.append(replace(piece, heading=marked.get(start, 0)))
                if listed and listed.covers(span):
                    contents.add(span)
    return Unglued(_join_numbers(text, out), frozenset(contents))


def _join_numbers(text: str, lines: Sequence[Line]) -> tuple[Line, ...]:
    """Put a number and the title behind it on the same line back together."""
    out: list[Line] = []
    for line in lines:
        last = out[-1] if out else None
        if last and last.heading and line.heading and not _WORD.search(last.span.of(text)):
            between = text[last.span.end : line.span.start]
            if "\n" not in between:
                out[-1] = replace(last, span=Span(last.span.start, line.span.end))
                continue
        out.append(line)
    return tuple(out)


def _contents(text: str, line: Line, titles: Sequence[str]) -> Span:
    """The longest run of at least three titles, one directly behind the other, in `line`."""
    part = line.span.of(text)
    best = Span(0, 0)
    known = sorted(set(titles), key=len, reverse=True)
    start = 0
    while start < len(part):
        at, count = start, 0
        while found := next((title for title in known if part.startswith(title, at)), None):
            at, count = at + len(found), count + 1
        if count >= _LEAST_CONTENTS and at - start > best.end - best.start:
            best = Span(line.span.start + start, line.span.start + at)
        start = max(start + 1, at)
    return best
