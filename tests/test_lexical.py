"""BM25 laid out by token gives what rank_bm25 gives."""

from __future__ import annotations

import io
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rank_bm25 import BM25Plus

from assistant.retrieval import postings, tally
from assistant.retrieval.lexical import Lexical
from assistant.retrieval.postings import Counting
from assistant.retrieval.tally import Tally
from assistant.retrieval.tokens import tokens

WORDS = st.sampled_from("cookie data share delete email 5.8.3 данные 信息 italki".split())
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
CORPORA = st.lists(TEXTS, max_size=8)


class _Terms(list[bytes]):
    def find(self, string: str) -> int | None:
        return self.index(string.encode()) if string.encode() in self else None


def _counted(corpus: list[str]) -> Counting:
    counting = Counting(io.BytesIO(), Tally(io.BytesIO()))
    for text in corpus:
        counting.add(text)
    return counting


def _postings(
    corpus: list[str], part: int = postings.PART, passages: int = postings.PASSAGES, run: int = tally.RUN
) -> tuple[_Terms, np.ndarray, np.ndarray, np.ndarray]:
    """Terms, where the postings of each begin, and these; all at once, or so many postings and passages at a time."""
    with patch.multiple(postings, PART=part, PASSAGES=passages), patch.object(tally, "RUN", run):
        counting = _counted(corpus)
        terms = _Terms(counting.terms())
        found = list(counting.postings())
    held, rows, weights = [np.zeros(1, np.int64)], [np.empty(0, np.int32)], [np.empty(0, np.float32)]
    for each in found:
        held.append(each.held)
        rows.append(each.rows)
        weights.append(each.weights)
    return terms, np.cumsum(np.concatenate(held)), np.concatenate(rows), np.concatenate(weights)


def laid_out(corpus: list[str]) -> Lexical:
    return Lexical(*_postings(corpus), len(corpus))


@given(CORPORA, TEXTS)
def test_scores_are_those_of_rank_bm25(corpus: list[str], query: str) -> None:
    scores = laid_out(corpus).scores(query)
    assert scores.dtype == np.float32
    if not any(map(tokens, corpus)):
        assert scores.tolist() == [0.0] * len(corpus)
        return
    expected = BM25Plus([tokens(text) for text in corpus], delta=0).get_scores(tokens(query))
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


@given(CORPORA.filter(any), TEXTS)
def test_delta_changes_no_order(corpus: list[str], query: str) -> None:
    plain = laid_out(corpus).scores(query)
    lifted = BM25Plus([tokens(text) for text in corpus], delta=1).get_scores(tokens(query))
    np.testing.assert_allclose(plain - plain.min(), lifted - lifted.min(), rtol=1e-4, atol=1e-5)


@given(CORPORA, TEXTS)
def test_a_score_is_above_zero_exactly_where_a_token_is_shared(corpus: list[str], query: str) -> None:
    lexical = laid_out(corpus)
    shared = [bool(set(tokens(text)) & set(tokens(query))) for text in corpus]
    assert (lexical.scores(query) > 0).tolist() == shared
    assert lexical.matched(query) == any(shared)


@given(CORPORA, TEXTS, st.integers(0, 9), st.data())
def test_search_ranks_what_it_is_restricted_to(corpus: list[str], query: str, k: int, data: st.DataObject) -> None:
    lexical = laid_out(corpus)
    scores = lexical.scores(query)
    allowed = data.draw(st.none() | st.lists(st.sampled_from(range(len(corpus))) if corpus else st.nothing()))
    candidates = range(len(corpus)) if allowed is None else sorted(set(allowed))
    expected = sorted((row for row in candidates if scores[row] > 0), key=lambda row: (-scores[row], row))[:k]
    rows, found = lexical.search(query, k, None if allowed is None else np.isin(np.arange(len(corpus)), allowed))
    assert rows.tolist() == expected
    assert found.tolist() == [scores[row] for row in expected]


@given(CORPORA)
def test_what_is_laid_out_in_parts_is_the_same(corpus: list[str]) -> None:
    whole, parts = _postings(corpus), _postings(corpus, part=3, passages=2, run=2)
    assert [list(each) for each in whole] == [list(each) for each in parts]


@pytest.mark.parametrize("corpus", [[], [""], ["", "..."]])
def test_a_corpus_without_words(corpus: list[str]) -> None:
    lexical = laid_out(corpus)
    assert len(lexical) == len(corpus)
    assert lexical.scores("data").tolist() == [0.0] * len(corpus)
    assert not lexical.matched("data")
    assert lexical.search("data", 5)[0].tolist() == []


def test_one_passage_is_found() -> None:
    """BM25Okapi would score it below 0."""
    rows, scores = laid_out(["We use cookies"]).search("which cookies?", 5)
    assert rows.tolist() == [0]
    assert scores[0] > 0
