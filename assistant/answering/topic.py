"""What a question is about once names, clause references and turns of phrase around it are gone."""

from __future__ import annotations

import re

from assistant.answering.cues import is_empty
from assistant.answering.names import Naming
from assistant.answering.words import stem
from assistant.types import fold

_POLICY = r"(?:\w+\s+){0,3}?(?:privacy|cookie)?s?\s*(?:policy|policies|notice|notices|statement)"
_BOILERPLATE = re.compile(
    rf"""^\W*(?:please\s+|pls\s+|hi,?\s+|hello,?\s+)+
    |^\W*(?:can|could|would)\s+you\s+(?:please\s+)?(?:tell\s+me|show\s+me|explain)\s*(?:whether|if|about)?
    |^\W*(?:tell|show)\s+me\s*(?:whether|if|about)?|^\W*(?:i(?:'d|\s+would)?\s+(?:like|want)\s+to\s+know)\s*(?:whether|if)?
    |^\W*do\s+you\s+know\s+(?:whether|if)?
    |\b(?:according\s+to|under|as\s+per|based\s+on)\s+(?:the\s+|your\s+|this\s+|its\s+)?{_POLICY}\b
    |\b(?:what|where|which\s+\w+)\s+(?:does|do|of|in)\s+(?:the\s+|your\s+|this\s+)?{_POLICY}\s+
        (?:say|says|mention|mentions|talks?|state)\s*(?:about|of)?
    |(?:,\s*)?(?:and\s+)?what\s+does\s+(?:the\s+|your\s+)?{_POLICY}\s+say\s+about\s+the\s+same(?:\s+thing)?
    |\b(?:in\s+)?which\s+of\s+(?:these|the|those)\s+(?:companies|policies|services|sites)\b
    |[,\s]+(?:compared\s+(?:with|to)|versus|vs\.?|each)(?=\W*$)
    |\bсогласно\s+политик\w+(?:\s+конфиденциальности)?|\bsegún\s+la\s+política(?:\s+de\s+privacidad)?
    |\blaut\s+(?:der\s+)?datenschutz\w+|\bselon\s+la\s+politique(?:\s+de\s+confidentialité)?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CLAUSE = re.compile(
    r"\b(?:in\s+)?(?:section|clause|article|paragraph|п\.|пункт\w*|раздел\w*|sección|cláusula|abschnitt|ziffer)\s*§?\s*"
    r"\d[\d.]*(?:\([a-z0-9]+\))*(?:\s+of)?|第\s*\d[\d.]*\s*[条款]",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\s*\b(?:according to|on|at|of|by|in|with|from|for|на|в|у|de|en|bei|von|auf|chez|sur)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_OWNER = re.compile(r"['’](?:s\b|(?=\s))")
_KIND = re.compile(r"['’]?s?\s+(?:\w+\s+){0,3}?(?:policy|policies|notices?|statement)\b", re.IGNORECASE)
_TOP_LEVEL = re.compile(r"\.(?:com|org|net|me|io|ru)\b")
_AGREEMENT = {
    "does you": "do you",
    "is you": "are you",
    "has you": "have you",
    "was you": "were you",
    "you has": "you have",
}
# The verb after a name that became "you": "italki relies on" → "you rely on".
_VERB = re.compile(r"^ (?!(?:is|as|was|has|does|us|this|always)\b)([a-z]{2,}[a-rt-z]s)\b")
_DISAGREES = re.compile(rf"\b(?:{'|'.join(_AGREEMENT)})\b", re.IGNORECASE)


def topic(text: str, named: Naming, language: str = "en") -> str:
    """`text` without the names in `named` and without boilerplate; `text` itself where nothing would be left.

    In English the company becomes "you", the way that most questions address it.
    """
    out = text
    for start, end in reversed(named.places(text)):
        out = _without_name(out, start, end, english=language == "en")
    out = _CLAUSE.sub(" ", _BOILERPLATE.sub(" ", _DISAGREES.sub(_agreeing, out)))
    out = fold(re.sub(r"\s+(?=[?.,!])|(?<=[¿¡])\s+", "", out)).strip(" ,;:-–")
    return out if any(not is_empty(word) for word in re.findall(r"\w+", out)) else text


def _without_name(text: str, start: int, end: int, english: bool) -> str:
    """`text` with the name at this range taken out or, in English, made "you" or "your"."""
    before, after = text[:start], _TOP_LEVEL.sub("", text[end:], count=1) if text[end : end + 1] == "." else text[end:]
    owner = _OWNER.match(after)
    if owner:
        after = after[owner.end() :]
        return f"{before}your{after}" if english and not before.endswith("the ") else before + after
    if _KIND.match(after):
        return before + after
    place = _PLACE.search(before)
    if place:
        return before[: place.start()] + " " + after
    # "GitHub Copilot": what follows is the subject.
    if not (english and before.strip() and after.strip(" ?.!")) or re.match(r" [A-Z]", after):
        return before + after
    return f"{before}you{_VERB.sub(lambda match: ' ' + stem(match[1]), after, count=1)}"


def _agreeing(match: re.Match[str]) -> str:
    right = _AGREEMENT[match.group().casefold()]
    return right.capitalize() if match.group()[0].isupper() else right
