"""Every name that the policies of a corpus go by: company, product, web address, in all their spellings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from assistant.answering.kinds import HEAD, Traits, concepts, traits
from assistant.answering.lexicon import is_known, is_ordinary
from assistant.answering.words import sound, words
from assistant.types import Policy

# Words at the end of a company's name that people leave out.
_LEGAL = frozenset(
    """inc incorporated llc llp lp ltd limited gmbh mbh ag kg se fze fzco fzc dmcc corp corporation co company
    companies plc sa sas sarl srl spa bv nv ab as oy aps pty pte kk foundation group holding holdings enterprises
    technologies technology labs software systems online interactive international worldwide hk hongkong usa us uk
    eu emea ireland europe singapore the and ооо оао зао пао ао ип""".split()
)
# Places where others' policies are published: their name in an address says nothing about whose policy it is.
_HOSTS = frozenset(
    """github githubusercontent gitlab bitbucket google googleapis googleusercontent docs notion dropbox
    wordpress blogspot medium wikipedia archive web amazonaws cloudfront netlify vercel pages iubenda termly
    example localhost""".split()
)
_TOP_LEVEL = frozenset("com org net io me co app ai dev info edu gov biz us uk eu de fr es ru cn".split())
_SECOND_LEVEL = frozenset("co com org net ac gov edu".split())


@dataclass(frozen=True, slots=True)
class Alias:
    """One spelling of a name, its words run together: "githubinc"."""

    key: str
    policies: frozenset[str]
    # Where not empty, the only form that counts: an id, or a name of one or two letters.
    literal: str
    # Made of plain English words only: needs a capital or a telling neighbour to count as a name.
    ordinary: bool
    # How many words it has.
    size: int = 1

    @property
    def forgiving(self) -> bool:
        """Whether another spelling may stand for it: a short or plain word would be met everywhere."""
        return not self.ordinary and not self.literal and len(self.key) >= 4


@dataclass(frozen=True, slots=True)
class Roster:
    """The names of a corpus, looked up by their folded form."""

    aliases: Mapping[str, Alias]
    # By sound, for names written in another script; only names that are no plain words.
    sounds: Mapping[str, Alias]
    # Policy ids of each company; a policy without company is a group of its own.
    groups: tuple[frozenset[str], ...]
    traits: Mapping[str, Traits]
    # Longest alias, in words.
    longest: int

    def around(self, ids: frozenset[str]) -> frozenset[str]:
        """All policies of the companies that the policies `ids` are of."""
        return frozenset().union(*(group for group in self.groups if group & ids))

    @property
    def everything(self) -> frozenset[str]:
        """All policy ids."""
        return frozenset(self.traits)


@lru_cache(maxsize=8)
def roster(policies: tuple[Policy, ...]) -> Roster:
    """The roster of `policies`."""
    company_of = company_keys(policies)
    companies: dict[str, set[str]] = {}
    for policy in policies:
        companies.setdefault(company_of[policy.id], set()).add(policy.id)
    spelt: dict[str, tuple[Alias, set[str]]] = {}
    for policy in policies:
        for alias in _company_aliases(policy, frozenset(companies[company_of[policy.id]])):
            _add(spelt, alias)
    # What a company is called is nobody's product or web address.
    owned = frozenset(spelt)
    for policy in policies:
        for alias in _own_aliases(policy):
            if alias.key not in owned:
                _add(spelt, alias)
    found = {key: replace(alias, policies=frozenset(ids)) for key, (alias, ids) in spelt.items()}
    return Roster(
        MappingProxyType(found),
        MappingProxyType({sound(alias.key): alias for alias in found.values() if alias.forgiving}),
        tuple(frozenset(ids) for ids in companies.values()),
        MappingProxyType(
            {p.id: traits(p, frozenset(_keys(p.company)) | {"".join(_bare(p.company))}) for p in policies}
        ),
        max((alias.size for alias in found.values()), default=1),
    )


def _add(spelt: dict[str, tuple[Alias, set[str]]], alias: Alias) -> None:
    """Adds `alias`; one that is spelt the same names the policies of both."""
    known, ids = spelt.get(alias.key, (None, set()))
    if known is None or (known.literal and not alias.literal):
        spelt[alias.key] = alias, set(alias.policies)
    elif not alias.literal or known.literal:
        ids |= alias.policies


def company_keys(policies: Sequence[Policy]) -> dict[str, str]:
    """Policy id → a key that all policies of its company share; one of its own where it has none.

    A policy filed under a company belongs to it whatever it calls itself: "37signals-dpa-2020" by Basecamp.
    """
    own = {policy.id: "".join(_bare(policy.company)) for policy in policies}
    filed = {policy.id: next(iter(_keys(policy.id)), "") for policy in policies}
    publishers = {own[id] for id in own if own[id] == filed[id]} - {""}
    return {id: filed[id] if filed[id] in publishers else own[id] or f"\0{id}" for id in own}


def _company_aliases(policy: Policy, ids: frozenset[str]) -> Iterable[Alias]:
    """The names of a policy's company: in full, without its legal form, its first word where that is telling."""
    company = _bare(policy.company)
    names = [_keys(policy.company), list(company)]
    if len(company) > 1 and len(company[0]) >= 4 and not is_ordinary(company[0]):
        names.append([company[0]])
    for keys in filter(_is_telling, names):
        alias = _alias(keys, ids, policy.company)
        # A company in small letters that a dictionary knows ("affiliates") is as likely a misreading of its policy.
        misread = policy.company.islower() and all(is_known(key, "en") for key in keys)
        yield replace(alias, ordinary=alias.ordinary or misread)


def _own_aliases(policy: Policy) -> Iterable[Alias]:
    """What a policy is called besides its company: product, web address, id."""
    company = _bare(policy.company)
    names = [_product(policy.title, company), _of_id(policy.id), *_addresses(policy.source_url, company)]
    for keys in filter(_is_telling, names):
        yield _alias(keys, frozenset({policy.id}), " ".join(keys))
    keys = _keys(policy.id)
    yield Alias("".join(keys), frozenset({policy.id}), policy.id, ordinary=False, size=len(keys))


def _alias(keys: Sequence[str], ids: frozenset[str], written: str) -> Alias:
    key = "".join(keys)
    return Alias(key, ids, written if len(key) <= 2 else "", all(map(is_ordinary, keys)), len(keys))


def _is_telling(keys: Sequence[str]) -> bool:
    """Whether a name is more than a kind of policy or a number."""
    kinds = [concept for key in keys for concept in concepts(key)]
    return bool(kinds) and kinds != [HEAD] and not all(key.isdigit() or key in _TOP_LEVEL for key in keys)


def _keys(text: str) -> list[str]:
    return [word.key for word in words(text)]


def _bare(company: str) -> tuple[str, ...]:
    """Words of a company's name without legal form, country and top-level domain: "GitHub, Inc." → github."""
    keys = _keys(company)
    if re.fullmatch(r"\s*[\w-]+(\.[\w-]+)+\s*", company):
        keys = _without(keys, _TOP_LEVEL)
    keys = _without(keys, _LEGAL)
    keys = keys[1:] if len(keys) > 1 and keys[0] in {"the", "a", "ооо", "зао", "ао"} else keys
    return tuple(keys if not set(keys) <= _TOP_LEVEL else ())


def _without(keys: list[str], endings: frozenset[str]) -> list[str]:
    while len(keys) > 1 and keys[-1] in endings:
        keys = keys[:-1]
    return keys


def _product(title: str, company: Sequence[str]) -> list[str]:
    """The name that a title opens with, where it is not the company's: "Firefox Privacy Notice" → firefox."""
    keys = []
    for word in words(title):
        kind = any(concept != word.key for concept in concepts(word.key)) or not title[word.start].isupper()
        if kind or is_ordinary(word.key) or word.key in company:
            break
        keys.append(word.key)
    # Where no kind of policy follows, the title is a name or a sentence, and nothing tells which.
    return keys if keys and len(keys) < len(_keys(title)) and set(concepts(_keys(title)[len(keys)])) & _KINDS else []


_KINDS = frozenset({"privacy", "cookie", HEAD})


def _of_id(policy_id: str) -> list[str]:
    """What an id says beside kind, year and language: "unistudy-privacy-policy" → unistudy."""
    keys = [key for key in _keys(policy_id.partition(".")[0]) if not key.isdigit()]
    first = next((at for at, key in enumerate(keys) if set(concepts(key)) & _KINDS), len(keys))
    return _without(keys[:first], _TOP_LEVEL)


def _addresses(url: str, company: Sequence[str]) -> list[list[str]]:
    """The host of `url`, and the label that its owner chose: "www.unistudy.me" → unistudy me; unistudy."""
    found = re.match(r"\s*(?:\w+://)?(?:www\.)?([\w-]+(?:\.[\w-]+)+)", url)
    host = found[1].casefold() if found else ""
    labels = host.split(".")
    if len(labels) < 2:
        return []
    label = labels[-3] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2]
    joined = "".join(company)
    if label in _HOSTS and label not in joined:
        return []
    return [_keys(host), _keys(label)]
