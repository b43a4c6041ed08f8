"""Clauses by topic, what the sorting is fitted to, and the questions that are suggested."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.answering.sorting import EVIDENCE, MODEL_FILE, Sorter, model
from assistant.answering.suggest import SUGGESTIONS, suggested
from assistant.answering.topics import QUESTIONS, TOPICS, find_topic
from assistant.ask import Assistant
from assistant.errors import EncoderError, UnknownTopicError
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.retrieval.weights import read_page
from assistant.types import Status
from benchmarks.topics import evidence, labelled, text_of

IDS = [topic.id for topic in TOPICS]


def test_topics_are_those_of_a_privacy_policy() -> None:
    assert IDS == [
        "collected", "use", "sharing", "cookies", "retention", "security", "rights", "children", "transfers", "changes",
        "contact",
    ]  # fmt: skip
    assert len({topic.title for topic in TOPICS}) == len(QUESTIONS) - 1 == len(TOPICS)


def test_an_unknown_topic_is_refused(assistant: Assistant) -> None:
    with pytest.raises(UnknownTopicError, match="collected, use"):
        assistant.topic("weather")
    assert find_topic("cookies").title == "Cookies"


@pytest.mark.parametrize(
    ("topic", "policy", "words"),
    [
        ("children", "italki-privacy-policy-2018", "Protecting the privacy of young children"),
        ("changes", "italki-privacy-policy-2018", "italki may revise, modify or update this policy"),
        ("contact", "italki-privacy-policy-2018", "If you have a privacy concern regarding italki"),
        ("security", "italki-privacy-policy-2018", "No data transmissions over the Internet"),
        ("rights", "unistudy-privacy-policy", "Personal data subjects have the right to"),
        ("transfers", "unistudy-privacy-policy", "Before starting the cross-border transfer"),
        ("cookies", "i2istudy-privacy-policy", "Cookie-files"),
        ("sharing", "i2istudy-privacy-policy", "Disclosure of your personal information"),
    ],
)
def test_clauses_are_under_the_topic_that_people_look_for(
    assistant: Assistant, topic: str, policy: str, words: str
) -> None:
    found = assistant.topic(topic, [policy])
    assert any(words in citation.quote for citation in found)
    assert len(found) < len([p for p in split(assistant.document(policy)) if p.citable]) / 2


def test_clauses_of_a_topic_are_in_reading_order_and_of_the_policies_picked(assistant: Assistant) -> None:
    everywhere = assistant.topic("sharing")
    order = [policy.id for policy in assistant.policies()]
    places = [(order.index(citation.policy.id), citation.span) for citation in everywhere]
    assert places == sorted(set(places))
    assert [citation.number for citation in everywhere] == list(range(1, len(everywhere) + 1))
    picked = assistant.topic("sharing", order[1:2])
    assert [c.span for c in picked] == [c.span for c in everywhere if c.policy.id == order[1]]
    assert assistant.topic("sharing", []) == ()


def test_each_policy_is_sorted_once(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    before = assistant.topic("retention")

    def again(*_: object) -> None:
        raise AssertionError("sorted again")

    monkeypatch.setattr(Sorter, "sort", again)
    assert assistant.topic("retention") == before
    assert assistant.topic("use")


def test_a_policy_without_passages_is_about_nothing(assistant: Assistant) -> None:
    sorter = Sorter(assistant.encoder.encode_query, assistant._engine)
    assert sorter.sort([]) == {topic: [] for topic in TOPICS}
    assert sorter.evidence([]).shape == (0, len(TOPICS), EVIDENCE)


def test_the_sorting_was_fitted_to_the_shipped_encoder() -> None:
    assert model().encoder == read_page().sha256, "run `PYTHONPATH=. python benchmarks/topics.py --write`"
    assert set(model().biases) == set(IDS)


@pytest.mark.parametrize("spoil", [lambda m: m | {"weights": [1.0]}, lambda m: m | {"more": 1}, lambda m: [m]])
def test_a_damaged_model_is_refused(
    spoil: Callable[[dict[str, object]], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = json.loads(MODEL_FILE.read_text(encoding="utf-8"))
    (tmp_path / "topics.json").write_text(json.dumps(spoil(known)), encoding="utf-8")
    monkeypatch.setattr("assistant.answering.sorting.MODEL_FILE", tmp_path / "topics.json")
    with pytest.raises(EncoderError, match=r"topics\.json"):
        model.__wrapped__()


def test_labelled_passages_are_those_of_the_policies(root: Path) -> None:
    rows = [json.loads(line) for line in (root / "benchmarks" / "topics.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) >= 120
    assert {topic for row in rows for topic in row["topics"]} == set(IDS)
    for policy in {row["policy"] for row in rows}:
        here = [row["quote"] for row in rows if row["policy"] == policy]
        document = parse(read_source(text_of(policy), 1 << 24))
        passages = [passage for passage in split(document) if passage.citable]
        labelled = np.array([[passage.text.startswith(quote) for quote in here] for passage in passages])
        assert (labelled.sum(axis=0) == 1).all()
        assert (labelled.sum(axis=1) == 1).all()


def test_what_is_fitted_is_what_an_index_gives(assistant: Assistant) -> None:
    """The benchmark's evidence leads to the topics that were labelled, mostly."""
    passages, about = labelled()
    policy = [at for at, passage in enumerate(passages) if passage.policy == passages[0].policy]
    found = evidence(assistant.encoder, [passages[at] for at in policy])
    assert found.shape == (len(policy), len(TOPICS), EVIDENCE)
    biases = np.array([model().biases[topic.id] for topic in TOPICS])
    said = found @ np.array(model().weights) + biases >= np.log(model().least / (1 - model().least))
    assert (said == about[policy]).mean() >= 0.9


def test_suggestions_are_the_same_questions_in_every_language() -> None:
    assert set(SUGGESTIONS) == {"en", "ru", "es", "zh", "de", "fr"}
    assert {len(questions) for questions in SUGGESTIONS.values()} == {len(SUGGESTIONS["en"])}
    flat = [question for questions in SUGGESTIONS.values() for question in questions]
    assert len(set(flat)) == len(flat)


@pytest.mark.parametrize(("language", "of"), [("zh-CN", "zh"), ("DE", "de"), ("pt", "en"), ("", "en"), ("fr_CA", "fr")])
def test_suggestions_fall_back_to_english(language: str, of: str) -> None:
    assert suggested(language) == SUGGESTIONS[of]


@pytest.mark.parametrize("language", list(SUGGESTIONS))
def test_suggestions_in_every_language_are_answered(assistant: Assistant, language: str) -> None:
    policy = "italki-privacy-policy-2018"
    offered = assistant.suggestions([policy], language=language)
    assert 1 <= len(offered) <= 4
    assert set(offered) <= set(SUGGESTIONS[language])
    assert all(assistant.ask(question, [policy]).status is Status.ANSWERED for question in offered)
    assert assistant.suggestions([policy], language="en") == assistant.suggestions([policy])


def test_a_search_finds_as_many_clauses_as_asked_for_whether_they_answer_or_not(assistant: Assistant) -> None:
    question = "What will the weather be like in Paris tomorrow?"
    assert assistant.ask(question).status is not Status.ANSWERED
    found = assistant.search(question, top_k=12)
    assert [citation.number for citation in found] == list(range(1, 13))
    assert len({(citation.policy.id, citation.span) for citation in found}) == 12
