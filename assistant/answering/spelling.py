"""Whether some words of a text spell a name of the roster: exactly, by a slip of the keyboard, or in another script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.answering.lexicon import is_known, is_ordinary
from assistant.answering.roster import Alias, Roster
from assistant.answering.words import Word, consonants, sounds

# What may stand between the words of one name: "Unistudy-FZE", "unistudy.me", "Marks & Spencer".
_JOINT = re.compile(r"[ \-‑.&'’,]{0,3}")
# A plain word is a company before or after these: "does slack share", "target's", "medium privacy policy".
_SUBJECT = re.compile(r"\b(?:does|did|has|company|called|site|website)\s+$", re.IGNORECASE)
_OWNER = re.compile(
    r"['’]s\b|\s+(?:privacy|polic(?:y|ies)|cookie (?:notice|policy)|terms of|account|app|website|site)\b"
    r"|\.(?:com|org|net)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:other than|except(?: for)?|besides|apart from|unlike|кроме|excepto|salvo|außer|sauf)\s+$", re.IGNORECASE
)


def spelt(text: str, window: Sequence[Word], known: Roster, language: str) -> Alias | None:
    """The alias that the words of `window` spell, or None."""
    for left, right in pairwise(window):
        if not _JOINT.fullmatch(text[left.end : right.start]):
            return None
    key = "".join(word.key for word in window)
    start, end = window[0].start, window[-1].end
    exact = known.aliases.get(key)
    if exact is None and len(window) == 1 and len(key) > 4:
        exact = known.aliases.get(key.removesuffix("s"))
    if exact is not None:
        if _EXCEPT.search(text[:start]):
            return None
        plain_words = exact.ordinary or (len(window) > exact.size and _is_phrase(window))
        if exact.literal:
            owner = len(key) <= 2 and _like_a_name(text.casefold(), start, end)
            return exact if owner or _written(text, start, end, exact.literal) else None
        if len(window) > exact.size and len(key) < 5:
            return None
        sure = not plain_words or (exact.ordinary and exact.size > 1) or _like_a_name(text, start, end)
        return exact if sure else None
    return _misspelt(window, key, known, language) if len(window) <= 2 else None


def _is_phrase(window: Sequence[Word]) -> bool:
    """Whether words that spell a name when run together may as well stand for themselves: "the atlantic"."""
    if not all(is_ordinary(word.key) for word in window):
        return False
    return sum(len(word.key) for word in window) < 10 or window[0].key in {"the", "a", "my", "your", "our", "in", "on"}


def _written(text: str, start: int, end: int, literal: str) -> bool:
    """Whether `text` has one of the words of `literal` at this range, or `literal` itself in whatever case."""
    return text[start:end] in literal.split() or text[start:end].casefold() == literal.casefold()


def _like_a_name(text: str, start: int, end: int) -> bool:
    """Whether a plain word at this place is written or placed as a name."""
    if _SUBJECT.search(text[:start]) or _OWNER.match(text, end):
        return True
    capital = text[start].isupper() and not text[start:].isupper()
    opening = not text[:start].rstrip(" \"'“«(¿¡") or text[:start].rstrip()[-1:] in ".?!:"
    others = [word for word in re.findall(r"[^\W\d_]+", text[:start] + text[end:]) if len(word) > 3]
    shouting = bool(others) and sum(word[0].isupper() for word in others) > len(others) / 2
    return capital and not opening and not shouting


def _misspelt(window: Sequence[Word], key: str, known: Roster, language: str) -> Alias | None:
    """The one name that `key` is clearly nearest to, where no word of it is in a dictionary."""
    if len(key) < 5 or key.isdigit() or all(is_known(word.key, language) for word in window):
        return None
    if not key.isascii():
        return _by_sound(key, known) if len(window) == 1 else None
    if len(window) > 1 and any(word.key in known.aliases for word in window):
        return None
    limit = 1 if len(key) < 8 or len(window) > 1 else 2
    near = process.extract(key, known.aliases.keys(), scorer=OSA.distance, score_cutoff=2 * limit, limit=8)
    if not near or near[0][1] > limit:
        return None
    nearest, distance = known.aliases[near[0][0]], near[0][1]
    if not nearest.forgiving or len(nearest.key) < 5 or (distance == 2 and nearest.key[0] != key[0]):
        return None
    rivals = [away for name, away, _ in near if not known.aliases[name].policies <= nearest.policies]
    return nearest if all(away >= 2 * distance for away in rivals) else None


def _by_sound(key: str, known: Roster) -> Alias | None:
    """The name that a word in another script sounds like."""
    for heard in sounds(key):
        if len(heard) < 4:
            continue
        near = process.extract(heard, known.sounds.keys(), scorer=OSA.distance, score_cutoff=1, limit=4)
        # "Италии" is one letter from "italki", but not by a vowel.
        alike = [(name, distance) for name, distance, _ in near if consonants(name) == consonants(heard)]
        nearest = [known.sounds[name] for name, distance in alike if distance == alike[0][1]]
        if nearest and all(alias.policies <= nearest[0].policies for alias in nearest[1:]):
            return nearest[0]
    return None
