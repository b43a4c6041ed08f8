"""What is found without the encoder: numbers, exact words, and the rest of the ways to browse."""

from __future__ import annotations

import pytest

from assistant.ask import Assistant
from assistant.errors import QuestionError
from assistant.types import Citation


def check_order(assistant: Assistant, found: tuple[Citation, ...]) -> None:
    """Numbered from 1, policies as the index has them, reading order within each, quotes word for word."""
    policies = [policy.id for policy in assistant.policies()]
    places = [(policies.index(each.policy.id), each.span) for each in found]
    assert places == sorted(set(places))
    assert [each.number for each in found] == list(range(1, len(found) + 1))
    for each in found:
        document = assistant.document(each.policy.id)
        assert each.quote == each.span.of(document.text)
        assert each.document_sha256 == document.sha256


def test_a_phrase_is_found_in_every_place_and_marked(assistant: Assistant) -> None:
    found = assistant.phrase("  PERSONAL\n data ", top_k=50)
    check_order(assistant, found)
    assert len({each.policy.id for each in found}) > 1
    for each in found:
        marked = [piece for piece, is_marked in each.pieces if is_marked]
        assert marked
        assert all(" ".join(piece.casefold().split()) == "personal data" for piece in marked)
    for policy in assistant.policies():
        told = " ".join(assistant.document(policy.id).text.casefold().split()).count("personal data")
        assert (policy.id in {each.policy.id for each in found}) == (told > 0)


def test_a_phrase_is_found_in_headings_and_over_the_end_of_a_passage(assistant: Assistant) -> None:
    title = "Third party cookie-files"
    text = assistant.document("i2istudy-privacy-policy").text
    (heading,) = assistant.phrase(title, ["i2istudy-privacy-policy"])
    assert heading.quote == title
    after = text[heading.span.end :].split()[0]
    over = assistant.phrase(f"{title} {after}", ["i2istudy-privacy-policy"])
    assert [[piece for piece, marked in each.pieces if marked] for each in over] == [[title], [after]]


def test_a_phrase_that_no_policy_holds_is_nowhere(assistant: Assistant) -> None:
    assert assistant.phrase("the quick brown fox") == ()
    assert assistant.phrase("ersonal dat") == ()


def test_a_phrase_is_looked_for_in_the_policies_picked_and_no_more_often_than_asked(assistant: Assistant) -> None:
    found = assistant.phrase("personal", ["unistudy-privacy-policy"], top_k=3)
    assert [each.policy.id for each in found] == ["unistudy-privacy-policy"] * 3
    assert assistant.phrase("personal", []) == ()


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_an_empty_phrase_is_refused(assistant: Assistant, text: str) -> None:
    with pytest.raises(QuestionError, match="empty"):
        assistant.phrase(text)


def test_a_number_is_found_in_every_policy_that_has_it(assistant: Assistant) -> None:
    found = assistant.clauses("3.")
    check_order(assistant, found)
    having = [p.id for p in assistant.policies() if any(c.number == "3" for c in assistant.document(p.id).clauses)]
    assert list(dict.fromkeys(each.policy.id for each in found)) == having
    assert len(having) > 1
    assert assistant.clauses("3", [having[0]]) == assistant.clause(having[0], "3")


@pytest.mark.parametrize("number", ["99.9", "", " . "])
def test_a_number_that_no_policy_has_is_nowhere(assistant: Assistant, number: str) -> None:
    assert assistant.clauses(number) == ()


def test_a_comparison_asks_each_policy_alone(assistant: Assistant) -> None:
    order = ["unistudy-privacy-policy", "italki-cookie-notice-2024", "i2istudy-privacy-policy"]
    question = "How long are session cookies kept?"
    answers = assistant.compare(question, order)
    assert [[policy.id for policy in answer.policies] for answer in answers] == [[policy] for policy in order]
    assert answers == tuple(assistant.ask(question, [policy]) for policy in order)


def test_unknown_policies_are_refused_everywhere(assistant: Assistant) -> None:
    for look in (
        lambda: assistant.phrase("data", ["nowhere"]),
        lambda: assistant.clauses("3", ["nowhere"]),
        lambda: assistant.compare("Do you sell data?", ["nowhere"]),
        lambda: assistant.topic("cookies", ["nowhere"]),
    ):
        with pytest.raises(QuestionError, match="nowhere"):
            look()
