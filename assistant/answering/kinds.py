"""Kinds of policy ("privacy policy", "aviso de cookies", "隐私政策") and what sets two policies apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.answering.words import Word, stem, words
from assistant.types import Policy

PRIVACY, COOKIE, HEAD = "privacy", "cookie", "policy"
# Beginnings of words that mean one thing in the names of policies, in the languages that policies come in.
_BEGINNINGS = {
    PRIVACY: "privac datenschutz конфиденциальност приватност конфіденційн confidentialit privatsph riservatezza"
    " 隐私 隱私 プライバシー",
    COOKIE: "cooki куки кук-файл",
    HEAD: "policy policies notice statement agreement addend disclosure declaration политик уведомлени заявлени"
    " положени соглашени politica politique aviso avis declarac erklarung hinweis richtlinie bestimmung informativa"
    " 政策 声明 聲明 通知 告知 条款 條款 协议 協議 ポリシー",
}
_SHORT = {"dpa": ("data", "processing", HEAD), "tos": ("term", "service", HEAD)}
_COMPOUND_HEADS = ("erklarung", "hinweis", "hinweise", "richtlinie", "richtlinien", "bestimmungen")
_PLURALS = frozenset(
    "policies notices statements agreements politicas politiques avisos richtlinien erklarungen".split()
)
# Heads that are names of documents only after another word: "security overview", "subprocessor list".
_WEAK_HEADS = frozenset("overview list terms page document rules guidelines".split())
# Between a head and what it is about: "политика в отношении cookie", "aviso sobre las cookies".
_LINKS = frozenset(
    "de del di da do la las los les le l el d of on sur о об в по для отношении использования файлов"
    " обработки des von zur uber zu the 的".split()
)
# A modifier ends at any of these.
_STOPS = frozenset(
    """a an any the this that these those your our their my its his her of in on at to for from by with
    and or but is are was were be does do did has have had can could will would should may say says said tell tells how
    what which where when who why if not no new s policy notice statement company companies your same each every all
    und oder der die das ihr ihre y o el la los las de del le les et ou и или в на о из по 的 和""".split()
)
# In the name of a policy these tell none apart when no company is named.
_COMMON = frozenset("data personal user information general global use service website site online legal".split())
_YEAR = re.compile(r"(?<![\d.])(?:19|20)\d\d(?![\d])")
_DOTTED = re.compile(r"\d+(?:\.\d+)+")
VERSION = re.compile(r"\b(?:version|versión|ver|v|верси\w+|版本)\.?\s?(\d+(?:\.\d+)*)", re.IGNORECASE)


@lru_cache(maxsize=8192)
def concepts(key: str) -> tuple[str, ...]:
    """What a folded word means in the name of a policy: a concept or two ("datenschutzerklarung"), else its stem."""
    if key in _SHORT:
        return _SHORT[key]
    found = [concept for concept, starts in _BEGINNINGS.items() if key.startswith(tuple(starts.split()))]
    if HEAD not in found and found and key.endswith(_COMPOUND_HEADS):
        found.append(HEAD)
    return tuple(found) or (stem(key),)


@dataclass(frozen=True, slots=True)
class Mention:
    """A kind of policy named in a text: "2018 privacy policy"."""

    start: int
    end: int
    # Concepts and stems beside the head: {"privacy"}.
    modifiers: frozenset[str]
    plural: bool
    # False after "a" or "any", which point at no document.
    definite: bool
    # Whether the head is a word such as "list" that other things are called too.
    weak: bool


def kind_mentions(text: str, found: Sequence[Word], taken: Sequence[tuple[int, int]]) -> tuple[Mention, ...]:
    """Kinds of policy in `text`, whose words are `found`; `taken` are the ranges of company names, never modifiers."""
    out: list[Mention] = []
    for at, word in enumerate(found):
        meanings = concepts(word.key)
        weak = word.key in _WEAK_HEADS
        if HEAD not in meanings and not weak:
            continue
        own = [concept for concept in meanings if concept != HEAD]
        first = _before(text, found, at, taken)
        before = [concept for w in found[first:at] for concept in concepts(w.key)]
        after, last = ([], at) if weak or word.key.startswith(("policy", "policies", "notice")) else _after(found, at)
        if weak and not before:
            continue
        article = found[first - 1].key if first else ""
        out.append(
            Mention(
                found[first].start,
                found[last].end,
                # "privacy page", "privacy rules": no name of a document.
                frozenset(own + before + after) - {HEAD, PRIVACY if weak else HEAD},
                word.key in _PLURALS,
                word.key not in _SHORT and article not in {"a", "an", "any", "un", "una", "une", "ein", "eine"},
                weak,
            )
        )
    return tuple(out)


def _before(text: str, found: Sequence[Word], at: int, taken: Sequence[tuple[int, int]]) -> int:
    """Index of the first of at most four words that belong to the head at index `at`."""
    first = at
    while first and at - first < 4:
        word = found[first - 1]
        named = any(start < word.end and word.start < end for start, end in taken)
        apart = text[word.end : found[first].start].strip(" -‑–")
        if named or apart or word.key in _STOPS:
            break
        first -= 1
    return first


def _after(found: Sequence[Word], at: int) -> tuple[list[str], int]:
    """Known concepts in the words that link to the head at index `at`, and the index of the last of them."""
    out: list[str] = []
    last = at
    for index in range(at + 1, min(at + 5, len(found))):
        known = [concept for concept in concepts(found[index].key) if concept in (PRIVACY, COOKIE)]
        if known:
            out += known
            last = index
        elif found[index].key not in _LINKS:
            break
    return out, last


@dataclass(frozen=True, slots=True)
class Traits:
    """What a policy's title, id, version and date say of it, its company left out."""

    # Concepts and stems in title or id.
    concepts: frozenset[str]
    # Its bare kind by its title and, where that says one, by its id: {privacy} for "italki Privacy Policy".
    cores: tuple[frozenset[str], ...]
    years: frozenset[str]


def traits(policy: Policy, company: frozenset[str]) -> Traits:
    """Traits of `policy`; `company` holds the folded words of its company's names."""
    language = {policy.language.casefold(), policy.language[:2].casefold()}
    sides = []
    for source, dropped in ((policy.title, company), (policy.id, company | language | _regions(policy.id))):
        keys = [word.key for word in words(source) if word.key not in dropped and not word.key.isdigit()]
        meant = frozenset(concept for key in keys for concept in concepts(key))
        sides.append(meant - _STOPS if meant & {PRIVACY, COOKIE, HEAD} or source == policy.title else frozenset())
    dated = f"{policy.effective_date} {policy.version} {policy.title} {policy.id.replace('-', ' ')}"
    years = frozenset(_YEAR.findall(dated)) | frozenset(_DOTTED.findall(policy.version))
    cores = tuple(side - {HEAD} for side in sides if side - {HEAD})
    return Traits(frozenset().union(*cores), cores, years)


def _regions(policy_id: str) -> frozenset[str]:
    """Language tags that end an id after a dot: "privacy.zh-CN"."""
    return frozenset(word.key for word in words(policy_id.partition(".")[2]))


def years_in(text: str) -> frozenset[str]:
    """Years, and numbers after the word "version", in `text`."""
    return frozenset(_YEAR.findall(text)) | frozenset(VERSION.findall(text))


def only_of_kind(asked: Mention | None, years: frozenset[str], of: Mapping[str, Traits]) -> frozenset[str]:
    """The policies that fit a kind and the years best, whoever's they are; none where only common words fit."""
    modifiers = asked.modifiers if asked else frozenset()
    fits: dict[str, int] = {}
    for id, own in of.items():
        shared = own.concepts & modifiers
        covered = any(core <= modifiers and core - {PRIVACY} for core in own.cores)
        telling = covered or (bool(shared - _COMMON) and not (asked and asked.weak))
        fits[id] = (len(shared) if telling else 0) + bool(own.years & years)
    best = max(fits.values(), default=0)
    return frozenset(id for id, fit in fits.items() if best and fit == best)


def narrow(
    pool: frozenset[str], asked: Mention | None, years: frozenset[str], of: Mapping[str, Traits]
) -> frozenset[str]:
    """The policies of `pool` (ids) that fit a kind and the years best; all of them where none fits better."""
    dated = frozenset(id for id in pool if of[id].years & years)
    pool = dated or pool
    if asked is None or not asked.modifiers:
        return pool
    named = frozenset(id for id in pool if any(core <= asked.modifiers for core in of[id].cores))
    if asked.weak and not named:
        return pool
    fits = {id: len(of[id].concepts & asked.modifiers) for id in pool}
    best = max(fits.values(), default=0)
    if not best:
        return pool
    fitting = frozenset(id for id, fit in fits.items() if fit == best)
    return frozenset(id for id in fitting if all(core <= asked.modifiers for core in of[id].cores)) or fitting
