"""Which numbered lines open clauses, and under which number; the rest are list items.

A number alone does not tell: "1." heads a section in one place and a step of a list in the next, and published
policies restart at "1." for every section. What decides is the numbering around it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.policies.parsed import Line
from assistant.types import Span

_NUMBER = re.compile(
    r"(?:(?P<label>Section|Clause|Article|Раздел|Статья|Пункт|Sección|Artículo|Artikel|Abschnitt)\s+|§+\s*)?"
    r"(?P<number>\d{1,3}(?:\.\d{1,3})*)(?P<stop>[.):]?)(?=\s|$|[^\W\d_]|[“\"«(])",
    re.IGNORECASE,
)
# "Schedule 1", "Annex II": parts above every numbered section.
PART = re.compile(
    r"(?:schedule|annex|appendix|exhibit|part|chapter|приложение|anexo|anhang)\s+(?:\d{1,2}|[IVX]{1,5}|[A-Z])\b", re.I
)
_END = (".", ";", ",")
TITLE_MAX = 150
# Steps are short; numbered lines longer than this on average are paragraphs of the law. Under a caption they are steps
# unless they are very long.
_ITEM_MEAN = 100
_CAPTIONED_ITEM_MEAN = 250


@dataclass(frozen=True, slots=True)
class Numbered:
    """A line that starts with a number."""

    value: tuple[int, ...]
    # The number as printed, with label and final dot.
    printed: Span
    # What follows on the line; empty where the number stands alone.
    rest: Span
    # Whether a word such as "Clause" stands before the number.
    labelled: bool


def numbered(text: str, line: Line) -> Numbered | None:
    """The number that `line` starts with, None where it starts with none."""
    part = line.span.of(text)
    found = _NUMBER.match(part)
    if not found or PART.match(part):
        return None
    value = tuple(int(piece) for piece in found["number"].split("."))
    stopped = found["stop"] or len(value) > 1 or found["label"] or part.startswith("§")
    spaced = found.end() == len(part) or part[found.end()].isspace() or (found["stop"] and part[found.end()].isupper())
    if not stopped or not spaced or value[0] == 0:
        return None
    after = len(part) - len(part[found.end() :].lstrip())
    start = line.span.start
    printed = Span(start, start + found.end())
    return Numbered(value, printed, Span(start + after, line.span.end), bool(found["label"]))


def is_title(words: str) -> bool:
    """Whether the words behind a number can be a heading: short, and no sentence."""
    return 0 < len(words) <= TITLE_MAX and not words.rstrip().endswith(_END)


def clause_numbers(text: str, lines: Sequence[Line], numbers: Sequence[Numbered | None]) -> dict[int, str]:
    """Line index → clause number, for the numbered lines that open a clause.

    A section takes the number that its clauses carry, whatever is printed before its title.
    """
    found = {at: number for at, number in enumerate(numbers) if number}
    out = _deep(text, lines, found)
    order = sorted(found)
    section = 0
    for place, at in enumerate(order):
        number = found[at]
        if len(number.value) > 1:
            section = number.value[0] if at in out else section
            continue
        following = found[order[place + 1]].value if place + 1 < len(order) else ()
        child = len(following) == 2 and following[1] == 1 and order[place + 1] in out
        run = _run(order, found, place)
        restart = number.value == (1,) and any(
            PART.match(lines[back].span.of(text)) for back in range(max(0, at - 3), at)
        )
        if child and is_title(number.rest.of(text)):
            section = following[0]
        elif lines[at].heading or number.labelled:
            section = number.value[0]
        elif restart or number.value == (section + 1,):
            listed = found[run[0]].value == (1,) and run[0] != at and run[0] not in out
            if listed or not _opens(text, lines, found, run, place, order):
                continue
            section = number.value[0]
        else:
            continue
        out[at] = str(section)
    return out


def _deep(text: str, lines: Sequence[Line], found: dict[int, Numbered]) -> dict[int, str]:
    """Clauses with a dot in their number, as long as each follows from the one before."""
    out: dict[int, str] = {}
    last: tuple[int, ...] = ()
    deep = [at for at in sorted(found) if len(found[at].value) > 1 and (found[at].rest or lines[at].heading)]
    for place, at in enumerate(deep):
        value = found[at].value
        # Three that count on are clauses even where the numbers before them are wrong.
        ahead = [found[later].value for later in deep[place : place + 3]]
        counts_on = ahead == [(*value[:-1], value[-1] + step) for step in range(3)]
        if _follows(last, value) or lines[at].heading or counts_on:
            last = value
            out[at] = ".".join(map(str, value))
    return out


def _follows(last: tuple[int, ...], value: tuple[int, ...]) -> bool:
    """Whether `value` can stand next after `last`: a child, a later sibling (one may be lost), or a new section."""
    if not last or value[1:] == (1,) * (len(value) - 1):
        return True
    shared = next((i for i, (a, b) in enumerate(zip(last, value, strict=False)) if a != b), min(len(last), len(value)))
    if shared == len(last):
        return value[shared:] == (1,) * (len(value) - shared)
    if shared == len(value):
        return False
    return 0 < value[shared] - last[shared] <= 2 and all(rest == 1 for rest in value[shared + 1 :])


def _run(order: Sequence[int], found: dict[int, Numbered], place: int) -> list[int]:
    """Indices of adjacent lines that count on from or up to the line at `place`."""
    run = [order[place]]
    for step in (-1, 1):
        at, here = order[place], place
        while 0 <= here + step < len(order):
            near = order[here + step]
            if near != at + step or found[near].value != (found[at].value[0] + step,):
                break
            run.append(near)
            at, here = near, here + step
    return sorted(run)


def _opens(
    text: str,
    lines: Sequence[Line],
    found: dict[int, Numbered],
    run: Sequence[int],
    place: int,
    order: Sequence[int],
) -> bool:
    """Whether an integer that counts on from the last section is a section, not an item of a list."""
    at = order[place]
    rest = found[at].rest.of(text)
    before = lines[run[0] - 1].span.of(text) if run[0] else ""
    if len(run) > 1:
        mean = sum(len(lines[one].span.of(text)) for one in run) / len(run)
        captioned = bool(run[0]) and is_title(before) and not lines[run[0] - 1].heading and not lines[run[0]].blanks
        return not before.endswith(":") and mean > (_CAPTIONED_ITEM_MEAN if captioned else _ITEM_MEAN)
    if not rest:
        return bool(lines[at].heading)
    if before.endswith(":"):
        return False
    if is_title(rest) or found[at].value[0] > 1:
        return True
    return any(found[later].value == (2,) and later > at + 1 for later in order[place + 1 :])
