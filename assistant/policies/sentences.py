"""Span of text → spans of its sentences, for every script of the corpus, glued ones included.

Published policies lose spaces where markup was stripped ("…or not.You have choices…"), so a full stop also ends a
sentence where the next letter stands directly behind it, unless the dot belongs to a domain, a number or an initial.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from assistant.types import Span

# Words whose full stop does not end a sentence, and those that end one only before a capital.
_ABBREVIATIONS = frozenset(
    "e.g i.e cf vs no nos art arts sec para mr mrs ms dr st approx dept est fig vol pp ed al jan feb mar apr jun jul "
    "aug sep sept oct nov dec г т.е т.д т.п др ст п пп им руб стр p.ej sr sra ud uds núm z.b bzw ggf d.h nr abs".split()
)
_SOFT_ABBREVIATIONS = frozenset("etc inc ltd llc corp co usw".split())
_INITIALS = re.compile(r"(?:.*\W)?(?:[^\W\d_]\.)+[^\W\d_]")
_SPACED = re.compile(
    r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？；][”’」』）]*|;(?=\s*\n)|\n\s*\n|\n(?=\s*(?:[•●▪◦○‣·*–—-]\s|\d{1,2}[.)]\s))"
)
_GLUED = re.compile(r"(?<=[^\W\d_)\]”’\"…])[.!?…:]+[”’\")\]]*(?=[^\W\d_])|(?<=[a-z0-9]\))(?=[^\W\d_])")
_WORD = re.compile(r"[^\W\d_]+")
_SPACE, _UNSPACED = re.compile(r"\s*"), re.compile(r"\S{0,200}")
# Letters or numbers of clauses, alone on their line.
_LABEL = re.compile(r"\s*(?:\(?[a-z]{1,4}|\d{1,3}(?:\.\d{1,3})*)")
_LONGEST_LABEL = 200
# Code points of a word around a stop that are looked at: a web address may be as long.
_LONGEST_TOKEN = 200
_LOWER_START = re.compile(r"(?:^|[.!?]\s+)([a-zа-я]\w+)")


def sentences(text: str, span: Span) -> tuple[Span, ...]:
    """Sentences inside `span`, without surrounding white space, disjoint and in order.

    Together they hold every character of the span that is not white space.
    """
    part = span.of(text)
    cuts = sorted({m.end() for m in _SPACED.finditer(part) if _ends(text, part, m)} | _glued_cuts(text, part))
    found: list[Span] = []
    at = 0
    for cut in [*cuts, len(part)]:
        piece = part[at:cut]
        if piece.strip():
            start = span.start + at + len(piece) - len(piece.lstrip())
            found.append(Span(start, start + len(piece.strip())))
        at = cut
    return tuple(found)


def last_sentence(text: str, span: Span) -> Span:
    """The sentence that ends `span`, the whole span where it holds none."""
    found = sentences(text, span)
    return found[-1] if found else span


@lru_cache(maxsize=16)
def _brands(text: str) -> frozenset[str]:
    """Lower-case words that start sentences, as names such as "italki" do."""
    counts = Counter(_LOWER_START.findall(text))
    return frozenset(word for word, count in counts.items() if count > 1)


def _glued_cuts(text: str, part: str) -> set[int]:
    return {m.end() for m in _GLUED.finditer(part) if _parts_sentences(text, part, m)}


def _parts_sentences(text: str, part: str, match: re.Match[str]) -> bool:
    """Whether a stop without a space behind it ends a sentence: not in a domain, a name with a dot, an abbreviation."""
    earliest = max(0, match.start() - _LONGEST_TOKEN)
    start = max(part.rfind(" ", earliest, match.start()), part.rfind("\n", earliest, match.start()), earliest - 1) + 1
    token = part[start : match.end()] + _matched(_UNSPACED, part, match.end())
    following = _WORD.match(part, match.end())
    if following is None or any(mark in token for mark in ("@", "://", "www.")):
        return False
    word = following.group()
    if not (word[0].isupper() and word[1:2].islower()) and word not in _brands(text):
        return False
    before = _WORD.findall(part[start : match.start()])
    named = bool(before) and before[-1][0].isupper() and match.group().startswith(".")
    return _ends(text, part, match) and not (named and len(re.findall(rf"\b{before[-1]}\b", text)) < 2)


def _ends(text: str, part: str, match: re.Match[str]) -> bool:
    """Whether the stop that `match` found ends a sentence: not behind an abbreviation, initials or a bare number."""
    if not match.group().startswith("."):
        return True
    following = _WORD.match(part, match.end() + len(_matched(_SPACE, part, match.end())))
    lower = following is not None and following.group()[0].islower() and following.group() not in _brands(text)
    word = (part[max(0, match.start() - 20) : match.start()].split() or [""])[-1]
    bare = word.lstrip("(\"'“‘«[").casefold()
    if bare in _ABBREVIATIONS or _INITIALS.fullmatch(bare) or (len(bare) == 1 and word[-1].isupper()):
        return False
    if lower and (bare in _SOFT_ABBREVIATIONS or match.group() == "."):
        return False
    line = part.rfind("\n", max(0, match.start() - _LONGEST_LABEL), match.start()) + 1
    return line + _LONGEST_LABEL <= match.start() or not _LABEL.fullmatch(part, line, match.start())


def _matched(pattern: re.Pattern[str], text: str, start: int) -> str:
    """What `pattern` matches at `start`, where it may match nothing."""
    found = pattern.match(text, start)
    return found.group() if found else ""
