"""Which policies a text names, by company, product, address or kind of policy, misspelt names included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.answering.kinds import VERSION, Mention, kind_mentions, narrow, only_of_kind, years_in
from assistant.answering.lexicon import is_known, is_ordinary
from assistant.answering.roster import Alias, Roster
from assistant.answering.words import Word, consonants, sounds, words

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
# A product of another firm that the company uses: "Google Analytics", "Facebook Pixel".
_PRODUCT = re.compile(
    r"\s+(?:Analytics|Ads|AdSense|AdWords|Tag Manager|Maps|Play|Pay|Pixel|Shield|Fonts|Login)\b", re.I
)

# Between two names that a question treats alike.
_BETWEEN = re.compile(
    r"\W*(?:and|or|with|to|than|compared (?:with|to)|vs\.?|versus|и|или|y|o|und|oder|et|ou|和)?\W*(?:on|at)?\W*", re.I
)


@dataclass(frozen=True, slots=True)
class Name:
    """A company or product named in a text, at a half-open range of it."""

    start: int
    end: int
    policies: frozenset[str]


@dataclass(frozen=True, slots=True)
class Naming:
    """All that a text names."""

    names: tuple[Name, ...]
    kinds: tuple[Mention, ...]
    # The policies meant, one set for each company or policy named, in order of mention; none where nothing is named.
    groups: tuple[frozenset[str], ...]

    @property
    def policies(self) -> frozenset[str]:
        """All policies that are named."""
        return frozenset().union(*self.groups)

    def places(self, text: str) -> list[tuple[int, int]]:
        """Ranges of the names in `text`; names that are only listed one after the other share one."""
        out: list[tuple[int, int]] = []
        for name in self.names:
            if out and _BETWEEN.fullmatch(text, out[-1][1], name.start):
                out[-1] = (out[-1][0], name.end)
            else:
                out.append((name.start, name.end))
        return out


def naming(text: str, known: Roster, language: str = "en") -> Naming:
    """What `text` names of `known`; `language` says which dictionary tells a misspelt name from a word."""
    found = words(text)
    names = _names(text, found, known, language)
    kinds = kind_mentions(text, found, [(name.start, name.end) for name in names])
    years = years_in(text)
    dated = years and (_beside_year(text, names) or VERSION.search(text))
    near = kinds or ((None,) if dated else ())
    if names:
        groups = tuple(_meant(name, near, names, years, known) for name in names)
    else:
        groups = tuple(_alone(kind, years, known) for kind in near)
    return Naming(names, kinds, _distinct(groups))


def _names(text: str, found: Sequence[Word], known: Roster, language: str) -> tuple[Name, ...]:
    """Companies and products, longest first at each place."""
    out: list[Name] = []
    at = 0
    while at < len(found):
        for size in range(min(known.longest + 2, len(found) - at), 0, -1):
            window = found[at : at + size]
            alias = _match(text, window, known, language)
            if alias is not None:
                out.append(Name(window[0].start, window[-1].end, alias.policies))
                at += size
                break
        else:
            at += 1
    return tuple(_weighed(text, out))


def _match(text: str, window: Sequence[Word], known: Roster, language: str) -> Alias | None:
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
    limit = 1 if len(key) < 8 or len(window) > 1 else 2
    near = process.extract(key, known.aliases.keys(), scorer=OSA.distance, score_cutoff=2 * limit, limit=4)
    best = [known.aliases[name] for name, distance, _ in near if distance <= limit and distance == near[0][1]]
    if (
        not best
        or best[0].ordinary
        or best[0].literal
        or len(best[0].key) < 5
        or (near[0][1] == 2 and best[0].key[0] != key[0])
    ):
        return None
    others = [distance for name, distance, _ in near if not known.aliases[name].policies <= best[0].policies]
    return best[0] if all(distance >= 2 * near[0][1] for distance in others) else None


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


def _weighed(text: str, names: Sequence[Name]) -> list[Name]:
    """`names` without those that only name a tool which the company addressed makes use of."""
    tools = [name for name in names if _PRODUCT.match(text, name.end)]
    addressed = len(tools) < len(names) or re.search(r"\b(?:you|your|we|our|us)\b", text, re.IGNORECASE)
    return [name for name in names if name not in tools] if addressed else list(names)


def _beside_year(text: str, names: Sequence[Name]) -> bool:
    return any(re.match(r"(?:['’]s)?\s*\(?(?:19|20)\d\d\b", text[name.end :]) for name in names)


def _alone(kind: Mention | None, years: frozenset[str], known: Roster) -> frozenset[str]:
    """The policies of a kind that is named without a company, where all of that kind are of one company; else none."""
    if kind is not None and not kind.definite:
        return frozenset()
    fitting = only_of_kind(kind, years, known.traits)
    return fitting if any(fitting <= group for group in known.groups) and len(known.groups) > 1 else frozenset()


def _meant(
    name: Name, kinds: Sequence[Mention | None], names: Sequence[Name], years: frozenset[str], known: Roster
) -> frozenset[str]:
    """The policies of one company that the kinds beside its name leave."""
    own = [kind for kind in kinds if kind is None or kind.plural or _nearest(kind, names) == name]
    meant = [narrow(name.policies, kind, years, known.traits) for kind in own]
    return frozenset().union(*meant) or name.policies


def _nearest(kind: Mention, names: Sequence[Name]) -> Name:
    """The name that a kind belongs to: the one closest to it, of two equally close ones the one before it."""
    return min(names, key=lambda name: (max(kind.start - name.end, name.start - kind.end), name.start))


def _distinct(groups: Sequence[frozenset[str]]) -> tuple[frozenset[str], ...]:
    """`groups` without empty ones, doubles, and those that another one narrows."""
    out: list[frozenset[str]] = []
    for group in groups:
        if group and group not in out and not any(other < group for other in groups if other):
            out.append(group)
    return tuple(out)
