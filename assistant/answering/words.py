"""Words of a question with their places, folded so that spellings of one name compare equal."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii

# Scripts written without spaces: a word there is one character, or one of these words of the trade.
_UNSPACED = r"\u3040-\u30FF\u3400-\u9FFF\uF900-\uFAFF"
_CHINESE = "隐私权|隱私權|隐私|隱私|政策|声明|聲明|通知|告知|条款|條款|协议|協議|公司|プライバシー|ポリシー"
# An owner's 's is no word: "Macy's" is macy.
_WORD = re.compile(rf"(?<=\w)['’][sS]\b|{_CHINESE}|[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
# Letters that a Russian case ending may add to a foreign name ("на Гитхабе", "Мозиллой").
_ENDINGS = ("ami", "ah", "am", "om", "oi", "ei", "a", "e", "i", "u", "o")


class Word(NamedTuple):
    """One word: its folded form and its half-open range in the text."""

    key: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of `text` in order."""
    return [
        Word(folded(match.group()), match.start(), match.end())
        for match in _WORD.finditer(text)
        if match.group()[0] not in "'’"
    ]


def plain(text: str) -> str:
    """`text` with wide digits and punctuation made narrow and quotation marks made straight, length unchanged."""
    return "".join(_narrow(char) for char in text)


@lru_cache(maxsize=4096)
def _narrow(char: str) -> str:
    if char in "’‘ʼ＇":
        return "'"
    if char in "。．":
        return "."
    wide = unicodedata.normalize("NFKC", char)
    return wide if len(wide) == 1 else char


@lru_cache(maxsize=16384)
def folded(word: str) -> str:
    """Case, width and accents on Latin letters removed: "Über" → "uber", "Ё" stays "ё"."""
    out = []
    for char in unicodedata.normalize("NFKC", word).casefold():
        base = unicodedata.normalize("NFD", char)[0]
        out.append(base if base.isascii() else char)
    return "".join(out)


def stem(key: str) -> str:
    """`key` without a plural ending: enough to meet "cookies" with "cookie"."""
    if key.endswith("ies") and len(key) > 4:
        return key[:-3] + "y"
    return key[:-1] if key.endswith("s") and not key.endswith("ss") and len(key) > 3 else key


def sound(key: str) -> str:
    """How a name sounds, roughly, in Latin letters: "юнистади" → "unistadi", "unistudy" → "unistudi"."""
    latin = re.sub(r"[^a-z0-9]", "", anyascii(key).lower())
    latin = latin.replace("kh", "h").replace("y", "i").replace("j", "i").replace("ck", "k").replace("c", "k")
    return re.sub(r"(?<!^)iu|^iu", "u", latin)


def consonants(latin: str) -> str:
    """What is left of a sound without its vowels, which transcriptions disagree on: "unistadi" → "nstd"."""
    return re.sub("[aeiou]", "", latin)


def sounds(key: str) -> tuple[str, ...]:
    """`sound` of a word in another script, with and without a case ending."""
    whole = sound(key)
    bare = next((whole[: -len(end)] for end in _ENDINGS if whole.endswith(end) and len(whole) - len(end) >= 4), whole)
    return (whole,) if bare == whole else (whole, bare)
