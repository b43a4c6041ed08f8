"""Parts of a split list come in the order of the text."""

from __future__ import annotations

import pytest

from assistant.answering.parts import in_reading_order
from assistant.types import Hit, Passage, Ranking, Span


def hit(id: int, clause: int = 1, policy: str = "p", lead: str = "We collect:") -> Hit:
    """One of a list whose lead-in stands in passage 4."""
    span = Span(id * 10, id * 10 + 5)
    context = " › ".join(part for part in (policy, "Data", "" if id == 4 else lead) if part)
    return Hit(Passage(id, policy, clause, span, "words", context, "", ("Data",), None, (span,)), 1 - id / 100)


@pytest.mark.parametrize(
    ("ranking", "order"),
    [
        ((), []),
        ((hit(3),), [3]),
        ((hit(5), hit(9, clause=2), hit(4), hit(6)), [4, 5, 6, 9]),
        ((hit(6), hit(4), hit(5)), [4, 5, 6]),
        # What ends before the list begins, and paragraphs.
        ((hit(4), hit(3)), [4, 3]),
        ((hit(6, lead=""), hit(5, lead=""), hit(7, lead="")), [6, 5, 7]),
        ((hit(5), hit(3)), [5, 3]),
        ((hit(5), hit(4, clause=2), hit(6)), [5, 6, 4]),
        ((hit(5), hit(4, policy="other")), [5, 4]),
    ],
)
def test_parts_of_the_first_list_follow_each_other(ranking: Ranking, order: list[int]) -> None:
    assert [found.passage.id for found in in_reading_order(ranking)] == order
