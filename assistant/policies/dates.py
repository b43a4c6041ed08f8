"""The date that a policy gives for itself, as exact as its text is; nothing is inferred."""

from __future__ import annotations

import re
from datetime import date

_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    )
    for number, name in enumerate(names.split(), start=1)
} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?P<m1>\b(?:{_MONTH}))\.?\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?P<y1>(?:19|20)\d\d)\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?(?P<m2>{_MONTH})\.?,?\s+(?:del?\s+)?(?P<y2>(?:19|20)\d\d)\b"
    rf"|\b(?P<m3>{_MONTH})\.?,?\s+(?:del?\s+)?(?P<y3>(?:19|20)\d\d)\b"
    r"|\b(?P<y4>(?:19|20)\d\d)(?P<s4>[-/.])(?P<m4>\d{1,2})(?P=s4)(?P<d4>\d{1,2})\b"
    r"|\b(?P<d5>\d{1,2})(?P<s5>[./])(?P<m5>\d{1,2})(?P=s5)(?P<y5>(?:19|20)\d\d)\b"
    r"|(?P<y6>(?:19|20)\d\d)\s*年\s*(?P<m6>\d{1,2})\s*月(?:\s*(?P<d6>\d{1,2})\s*日)?",
    re.IGNORECASE,
)
_EFFECTIVE = re.compile(
    r"effective\s+date|effective(?=\W)|in\s+force|дата\s+вступления\s+в\s+силу|вступает\s+в\s+силу|действует\s+с"
    r"|fecha\s+de\s+(?:entrada\s+en\s+vigor|vigencia)|en\s+vigor|gültig\s+ab|in\s+kraft|en\s+vigueur|生效日期|生效时间",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:last|date\s+of\s+last)\s+(?:updated?|modified|revised|revision|change[sd]?)|updated(?:\s+on)?|revised|revision"
    r"|(?:последнее\s+)?обновлени[ея]|обновлено|редакция\s+от|версия\s+от|última\s+(?:actualización|modificación)|actualizad[oa]"
    r"|(?:zuletzt|letzte)\s+(?:aktualisiert|aktualisierung|geändert)|stand|(?:dernière\s+)?mise\s+à\s+jour|更新日期|最后更新|最近更新",
    re.IGNORECASE,
)
# What may stand between the words and the date: "Effective as of: …", "Last updated on …".
_BETWEEN = re.compile(
    r"[\s:：(–—-]*(?:(?:as\s+of|date|on|from|since|с|от|el|am|vom|le|du)\b|[是为于])?[\s:：(–—-]*", re.IGNORECASE
)
_HEAD = 2500
_TAIL = 1000
_FIRST_LINES = 8
_AFTER_DATE = re.compile(r"[\s.)]*(?:г\.?|года)?[\s.)]*", re.IGNORECASE)


def effective_date(text: str) -> str:
    """The date from which `text` says it holds, else the one of its last change, in ISO 8601; "" where it says none.

    Only the beginning and the end are read: dates in between belong to other things.
    """
    head, tail = text[:_HEAD], text[max(_HEAD, len(text) - _TAIL) :]
    for part, label in ((head, _EFFECTIVE), (head, _UPDATED)):
        if found := _labelled(part, label):
            return found
    for line in [line for line in head.splitlines() if line.strip()][:_FIRST_LINES]:
        match = _DATE.match(line.strip())
        if match and _AFTER_DATE.fullmatch(line.strip()[match.end() :]):
            return _iso(match)
    return _labelled(tail, _EFFECTIVE) or _labelled(tail, _UPDATED)


def has_date(text: str) -> bool:
    """Whether `text` holds a date."""
    return any(_iso(match) for match in _DATE.finditer(text))


def _labelled(text: str, label: re.Pattern[str]) -> str:
    for words in label.finditer(text):
        between = _BETWEEN.match(text, words.end())
        match = _DATE.match(text, between.end() if between else words.end())
        if match and (found := _iso(match)):
            return found
    return ""


def _iso(match: re.Match[str]) -> str:
    """The date in ISO 8601, "" where it is none or could be read in two ways."""
    groups = match.groupdict()
    form = next(number for number in "123456" if groups[f"y{number}"])
    year, month, day = groups[f"y{form}"], groups[f"m{form}"], groups.get(f"d{form}") or ""
    number = _MONTHS.get(month.casefold()) or int(month) if month.isdigit() or month.casefold() in _MONTHS else 0
    if groups["s5"] == "/":
        # 03/04/2024 is April in one country and March in another; 25/12/2024 and 12/25/2024 are clear.
        first, second = int(day), number
        if first <= 12 and second <= 12 and first != second:
            return ""
        number, day = (first, str(second)) if second > 12 else (second, str(first))
    try:
        found = date(int(year), number, int(day or 1))
    except ValueError:
        return ""
    return found.isoformat() if day else f"{found.year}-{found.month:02d}"
