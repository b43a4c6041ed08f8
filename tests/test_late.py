"""Late interaction against its definition, written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval import late
from assistant.retrieval.late import SCALE, TokenVectors, gather

DIM = 8
LENGTHS = st.lists(st.integers(0, 5), max_size=6)


def _unit(count: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _tokens(lengths: list[int]) -> TokenVectors:
    """Piece `i` of a passage covers characters `3i` to `3i + 2`."""
    passages = []
    for seed, length in enumerate(lengths):
        starts = np.arange(length, dtype=np.int32) * 3
        passages.append((np.rint(_unit(length, seed) * SCALE).astype(np.int8), starts, starts + 2))
    return gather(passages, np.array([0, 1, len(lengths)], dtype=np.int32), DIM)


def _expected(query: np.ndarray, values: np.ndarray, weights: np.ndarray | None) -> float:
    if not len(values) or not len(query):
        return 0.0
    best = (query @ (values.astype(np.float32) / SCALE).T).max(axis=1)
    return float(np.average(best, weights=weights))


@given(LENGTHS, st.integers(0, 4), st.booleans(), st.data())
def test_max_sim_is_the_mean_of_the_best_cosines(
    lengths: list[int], q: int, weighted: bool, data: st.DataObject
) -> None:
    tokens, query = _tokens(lengths), _unit(q, seed=77)
    weights = np.arange(1, q + 1, dtype=np.float32) / max(q * (q + 1) / 2, 1) if weighted else None
    rows = data.draw(st.lists(st.sampled_from(range(len(lengths))) if lengths else st.nothing()))
    scores = tokens.max_sim(query, np.array(rows, dtype=np.int64), weights)
    parts = [tokens.values[tokens.offsets[row] : tokens.offsets[row + 1]] for row in rows]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, [_expected(query, part, weights) for part in parts], atol=1e-5)


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 18), st.integers(0, 18)), max_size=4))
def test_span_scores_read_the_pieces_inside(length: int, spans: list[tuple[int, int]]) -> None:
    tokens, query = _tokens([2, length]), _unit(3, seed=78)
    values = tokens.values[2:]
    scores = tokens.span_scores(query, 1, spans)
    inside = [[i for i in range(length) if min(3 * i + 2, stop) > max(3 * i, start)] for start, stop in spans]
    np.testing.assert_allclose(scores, [_expected(query, values[part], None) for part in inside], atol=1e-5)


@pytest.mark.parametrize("block", [1, 40, 100])
def test_blocks_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, query, rows = _tokens([3, 5, 4]), _unit(4, seed=80), np.arange(3)
    whole = tokens.best(query, rows)
    monkeypatch.setattr(late, "_BLOCK", block)
    np.testing.assert_allclose(tokens.best(query, rows), whole, atol=1e-6)


def test_a_span_over_all_scores_as_the_passage() -> None:
    tokens, query = _tokens([3, 5]), _unit(4, seed=79)
    whole = tokens.span_scores(query, 1, [(0, 100)])
    np.testing.assert_allclose(whole, tokens.max_sim(query, np.array([1])), atol=1e-6)


def test_context_counts_for_the_passage_and_for_no_span() -> None:
    values = np.rint(_unit(2, seed=5) * SCALE).astype(np.int8)
    tokens = gather([(values, np.array([-1, 0], np.int32), np.array([-1, 4], np.int32))], np.zeros(1, np.int32), DIM)
    query = (values[:1] / SCALE).astype(np.float32)
    assert tokens.max_sim(query, np.array([0]))[0] > 0.95
    assert tokens.span_scores(query, 0, [(0, 4)])[0] < 0.95


def test_rare_pieces_weigh_more() -> None:
    weights = _tokens([1, 1, 1]).weights(np.array([0, 1, 2]))
    assert weights[0] > weights[1] > weights[2] > 0
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-6)


def test_nothing_at_all() -> None:
    tokens = gather([], np.zeros(3, dtype=np.int32), DIM)
    assert len(tokens) == 0
    assert tokens.max_sim(_unit(2, seed=1), np.empty(0, dtype=np.int64)).tolist() == []
    assert len(tokens.weights(np.empty(0, dtype=np.int64))) == 0
