"""Span of text → spans of its sentences, for every script of the corpus, glued ones included.

Published policies lose spaces where markup was stripped ("…or not.You have choices…"), so a full stop also ends a
sentence where the next letter stands directly behind it, unless the dot belongs to a domain, a number or an initial.
"""

from __future__ import annotations

import re

from assistant.types import Span

# Words whose full stop does not end a sentence.
_ABBREVIATIONS = frozenset(
    "e.g i.e etc cf vs no nos art arts sec para inc ltd llc co corp mr mrs ms dr st approx dept est fig vol pp ed al "
    "u.s u.k e.u a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec г т.е т.д т.п др ст п пп им руб стр "
    "p.ej art sr sra ud uds núm z.b bzw usw ggf d.h nr abs".split()
)
_SPACED = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？；][”’」』）]*|;(?=\s*\n)|\n\s*\n|\n(?=\s*(?:[•●▪◦○‣·*–—-]\s|\d{1,2}[.)]\s))")
_GLUED = re.compile(r"(?<=[a-zа-яё)\]”’\"…])[.!?…]+[”’\")\]]*(?=[A-ZА-ЯЁ])|:(?=[A-Z][a-z])|(?<=[a-z0-9]\))(?=[A-Z][a-z])")
_LAST_WORD = re.compile(r"(\S+?)[.!?…]*$")


def sentences(text: str, span: Span) -> tuple[Span, ...]:
    """Sentences inside `span`, without surrounding white space, disjoint and in order.

    Together they hold every character of the span that is not white space.
    """
    part = span.of(text)
    cuts = sorted({m.end() for m in _SPACED.finditer(part) if _ends(part, m)} | _glued_cuts(part))
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


def _glued_cuts(part: str) -> set[int]:
    return {m.end() for m in _GLUED.finditer(part) if _ends(part, m) and not _in_domain(part, m)}


def _ends(part: str, match: re.Match[str]) -> bool:
    """Whether the stop that `match` found ends a sentence: not behind an abbreviation, an initial or a bare number."""
    if not match.group().startswith("."):
        return True
    word = part[max(0, match.start() - 20) : match.start()].split()[-1:] or [""]
    bare = word[0].lstrip("(\"'“‘«[").casefold()
    if bare in _ABBREVIATIONS or (len(bare) == 1 and bare.isalpha() and word[0].isupper()):
        return False
    line = part.rfind("\n", 0, match.start()) + 1
    return not re.fullmatch(r"\s*(?:\(?[a-z]{1,4}|\d{1,3}(?:\.\d{1,3})*)", part[line : match.start()])


def _in_domain(part: str, match: re.Match[str]) -> bool:
    """Whether a stop without a space behind it stands inside a domain name or address."""
    start = max(part.rfind(" ", 0, match.start()), part.rfind("\n", 0, match.start())) + 1
    ahead = re.match(r"\S*", part[match.end() :])
    token = part[start : match.end()] + (ahead.group() if ahead else "")
    return "@" in token or "://" in token or "www." in token
