"""The policies by company, and which of them it makes sense to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assistant.answering.roster import company_keys
from assistant.answering.versions import by_age
from assistant.types import Policy


class Entry(NamedTuple):
    """A policy in the list."""

    policy: Policy
    # What to compare it with: the document that it replaces, else the company's next older one; None for neither.
    earlier: Policy | None
    # Whether it replaces `earlier`.
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
    named = {key: min((p.company for p in found), key=lambda name: (len(name), name)) for key, found in of.items()}
    order = sorted(of, key=lambda key: (not named[key], named[key].casefold()))
    return tuple(Group(named[key], _entries(by_age(of[key]), bool(named[key]))) for key in order)


def _entries(policies: Sequence[Policy], related: bool) -> tuple[Entry, ...]:
    known = {policy.id: policy for policy in policies}
    out = []
    for at, policy in enumerate(policies):
        replaced = known.get(policy.supersedes)
        older = policies[at + 1] if related and at + 1 < len(policies) else None
        out.append(Entry(policy, replaced or older, replaced is not None))
    return tuple(out)


def fellows(policy: Policy, policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """The other policies of the same company, newest first."""
    keys = company_keys(policies)
    return by_age([other for other in policies if other.id != policy.id and keys[other.id] == keys[policy.id]])


def are_versions(one: Policy, other: Policy, policies: Sequence[Policy]) -> bool:
    """Whether one of them replaces the other, if by way of versions between, or both have one title and company."""
    known = {policy.id: policy for policy in policies}
    for start, end in ((one, other), (other, one)):
        at: Policy | None = start
        for _ in policies:
            at = known.get(at.supersedes) if at else None
            if at is not None and at.id == end.id:
                return True
    keys = company_keys(policies)
    same = keys[one.id] == keys[other.id] and one.language == other.language
    return same and one.title.casefold() == other.title.casefold()
