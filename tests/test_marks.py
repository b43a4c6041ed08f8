"""What is marked in a cited passage."""

from __future__ import annotations

from assistant.ask import Assistant


def marked(assistant: Assistant, question: str, policy: str) -> list[str]:
    citation = assistant.ask(question, [policy]).citations[0]
    text = assistant.document(policy).text
    return [mark.of(text) for mark in citation.marks]


def test_a_list_question_marks_every_item_and_not_the_lead_in(assistant: Assistant) -> None:
    marks = marked(assistant, "What rights do I have as a data subject? List them all.", "unistudy-privacy-policy")
    assert not any(mark.endswith(":") for mark in marks)
    assert [mark.split()[1] for mark in marks if mark.startswith("•")] == ["receive", "request", "impose", "withdraw"]


def test_a_plain_question_marks_the_sentence_that_answers(assistant: Assistant) -> None:
    marks = marked(assistant, "Who can see my profile?", "i2istudy-privacy-policy")
    assert 1 <= len(marks) <= 2


def test_a_clause_that_was_asked_for_by_number_has_no_marks(assistant: Assistant) -> None:
    assert marked(assistant, "Show me clause 3.2", "unistudy-privacy-policy") == []
