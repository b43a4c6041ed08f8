"""How policies refer to clauses, in the languages that they come in, and what tells that a law's clause is meant."""

from __future__ import annotations

import re
from enum import StrEnum

_FLAGS = re.IGNORECASE
# 5, 5.8.3, 5(a)(ii), (a); never part of a longer number, an amount or a date.
_NUMBER = r"(?:\d{1,3}(?:\.\d{1,3}){0,5}(?![\d%€$]|[.,]\d|/\d)(?:\s?\([0-9a-zа-я]{1,4}\))*|(?:\([0-9a-z]{1,4}\))+)"
# What a law calls its parts more often than a policy does.
_STRICT = r"§{1,2}|articles?|art|стат(?:ья|ьи|ье|ью|ей|ьями|ьях)|ст|art[ií]culos?|artikel[ns]?|artigos?|articol[oi]"
# What stands within the clause that speaks.
_INNER = (
    r"(?:sub-?)?paragraphs?|paras?|points?|items?|подпункт\w*|пп|апартад\w*|apartados?|p[aá]rrafos?|puntos?|absatz|absätze"
    r"|nummern?|paragraphes?|alin[eé]as?"
)
_OUTER = (
    r"(?:sub-?)?clauses?|(?:sub-?)?sections?|sec|cl|pp|p|п|пункт\w{0,3}|раздел\w{0,3}|cl[aá]usulas?|secci[oó]n(?:es)?"
    r"|ziffern?|ziff|abschnitt\w{0,2}|klauseln?|punkte?s?|rubriques?|se[cç]ç?[aã]o|sezion[ei]|clausol[ae]"
)
_AND = (
    r"\s*(?:,|;|-|–|—|and|or|to|through|and/or|&|и|или|по|до|y|o|e|a|al|und|oder|bis|et|ou|à)\s*"
    r"(?:(?:and|or|и|y|und|et)\s+)?"
)
_MORE = rf"(?:{_AND}(?:§\s?)?{_NUMBER})*"
LABELLED = re.compile(
    rf"(?:(?<![\w.-])(?P<label>{_STRICT}|{_INNER}|{_OUTER})\.?\s*(?:n[o°]\.?\s*)?(?P<all>{_NUMBER}{_MORE})"
    rf"|(?P<chinese>第)\s*(?P<one>\d{{1,3}}(?:\.\d{{1,3}}){{0,5}})\s*(?:条|條|款|节|節|章|部分|项|項))",
    _FLAGS,
)
ITEM = re.compile(_NUMBER, _FLAGS)
# "Schedule 3", "ANNEX II", "Anexo B".
_SCHEDULES = (
    r"schedules?|annex(?:es)?|appendi(?:x|ces)|exhibits?|anhang|anlage|annexe|anexo|ap[eé]ndice|приложени[еяюи]"
)
SCHEDULE = re.compile(rf"\b(?P<word>{_SCHEDULES})\s+(?:№\s*)?(?P<name>\d{{1,2}}|[IVX]{{1,5}}|[A-Z])\b", _FLAGS)
OF_SCHEDULE = re.compile(rf"\s*,?\s*(?:of|to|in|der|des|de|du|del|к)\s+(?:the\s+)?(?={SCHEDULE.pattern})", _FLAGS)

_DOCUMENT = (
    r"(?:polic(?:y|ies)|notices?|statements?|agreements?|addend(?:um|a)|documents?|terms|disclosures?|declarations?"
    r"|rules|политик\w+|положени\w+|соглашени\w+|документ\w*|уведомлени\w+|условий|pol[ií]ticas?|avisos?|declaraci[oó]n"
    r"|documentos?|acuerdos?|\w*erklärung|\w*richtlinien?|\w*hinweisen?|\w*bestimmungen|\w*vereinbarung|dokuments?"
    r"|politiques?|avis|déclaration|notice|informativa|documento)"
)
_SELF = (
    r"(?:this|these|the\s+present|hereof|настоящ\w{2,3}|данн(?:ой|ого)|этой|этого|est[ae]|(?:el|la)\s+presente|diese[rsnm]?"
    r"|(?:der|dieser)\s+vorliegenden|(?:la|le)\s+présente?|cette|ce|cet|desta|deste|questa|della\s+presente)"
)
_OF = r"(?:of|to|in|under|from|within|de|del|der|des|du|von|in|unter|в|к)"
_OWN_AFTER = re.compile(
    rf"\s*,?\s*(?:\([^()]{{1,80}}\)\s*)?(?:(?:{_OF}\s+)?{_SELF}\s+(?:[\w-]+\s+){{0,2}}?{_DOCUMENT}\b"
    r"|(?:above|below|hereof|herein|выше|ниже|arriba|abajo|anterior|siguiente|oben|unten|ci-dessus|ci-dessous)\b"
    r"|(?-i:Политики)\b|本(?:政策|声明|聲明|协议|協議|通知|隐私政策))",
    _FLAGS,
)
_OWN_BEFORE = re.compile(r"(?:本\w{0,4}?(?:政策|声明|聲明|协议|協議|通知|条款|條款)(?:的|之)?|前述|上述|下述)\s*$")
_LAWS = (
    r"(?:\w*laws?|acts?|gdpr|ccpa|cpra|lgpd|coppa|hipaa|pipeda|regulations?|directives?|codes?|constitution|convention|treaty"
    r"|u\.?s\.?c\.?|c\.?f\.?r\.?|statutes?|закон\w*|фз|кодекс\w*|гк|рф|регламент\w*|директив\w*|конвенци\w*|постановлени\w*"
    r"|приказ\w*|указ\w*|leyes|ley|reglamento|rgpd|lopd\w*|dsgvo|ds-gvo|bdsg|tt?d?dsg|tmg|uwg|bgb|gesetz\w*|verordnung"
    r"|loi|lois|règlement|decreto|código|code)"
)
_LAW_BEFORE = re.compile(rf"(?:{_LAWS}(?!\w)|[法例]|》|§|(?-i:\b[A-ZА-Я]{{3,}}))[\s,:'’()\d–-]{{0,6}}$", _FLAGS)
_LAW_AFTER = re.compile(rf"[\s,(]*(?:{_OF}\s+)?(?:[\w’'№./-]+\s+){{0,5}}?{_LAWS}\b", _FLAGS)
# Whatever else "of" leads to is another text; so is an acronym right after the number, or a part of a part.
_OTHER_AFTER = re.compile(
    r"\s*,?\s*(?:(?:of|de|del|der|des|du|von|dem|d[’'])\s?\w|(?:UK |EU )?[A-ZА-ЯЁ]{2,}\b|стать[ияей]|част[иь]\s)"
)
_NEITHER = re.compile(r"\s*(?:of|%|percent|per cent|days?|years?|months?|hours?|minutes?|euros?|dollars?)\b")


class Whose(StrEnum):
    """Whose clause a number is."""

    # Said to be of this very document.
    OWN = "own"
    # Nothing is said: of this document, where it has such a clause.
    OPEN = "open"
    # A law's or another text's.
    OTHER = "other"


def whose(text: str, start: int, end: int, own: frozenset[str]) -> Whose:
    """Whose clause the words at `[start, end)` mean, by what stands around them.

    Args:
        text: of the block.
        start: where the label starts.
        end: where the last number ends.
        own: short names that the document has for itself, folded: {"dpa"}.
    """
    before, after = text[max(0, start - 40) : start], text[end : end + 120]
    named = re.match(r"\s*,?\s*(?:of|to|in|under)\s+(?:the|this)\s+(\w+)", after)
    if _OWN_AFTER.match(after) or _OWN_BEFORE.search(before) or (named and named[1].casefold() in own):
        return Whose.OWN
    sentence = re.split(r"[.;。](?:\s|$)", after, maxsplit=1)[0]
    if _LAW_BEFORE.search(before) or _LAW_AFTER.match(sentence) or _OTHER_AFTER.match(after) or _NEITHER.match(after):
        return Whose.OTHER
    return Whose.OPEN


def is_strict(label: str) -> bool:
    """Whether laws use this label for their parts more than policies do."""
    return re.fullmatch(_STRICT, label, _FLAGS) is not None


def is_inner(label: str) -> bool:
    """Whether the label means a part of the clause that speaks."""
    return re.fullmatch(_INNER, label, _FLAGS) is not None
