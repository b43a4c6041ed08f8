"""Clause numbers that a text asks for: "5.8.3", "section 3.4", "п. 5.8", "第5.8.3条"; no dates, versions or laws."""

from __future__ import annotations

import re

from assistant.answering.words import plain

# A number as clauses print it: 5, 5.8.3, 3(a), IV; the final dot is not part of it.
_DOTTED = r"\d{1,3}(?:\.\d{1,3}){1,5}(?![\d]|\.\d)"
_TAIL = r"(?:\s?\([0-9a-zа-я]{1,4}\))*"
_ANY = rf"(?:{_DOTTED}|\d{{1,3}}(?![\d.,]*\d)|\([0-9a-z]{{1,4}}\)|[IVXLC]+\b)"
_KEYWORD = (
    r"(?:§{1,2}|\b(?:sections?|sec|sect|clauses?|articles?|art|paragraphs?|para|points?|items?|chapters?|annex|appendix"
    r"|subsections?|sub-?clauses?|пп?|пункт\w*|подпункт\w*|раздел\w*|стать[яеиюёй]\w*|ст|secci[oó]n(?:es)?|cl[aá]usulas?"
    r"|art[ií]culos?|apartados?|puntos?|abschnitt\w*|ziffern?|klauseln?|artikeln?|absatz|absätze|punkte?|clauses?"
    r"|paragraphes?|seç[aã]o|artigos?|sezione|articolo|numbers?)\b|第|条款|條款)"
)
_MORE = r"(?:\s*(?:,|and|or|&|и|или|y|o|und|oder|et|ou|和|、|-|–)\s*(?:and\s+)?(?:§\s?)?"
_KEYED = re.compile(
    rf"{_KEYWORD}\.?\s*(?:no\.?\s*|number\s+)?(?P<all>{_ANY}{_TAIL}{_MORE}{_DOTTED}{_TAIL})*)", re.IGNORECASE
)
_NUMBER = re.compile(rf"{_ANY}{_TAIL}", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w.,/:@$€£¥№#+-]){_DOTTED}{_TAIL}(?![\w/%]|,\d|-\d)")

_LAW = (
    r"(?:\w*law|act|gdpr|u\.?k\.? gdpr|ccpa|cpra|lgpd|regulations?|directive|code|constitution|convention|treaty"
    r"|закон\w*|фз|кодекс\w*|ley|reglamento|rgpd|dsgvo|bdsg|tddd?g|gesetz\w*|loi|règlement)\b|法|条例"
)
# "article 10.1 of the Personal Data Law" and "GDPR article 17" are clauses of a law, not of a policy.
_OF_LAW = re.compile(
    rf"\s*,?\s*(?:(?:of|from|under|in|to|de|del|der|des|du|von|о|об|от)\s+(?:(?!policy|policies|notice)[\w'-]+\s+){{0,5}}?)?"
    rf"(?:№?\s*\d+-?\s*)?(?:{_LAW})",
    re.IGNORECASE,
)
_LAW_BEFORE = re.compile(rf"(?:{_LAW})[\s,:'’s-]{{1,4}}(?:of\s+)?$", re.IGNORECASE)
# Numbers of other things: versions, products ("iOS 14.4.1", "OAuth 2.0"), dates in words.
_VERSION_BEFORE = re.compile(
    r"\b(?:version|versión|versions|ver|v|верси\w+|release|build)\.?\s*$|版本\s*$", re.IGNORECASE
)
_PRODUCT_BEFORE = re.compile(r"(?:\b[\w-]*[A-Z]{2,}\w*|\b(?:[A-Z][a-z]+|i[A-Z]\w+))\s+$")
_UNIT_AFTER = re.compile(
    r"\s*(?:%|percent|per cent|million|billion|thousand|[kmg]b\b|times|stars?\b|usd|eur|rub|dollars|euros?\b|руб\w*|млн"
    r"|млрд|days?|months?|years?|hours?|minutes?|seconds?)",
    re.IGNORECASE,
)
# What may stand before a bare "6.3" for it to be a clause: nothing, or a word that asks for reading.
_ASKED_BEFORE = re.compile(
    r"(?:^|[(\[\"“«:?!.]|\b(?:in|under|see|does|is|show|me|read|open|quote|explain|per|and|about|to|of|what's|policy|notice"
    r"|statement|say|says|at|from|is|by|в|во|что|о|об|из|политик\w*|en|de|dice|was|steht|unter|in|dit)\b)\s*$",
    re.IGNORECASE,
)


def clause_numbers(text: str) -> tuple[str, ...]:
    """The clause numbers in `text`, in order, each once, without final dots."""
    flat = plain(text)
    found: dict[int, str] = {}
    for match in _KEYED.finditer(flat):
        if _of_law(flat, match.start(), match.end()):
            found.update({at.start() + match.start("all"): "" for at in _NUMBER.finditer(match["all"])})
            continue
        for number in _NUMBER.finditer(match["all"]):
            if _roman(number.group()) and not number.group().isupper():
                continue
            found[match.start("all") + number.start()] = number.group()
    for match in _BARE.finditer(flat):
        if match.start() not in found and _is_clause(flat, match):
            found[match.start()] = match.group()
    numbers = (re.sub(r"\s", "", found[at]) for at in sorted(found))
    return tuple(dict.fromkeys(number for number in numbers if number))


def _of_law(text: str, start: int, end: int) -> bool:
    """Whether the clause reference at this range is one to a law."""
    return bool(_OF_LAW.match(text, end) or _LAW_BEFORE.search(text[:start]))


def _roman(number: str) -> bool:
    return number[0].isalpha()


def _is_clause(text: str, match: re.Match[str]) -> bool:
    """Whether a dotted number without keyword is a clause number."""
    before, number = text[: match.start()], match.group().split("(")[0].strip()
    parts = number.split(".")
    odd = any(len(part) > 1 and part.startswith("0") for part in parts) or any(len(part) > 2 for part in parts)
    if odd or _VERSION_BEFORE.search(before) or _UNIT_AFTER.match(text, match.end()) or _of_law(text, *match.span()):
        return False
    asked = bool(_ASKED_BEFORE.search(before))
    if _PRODUCT_BEFORE.search(before) and not asked:
        # A capital before a number names a product ("Android 4.4"), except a lone name before three parts ("Unistudy 5.8.2").
        return len(before.split()) == 1 and len(parts) > 2
    return asked or len(parts) > 2 or not re.search(r"\w", before)
