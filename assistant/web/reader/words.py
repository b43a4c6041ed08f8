"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Indel

# A word with the white space after it; East Asian characters one by one.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[\w’'-]+|[^\w\s]", re.UNICODE)
# Words that are compared at most, on both sides together: finding the longest common sequence takes their product.
_MOST = 40_000
# Equal words between two changes that are too few to be worth reading on their own.
_ISLAND = 2


class Change(NamedTuple):
    """A part of a text; joined, the parts of one side are its text."""

    text: str
    # Whether the other side lacks it.
    changed: bool


def changes(old: str, new: str) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Both texts, cut where one differs from the other; white space alone makes no difference."""
    left, right = _tokens(old), _tokens(new)
    if len(left) + len(right) > _MOST:
        return (Change(old, True),), (Change(new, True),)
    found = Indel.opcodes([word for word, _ in left], [word for word, _ in right])
    equal = [(op.src_start, op.src_end, op.dest_start, op.dest_end) for op in found if op.tag == "equal"]
    kept = [
        each
        for each in equal
        if each[1] - each[0] > _ISLAND or each[0] == each[2] == 0 or (each[1], each[3]) == (len(left), len(right))
    ]
    return (
        _parts(old, left, [(start, end) for start, end, _, _ in kept]),
        _parts(new, right, [(start, end) for _, _, start, end in kept]),
    )


def _tokens(text: str) -> list[tuple[str, int]]:
    """Words with the offset at which each starts."""
    return [(match.group(), match.start()) for match in _WORD.finditer(text)]


def _parts(text: str, tokens: Sequence[tuple[str, int]], equal: Sequence[tuple[int, int]]) -> tuple[Change, ...]:
    out: list[Change] = []
    at = 0
    for start, end in equal:
        first = tokens[start][1]
        last = tokens[end - 1][1] + len(tokens[end - 1][0])
        out += [*_changed(text[at:first]), Change(text[first:last], False)]
        at = last
    out += _changed(text[at:])
    return tuple(part for part in out if part.text)


def _changed(text: str) -> list[Change]:
    """A changed part with the white space around it left out of the change."""
    inner = text.strip()
    if not inner:
        return [Change(text, False)]
    start = text.index(inner)
    return [Change(text[:start], False), Change(inner, True), Change(text[start + len(inner) :], False)]
