"""English names of the languages that policies come in."""

from __future__ import annotations

_NAMES = dict(
    pair.split(":")
    for pair in (
        "ar:Arabic bg:Bulgarian bn:Bengali ca:Catalan cs:Czech da:Danish de:German el:Greek en:English es:Spanish "
        "et:Estonian fa:Persian fi:Finnish fr:French he:Hebrew hi:Hindi hr:Croatian hu:Hungarian id:Indonesian "
        "it:Italian ja:Japanese ka:Georgian kk:Kazakh ko:Korean lt:Lithuanian lv:Latvian ms:Malay nl:Dutch "
        "no:Norwegian pl:Polish pt:Portuguese ro:Romanian ru:Russian sk:Slovak sl:Slovenian sr:Serbian sv:Swedish "
        "th:Thai tr:Turkish uk:Ukrainian ur:Urdu vi:Vietnamese zh:Chinese"
    ).split()
)
_RIGHT_TO_LEFT = frozenset("ar fa he ur".split())


def language_name(code: str) -> str:
    """A language's name, "English" for "en"; a code that is not known stays as it is."""
    return _NAMES.get(code.partition("-")[0].casefold(), code)


def direction(code: str) -> str:
    """Where its lines start: "rtl" or "ltr"."""
    return "rtl" if code.partition("-")[0].casefold() in _RIGHT_TO_LEFT else "ltr"
