"""Documents of one company: only their best hits move, only within reach, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.versions import by_age, newest_first, versions
from assistant.types import Citation, Hit, Passage, Policy, Ranking, Span

OLD = Policy("shop-privacy", "Shop", "Privacy Policy", effective_date="2018-05-07")
NEW = Policy("shop-cookies", "Shop", "Cookie Notice", effective_date="2024-10-14")
MONTH = Policy("shop-terms", "Shop, Inc.", "Terms", effective_date="2020-02")
BARE = Policy("shop-security", "Shop", "Security Overview")
SCHOOL = Policy("school", "School", "Privacy Policy", effective_date="2014-05")
NAMELESS = Policy("nameless", "", "Privacy policy")
OTHER_NAMELESS = Policy("other", "", "Privacy policy", effective_date="2021")
ALL = {policy.id: policy for policy in (OLD, NEW, MONTH, BARE, SCHOOL, NAMELESS, OTHER_NAMELESS)}


def ranking(*found: tuple[Policy, float]) -> Ranking:
    """A ranking of one hit for each policy and score; a passage's id is its place."""
    return tuple(
        Hit(Passage(at, policy.id, 0, Span(0, 1), "x", "", "", (), None, ()), score)
        for at, (policy, score) in enumerate(found)
    )


def order(ranking: Ranking) -> list[int]:
    return [hit.passage.id for hit in ranking]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # The newer document goes before the older one, at the place of the best hit.
        ([(OLD, 0.9), (NEW, 0.85)], [1, 0]),
        ([(SCHOOL, 0.95), (OLD, 0.9), (SCHOOL, 0.88), (NEW, 0.85)], [0, 3, 1, 2]),
        # Already in order, and a newer document that fits clearly less well.
        ([(NEW, 0.9), (OLD, 0.85)], [0, 1]),
        ([(OLD, 0.9), (NEW, 0.7)], [0, 1]),
        # Only the best hit of each document moves.
        ([(OLD, 0.9), (OLD, 0.89), (NEW, 0.88), (NEW, 0.87)], [2, 0, 1, 3]),
        # Undated last; a month counts as its beginning; ties stay as they are ranked.
        ([(BARE, 0.9), (MONTH, 0.88), (OLD, 0.86), (NEW, 0.85)], [3, 1, 2, 0]),
        # One of three lies out of reach.
        ([(OLD, 0.9), (NEW, 0.7), (MONTH, 0.85)], [2, 0, 1]),
        # Two policies that name no company are not one company's.
        ([(NAMELESS, 0.9), (OTHER_NAMELESS, 0.9)], [0, 1]),
        ([(SCHOOL, 0.9), (OLD, 0.9)], [0, 1]),
        ([], []),
    ],
)
def test_newest_first(found: list[tuple[Policy, float]], expected: list[int]) -> None:
    given = ranking(*found)
    assert order(newest_first(given, ALL, 0.1)) == expected


def test_scores_stay_with_their_passages() -> None:
    old, new = ranking((OLD, 0.9), (NEW, 0.85))
    assert newest_first((old, new), ALL, 0.1) == (new, old)


def test_what_replaces_another_is_newer_whatever_the_dates_say() -> None:
    first = Policy("a", "Shop", "Privacy Policy", effective_date="2018")
    second = Policy("b", "Shop", "Privacy Policy", supersedes="a")
    third = Policy("c", "Shop", "Privacy Policy", supersedes="b")
    notice = Policy("d", "Shop", "Cookie Notice", effective_date="2019")
    assert by_age([first, second, third, notice]) == (notice, third, second, first)
    circle = (replace(first, supersedes="c"), second, third)
    assert len(by_age(circle)) == 3


@given(
    st.lists(st.tuples(st.sampled_from(list(ALL.values())), st.floats(0, 1)), max_size=12),
    st.floats(0, 1),
)
def test_a_ranking_keeps_its_hits_and_all_but_best_hits_their_order(
    found: list[tuple[Policy, float]], near: float
) -> None:
    given = ranking(*sorted(found, key=lambda one: -one[1]))
    moved = newest_first(given, ALL, near)
    assert sorted(order(moved)) == order(given)
    assert newest_first(moved, ALL, near) == moved
    best = {hit.passage.policy: hit for hit in reversed(given)}
    rest = [hit for hit in moved if hit is not best[hit.passage.policy]]
    assert order(tuple(rest)) == sorted(order(tuple(rest)))
    # Nothing is moved where no two hits are within reach of each other.
    apart = ranking(*((policy, -at) for at, (policy, _) in enumerate(found)))
    assert newest_first(apart, ALL, 0.5) == apart


def test_versions_are_those_of_companies_that_are_cited_with_several_documents() -> None:
    def cite(policy: Policy, number: int) -> Citation:
        return Citation(number, policy, "", (), None, Span(0, 1), "x", "")

    cited = [cite(policy, at) for at, policy in enumerate((SCHOOL, OLD, NAMELESS, NEW, OLD, OTHER_NAMELESS, BARE), 1)]
    assert versions(cited) == ((NEW, OLD, BARE),)
    assert versions(cited[:3]) == ()
