"""Where sentences end, in the texts that policies are."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.policies.sentences import last_sentence, sentences
from assistant.types import Span

EXAMPLES = [
    ("We collect data. You may object.", ["We collect data.", "You may object."]),
    ("We comply with the E.U.-U.S. Privacy Shield.", ["We comply with the E.U.-U.S. Privacy Shield."]),
    ("Names, e.g. yours, etc. Then we stop.", ["Names, e.g. yours, etc.", "Then we stop."]),
    ("Ask Acme Inc. or us.", ["Ask Acme Inc. or us."]),
    ("or not.You have choices", ["or not.", "You have choices"]),
    ("Visit www.acme.com/tos or acme.com now.", ["Visit www.acme.com/tos or acme.com now."]),
    ("the Яндекс.Метрика service", ["the Яндекс.Метрика service"]),
    (
        "for these purposes, including to:Require a password.Keep track",
        ["for these purposes, including to:", "Require a password.", "Keep track"],
    ),
    ("5.8.3 The transfer ends. At once.", ["5.8.3 The transfer ends.", "At once."]),
    ("1. First step\n2. Second step", ["1. First step", "2. Second step"]),
    ("我们收集信息。您可以拒绝！", ["我们收集信息。", "您可以拒绝！"]),
    (
        "Мы храним данные, т.е. имя. Вы вправе отозвать согласие.",
        ["Мы храним данные, т.е. имя.", "Вы вправе отозвать согласие."],
    ),
    ("name;\nemail;\nphone", ["name;", "email;", "phone"]),
    ("He wrote to J. Smith. She did not.", ["He wrote to J. Smith.", "She did not."]),
    ("No stop at all", ["No stop at all"]),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_examples(text: str, expected: list[str]) -> None:
    assert [span.of(text) for span in sentences(text, Span(0, len(text)))] == expected


def test_a_name_in_lower_case_starts_a_sentence_where_it_does_so_elsewhere() -> None:
    text = "acme keeps it. acme sells it. We may ask you.acme may also collect it. See acme.com and so on."
    assert "acme may also collect it." in [span.of(text) for span in sentences(text, Span(0, len(text)))]
    assert "See acme.com and so on." in [span.of(text) for span in sentences(text, Span(0, len(text)))]


@given(st.text(alphabet="aZ.!?: \n;)(“”1。é", max_size=80), st.integers(0, 20), st.integers(0, 80))
def test_sentences_are_disjoint_and_hold_every_character(text: str, start: int, length: int) -> None:
    span = Span(min(start, len(text)), min(start + length, len(text)))
    found = sentences(text, span)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert "".join("".join(s.of(text).split()) for s in found) == "".join(span.of(text).split())


def test_last_sentence_is_the_lead_in() -> None:
    text = "We use cookies. They do the following:"
    assert last_sentence(text, Span(0, len(text))).of(text) == "They do the following:"
