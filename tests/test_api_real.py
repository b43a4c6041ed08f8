"""The API over the real assistant: the same answers as its methods give, asked one by one and all at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest

from assistant.feedback.store import FeedbackStore
from assistant.json_form import citation_form
from assistant.web.api.forms import answer_cards
from tests.api_fixtures import ITALKI, UNISTUDY, api_over
from tests.web_fixtures import serving

if TYPE_CHECKING:
    from assistant.ask import Assistant

QUESTIONS = (
    "Does italki give advertisers access to my account information?",
    "How long is my data kept?",
    "What is said of cookies?",
    "Как долго хранятся мои данные?",
    "Which dinosaurs are insured?",
    "5.8.3",
)


@pytest.fixture(scope="module")
def client(assistant: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    feedback = FeedbackStore(tmp_path_factory.mktemp("votes") / "feedback.sqlite")
    with serving(lambda: api_over(assistant, feedback)) as url, httpx.Client(base_url=url, timeout=120) as client:
        yield client


def test_answers_are_the_assistants_own(client: httpx.Client, assistant: Assistant) -> None:
    assert client.get("/readyz").status_code == 200

    def ask(question: str) -> object:
        return client.post("/api/ask", json={"question": question}).json()

    with ThreadPoolExecutor(len(QUESTIONS)) as pool:
        together = list(pool.map(ask, QUESTIONS))
    for question, said in zip(QUESTIONS, together, strict=True):
        answer = assistant.ask(question)
        suggestions = assistant.suggestions() if answer.status == "off_topic" else ()
        assert said == orjson.loads(orjson.dumps(answer_cards(answer, suggestions)))


def test_a_follow_up_is_understood_from_the_history(client: httpx.Client, assistant: Assistant) -> None:
    history = ["Which cookies does italki set?"]
    said = client.post("/api/ask", json={"question": "And for how long?", "history": history}).json()
    assert said["summary"] == assistant.ask("And for how long?", history=history).summary


def test_search_finds_what_the_assistant_finds(client: httpx.Client, assistant: Assistant) -> None:
    def found(**wanted: object) -> list[str]:
        said = client.post("/api/search", json={"top_k": 10, **wanted}).json()
        return [citation["url"] for citation in said["citations"]]

    def urls(citations: object) -> list[object]:
        return [citation_form(citation)["url"] for citation in citations]  # type: ignore[attr-defined]

    assert found(query="advertising") == urls(assistant.search("advertising", top_k=10))
    assert found(query='"third parties"') == urls(assistant.phrase("third parties", top_k=10))
    assert found(query="clause 2.1") == urls(assistant.clauses("2.1"))
    assert found(query="retention", languages=["ru"]) == []


def test_policies_side_by_side_and_by_topic(client: httpx.Client, assistant: Assistant) -> None:
    asked = {"question": "Is my data shared with partners?", "policies": [UNISTUDY, ITALKI]}
    columns = client.post("/api/compare", json=asked).json()["columns"]
    expected = assistant.compare(asked["question"], asked["policies"])  # type: ignore[arg-type]
    assert [column["status"] for column in columns] == [answer.status for answer in expected]
    for topic in client.get("/api/topics").json()["topics"]:
        citations = client.get(f"/api/topics/{topic['id']}", params={"policy": ITALKI}).json()["citations"]
        assert {citation["policy"] for citation in citations} <= {ITALKI}
    offered = client.get("/api/suggestions", params={"policy": UNISTUDY}).json()["questions"]
    assert client.post("/api/ask", json={"question": offered[0], "policies": [UNISTUDY]}).json()["status"] == "answered"
