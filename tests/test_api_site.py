"""The API beside the other doors: who may read it from another site, and that its rules end where its paths end."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.log import SafeFormatter
from tests.api_fixtures import ITALKI, WordAssistant
from tests.web_fixtures import serving

FRIEND = "https://help.example"
STRANGER = "https://stranger.example"
ASKED = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    votes = tmp_path_factory.mktemp("votes") / "feedback.sqlite"
    return Settings(cors_origins=f"{FRIEND} https://shop.example:8443", feedback=votes, rate_limit="100000/hour")


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[httpx.Client]:
    from assistant.web.app import create_app

    with (
        serving(lambda: create_app(WordAssistant(), settings)) as url,  # type: ignore[arg-type]
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client


def test_a_listed_origin_may_ask_and_read(client: httpx.Client) -> None:
    before = client.options("/api/ask", headers={"origin": FRIEND, **ASKED})
    assert before.status_code == 200
    assert before.headers["access-control-allow-origin"] == FRIEND
    assert "POST" in before.headers["access-control-allow-methods"]
    assert "content-type" in before.headers["access-control-allow-headers"].lower()
    said = client.post("/api/ask", json={"question": "Where is my data?"}, headers={"origin": FRIEND})
    assert said.headers["access-control-allow-origin"] == FRIEND
    assert "origin" in said.headers["vary"].lower()
    exposed = said.headers["access-control-expose-headers"].lower()
    assert {"etag", "retry-after"} <= set(exposed.split(", "))


def test_a_listed_origin_may_read_what_went_wrong(client: httpx.Client) -> None:
    for question in ("", "break it"):
        said = client.post("/api/ask", json={"question": question}, headers={"origin": FRIEND})
        assert said.status_code in (422, 500)
        assert said.headers["access-control-allow-origin"] == FRIEND
    assert client.get("/api/nothing", headers={"origin": FRIEND}).headers["access-control-allow-origin"] == FRIEND


def test_no_other_origin_may(client: httpx.Client) -> None:
    for origin in (STRANGER, "null", f"{FRIEND}.stranger.example", "http://help.example", f"{FRIEND}:444"):
        before = client.options("/api/ask", headers={"origin": origin, **ASKED})
        assert before.status_code == 400
        assert "access-control-allow-origin" not in before.headers
        said = client.get("/api/policies", headers={"origin": origin})
        assert "access-control-allow-origin" not in said.headers


def test_nothing_is_read_with_a_persons_own_rights(client: httpx.Client) -> None:
    for said in (
        client.options("/api/ask", headers={"origin": FRIEND, **ASKED}),
        client.get("/api/policies", headers={"origin": FRIEND}),
    ):
        assert "access-control-allow-credentials" not in said.headers
        assert "set-cookie" not in said.headers


@pytest.mark.parametrize("path", ["/policies", "/agents", "/config", "/healthz", "/metrics"])
def test_other_doors_are_shared_with_nobody(client: httpx.Client, path: str) -> None:
    said = client.get(path, headers={"origin": FRIEND})
    assert said.status_code == 200
    assert said.headers.get("access-control-allow-origin") != FRIEND


def test_the_files_of_the_widget_are_shared(client: httpx.Client) -> None:
    for path in ("/widget.js", "/ui/tokens.css"):
        said = client.get(path, headers={"origin": FRIEND})
        assert (said.status_code, said.headers["access-control-allow-origin"]) == (200, FRIEND)


def test_without_a_setting_nothing_is_shared(tmp_path: Path) -> None:
    from assistant.web.app import create_app

    settings = Settings(feedback=tmp_path / "votes.sqlite")
    with serving(lambda: create_app(WordAssistant(), settings)) as url:  # type: ignore[arg-type]
        said = httpx.get(f"{url}/api/policies", headers={"origin": FRIEND}, timeout=60)
        assert (said.status_code, said.headers.get("access-control-allow-origin")) == (200, None)
        before = httpx.options(f"{url}/api/ask", headers={"origin": FRIEND, **ASKED}, timeout=60)
        assert "access-control-allow-origin" not in before.headers


@pytest.mark.parametrize("wrong", [{"rate_limit": "often"}, {"cors_origins": "help.example"}])
def test_settings_that_say_nothing_stop_the_start(tmp_path: Path, wrong: dict[str, str]) -> None:
    from assistant.web.app import create_app

    with pytest.raises(SettingsError):
        create_app(WordAssistant(), Settings(feedback=tmp_path / "votes.sqlite", **wrong))  # type: ignore[arg-type]


def test_errors_of_the_api_end_where_its_paths_end(client: httpx.Client) -> None:
    for path in ("/api/nothing", "/api"):
        assert client.get(path).headers["content-type"] == "application/problem+json"
    for path in ("/nothing", "/gradio_api/nothing", "/apis"):
        said = client.get(path)
        assert said.status_code == 404
        assert "openapi" not in said.text
    assert client.get("/config").json()["title"]


def test_every_answer_has_the_security_headers(client: httpx.Client) -> None:
    answers = [
        client.get("/api/policies"),
        client.get("/api/nothing"),
        client.post("/api/ask", json={"question": "break it"}),
        client.get("/healthz"),
    ]
    assert [said.status_code for said in answers] == [200, 404, 500, 200]
    for said in answers:
        assert said.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in said.headers["content-security-policy"]


def test_what_breaks_is_logged_once_and_without_its_words(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        said = client.post("/api/ask", json={"question": "break my heart"})
        client.post("/api/ask", json={"question": "unmistakable words"})
        client.post("/api/ask", json={"question": "unmistakable words", "policies": ["nowhere"]})
        client.post("/api/ask", json={"unmistakable": "words"})
        # The line of a request is written when all of it is done, what follows its answer included.
        deadline = time.monotonic() + 60
        while sum('"route":"/api/ask"' in line for line in _lines(caplog)) < 4:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    lines = _lines(caplog)
    for words in ("secret", "heart", "unmistakable"):
        assert not any(words in line for line in lines)
    told = [line for line in lines if "RuntimeError" in line]
    assert len(told) == 1
    assert said.headers["x-request-id"] in told[0]


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    form = SafeFormatter("json")
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore", "asyncio"))]
    return [form.format(record) for record in ours]


def test_a_vote_reaches_the_file(client: httpx.Client, settings: Settings) -> None:
    vote = {"useful": True, "answer": {"status": "answered", "clauses": [f"policies/{ITALKI}#3.4"]}}
    assert client.post("/api/feedback", json=vote).status_code == 204
    assert settings.feedback.stat().st_size > 0


def test_below_a_path_of_another_server(settings: Settings) -> None:
    from assistant.web.app import create_app

    def build() -> Starlette:
        return Starlette(routes=[Mount("/privacy", app=create_app(WordAssistant(), settings))])  # type: ignore[arg-type]

    with serving(build) as url, httpx.Client(base_url=f"{url}/privacy", timeout=60) as client:  # type: ignore[arg-type]
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get(f"/api/policies/{ITALKI}").json()["url"] == f"policies/{ITALKI}"
        assert client.get("/api/nothing").json()["code"] == "not_found"
        assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/privacy"}]
        said = client.get("/api/policies", headers={"origin": FRIEND})
        assert said.headers["access-control-allow-origin"] == FRIEND
        assert client.get("/metrics").text.count('route="/api/policies"')
