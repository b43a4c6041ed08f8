"""Ordinary words: what is in a dictionary is no misspelt company, and a company called so needs more than its name."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from functools import cache
from pathlib import Path

# Dictionaries that pyspellchecker brings; a word list is read the first time that a word of its language is doubted.
LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "nl", "ru")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
# Count in pyspellchecker's English list from which a word is plain: "stripe" has 1393, "yahoo" 511.
_ORDINARY = 600


@cache
def _counts(language: str) -> dict[str, int]:
    """Word → count. Source: pyspellchecker's frequency lists, made from OpenSubtitles."""
    found = importlib.util.find_spec("spellchecker")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pyspellchecker is not installed; run pip install -r requirements.txt.")
    packed = Path(found.origin).parent / "resources" / f"{language}.json.gz"
    counts: dict[str, int] = json.loads(gzip.decompress(packed.read_bytes()))
    return counts


def is_ordinary(word: str) -> bool:
    """Whether `word` (folded) is a common English word, such as the companies "apple" and "target" are called."""
    return len(word) == 1 or _counts("en").get(word, 0) >= _ORDINARY


def is_known(word: str, language: str) -> bool:
    """Whether `word` (folded) is spelt as in a dictionary of English or of `language`."""
    return word in _counts("en") or (language in LANGUAGES and word in _counts(language))


def holds_words(text: str, language: str) -> bool:
    """Whether a word of `text` is spelt as in a dictionary of `language`; True where there is no dictionary of it."""
    return language not in LANGUAGES or any(is_known(word, language) for word in _LETTERS.findall(text.casefold()))
