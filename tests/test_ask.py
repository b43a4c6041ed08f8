"""The whole way from a question to its answer, over the real policies with the real encoder."""

from __future__ import annotations

import unicodedata

import pytest
from answer_checks import check_answer
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.ask import Assistant
from assistant.errors import QuestionError
from assistant.types import Status

ITALKI = {"italki-privacy-policy-2018", "italki-cookie-notice-2024"}


QUESTIONS = [
    ("Does i2istudy sell my personal data?", {"i2istudy-privacy-policy"}, "not to sell"),
    ("how do I delete my italki account", ITALKI, "You can delete your applicable account"),
    ("What are necessary cookies for on italki?", ITALKI, "enable you to navigate the italki Platform"),
    (
        "Who controls personal data on unistudy.me after a third party gets it?",
        {"unistudy-privacy-policy"},
        "third parties",
    ),
    ("does italky share data with advertisers", ITALKI, "does not share any personally identifiable information"),
]


@pytest.mark.parametrize(("question", "policies", "words"), QUESTIONS)
def test_questions_are_answered_from_the_policy_they_name(
    assistant: Assistant, question: str, policies: set[str], words: str
) -> None:
    answer = assistant.ask(question)
    check_answer(assistant, answer, 5)
    assert {policy.id for policy in answer.policies} == policies
    assert any(words in citation.quote for citation in answer.citations[:3])


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("5.8.3", "5.8.3"),
        ("What does clause 5.8.2 of the Unistudy policy say?", "5.8.2"),
        ("section 3.4 of the italki policy", "3.4"),
        ("unistudy clause 10.2", "10.2"),
    ],
)
def test_a_clause_number_returns_that_clause_first(assistant: Assistant, question: str, number: str) -> None:
    answer = assistant.ask(question)
    check_answer(assistant, answer, 5)
    assert answer.citations[0].clause == number
    assert answer.citations[0].anchor == number


@pytest.mark.parametrize(
    ("question", "policies", "summary"),
    [
        ("clause 99.9", ["unistudy-privacy-policy"], "Unistudy Privacy Policy has no clause 99.9."),
        ("what does clause 42 say?", None, "The 5 policies have no clause 42."),
        (
            "show me clauses 5.1 and 77.7 of the Unistudy policy",
            None,
            "Unistudy Privacy Policy says this in clause 5.1.",
        ),
    ],
)
def test_only_clauses_that_are_there_are_said_to_be(
    assistant: Assistant, question: str, policies: list[str] | None, summary: str
) -> None:
    answer = assistant.ask(question, policies=policies)
    check_answer(assistant, answer, 5)
    assert answer.summary == summary
    assert (answer.status is Status.NOT_COVERED) == ("no clause" in summary)


def test_a_quoted_phrase_ranks_exact_matches_first(assistant: Assistant) -> None:
    answer = assistant.ask('Where does the Unistudy policy say "within 30 days"?')
    check_answer(assistant, answer, 5)
    first = answer.citations[0]
    assert "within 30 days" in first.quote
    assert [mark.of(assistant.document(first.policy.id).text) for mark in first.marks] == ["within 30 days"]


def test_picked_policies_are_the_only_ones_searched(assistant: Assistant) -> None:
    answer = assistant.ask("How old must I be?", policies=["i2istudy-privacy-policy"])
    assert {citation.policy.id for citation in answer.citations} == {"i2istudy-privacy-policy"}
    assert "18 years" in answer.citations[0].quote


def test_a_comparison_cites_the_best_of_each(assistant: Assistant) -> None:
    answer = assistant.ask("How do I correct my details on Unistudy compared with i2istudy?")
    first = {citation.policy.id for citation in answer.citations[:2]}
    assert first == {"unistudy-privacy-policy", "i2istudy-privacy-policy"}


def test_follow_ups_use_the_history(assistant: Assistant) -> None:
    answer = assistant.ask("And on italki?", history=["How do I correct my details on Unistudy?"])
    assert {policy.id for policy in answer.policies} == ITALKI
    assert "edit your own account information" in answer.citations[0].quote


def test_headings_are_never_cited(assistant: Assistant) -> None:
    answer = assistant.ask(
        "When do we transmit your information to other persons?", policies=["unnamed-privacy-policy"]
    )
    quotes = [citation.quote for citation in answer.citations + answer.related]
    assert quotes
    assert "When do we transmit your information to other persons?" not in quotes


@pytest.mark.parametrize(
    "question", ["Write a Python function that reverses a list.", "hi there, how are you doing today?"]
)
def test_what_is_no_privacy_question_is_not_answered(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question)
    check_answer(assistant, answer, 5)
    assert answer.status is Status.OFF_TOPIC


def test_the_answering_sentence_is_marked(assistant: Assistant) -> None:
    answer = assistant.ask("Can I get a copy of the personal data italki has collected about me?")
    text = assistant.document(answer.citations[0].policy.id).text
    assert [mark.of(text) for mark in answer.citations[0].marks] == [
        "You can ask us for a copy of your personal data collected by italki."
    ]


def test_clause_gives_the_clauses_below_it_in_reading_order(assistant: Assistant) -> None:
    cited = assistant.clause("unistudy-privacy-policy", "5.8")
    assert [citation.clause for citation in cited] == ["5.8", "5.8.1", "5.8.2", "5.8.3", "5.8.4"]


def test_clause_of_a_section_without_heading(assistant: Assistant) -> None:
    assert {c.clause for c in assistant.clause("unistudy-privacy-policy", "3")} == {"3.1", "3.2"}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: a.ask("  \n"), "empty"),
        (lambda a: a.ask("x" * 2001), "shorten it"),
        (lambda a: a.ask("cookies?", policies=["nobody"]), "'nobody'"),
        (lambda a: a.ask("cookies?", top_k=0), "must be 1 to"),
        (lambda a: a.clause("unistudy-privacy-policy", "99"), "its sections are 1, 2, 3"),
        (lambda a: a.clause("i2istudy-privacy-policy", "1"), "its clauses have no numbers"),
        (lambda a: a.document("nobody"), "'nobody'"),
    ],
)
def test_what_cannot_be_asked_says_so_in_one_sentence(assistant: Assistant, call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(QuestionError, match=words):
        call(assistant)


def test_suggestions_are_answered(assistant: Assistant) -> None:
    for policy in assistant.policies():
        suggested = assistant.suggestions([policy.id])
        assert suggested
        assert all(assistant.ask(question, [policy.id]).citations for question in suggested)


def shows_something(text: str) -> bool:
    """Whether a text is more than white space, control characters and marks of direction."""
    return any(unicodedata.category(character)[0] not in "CZ" for character in text)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=200).filter(shows_something), st.integers(1, 12))
def test_any_text_gets_an_answer_that_keeps_the_laws(assistant: Assistant, question: str, top_k: int) -> None:
    check_answer(assistant, assistant.ask(question, top_k=top_k), top_k)
