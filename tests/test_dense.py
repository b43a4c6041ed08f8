"""Exact search, whatever k, ties and restriction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.dense import Dense

DIM = 16


def _unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _only(rows: list[int], size: int) -> np.ndarray:
    return np.isin(np.arange(size), rows)


@given(st.lists(st.integers(0, 4), max_size=40), st.integers(-1, 45), st.data())
def test_search_is_exact_with_ties_by_row(kinds: list[int], k: int, data: st.DataObject) -> None:
    """Few distinct vectors, so that ties fall across every k."""
    distinct = _unit(5, seed=1)
    vectors = distinct[kinds] if kinds else np.empty((0, DIM), dtype=np.float32)
    allowed = data.draw(st.none() | st.lists(st.sampled_from(range(len(kinds))) if kinds else st.nothing()))
    candidates = range(len(kinds)) if allowed is None else sorted(set(allowed))
    query = _unit(1, seed=2)[0]
    ranked = sorted(candidates, key=lambda row: (-float(distinct[kinds[row]] @ query), row))
    rows, scores = Dense(vectors).search(query, k, None if allowed is None else _only(allowed, len(kinds)))
    assert rows.tolist() == ranked[: max(k, 0)]
    np.testing.assert_allclose(scores, vectors[rows] @ query, atol=1e-6)


@pytest.mark.parametrize("count", [7, 64, 1000])
def test_equal_vectors_score_equally_wherever_they_lie(count: int) -> None:
    vectors = np.repeat(_unit(1, seed=3), count, axis=0)
    rows, scores = Dense(vectors).search(_unit(1, seed=4)[0], 5)
    assert rows.tolist() == [0, 1, 2, 3, 4]
    assert len(set(scores.tolist())) == 1


def test_restriction_comes_before_ranking() -> None:
    vectors = _unit(500, seed=5)
    query = vectors[0]
    rows, _ = Dense(vectors).search(query, 3, _only([499, 7, 7, 12], 500))
    assert sorted(rows.tolist()) == [7, 12, 499]


def test_an_empty_index_finds_nothing() -> None:
    dense = Dense(np.empty((0, DIM), dtype=np.float32))
    rows, scores = dense.search(_unit(1, seed=6)[0], 5)
    assert len(dense) == len(rows) == len(scores) == 0


def test_no_allowed_rows_find_nothing() -> None:
    rows, _ = Dense(_unit(5, seed=7)).search(_unit(1, seed=8)[0], 5, _only([], 5))
    assert rows.tolist() == []
