"""API, chat and AI tools are limited alike, and each says so in its own words."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from assistant.settings import Settings
from assistant.types import Answer
from assistant.web.site import _WAITING, Site
from tests.fake_assistant import FakeAssistant
from tests.web_fixtures import serving

PATIENCE = 60
BUSY = "Busy right now: too many questions are waiting. Try again in a moment."
# One question that is answered, and those that may wait for it.
LINE = 1 + _WAITING


class Client:
    """A person at one address, at each of the doors."""

    def __init__(self, url: str, address: str) -> None:
        transport = httpx.HTTPTransport(local_address=address)
        self.http = httpx.Client(base_url=url, transport=transport, timeout=PATIENCE)

    def ask(self, question: str = "Why?") -> httpx.Response:
        return self.http.post("/api/ask", json={"question": question})

    def chat(self, name: str = "turn", data: object = None) -> str:
        """What the chat shows."""
        components = self.http.get("/config").json()["components"]
        transcript = next(each["id"] for each in components if "turn" in str(each["props"].get("server_fns")))
        asked = {"turn": "t1", "question": "Why?", "policy": "", "history": []} if data is None else data
        body = {"data": asked, "component_id": transcript, "fn_name": name, "session_hash": "abc"}
        said = self.http.post("/gradio_api/component_server/", json=body)
        assert said.status_code == 200
        return str(said.json())

    def tool(self, name: str, **arguments: object) -> tuple[bool, str]:
        """Whether a tool ended in an error, and what it said."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        accept = {"accept": "application/json, text/event-stream"}
        result = self.http.post("/gradio_api/mcp", json=message, headers=accept).json()["result"]
        return result["isError"], result["content"][0]["text"]

    def call(self) -> httpx.Response:
        """As Gradio's client for programs."""
        return self.http.post("/gradio_api/call/ask", json={"data": ["Why?", "", []]})

    def handout(self) -> httpx.Response:
        return self.http.post("/agents/handout.pdf", json={"clauses": [{"policy": "shop", "anchor": "1"}]})


@contextmanager
def clients(assistant: object, folder: Path, **settings: object) -> Iterator[tuple[Client, Client]]:
    """Two people at a running server."""
    from assistant.web.app import create_app

    known = Settings(feedback=folder / "feedback.sqlite", **settings)  # type: ignore[arg-type]
    with serving(lambda: create_app(assistant, known)) as url, ExitStack() as stack:  # type: ignore[arg-type]
        both = Client(url, "127.0.0.2"), Client(url, "127.0.0.3")
        for each in both:
            stack.enter_context(each.http)
        yield both


DOORS = ("ask", "chat", "tool", "call")


@pytest.mark.parametrize("door", DOORS)
def test_what_is_asked_at_one_door_counts_at_every_other(tmp_path: Path, door: str) -> None:
    with clients(Known(), tmp_path, rate_limit="3/hour") as (one, other):
        for _ in range(3):
            one.tool("list_policies") if door == "tool" else getattr(one, door)()
        refused = one.ask()
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert 3500 < int(refused.headers["retry-after"]) <= 3600
        sentence = refused.json()["detail"].partition(";")[0]
        assert sentence == "This address has sent more than 3 per 1 hour"
        assert 'data-status="error"' in one.chat()
        assert sentence in one.chat()
        assert one.chat("vote", {"useful": True}).startswith(sentence)
        assert one.chat("chips", "") == ""
        for tool, arguments in (("ask", {"question": "Why?"}), ("list_policies", {})):
            failed, said = one.tool(tool, **arguments)
            assert failed
            assert said.startswith(sentence)
        for refused in (one.call(), one.handout()):
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
            assert int(refused.headers["retry-after"])
        # What is only looked at is free, and others are served.
        for path in ("/", "/policies", "/agents", "/healthz", "/config", "/ui/base.css"):
            assert one.http.get(path).status_code == 200
        assert other.ask().status_code == 200
        assert 'data-status="not_covered"' in other.chat()


class Known(FakeAssistant):
    """One that pages can be kept for."""

    __hash__ = object.__hash__


class Slow(Known):
    """Answers nothing before it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        self.gate.wait(PATIENCE)
        return super().ask(question, policies, history, top_k)


def test_a_long_line_is_made_longer_at_no_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow()
    sites: list[Site] = []
    monkeypatch.setattr("assistant.web.app.Site", lambda *given: sites.append(Site(*given)) or sites[0])
    with clients(slow, tmp_path, concurrency=1, rate_limit="9999/second") as (one, other):
        # They come by each of the doors: there is one line.
        doors = (one.ask, one.chat, lambda: one.tool("ask", question="Why?"))
        answers: list[object] = []
        line = [threading.Thread(target=lambda at=at: answers.append(doors[at % 3]())) for at in range(LINE)]
        try:
            for thread in line:
                thread.start()
            end = time.monotonic() + PATIENCE
            while sites[0].limiter.statistics().tasks_waiting < LINE - 1:
                assert time.monotonic() < end
                time.sleep(0.02)
            refused = other.ask()
            assert (refused.status_code, refused.json()["code"], refused.headers["retry-after"]) == (503, "busy", "1")
            assert refused.json()["detail"] == BUSY
            assert BUSY in other.chat()
            assert 'data-status="error"' in other.chat()
            assert other.tool("ask", question="Why?") == (True, BUSY)
            assert other.handout().json()["code"] == "busy"
            begun = other.call().json()["event_id"]
            assert json.dumps(BUSY) in other.http.get(f"/gradio_api/call/ask/{begun}").text
            page = other.http.get("/policies")
            assert (page.status_code, page.headers["retry-after"]) == (503, "1")
            assert "<h1>Busy right now</h1>" in page.text
            assert other.http.get("/healthz").status_code == 200
        finally:
            slow.gate.set()
            for thread in line:
                thread.join(PATIENCE)
        # Whoever was in the line before is answered.
        assert len(answers) == LINE
        assert BUSY not in str(answers)
        assert other.ask().status_code == 200
