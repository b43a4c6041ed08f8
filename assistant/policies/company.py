"""Whose policy a text is: the name that it gives itself, as well as it can be told."""

from __future__ import annotations

import re
from collections import Counter

_HEAD = 6000
_FORM = r"(?:Inc|LLC|Ltd|Limited|GmbH|AG|S\.A|SA|SL|B\.V|Corp|Co|LLP|PLC)\b\.?"
# Of bounded length, from the start of a word: a line without spaces must not be tried at each place to each length.
_NAME = rf"(?<![^\W_])[^\W_][\w&’'.-]{{0,80}}(?:[ ](?:[A-ZА-ЯЁ][\w&’'.-]{{0,80}}|&|of|and)){{0,12}}(?:,?[ ]{_FORM})?"
_US = r"we|us|our|ours|company|operator|controller|nosotros|nous|wir|мы|оператор|компания|我们"
# Acme ("we," "us") · Acme (hereinafter the "Operator") · Mozilla (that's us) · Acme, Inc. (“Acme”)
_DEFINED = re.compile(
    rf"(?P<name>{_NAME}),?\s*[(（]"
    rf"(?i:[^()（）]{{0,80}}?[\"“‘'„«](?:the\s)?(?:{_US})[,.]?[\"”’'“»]|that[’']s\s+us\b|es\s+decir,\s+nosotros\b)"
    rf"|(?P<legal>{_NAME})\s*[(（](?:the\s)?[\"“]"
)
_LEGAL_FORM = re.compile(rf",?[ ]{_FORM}$")
_ADDRESS = re.compile(r"@((?:[\w-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
_SITE = re.compile(r"(?:https?://|www\.)((?:[\w-]+\.)+[a-z]{2,})\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w’-]*")
_FREE_MAIL = frozenset("gmail googlemail outlook hotmail live yahoo icloud aol proton protonmail gmx mail".split())
_SECOND_LEVEL = frozenset("co com org net gov ac edu".split())
# Words of titles and file names that name no company.
_GENERIC = frozenset(
    "privacy policy policies notice statement terms cookie cookies data protection processing addendum agreement dpa "
    "gdpr ccpa eu uk us en ru es de fr zh final draft version rev updated new old copy the our your general global "
    "security overview unnamed untitled document doc file sample test example scan page index website site web app and "
    "of for to on a an this we legal personal information california candidate subprocessors accounts websites user "
    "services users customer public".split()
)


def company_of(id_: str, title: str, text: str) -> str:
    """The name of the company, "" where nothing tells it.

    Tried in turn: the name that the text defines as "we"; then, where they are words of the text too, the domain of its
    addresses, the first word of its title, a word of its id and the domains that it names; at last a word of its id.
    """
    for found in _DEFINED.finditer(text[:_HEAD]):
        name = _defined_name(found)
        if name and name.split()[0].casefold() not in _GENERIC:
            return name
    words = Counter(_WORD.findall(_ADDRESS.sub(" ", _SITE.sub(" ", text))))
    addresses = [label for label in _labels(_ADDRESS, text) if label not in _FREE_MAIL]
    leading = [word for word in _WORD.findall(title)[:1] if word.casefold() not in _GENERIC]
    stem = [word for word in re.split(r"[\W_]+", id_) if _is_telling(word)][:1]
    for label in [*addresses, *leading, *stem, *_labels(_SITE, text)]:
        if spelt := _spelt(label, words):
            return spelt
    return "".join(word.capitalize() if word.islower() and word[0].isalpha() else word for word in stem)


def _defined_name(found: re.Match[str]) -> str:
    """The name that a definition defines, without the words of the sentence before it and without its legal form."""
    name = found["name"] or found["legal"]
    if found["legal"] and not _LEGAL_FORM.search(name):
        return ""
    parts = name.split()
    while len(parts) > 1 and not (parts[0][0].isupper() or parts[0][0].isdigit()):
        parts.pop(0)
    return _LEGAL_FORM.sub("", " ".join(parts)).strip(" ,.")


def _is_telling(word: str) -> bool:
    return word.casefold() not in _GENERIC and sum(char.isalpha() for char in word) > 2


def _labels(pattern: re.Pattern[str], text: str) -> list[str]:
    """The telling part of each domain that `pattern` finds ("italki" of support.italki.com), most frequent first."""
    found: Counter[str] = Counter()
    for match in pattern.finditer(text):
        parts = match.group(1).casefold().split(".")[:-1]
        while len(parts) > 1 and parts[-1] in _SECOND_LEVEL:
            parts.pop()
        found[parts[-1]] += 1
    return [label for label, _ in found.most_common()]


def _spelt(label: str, words: Counter[str]) -> str:
    """`label` as the text writes it most often, "" where it is not a word of the text."""
    known = {word: count for word, count in words.items() if word.casefold() == label.casefold()}
    return max(known, key=lambda word: (known[word], word)) if sum(known.values()) > 1 else ""
