"""The language of a question: by script where that settles it, by py3langid where the text is long enough to tell."""

from __future__ import annotations

import re
from copy import copy
from functools import cache, lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_LATIN = ("en", "es", "fr", "de", "it", "pt", "nl", "pl", "tr", "cs", "sv", "da", "fi", "ro", "hu", "id", "vi")
_CYRILLIC = ("ru", "uk", "be", "bg", "sr", "kk")
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30FF]")),
    ("zh", re.compile(r"[\u3400-\u9FFF]")),
    ("ko", re.compile(r"[\uAC00-\uD7AF]")),
    ("ar", re.compile(r"[\u0600-\u06FF]")),
    ("he", re.compile(r"[\u0590-\u05FF]")),
    ("hi", re.compile(r"[\u0900-\u097F]")),
    ("th", re.compile(r"[\u0E00-\u0E7F]")),
    ("el", re.compile(r"[\u0370-\u03FF]")),
)
# Two of these words and a short or misspelt question is English, whatever its letters look like.
_ENGLISH = frozenset(
    """the do does did you your my me i is are am can could will would how what which who why when where of
    to and with for on it they that this u ur y wat hwo privacy policy notice data share
    show section clause""".split()
)
# Confidence that a short Latin text is not English; "asdfkj qwpoe" reaches .71 as Dutch.
_SURE, _SURE_WITH_ACCENTS = 0.8, 0.5


def language_of(text: str) -> str:
    """ISO 639-1 code of `text`; "en" where nothing tells."""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    if re.search(r"[\u0400-\u04FF]", text):
        return _classified(text, _CYRILLIC, "ru", 0.9)
    words = re.findall(r"[^\W\d_]+", text.casefold())
    if not words or sum(word in _ENGLISH for word in words) >= (2 if text.isascii() else 3):
        return "en"
    if re.search("[¿¡]", text):
        return "es"
    sure = _SURE if text.isascii() else _SURE_WITH_ACCENTS
    return _classified(text, _LATIN, "en", sure) if len(words) > 1 else "en"


def _classified(text: str, among: tuple[str, ...], default: str, sure: float) -> str:
    language, probability = _identifier(among).classify(text)
    return str(language) if probability >= sure else default


@lru_cache(maxsize=2)
def _identifier(among: tuple[str, ...]) -> LanguageIdentifier:
    found = copy(_model())
    found.set_languages(list(among))
    return found


@cache
def _model() -> LanguageIdentifier:
    """Of all languages; 80 MB, nearly all of which its copies share."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
