"""Several documents of one company: which of them is the newest, and where they stand in a ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.answering.roster import company_keys
from assistant.types import Citation, Policy, Ranking

# How much less than its company's best hit a newer document's may score to stand before it, in units of
# late-interaction scores. On questions.dev up to .04 changes no figure; .08 puts a worse clause before a better one.
NEAR = 0.04


def newest_first(ranking: Ranking, policies: Mapping[str, Policy], near: float) -> Ranking:
    """Ranking in which documents of one company that fit about equally well stand together, the newest first.

    Only a document's best hit is moved, to the place of its company's best hit, and only where it scores within `near`
    of that one; everything else keeps its order. Scores stay with their passages, so afterwards they order nothing.

    Args:
        ranking: hits, best first.
        policies: the policies of the hits, by id.
        near: how much less than its company's best hit a document's best hit may score, in units of the scores; 0 or
            more.
    """
    company = company_keys([policies[id] for id in dict.fromkeys(hit.passage.policy for hit in ranking)])
    # Company → document → place of its best hit, best first.
    best: dict[str, dict[str, int]] = {}
    for at in sorted(range(len(ranking)), key=lambda at: -ranking[at].score):
        policy = ranking[at].passage.policy
        best.setdefault(company[policy], {}).setdefault(policy, at)
    together: dict[int, list[int]] = {}
    for places in best.values():
        first = next(iter(places.values()))
        close = {id: at for id, at in places.items() if ranking[first].score - ranking[at].score <= near}
        together[first] = [close[policy.id] for policy in by_age([policies[id] for id in close])]
    moved = {at for places in together.values() for at in places}
    order = (at for place in range(len(ranking)) for at in together.get(place, () if place in moved else (place,)))
    return tuple(ranking[at] for at in order)


def versions(citations: Sequence[Citation]) -> tuple[tuple[Policy, ...], ...]:
    """The documents of each company that two or more of `citations` are of, newest first; companies as first cited."""
    cited = {citation.policy.id: citation.policy for citation in citations}
    company = company_keys(list(cited.values()))
    groups: dict[str, list[Policy]] = {}
    for policy in cited.values():
        groups.setdefault(company[policy.id], []).append(policy)
    return tuple(by_age(group) for group in groups.values() if len(group) > 1)


def by_age(policies: Sequence[Policy]) -> tuple[Policy, ...]:
    """`policies`, newest first, undated ones last, ties as they are; what replaces another is the newer of the two."""
    among = {policy.id: policy for policy in policies}
    return tuple(sorted(policies, key=lambda policy: _age(policy, among), reverse=True))


def _age(policy: Policy, among: Mapping[str, Policy]) -> tuple[str, int]:
    """The latest date of `policy` and of all `among` that it replaces, and how many these are."""
    replaced = among.get(policy.supersedes)
    if replaced is None:
        return policy.effective_date, 0
    # Without itself, so that policies which replace each other in a circle come to an end.
    date, count = _age(replaced, {id: other for id, other in among.items() if id != policy.id})
    return max(policy.effective_date, date), count + 1
