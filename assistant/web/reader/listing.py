"""The policies by company, and which of them it makes sense to compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from assistant.answering.kinds import traits
from assistant.answering.roster import company_keys
from assistant.answering.versions import by_age
from assistant.answering.words import words
from assistant.types import Policy


class Entry(NamedTuple):
    """A policy in the list."""

    policy: Policy
    # The document that it replaces, else the company's next older one of the same kind; None for neither.
    earlier: Policy | None
    # Whether it says that it replaces `earlier`.
    replaces: bool


class Group(NamedTuple):
    """The policies of one company, newest first."""

    # "" where the policies name none.
    company: str
    entries: tuple[Entry, ...]


def groups(policies: Sequence[Policy]) -> tuple[Group, ...]:
    """Companies by name, those without one last."""
    keys = company_keys(policies)
    of: dict[str, list[Policy]] = {}
    for policy in policies:
        of.setdefault(keys[policy.id] if policy.company else "", []).append(policy)
    named = {key: Counter(policy.company for policy in found).most_common(1)[0][0] for key, found in of.items()}
    order = sorted(of, key=lambda key: (not named[key], named[key].casefold()))
    return tuple(Group(named[key], _entries(by_age(of[key]), policies)) for key in order)


def _entries(group: Sequence[Policy], policies: Sequence[Policy]) -> tuple[Entry, ...]:
    known = {policy.id: policy for policy in policies}
    out = []
    for at, policy in enumerate(group):
        replaced = known.get(policy.supersedes)
        older = next((other for other in group[at + 1 :] if are_versions(policy, other, policies)), None)
        out.append(Entry(policy, replaced or older, replaced is not None))
    return tuple(out)


def fellows(policy: Policy, policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """The other policies of the same company, newest first."""
    keys = company_keys(policies)
    return by_age([other for other in policies if other.id != policy.id and keys[other.id] == keys[policy.id]])


def are_versions(one: Policy, other: Policy, policies: Sequence[Policy]) -> bool:
    """Whether one of them replaces the other, if by way of versions between, or both are of one company and kind."""
    known = {policy.id: policy for policy in policies}
    if _replaces(one, other, known) or _replaces(other, one, known):
        return True
    keys = company_keys((one, other))
    same = keys[one.id] == keys[other.id] and one.language == other.language
    return same and _kind(one) == _kind(other)


def _replaces(policy: Policy, other: Policy, known: Mapping[str, Policy]) -> bool:
    at: Policy | None = policy
    # No more steps than there are policies, should they replace each other in a circle.
    for _ in known:
        at = known.get(at.supersedes) if at else None
        if at is not None and at.id == other.id:
            return True
    return False


def _kind(policy: Policy) -> frozenset[str]:
    """What its title says beside its company's name: {data, processing} for "37signals Data Processing Addendum"."""
    company = frozenset(word.key for word in words(policy.company))
    return next(iter(traits(policy, company).cores), frozenset({policy.title.casefold()}))
