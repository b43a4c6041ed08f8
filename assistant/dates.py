"""Dates of policies, ISO 8601 and as exact as the text is: "2018-05-07", "2014-05", "2014" or ""."""

from __future__ import annotations

import re

_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-(\d\d))?")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def date_text(iso: str) -> str:
    """A date as people write it, as exact as it is known: "7 May 2018", "May 2014"; what is no date stays as it is."""
    known = _DATE.fullmatch(iso)
    if known is None:
        return iso
    year, month, day = known.groups()
    return " ".join(part for part in (day and str(int(day)), _MONTHS[int(month) - 1], year) if part)


def is_later(iso: str, other: str) -> bool:
    """Whether `iso` is surely later than `other`: "2018-05" is not later than "2018-05-07", and no date is later."""
    exact = min(len(iso), len(other))
    return iso[:exact] > other[:exact]
