"""Which policies a text names, by company, product, address or kind of policy, misspelt names included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.kinds import VERSION, Mention, kind_mentions, narrow, only_of_kind, years_in
from assistant.answering.roster import Roster
from assistant.answering.spelling import spelt
from assistant.answering.words import Word, words

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
    # The company's policies, or those of the product where the name is a product's.
    policies: frozenset[str]
    # What is searched where no kind of policy stands beside the name: a product's company tells of it elsewhere too.
    wider: frozenset[str]


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
            alias = spelt(text, window, known, language)
            if alias is not None:
                wider = alias.policies if alias.literal else known.around(alias.policies)
                out.append(Name(window[0].start, window[-1].end, alias.policies, wider))
                at += size
                break
        else:
            at += 1
    return tuple(_weighed(text, out))


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
    return frozenset().union(*meant) or name.wider


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
