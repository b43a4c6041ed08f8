"""What a request begins with one index it ends with it, at every door: a new index comes in the middle of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.ask import Assistant
from assistant.generations import Generations
from assistant.ingest import ingest
from assistant.settings import Settings
from assistant.web.app import Pinned, create_app
from benchmarks.light import Here, Light
from tests.web_fixtures import serving

QUESTION = "How long are cookies kept?"
TEXT = "{0}{1} Cookie Notice\n\n1. Cookies\nOur cookies are kept for {1} days.\n"
OLD, NEW = "30", "60"


class Turning:
    """The old assistant; the new one takes its place as soon as the old one is called."""

    def __init__(self, generations: Generations, old: Assistant, new: Assistant) -> None:
        self._generations, self._old, self._new = generations, old, new

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._old, name)

        def called(*args: object, **kwargs: object) -> object:
            self._generations._newest = self._new
            return found(*args, **kwargs)

        return called if callable(found) else found


class Doors:
    """A running server, between whose two indexes a test turns."""

    def __init__(self, client: httpx.Client, generations: Generations, old: Assistant, new: Assistant) -> None:
        self.client, self._generations, self._old, self._new = client, generations, old, new
        parts = client.get("/config").json()["components"]
        (self._transcript,) = (part["id"] for part in parts if "turn" in str(part["props"].get("server_fns")))

    def turned(self, ask: Callable[[Doors], httpx.Response]) -> tuple[str, str]:
        """What a door says while the index changes, and what it says then."""
        self._generations._newest = Turning(self._generations, self._old, self._new)  # type: ignore[assignment]
        during = ask(self).raise_for_status().text
        assert self._generations._newest is self._new, "the door asked nobody"
        return during, ask(self).raise_for_status().text

    def chat(self, name: str, data: object) -> httpx.Response:
        """As the chat's script asks."""
        body = {"data": data, "component_id": self._transcript, "fn_name": name, "session_hash": "abcdefghij"}
        return self.client.post("/gradio_api/component_server/", json=body)

    def tool(self, name: str, **arguments: object) -> httpx.Response:
        """As an AI tool asks."""
        params = {"name": name, "arguments": arguments}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        accept = {"accept": "application/json, text/event-stream"}
        return self.client.post("/gradio_api/mcp/", json=message, headers=accept)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("generations")
    opened = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.ingest.Encoder", Light)
        patch.setattr("assistant.ask.Encoder", Light)
        patch.setattr("assistant.ingest.Reader", lambda _: Here())
        for days in (OLD, NEW):
            build(folder / "corpus", folder / days, days)
            opened.append(Assistant.open(folder / days))
        generations = Generations(folder / OLD, 2000)
        settings = Settings(rate_limit="100000/second", feedback=folder / "feedback.sqlite", log="off")
        with (
            serving(lambda: create_app(generations, settings)) as url,
            httpx.Client(base_url=url, timeout=60, trust_env=False, follow_redirects=True) as client,
        ):
            yield Doors(client, generations, *opened)


def build(corpus: Path, index: Path, days: str) -> None:
    corpus.mkdir(exist_ok=True)
    for name in ("Shop", "Bank"):
        (corpus / f"{name.lower()}.txt").write_text(TEXT.format(name, days), encoding="utf-8")
    ingest(corpus, index)


BOTH = ["shop", "bank"]
ASKED: dict[str, Callable[[Doors], httpx.Response]] = {
    "api ask": lambda on: on.client.post("/api/ask", json={"question": QUESTION}),
    "api search": lambda on: on.client.post("/api/search", json={"query": QUESTION}),
    "api compare": lambda on: on.client.post("/api/compare", json={"question": QUESTION, "policies": BOTH}),
    "api policies": lambda on: on.client.get("/api/policies"),
    "api policy": lambda on: on.client.get("/api/policies/shop"),
    "api clause": lambda on: on.client.get("/api/clauses/shop/1"),
    "reader": lambda on: on.client.get("/policies"),
    "reader of a policy": lambda on: on.client.get("/policies/shop"),
    "reader of two": lambda on: on.client.get("/policies/shop/compare/bank"),
    "chat": lambda on: on.chat("turn", {"turn": "t1", "question": QUESTION, "policy": "", "history": []}),
    "mcp ask": lambda on: on.tool("ask", question=QUESTION),
    "mcp clause": lambda on: on.tool("get_clause", policy="shop", number="1"),
    "mcp policies": lambda on: on.tool("list_policies"),
    "mcp compare": lambda on: on.tool("compare", question=QUESTION, policies=BOTH),
}


def told(text: str) -> set[str]:
    """Of which indexes a text is."""
    found = {days for days in (OLD, NEW) if any(mark + days in text for mark in ("Shop", "Bank", "kept for "))}
    assert found, text[:2000]
    return found


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_a_request_is_answered_from_one_index_and_the_next_from_the_new_one(
    doors: Doors, ask: Callable[[Doors], httpx.Response]
) -> None:
    during, then = doors.turned(ask)
    assert told(during) == {OLD}
    assert told(then) == {NEW}


def test_without_that_doors_mix_them(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the test above is known to see it."""

    async def unpinned(self: Pinned, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    monkeypatch.setattr(Pinned, "__call__", unpinned)
    mixed = {name for name, ask in ASKED.items() if told(doors.turned(ask)[0]) != {OLD}}
    assert "mcp compare" in mixed
