"""Quoted phrases are found word for word."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.phrases import placed_phrase
from assistant.retrieval.phrases import exact_spans

EXAMPLES = [
    ("We answer within 30\n days.", "Within 30 days", ["within 30\n days"]),
    ("“Personal data” is data", '"personal  data"', ["“Personal data”"]),
    ("the user’s data and the users data", "user's data", ["user’s data"]),
    ("cookie-files, cookie‑files", "cookie-files", ["cookie-files", "cookie‑files"]),
    ("discookies and cookies", "cookies", ["cookies"]),
    ("(a) one (b) two", "(b) two", ["(b) two"]),
    ("a.b axb", "a.b", ["a.b"]),
    ("Персональные Данные", "персональные данные", ["Персональные Данные"]),
    ("anything", "  ", []),
    ("", "word", []),
]


@pytest.mark.parametrize(("text", "phrase", "expected"), EXAMPLES)
def test_example(text: str, phrase: str, expected: list[str]) -> None:
    assert [span.of(text) for span in exact_spans(text, phrase)] == expected


AROUND = st.text(alphabet="ab 'X\n-", max_size=10)


@given(AROUND, st.text(alphabet="ab'X-", min_size=1, max_size=6), AROUND)
def test_what_stands_apart_is_found(before: str, phrase: str, after: str) -> None:
    text = f"{before} {phrase} {after}"
    spans = exact_spans(text, phrase)
    assert any(span.of(text).casefold() == phrase.casefold() for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("Where does the policy mention the Data Protection Act?", "Data Protection Act"),
        ("which clause refers to arbitration", "arbitration"),
        ("Which short section talks about web beacons?", "web beacons"),
        ("Где упоминается Google Analytics?", "Google Analytics"),
        ("¿Dónde se menciona Google Analytics?", "Google Analytics"),
        ("哪里提到了未成年人？", "未成年人"),
        ("Where is my data stored?", ""),
        ("Do you mention cookies?", ""),
        ("Which passage talks about what you will do with all of my messages", ""),
    ],
)
def test_words_whose_place_is_asked_for(question: str, phrase: str) -> None:
    assert placed_phrase(question) == phrase
