"""The API over a running server: each route, each code of errors, limits, entity tags and figures."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from collections.abc import Iterator

import anyio
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assistant.errors import FeedbackError, SettingsError
from assistant.settings import Settings
from assistant.types import Policy, text_sha256
from assistant.web import limits
from assistant.web.api.cors import origins
from assistant.web.api.problems import CODES
from assistant.web.api.server import create_api
from assistant.web.limits import MAX_BODY_BYTES, client_of, rate_limit
from assistant.web.site import Site
from tests.api_fixtures import ITALKI, UNISTUDY, Notes, WordAssistant, api_over, read_corpus
from tests.waiting import until
from tests.web_fixtures import serving

TEXTS = {document.policy.id: document.text for document in read_corpus()[0]}


# Seconds: two cores are shared.
PATIENCE = 60


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE)


@pytest.fixture(scope="module")
def assistant_here() -> WordAssistant:
    return WordAssistant(max_question_chars=200)


@pytest.fixture(scope="module")
def notes() -> Notes:
    return Notes()


@pytest.fixture(scope="module")
def client(assistant_here: WordAssistant, notes: Notes) -> Iterator[httpx.Client]:
    with (
        serving(lambda: api_over(assistant_here, notes, max_question_chars=200)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE) as client,
    ):
        yield client


def is_problem(said: httpx.Response, status: int, code: str) -> str:
    """Checks the form of an error, and gives back its sentence."""
    assert said.status_code == status, said.text
    assert said.headers["content-type"] == "application/problem+json"
    body = said.json()
    assert list(body) == ["type", "title", "status", "detail", "code"]
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert code in CODES
    assert re.fullmatch(r"\S.*[.]", body["detail"], re.DOTALL)
    return body["detail"]


def figure(client: httpx.Client, name: str, **labels: str) -> float:
    """One sample of the metrics; 0 where there is none."""
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return 0


# --- questions


def test_a_question_is_answered_with_cards(client: httpx.Client) -> None:
    said = client.post("/api/ask", json={"question": "Are advertisers told?", "policies": [ITALKI], "top_k": 2})
    assert said.status_code == 200
    assert said.headers["content-type"] == "application/json"
    assert said.headers["cache-control"] == "no-store"
    answer = said.json()
    assert (answer["status"], answer["confidence"]) == ("answered", "likely")
    assert answer["suggestions"] == []
    assert [policy["id"] for policy in answer["policies"]] == [ITALKI]
    assert len(answer["citations"]) == 2
    for citation in answer["citations"]:
        start, end = citation["span"]
        assert citation["quote"] == TEXTS[ITALKI][start:end]
        assert citation["document_sha256"] == text_sha256(TEXTS[ITALKI])
        assert "".join(text for text, _ in citation["pieces"]) == citation["quote"]
        marked = [TEXTS[ITALKI][first:last] for first, last in citation["marks"]]
        assert [text for text, mark in citation["pieces"] if mark] == marked != []
        assert citation["date_text"] == "7 May 2018"
        assert citation["url"].startswith(f"policies/{ITALKI}?mark=")


def test_off_topic_comes_with_other_questions_and_not_covered_with_the_nearest_clauses(client: httpx.Client) -> None:
    off = client.post("/api/ask", json={"question": "pizza"}).json()
    assert (off["status"], off["confidence"], off["citations"]) == ("off_topic", None, [])
    assert off["suggestions"] == ["What information is collected?", "Is my data sold?", "How do I delete it?"]
    german = client.post("/api/ask", json={"question": "Wie schmeckt die beste pizza der Stadt?"}).json()
    assert german["suggestions"] == ["Welche Daten werden erhoben?"]
    missing = client.post("/api/ask", json={"question": "dinosaurs?"}).json()
    assert (missing["status"], missing["citations"], missing["suggestions"]) == ("not_covered", [], [])
    assert len(missing["related"]) == 3
    assert missing["related"][0]["pieces"] == [[missing["related"][0]["quote"], False]]


def test_the_last_twenty_questions_count(client: httpx.Client, assistant_here: WordAssistant) -> None:
    history = [f"Question {number}?" for number in range(30)]
    assert client.post("/api/ask", json={"question": "And cookies?", "history": history}).status_code == 200
    assert assistant_here.asked[-1] == {"policies": None, "history": history[10:], "top_k": 5}


def test_search_by_meaning_phrase_and_number(client: httpx.Client) -> None:
    def search(**wanted: object) -> dict[str, object]:
        said = client.post("/api/search", json=wanted)
        assert said.status_code == 200, said.text
        return said.json()

    meaning = search(query="advertisers", top_k=3)
    assert (meaning["mode"], len(meaning["citations"])) == ("meaning", 3)
    phrase = search(query="“personal information”", policies=[ITALKI])
    assert phrase["mode"] == "phrase"
    assert all("personal information" in found["quote"].casefold() for found in phrase["citations"])
    assert search(query="personal information", mode="phrase", policies=[ITALKI])["citations"] == phrase["citations"]
    clause = search(query="§ 2.1.")
    assert clause["mode"] == "clause"
    assert {found["policy"] for found in clause["citations"]} == {ITALKI, UNISTUDY}
    assert search(query="clause 2.1", mode="clause")["citations"] == clause["citations"]
    assert search(query="2.1", mode="clause")["citations"] == clause["citations"]
    assert search(query="99.99", mode="clause")["citations"] == []


def test_search_in_companies_languages_and_time(client: httpx.Client) -> None:
    def searched(**wanted: object) -> list[str]:
        said = client.post("/api/search", json={"query": "data", **wanted}).json()
        ids = [policy["id"] for policy in said["policies"]]
        assert {found["policy"] for found in said["citations"]} <= set(ids)
        return ids

    everything = searched()
    assert len(everything) == 5
    assert searched(companies=["ITALKI"]) == ["italki-cookie-notice-2024", ITALKI]
    assert searched(companies=["italki"], policies=[ITALKI, UNISTUDY]) == [ITALKI]
    assert searched(languages=["ru"]) == []
    assert searched(**{"from": "2018-05-07", "to": "2018"}) == [ITALKI]
    assert searched(to="2014-05-03") == ["i2istudy-privacy-policy"]
    assert searched(**{"from": "2015"}) == ["italki-cookie-notice-2024", ITALKI]


def test_a_question_is_compared_over_policies_in_the_order_asked_for(client: httpx.Client) -> None:
    said = client.post("/api/compare", json={"question": "Which cookies?", "policies": [UNISTUDY, ITALKI]}).json()
    assert [column["policy"]["id"] for column in said["columns"]] == [UNISTUDY, ITALKI]
    for column in said["columns"]:
        assert len(column["citations"]) <= 3
        assert {citation["policy"] for citation in column["citations"]} == {column["policy"]["id"]}
    silent = client.post("/api/compare", json={"question": "dinosaur", "policies": [UNISTUDY, ITALKI]}).json()
    assert [(column["status"], column["confidence"]) for column in silent["columns"]] == [("not_covered", None)] * 2


def test_suggestions(client: httpx.Client) -> None:
    assert client.get("/api/suggestions", params={"policy": ITALKI, "count": 2}).json() == {
        "questions": ["What information is collected?", "Is my data sold?"]
    }
    german = client.get("/api/suggestions", params={"language": "de"}).json()
    assert german == {"questions": ["Welche Daten werden erhoben?"]}
    assert client.get("/api/suggestions", params={"language": "xx", "count": 1}).json() == {
        "questions": ["What information is collected?"]
    }
    is_problem(client.get("/api/suggestions", params={"language": "klingon"}), 422, "invalid_request")
    is_problem(client.get("/api/suggestions", params={"policy": "nowhere"}), 404, "unknown_policy")
    is_problem(client.get("/api/suggestions", params={"count": "many"}), 422, "invalid_request")
    is_problem(client.get("/api/suggestions", params={"colour": "red"}), 422, "invalid_request")


def test_topics(client: httpx.Client) -> None:
    topics = client.get("/api/topics").json()["topics"]
    assert {"id": "cookies", "title": "Cookies"} in topics
    said = client.get("/api/topics/cookies", params={"policy": [ITALKI, UNISTUDY]}).json()
    assert said["topic"] == {"id": "cookies", "title": "Cookies"}
    assert {citation["policy"] for citation in said["citations"]} == {ITALKI, UNISTUDY}
    is_problem(client.get("/api/topics/dinosaurs"), 404, "not_found")
    is_problem(client.get("/api/topics/cookies", params={"policy": "nowhere"}), 404, "unknown_policy")


# --- policies


def test_policies_are_listed_and_kept_until_they_change(client: httpx.Client) -> None:
    said = client.get("/api/policies")
    listed = said.json()["policies"]
    assert [policy["id"] for policy in listed] == sorted(TEXTS)
    assert {policy["url"] for policy in listed} == {f"policies/{id}" for id in TEXTS}
    assert all(policy["clauses"] > 0 for policy in listed)
    assert said.headers["cache-control"] == "no-cache"
    tag = said.headers["etag"]
    for known in (tag, f"W/{tag}", f'"old", {tag}', "*"):
        again = client.get("/api/policies", headers={"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get("/api/policies", headers={"if-none-match": '"old"'}).status_code == 200
    assert client.get("/api/policies/" + ITALKI).headers["etag"] != tag


def test_a_new_index_is_listed_at_once() -> None:
    class Fewer(WordAssistant):
        def policies(self) -> tuple[Policy, ...]:
            return super().policies()[:2]

    served = [WordAssistant()]
    site = Site(lambda: served[0], Settings(), Notes(), anyio.CapacityLimiter(1))  # type: ignore[arg-type, return-value]
    with serving(lambda: create_api(site)) as url:
        first = get(f"{url}/api/policies")
        assert len(first.json()["policies"]) == 5
        served[0] = Fewer()
        tag = {"if-none-match": first.headers["etag"]}
        second = httpx.get(f"{url}/api/policies", headers=tag, timeout=PATIENCE)
        assert (second.status_code, len(second.json()["policies"])) == (200, 2)
        assert "assistant_policies 2.0" in get(f"{url}/metrics").text


def test_a_policy_is_given_in_full_with_its_outline(client: httpx.Client) -> None:
    said = client.get(f"/api/policies/{ITALKI}")
    policy = said.json()
    assert policy["text"] == TEXTS[ITALKI]
    assert policy["sha256"] == text_sha256(TEXTS[ITALKI])
    assert policy["url"] == f"policies/{ITALKI}"
    by_number = {clause["number"]: clause for clause in policy["clauses"]}
    inner = by_number["3.4"]
    assert policy["clauses"][inner["parent"]] == by_number["3"]
    assert by_number["3"]["parent"] is None
    assert TEXTS[ITALKI][slice(*inner["span"])].startswith("3.4")
    assert (inner["depth"], inner["anchor"]) == (2, "3.4")
    again = client.get(f"/api/policies/{ITALKI}", headers={"if-none-match": said.headers["etag"]})
    assert again.status_code == 304
    is_problem(client.get("/api/policies/nowhere"), 404, "unknown_policy")


def test_a_clause_is_given_by_its_number(client: httpx.Client) -> None:
    said = client.get(f"/api/clauses/{ITALKI}/3.4").json()
    assert (said["policy"], said["number"]) == (ITALKI, "3.4")
    assert {citation["clause"] for citation in said["citations"]} == {"3.4"}
    is_problem(client.get(f"/api/clauses/{ITALKI}/99"), 404, "unknown_clause")
    is_problem(client.get("/api/clauses/nowhere/1"), 404, "unknown_policy")


# --- votes and counts


def vote(**more: object) -> dict[str, object]:
    return {"useful": False, "answer": {"status": "answered", "clauses": ["policies/a#1"]}, **more}


def test_a_vote_is_stored(client: httpx.Client, notes: Notes) -> None:
    said = client.post("/api/feedback", json=vote(reason="other", note="No.", question="Why?", policies=[ITALKI]))
    assert (said.status_code, said.content) == (204, b"")
    stored = notes.votes[-1]
    assert (stored.useful, stored.reason, stored.note, stored.question) == (False, "other", "No.", "Why?")  # type: ignore[attr-defined]
    assert (stored.status, stored.clauses, stored.policies) == ("answered", ("policies/a#1",), (ITALKI,))  # type: ignore[attr-defined]
    bare = {"useful": True, "answer": {"status": "off_topic"}}
    assert client.post("/api/feedback", json=bare).status_code == 204
    assert (notes.votes[-1].reason, notes.votes[-1].policies) == ("", ())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "wrong",
    [
        {"useful": "yes"},
        {"reason": "boredom"},
        {"note": "n" * 1001},
        {"answer": {"status": "fine"}},
        {"answer": {"status": "answered", "clauses": [7]}},
        {"name": "Ann"},
    ],
)
def test_a_vote_of_another_form_is_refused(client: httpx.Client, notes: Notes, wrong: dict[str, object]) -> None:
    before = len(notes.votes)
    is_problem(client.post("/api/feedback", json=vote(**wrong)), 422, "invalid_request")
    assert len(notes.votes) == before


def test_a_vote_on_an_unknown_policy_is_refused(client: httpx.Client) -> None:
    is_problem(client.post("/api/feedback", json=vote(policies=["nowhere"])), 404, "unknown_policy")


def test_each_answer_is_counted(client: httpx.Client, notes: Notes) -> None:
    notes.counts.clear()
    client.post("/api/ask", json={"question": "Что с динозаврами? dinosaur", "policies": [ITALKI]})
    client.post("/api/ask", json={"question": ""})
    client.post("/api/ask", json={"question": "Where is my data?"})
    expected = {
        ("answered", "en", (), "Where is my data?"),
        ("not_covered", "ru", (ITALKI,), "Что с динозаврами? dinosaur"),
    }
    until(lambda: expected <= set(notes.counts))
    assert "" not in {question for _, _, _, question in notes.counts}


def test_what_cannot_be_counted_fails_no_answer(
    client: httpx.Client, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    before = figure(client, "assistant_feedback_failures_total")
    notes.failure = FeedbackError("The file /srv/votes.sqlite is full; make room.")
    try:
        assert client.post("/api/ask", json={"question": "Where is my data?"}).status_code == 200
        until(lambda: figure(client, "assistant_feedback_failures_total") == before + 1)
        with caplog.at_level(logging.ERROR):
            said = is_problem(client.post("/api/feedback", json=vote()), 500, "internal")
        assert "votes.sqlite" not in said
        assert "votes.sqlite" in caplog.text
        assert figure(client, "assistant_feedback_failures_total") == before + 2
    finally:
        notes.failure = None


# --- what is refused


def test_questions_that_cannot_be_asked(client: httpx.Client) -> None:
    for nothing in ("", " \n\t", "\u3000", "\x07"):
        is_problem(client.post("/api/ask", json={"question": nothing}), 422, "question_empty")
        is_problem(client.post("/api/search", json={"query": nothing}), 422, "question_empty")
    too_long = is_problem(client.post("/api/ask", json={"question": "a" * 201}), 422, "question_too_long")
    assert "201" in too_long
    for mode in ("auto", "meaning", "phrase", "clause"):
        long = {"query": "1" * 201, "mode": mode, "languages": ["ru"]}
        is_problem(client.post("/api/search", json=long), 422, "question_too_long")
    is_problem(client.post("/api/feedback", json=vote(question="a" * 201)), 422, "question_too_long")
    compare = {"question": "a" * 201, "policies": [ITALKI, UNISTUDY]}
    is_problem(client.post("/api/compare", json=compare), 422, "question_too_long")
    assert client.post("/api/ask", json={"question": "\N{GRINNING FACE}" * 200}).status_code == 200
    is_problem(client.post("/api/ask", json={"question": "Why?", "policies": ["nowhere"]}), 404, "unknown_policy")
    is_problem(client.post("/api/search", json={"query": "Why?", "policies": ["nowhere"]}), 404, "unknown_policy")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("ask", {}),
        ("ask", {"question": None}),
        ("ask", {"question": 7}),
        ("ask", {"question": ["Why?"]}),
        ("ask", {"question": "Why?", "top_k": 0}),
        ("ask", {"question": "Why?", "top_k": 51}),
        ("ask", {"question": "Why?", "top_k": "5"}),
        ("ask", {"question": "Why?", "top_k": 1.5}),
        ("ask", {"question": "Why?", "top_k": True}),
        ("ask", {"question": "Why?", "policies": []}),
        ("ask", {"question": "Why?", "policies": "italki"}),
        ("ask", {"question": "Why?", "policies": [None]}),
        ("ask", {"question": "Why?", "history": "Who?"}),
        ("ask", {"question": "Why?", "colour": "red"}),
        ("ask", {"question": "Why\x00?"}),
        ("ask", {"question": "Why?", "history": ["\x00"]}),
        ("search", {"query": "Why?", "mode": "magic"}),
        ("search", {"query": "Why?", "from": "yesterday"}),
        ("search", {"query": "Why?", "to": "2018-13"}),
        ("search", {"query": "Why?", "first": "2018"}),
        ("compare", {"question": "Why?"}),
        ("compare", {"question": "Why?", "policies": [ITALKI]}),
        ("compare", {"question": "Why?", "policies": [ITALKI, ITALKI]}),
        ("compare", {"question": "Why?", "policies": [ITALKI] * 7}),
    ],
)
def test_requests_of_another_form(client: httpx.Client, path: str, body: dict[str, object]) -> None:
    said = is_problem(client.post(f"/api/{path}", json=body), 422, "invalid_request")
    assert "Why" not in said


def test_what_is_wrong_with_words_is_no_pattern(client: httpx.Client) -> None:
    for body, said in (
        ({"question": "Why\x00?"}, "question has a null character; "),
        ({"question": "Why?", "history": ["\x00"]}, "history.0 has a null character; "),
    ):
        assert is_problem(client.post("/api/ask", json=body), 422, "invalid_request").startswith(said)
    wrong = is_problem(client.post("/api/search", json={"query": "Why?", "from": "yesterday"}), 422, "invalid_request")
    assert wrong.startswith("from has another form than it must have; ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"Why?"',
        b"7",
        b"\x00",
        b'{"question": "\x00"}',
        b'{"question": "\\ud800"}',
        b'{"question": "\xff"}',
        b'{"question": "\xed\xa0\x80"}',
        '{"question": "Why?"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"question": "Why?"}',
        b'{"question": "Why?", "top_k": NaN}',
        b'{"question": "Why?", "top_k": 1e400}',
        b'{"question": "Why?", "top_k": ' + b"9" * 400 + b"}",
        b'{"question": ' + b"[" * 60000,
        b'{"question": ' + b"[" * 30000 + b"]" * 30000 + b"}",
        b'{"question": ' + b'{"a":' * 900 + b"1" + b"}" * 901,
        b'{"question": "Why?",}',
    ],
)
def test_bodies_that_are_no_json_of_ours(client: httpx.Client, body: bytes) -> None:
    said = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    is_problem(said, 422, "invalid_request")
    assert said.content.decode("utf-8")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""])
def test_a_page_of_another_site_cannot_send_what_needs_no_leave(client: httpx.Client, kind: str) -> None:
    """Browsers ask before they send JSON elsewhere, and do not ask before they send these."""
    said = client.post("/api/feedback", content=b'{"question": "Why?"}', headers={"content-type": kind})
    is_problem(said, 422, "invalid_request")


def test_large_bodies(client: httpx.Client) -> None:
    def padded(size: int) -> bytes:
        start = b'{"question": "Where is my data?", "history": ["'
        return start + b"a" * (size - len(start) - 3) + b'"]}'

    kind = {"content-type": "application/json"}
    assert client.post("/api/ask", content=padded(MAX_BODY_BYTES), headers=kind).status_code == 200
    announced = client.post("/api/ask", content=padded(MAX_BODY_BYTES + 1), headers=kind)
    is_problem(announced, 413, "invalid_request")
    pieces = (padded(MAX_BODY_BYTES + 1)[at : at + 1000] for at in range(0, MAX_BODY_BYTES + 1, 1000))
    is_problem(client.post("/api/ask", content=pieces, headers=kind), 413, "invalid_request")


def test_a_body_announced_too_large_is_refused_before_it_comes(client: httpx.Client) -> None:
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=PATIENCE) as line:
        line.sendall(
            b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n"
        )
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing", "/api/policies/", "/api/policies/a/b", "/api/%00", "/api/policies/a%2Fb"],
)
def test_addresses_that_lead_nowhere(client: httpx.Client, path: str) -> None:
    is_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("id", ["%00", "%FF", "%ED%A0%80", "..%5C..", "%F0%9F%98%80", "a" * 5000, "'%20OR%201=1"])
def test_odd_ids(client: httpx.Client, id: str) -> None:
    is_problem(client.get(f"/api/policies/{id}"), 404, "unknown_policy")
    is_problem(client.get(f"/api/suggestions?policy={id}"), 404, "unknown_policy")
    is_problem(client.get(f"/api/clauses/{ITALKI}/{id}"), 404, "unknown_clause")
    is_problem(client.get(f"/api/topics/{id}"), 404, "not_found")


def test_other_methods(client: httpx.Client) -> None:
    for method, path, allowed in [("GET", "ask", "POST"), ("DELETE", "policies", "GET"), ("PUT", "policies/a", "GET")]:
        said = client.request(method, f"/api/{path}")
        assert allowed in is_problem(said, 405, "invalid_request")
        assert said.headers["allow"] == allowed
    is_problem(client.post("/healthz"), 405, "invalid_request")


def test_what_nobody_expected_tells_nothing(client: httpx.Client) -> None:
    said = is_problem(client.post("/api/ask", json={"question": "break my heart"}), 500, "internal")
    assert "secret" not in said
    assert "heart" not in said


def test_a_long_line_is_not_made_longer() -> None:
    gate, begun = threading.Event(), threading.Event()

    class Slow(WordAssistant):
        def suggestions(self, policies: object = None, count: int = 4, language: str = "en") -> tuple[str, ...]:
            begun.set()
            gate.wait(PATIENCE)
            return ()

    with serving(lambda: api_over(Slow(), concurrency=1)) as url:
        waiting = [threading.Thread(target=get, args=(f"{url}/api/suggestions",)) for _ in range(17)]
        for thread in waiting:
            thread.start()
        try:
            assert begun.wait(PATIENCE)
            refused = {}

            def busy() -> bool:
                said = httpx.get(f"{url}/api/topics/nothing", timeout=0.5)
                refused["said"] = said
                return said.status_code == 503

            def tried() -> bool:
                try:
                    return busy()
                except httpx.TimeoutException:
                    return False

            until(tried)
            is_problem(refused["said"], 503, "busy")
            assert refused["said"].headers["retry-after"] == "1"
            assert get(f"{url}/healthz").status_code == 200
        finally:
            gate.set()
            for thread in waiting:
                thread.join(PATIENCE)


# --- limits


def test_a_client_who_asks_too_often_is_told_when_to_come_again() -> None:
    with serving(lambda: api_over(WordAssistant(), rate_limit="3/hour")) as url:
        for _ in range(3):
            assert get(f"{url}/api/topics").status_code == 200
        said = get(f"{url}/api/topics")
        is_problem(said, 429, "too_many_requests")
        assert 3500 < int(said.headers["retry-after"]) <= 3600
        is_problem(httpx.post(f"{url}/api/ask", content=b"{"), 429, "too_many_requests")
        for free in ("healthz", "readyz", "metrics"):
            assert get(f"{url}/{free}").status_code == 200


def test_the_limit_moves_on() -> None:
    with serving(lambda: api_over(WordAssistant(), rate_limit="1/second")) as url:
        assert get(f"{url}/api/topics").status_code == 200
        until(lambda: get(f"{url}/api/topics").status_code == 200)


def test_clients_who_do_not_come_back_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SWEEP", 1)

    async def app(scope: object, receive: object, send: object) -> None:
        pass

    limited = limits.RateLimit(app, rate_limit("1000/second"))  # type: ignore[arg-type]

    def come(client: str) -> None:
        scope = {"type": "http", "method": "GET", "path": "/api/topics", "client": (client, 1)}
        asyncio.run(limited(scope, None, None))  # type: ignore[arg-type]

    def held() -> set[str]:
        return set(limited._clients._storage.events)

    come("203.0.113.7")
    first = held()
    assert len(first) == 1
    assert "203.0.113.7" not in str(first)

    def gone() -> bool:
        come("203.0.113.8")
        time.sleep(0.05)
        return not first & held()

    until(gone)
    assert len(held()) == 1


@pytest.mark.parametrize("setting", ["", "often", "60", "0/minute", "-1/minute", "5/minute; 50/hour", "5/fortnight"])
def test_a_limit_that_is_none(setting: str) -> None:
    with pytest.raises(SettingsError, match=r"^ASSISTANT_RATE_LIMIT must be .*[.]$"):
        rate_limit(setting)
    with pytest.raises(SettingsError):
        api_over(WordAssistant(), rate_limit=setting)


def test_limits_as_people_write_them() -> None:
    limits = [rate_limit(text) for text in ("60/minute", "600/hour", "2 per 5 seconds")]
    assert [(limit.amount, limit.get_expiry()) for limit in limits] == [(60, 60), (600, 3600), (2, 5)]


def test_who_a_client_is() -> None:
    def known(host: str | None) -> str:
        return client_of({"client": (host, 7) if host is not None else None})

    assert known("203.0.113.7") == known("::ffff:203.0.113.7") == "203.0.113.7"
    assert known("2001:db8::1") == known("2001:db8::ffff:1:2:3") == "2001:db8::/64"
    assert known("2001:db8:0:1::1") != known("2001:db8::1")
    assert known("testclient") == "testclient"
    assert known(None) == ""


# --- who runs it


def test_alive_and_ready(client: httpx.Client) -> None:
    for path in ("/healthz", "/readyz"):
        said = client.get(path)
        assert (said.status_code, said.json()) == (200, {"status": "ok"})


def test_a_search_server_that_needs_further_tries_is_told() -> None:
    class Degraded(WordAssistant):
        needs_tries = False

        def degraded(self) -> bool:
            return self.needs_tries

    assistant = Degraded()
    with serving(lambda: api_over(assistant)) as url:
        for assistant.needs_tries, status, number in ((True, "degraded", 1), (False, "ok", 0)):
            assert get(f"{url}/readyz").json() == {"status": status}
            assert f"assistant_degraded {number}.0" in get(f"{url}/metrics").text


def test_not_ready_without_policies_or_encoder() -> None:
    from assistant.errors import EncoderError

    class Broken(WordAssistant):
        broken = True

        def ask(self, *asked: object, **more: object) -> object:  # type: ignore[override]
            if self.broken:
                raise EncoderError("The weights in /srv/model are missing.")
            return super().ask(*asked, **more)  # type: ignore[arg-type]

    class Empty(WordAssistant):
        def policies(self) -> tuple[()]:
            return ()

    broken = Broken()
    with serving(lambda: api_over(broken)) as url:
        assert "/srv" not in is_problem(get(f"{url}/readyz"), 503, "busy")
        assert get(f"{url}/healthz").status_code == 200
        broken.broken = False
        assert get(f"{url}/readyz").status_code == 200
        broken.broken = True
        assert get(f"{url}/readyz").status_code == 200, "once loaded it stays"
    with serving(lambda: api_over(Empty())) as url:
        assert "python -m assistant ingest" in is_problem(get(f"{url}/readyz"), 503, "busy")


def test_figures(client: httpx.Client) -> None:
    ask = {"route": "/api/ask", "status": "200"}
    before = {
        "requests": figure(client, "assistant_requests_total", **ask),
        "seconds": figure(client, "assistant_request_seconds_count", route="/api/ask"),
        "likely": figure(client, "assistant_questions_total", status="answered", confidence="likely"),
        "missing": figure(client, "assistant_questions_total", status="not_covered", confidence=""),
        "nowhere": figure(client, "assistant_requests_total", route="none", status="404"),
        "empty": figure(client, "assistant_requests_total", route="/api/ask", status="422"),
    }
    client.post("/api/ask", json={"question": "Where is my data?"})
    client.post("/api/ask", json={"question": "dinosaur"})
    client.post("/api/ask", json={"question": ""})
    client.get("/api/made-up/1")
    client.get("/api/made-up/2")
    assert figure(client, "assistant_requests_total", **ask) == before["requests"] + 2
    assert figure(client, "assistant_request_seconds_count", route="/api/ask") == before["seconds"] + 3
    assert figure(client, "assistant_questions_total", status="answered", confidence="likely") == before["likely"] + 1
    assert figure(client, "assistant_questions_total", status="not_covered", confidence="") == before["missing"] + 1
    assert figure(client, "assistant_requests_total", route="none", status="404") == before["nowhere"] + 2
    assert figure(client, "assistant_requests_total", route="/api/ask", status="422") == before["empty"] + 1
    assert figure(client, "assistant_policies") == 5
    assert figure(client, "assistant_passages") == len(read_corpus()[1])
    page = client.get("/metrics")
    assert page.headers["content-type"].startswith("text/plain; version=")
    assert "made-up" not in page.text


# --- origins


@pytest.mark.parametrize(
    "setting", ["help.example", "https://help.example/", "https://Help.example", "https://a/b", "null", "https://*.a.b"]
)
def test_what_is_no_origin(setting: str) -> None:
    with pytest.raises(SettingsError, match="is no origin"):
        origins(f"https://fine.example {setting}")


def test_origins() -> None:
    assert origins("") == ()
    assert origins("*") == ("*",)
    listed = "https://help.example http://localhost:8080  https://[::1]:3000"
    assert origins(listed) == ("https://help.example", "http://localhost:8080", "https://[::1]:3000")
