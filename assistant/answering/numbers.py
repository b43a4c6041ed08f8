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
    r"|paragraphes?|seç[aã]o|artigos?|sezione|articolo|parts?)\b|第|条款|條款)"
)
_MORE = r"(?:\s*(?:,|and|or|&|и|или|y|o|und|oder|et|ou|和|、|-|–)\s*(?:and\s+)?(?:§\s?)?"
_UNIT = (
    r"(?:%|(?:percent|per cent|million|billion|thousand|[kmg]b|times|stars?|usd|eur|rub|dollars|euros?|руб\w*|млн|млрд"
    r"|days?|months?|years?|hours?|minutes?|seconds?)\b)"
)
_KEYED = re.compile(
    rf"{_KEYWORD}\.?\s*(?:no\.?\s*|number\s+)?(?P<all>{_ANY}{_TAIL}(?!\s*{_UNIT}){_MORE}(?:{_DOTTED}|\d{{1,2}}(?![\d.])){_TAIL}(?!\s*{_UNIT}))*)",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(rf"\s*{_UNIT}", re.IGNORECASE)
_NUMBER = re.compile(rf"{_ANY}{_TAIL}", re.IGNORECASE)
_BARE = re.compile(rf"(?<![\w.,/:@$€£¥№#+-]){_DOTTED}{_TAIL}(?![\w/%]|,\d|-\d)")

# A question that is a number and nothing else, but perhaps a policy.
_ALONE = re.compile(r"\W*(?:policy\W*)?(\d{1,3})\.?\W*")

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
# What may stand before a bare "6.3" for it to be a clause: nothing, or a word that asks for reading.
_ASKED_BEFORE = re.compile(
    r"(?:^|[(\[\"“«:?!.]|\b(?:in|under|see|does|show|me|read|open|quote|explain|per|and|about|to|of|what's|policy|notice"
    r"|statement|say|says|в|во|что|о|об|из|политик\w*|en|de|dice|was|steht|unter|in|dit)\b)\s*$",
    re.IGNORECASE,
)


def clause_numbers(text: str) -> tuple[str, ...]:
    """The clause numbers in `text`, in order, each once, without final dots.

    Names of policies should be written "policy" in `text`: a capital before a bare number is taken for a product.
    """
    flat = plain(text)
    alone = _ALONE.fullmatch(flat)
    if alone:
        return (alone[1],)
    found: dict[int, str] = {}
    for match in _KEYED.finditer(flat):
        law = _of_law(flat, match.start(), match.end())
        for number in _NUMBER.finditer(match["all"]):
            skipped = law or (number.group()[0].isalpha() and not number.group().isupper())
            found[match.start("all") + number.start()] = "" if skipped else number.group()
    for match in _BARE.finditer(flat):
        if match.start() not in found and _is_clause(flat, match):
            found[match.start()] = match.group()
    numbers = (re.sub(r"\s", "", found[at]) for at in sorted(found))
    return tuple(dict.fromkeys(number for number in numbers if number))


def _of_law(text: str, start: int, end: int) -> bool:
    """Whether the clause reference at this range is one to a law."""
    return bool(_OF_LAW.match(text, end) or _LAW_BEFORE.search(text[:start]))


def _is_clause(text: str, match: re.Match[str]) -> bool:
    """Whether a dotted number without keyword is a clause number."""
    before, number = text[: match.start()], match.group().split("(")[0].strip()
    parts = number.split(".")
    odd = any(part.startswith("0") or len(part) > 2 for part in parts)
    if odd or _VERSION_BEFORE.search(before) or _UNIT_AFTER.match(text, match.end()) or _of_law(text, *match.span()):
        return False
    if _ASKED_BEFORE.search(before):
        return True
    # A capital before a number names a product: "Android 4.4", "iOS 14.4.1".
    return len(parts) > 2 and not _PRODUCT_BEFORE.search(before)
