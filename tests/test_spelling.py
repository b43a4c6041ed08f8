"""Misspelt words are mended by the corpus, right ones are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.spelling import Spelling, counted

TEXTS = [
    "We collect personal information and cookies. italki shares information.",
    "Your personal information, cookies, photos and pictures; italki, i2istudy, Persönliche Daten.",
    "photos, pictures, data about retention, Мы собираем данные. Мы храним данные. photo once onceword",
]
KNOWN = {"promos", "keep", "does", "long", "refund"}.__contains__
EXAMPLES = [
    ("does italki keeep my infromation", "does italki keeep my information"),
    ("persnal cookeis?", "personal cookies?"),
    ("INFORMATOIN", "information"),
    ("does itlaki share", "does italki share"),
    ("quit sending me promos", "quit sending me promos"),
    ("collected, collecting, photo", "collected, collecting, photo"),
    ("refund", "refund"),
    ("dta", "dta"),
    ("informaton@italky.com www.cookis.com cookis1", "informaton@italky.com www.cookis.com cookis1"),
    ("oncewort", "oncewort"),
    ("xyzzyxyzzy", "xyzzyxyzzy"),
    ("данны", "данны"),
    ("днные", "данные"),
    ("", ""),
]


@pytest.mark.parametrize(("question", "expected"), EXAMPLES)
def test_example(question: str, expected: str) -> None:
    assert Spelling(counted(TEXTS).items(), KNOWN).mended(question) == expected


def test_nearer_first_then_first_letter_then_frequency() -> None:
    texts = ["paper paper paper taper taper", "caper caper caper caper"]
    spelling = Spelling(counted(texts).items(), KNOWN)
    assert spelling.mended("xaper") == "caper"
    assert spelling.mended("tapor") == "taper"
    assert spelling.mended("papre") == "paper"


def test_an_empty_corpus_mends_nothing() -> None:
    assert Spelling((), KNOWN).mended("infromation") == "infromation"


@given(st.text())
def test_mending_again_changes_nothing(question: str) -> None:
    spelling = Spelling(counted(TEXTS).items(), KNOWN)
    once = spelling.mended(question)
    assert spelling.mended(once) == once


@given(st.sampled_from("personal information cookies pictures italki".split()))
def test_words_of_the_corpus_stay(word: str) -> None:
    assert Spelling(counted(TEXTS).items(), KNOWN).mended(f"{word} {word.title()}") == f"{word} {word.title()}"
