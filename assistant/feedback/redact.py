"""Takes out of a text what names a person or opens a door: addresses, telephone and account numbers, ids, tokens.

Telephone numbers are found by phonenumbers, in the writing of any of the countries below, and account and card numbers
are checked by python-stdnum. Ids of customers and documents have no common form, so every long run of digits goes,
except what policies are full of: dates, years, clause numbers and names of laws. Names of people are not found.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable

_Replace = Callable[[re.Match[str]], str]

# Whose national writing of telephone numbers is known; with "+" every country's is.
_REGIONS = "US GB DE FR ES IT NL PL RU UA TR IN CN JP KR BR MX ZA AU".split()

_WEB = re.compile(
    r"\b(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[^\s<>\"'«»“”，。、；）]+|\b[a-z0-9.-]+\.[a-z]{2,}/[^\s<>\"«»，。；]+", re.I
)
# A web address that names a site and nothing on it.
_SITE = re.compile(r"(?:https?://)?[a-z0-9.-]+\.[a-z]{2,}/?[.,;:!?)]*", re.I)
# In Latin letters, that the words of Chinese around it stay; then every other one, and "@name".
_LATIN_MAIL = re.compile(r"[a-z0-9._%+'-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.I)
_MAIL = re.compile(r"\S*@[^\s@,;，。；]+")
_MAIL_IN_WORDS = re.compile(
    r"\S+\s*[(\[{]\s*(?:at|arroba|собака)\s*[)\]}]\s*[\w-]+"
    r"(?:\s*(?:\.|[(\[{]\s*(?:dot|punto|точка)\s*[)\]}])\s*[\w-]+)*",
    re.I,
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,9}(?![A-Za-z0-9])")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])", re.I)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)")
# A number that says of itself that it is one: "#48213", "№ 48213", "ID 48213".
_NUMBERED = re.compile(r"(?:#|№|\bid\b)[\s:#№]{0,3}[a-z]{0,4}-?\d{4,}\b", re.I)
# Groups of digits with single spaces or hyphens between them, as cards and passports are written.
_GROUPS = re.compile(r"(?<![\w.])\d{2,}(?:[ -]\d{2,})+(?![\w])")
# Letters and digits in one piece.
_TOKEN = re.compile(r"(?<![a-z0-9])[a-z0-9]+(?:[._-][a-z0-9]+)*", re.I)
_YEAR = r"(?:19|20)\d\d"
# "7.5.2018", "2018-05-07", "2016-2018", "5.8.3.12", "1798.100", "ISO27001".
_KEPT = re.compile(
    rf"(?:\d{{1,2}}[.-]){{0,2}}{_YEAR}(?:[.-]\d{{1,2}}){{0,2}}|{_YEAR}(?:[ -]{_YEAR})+|\d{{1,2}}(?:\.\d{{1,2}})+"
    r"|\d{1,4}\.\d{1,3}|(?:iso|iec|rfc|cfr|usc)-?\d{2,5}(?:-\d{1,4})?",
    re.I,
)


def redact(text: str) -> str:
    """`text` without addresses, numbers and ids, each replaced by what it was, in brackets.

    Digits and full-width forms are made plain first, and what does not print becomes a space, so that neither hides
    anything.
    """
    plain = "".join(map(_plain, text))
    for pattern, replace in _STEPS:
        plain = pattern.sub(replace, plain)
    return _number(_telephone(plain)).strip()


def _plain(character: str) -> str:
    if character.isascii():
        return character if character.isprintable() or character == "\n" else " "
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    simple = unicodedata.normalize("NFKC", character)
    if len(simple) == 1 and ((simple.isascii() and simple.isalnum()) or simple in "@.:/-_+#"):
        return simple
    category = unicodedata.category(character)
    if category == "Pd":
        return "-"
    return "" if category == "Cf" else " " if category[0] in "CZ" else character


def _web(found: re.Match[str]) -> str:
    return found[0] if _SITE.fullmatch(found[0]) else "[link]"


def _iban(found: re.Match[str]) -> str:
    from stdnum import iban

    # The pattern may have run on into the next words.
    parts = re.split(r"([ -])", found[0])
    for end in range(len(parts), 0, -2):
        if iban.is_valid("".join(parts[:end]), check_country=False):
            return "[account number]" + "".join(parts[end:])
    return found[0]


def _ipv6(found: re.Match[str]) -> str:
    try:
        ipaddress.IPv6Address(found[0])
    except ValueError:
        return found[0]
    return "[IP address]"


def _ipv4(found: re.Match[str]) -> str:
    # "5.8.3.1" is a clause.
    if all(1 <= int(part) <= 30 for part in found[0].split(".")):
        return found[0]
    return "[IP address]"


def _telephone(text: str) -> str:
    """Each telephone number that some country dials, replaced."""
    if sum(character.isdigit() for character in text) < 7:
        return text
    from phonenumbers import Leniency, PhoneNumberMatcher

    found = {
        (match.start, match.end)
        for region, leniency in ((None, Leniency.POSSIBLE), *((region, Leniency.VALID) for region in _REGIONS))
        for match in PhoneNumberMatcher(text, region, leniency=leniency)
        if not _KEPT.fullmatch(match.raw_string)
    }
    end = len(text)
    for start, stop in sorted(found, key=lambda span: (-span[1], span[0])):
        if stop <= end:
            text, end = f"{text[:start]}[telephone]{text[stop:]}", start
    return text


def _number(text: str) -> str:
    return _TOKEN.sub(_token, _GROUPS.sub(_groups, text))


def _groups(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    if len(digits) < 9 or _KEPT.fullmatch(found[0]):
        return found[0]
    return "[card number]" if _is_card(digits) else "[number]"


def _token(found: re.Match[str]) -> str:
    token = found[0]
    digits = re.sub(r"\D", "", token)
    if not digits or _KEPT.fullmatch(token):
        return token
    if _is_card(digits):
        return "[card number]"
    mixed = not re.fullmatch(r"[\d._-]+", token)
    beside_years = re.sub(rf"(?<!\d){_YEAR}(?!\d)", "", token) if mixed else token
    counted = sum(character.isdigit() for character in beside_years)
    secret = mixed and len(max(re.split(r"[._-]", beside_years), key=len)) >= 16 and counted
    return "[number]" if counted >= (4 if mixed else 6) or secret else token


def _is_card(digits: str) -> bool:
    from stdnum import luhn

    return 13 <= len(digits) <= 19 and luhn.is_valid(digits)


def _with(label: str) -> _Replace:
    return lambda _: label


_STEPS: tuple[tuple[re.Pattern[str], _Replace], ...] = (
    (_MAIL_IN_WORDS, _with("[e-mail]")),
    (_WEB, _web),
    (_LATIN_MAIL, _with("[e-mail]")),
    (_MAIL, _with("[e-mail]")),
    (_IBAN, _iban),
    (_IPV6, _ipv6),
    (_IPV4, _ipv4),
    (_NUMBERED, _with("[number]")),
)
