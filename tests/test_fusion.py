"""Reciprocal rank fusion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.fusion import fuse

RANKINGS = st.lists(st.lists(st.integers(0, 9), unique=True, max_size=10), min_size=1, max_size=4)


def test_the_formula() -> None:
    assert fuse([[7, 3], [3]], [1.0, 0.5], k=60) == [(3, 1 / 62 + 0.5 / 61), (7, 1 / 61)]


def test_ties_go_by_row() -> None:
    assert [row for row, _ in fuse([[5, 2], [2, 5]], [1, 1])] == [2, 5]


def test_rows_of_arrays_come_out_as_numbers() -> None:
    ((row, _),) = fuse([np.array([4], dtype=np.int64)], [1])
    assert type(row) is int


def test_every_ranking_needs_a_weight() -> None:
    with pytest.raises(ValueError, match="zip"):
        fuse([[1], [2]], [1])


@given(RANKINGS)
def test_all_rows_once_and_best_first(rankings: list[list[int]]) -> None:
    fused = fuse(rankings, [1.0] * len(rankings))
    assert sorted(row for row, _ in fused) == sorted({row for ranking in rankings for row in ranking})
    assert fused == sorted(fused, key=lambda item: (-item[1], item[0]))


@given(st.lists(st.integers(0, 99), unique=True, max_size=10), st.floats(0.1, 10))
def test_one_ranking_keeps_its_order(ranking: list[int], weight: float) -> None:
    assert [row for row, _ in fuse([ranking], [weight])] == ranking
