"""The tools that other people's AI tools call, by the official client of the protocol against a running server."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import httpx
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, InitializeResult, TextContent, Tool

from assistant.feedback.store import FeedbackStore
from assistant.json_form import answer_form, citation_form, policy_form
from assistant.settings import Settings
from assistant.types import Answer
from assistant.web.log import SafeFormatter
from tests.fake_assistant import POLICIES, SCHOOL, SHOP, FakeAssistant, answered, cite
from tests.web_fixtures import serving

T = TypeVar("T")

# All that a quote may hold and that JSON, HTML and Python's own text of an object write in other ways.
ODD = 'It\'s "odd" <b>& \\n</b>\n\t• «да» \N{RIGHT-TO-LEFT OVERRIDE}\u2028 {{7}} 🙂'
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
ACCEPT = {"accept": "application/json, text/event-stream"}


class Comparing(FakeAssistant):
    """Answers each policy by what it was told for that policy; breaks when asked to."""

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        if question == "break":
            raise RuntimeError("secret of the machine room")
        return super().ask(question, policies, history, top_k)

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        return tuple(self.answers.get(f"{question} {policy}", answered(question)) for policy in policies)


SOLD = cite(SHOP, "We never sell data.", clause="2", path=("2 Sharing",), marks=["never sell data"])
KEPT = cite(SCHOOL, "We keep your name too.")


@pytest.fixture(scope="module")
def asked() -> list[dict[str, object]]:
    """How the assistant was asked, latest last."""
    return []


@pytest.fixture(scope="module")
def fake(asked: list[dict[str, object]]) -> Comparing:
    return Comparing(
        {
            "sold?": answered("sold?", SOLD, related=[KEPT]),
            ODD: answered(ODD, SOLD),
            "sold? shop": answered("sold?", SOLD, SOLD, SOLD, SOLD),
        },
        asked,
    )


@pytest.fixture(scope="module")
def outside() -> Iterator[list[object]]:
    """Addresses other than this machine's that the process asked for while the server ran."""
    found: list[object] = []
    watching = True

    def hook(event: str, args: tuple[object, ...]) -> None:
        if watching and event in {"socket.connect", "socket.getaddrinfo"}:
            address = args[1] if event == "socket.connect" else args
            host = address[0] if isinstance(address, tuple) else address
            if host not in {"127.0.0.1", "localhost", "::1", None, ""}:
                found.append(address)

    sys.addaudithook(hook)
    yield found
    watching = False


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> FeedbackStore:
    """What was asked, as it is counted for the report of gaps."""
    return FeedbackStore(tmp_path_factory.mktemp("counts") / "feedback.sqlite")


@pytest.fixture(scope="module")
def url(fake: Comparing, counts: FeedbackStore, outside: list[object]) -> Iterator[str]:
    from assistant.web.app import create_app

    settings = Settings(mcp_hosts="ask.example", feedback=counts.path, rate_limit="9999/second")
    with serving(lambda: create_app(fake, settings)) as url:  # type: ignore[arg-type]
        yield f"{url}/gradio_api/mcp/"


def within(url: str, use: Callable[[ClientSession, InitializeResult], Awaitable[T]]) -> T:
    """What `use` makes of a session with the server."""

    async def run() -> T:
        async with streamable_http_client(url) as (read, write, _), ClientSession(read, write) as session:
            return await use(session, await session.initialize())

    return asyncio.run(asyncio.wait_for(run(), 60))


def call(url: str, tool: str, **arguments: object) -> CallToolResult:
    return within(url, lambda session, _: session.call_tool(tool, arguments))


def result(url: str, tool: str, **arguments: object) -> object:
    """What a tool gave, read from the one text that it may give."""
    called = call(url, tool, **arguments)
    assert not called.isError, called
    return json.loads(text(called))


def text(called: CallToolResult) -> str:
    (content,) = called.content
    assert isinstance(content, TextContent)
    return content.text


def tools(url: str) -> Mapping[str, Tool]:
    async def listed(session: ClientSession, _: InitializeResult) -> Mapping[str, Tool]:
        return {tool.name: tool for tool in (await session.list_tools()).tools}

    return within(url, listed)


# What there is


def test_four_tools_and_nothing_else(url: str) -> None:
    async def counted(session: ClientSession, _: InitializeResult) -> tuple[int, int]:
        return len((await session.list_resources()).resources), len((await session.list_prompts()).prompts)

    assert set(tools(url)) == {"ask", "get_clause", "list_policies", "compare"}
    assert within(url, counted) == (0, 0)


def test_a_model_is_told_what_the_tools_do_and_take(url: str) -> None:
    found = tools(url)
    taken = {name: tool.inputSchema["properties"] for name, tool in found.items()}
    assert {name: list(arguments) for name, arguments in taken.items()} == {
        "ask": ["question", "policy", "history"],
        "get_clause": ["policy", "number"],
        "list_policies": [],
        "compare": ["question", "policies"],
    }
    assert {name: tool.inputSchema.get("required", []) for name, tool in found.items()} == {
        "ask": ["question"],
        "get_clause": ["policy", "number"],
        "list_policies": [],
        "compare": ["question", "policies"],
    }
    assert taken["ask"]["question"]["type"] == "string"
    assert taken["compare"]["policies"]["items"] == {"type": "string"}
    for name, tool in found.items():
        assert (tool.description or "").endswith("."), name
        for argument, schema in taken[name].items():
            assert len(schema["description"]) > 20, f"{name} {argument}"


def test_a_model_is_told_how_to_quote(url: str) -> None:
    async def said(_: ClientSession, initialized: InitializeResult) -> InitializeResult:
        return initialized

    initialized = within(url, said)
    assert initialized.serverInfo.name == "Ask the privacy policy"
    assert "not_covered" in (initialized.instructions or "")


# What they give


def test_ask_gives_the_answer_as_every_door_does(url: str, fake: Comparing) -> None:
    assert result(url, "ask", question="sold?") == answer_form(fake.answers["sold?"])


def test_ask_takes_a_policy_and_the_latest_of_the_history(url: str, asked: list[dict[str, object]]) -> None:
    history = [f"{at}?" for at in range(30)]
    assert result(url, "ask", question="sold?", policy="shop", history=history)
    assert asked[-1]["policies"] == ["shop"]
    assert asked[-1]["history"] == history[-20:]
    assert result(url, "ask", question="sold?")
    assert (asked[-1]["policies"], asked[-1]["history"]) == (None, [])


def test_what_is_not_covered_is_no_error(url: str) -> None:
    said = result(url, "ask", question="pizza?")
    assert isinstance(said, dict)
    assert (said["status"], said["citations"]) == ("not_covered", [])


def test_what_was_asked_is_counted_as_at_every_door(url: str, counts: FeedbackStore) -> None:
    def counted() -> int:
        rows = counts.tallies()
        return sum(row.questions for row in rows if row.status == "not_covered" and row.policies == ("school",))

    before = counted()
    assert result(url, "ask", question="pizza?", policy="school")
    assert counted() == before + 1


def test_odd_characters_go_both_ways_unchanged(url: str, fake: Comparing) -> None:
    called = call(url, "ask", question=ODD)
    assert json.loads(text(called)) == answer_form(fake.answers[ODD])
    # Written as they are, which costs a model less to read.
    assert "«да»" in text(called)


def test_a_lone_surrogate_breaks_nothing(url: str) -> None:
    body = {"jsonrpc": "2.0", "id": 2, "method": "tools/call"}
    body |= {"params": {"name": "ask", "arguments": {"question": "\ud800?"}}}  # type: ignore[dict-item]
    said = httpx.post(url, content=json.dumps(body), headers={**ACCEPT, "content-type": "application/json"})
    assert said.status_code in {200, 400}
    assert "Traceback" not in said.text


def test_get_clause(url: str, fake: Comparing) -> None:
    found = [citation_form(one) for one in fake.clause("shop", "2")]
    assert result(url, "get_clause", policy="shop", number="2") == {"policy": "shop", "number": "2", "citations": found}


def test_list_policies(url: str) -> None:
    assert result(url, "list_policies") == {"policies": [policy_form(policy) for policy in POLICIES]}


def test_compare_has_a_column_for_each_policy_in_order(url: str) -> None:
    said = result(url, "compare", question="sold?", policies=["school", "shop"])
    assert isinstance(said, dict)
    assert said["question"] == "sold?"
    school, shop = said["columns"]
    assert (school["policy"], shop["policy"]) == (policy_form(SCHOOL), policy_form(SHOP))
    assert (school["status"], school["confidence"], school["citations"]) == ("not_covered", None, [])
    assert (shop["status"], shop["citations"]) == ("answered", [citation_form(SOLD)] * 3)


# What goes wrong


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {"question": " "}, "The question is empty; type one."),
        ("get_clause", {"policy": "nobody", "number": "9"}, "nobody has no clause 9."),
        ("compare", {"question": "?", "policies": ["shop"]}, "Name two to six different policies to compare."),
        ("compare", {"question": "?", "policies": ["shop", "shop"]}, "Name two to six different policies to compare."),
        ("ask", {"question": "break"}, "The question did not get through; ask again."),
        ("ask", {}, "Input validation error: 'question' is a required property"),
        ("compare", {"question": "?", "policies": "shop"}, "Input validation error: 'shop' is not of type 'array'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    url: str, tool: str, arguments: dict[str, object], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    called = call(url, tool, **arguments)
    assert (called.isError, text(called)) == (True, said)
    # The log tells of it, and repeats no words, which could be those of a question.
    written = "".join(map(SafeFormatter("text").format, caplog.records))
    assert ("RuntimeError" in written) == (arguments.get("question") == "break")
    assert "secret" not in written


@pytest.mark.parametrize("name", ["turn", "chips", "js_fn", "offer", "no_such_tool"])
def test_what_the_page_calls_is_no_tool(url: str, name: str) -> None:
    assert call(url, name).isError


# Who may come in


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:7860"}, 200),
        ({"host": "ask.example"}, 200),
        ({"host": "ask.example:8443"}, 200),
        ({"origin": "https://ask.example"}, 200),
        # A page whose name was turned to this machine's address.
        ({"host": "evil.example:7860"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 400),
    ],
)
def test_only_known_hosts_and_origins_are_served(url: str, headers: dict[str, str], status: int) -> None:
    assert httpx.post(url, json=INITIALIZE, headers={**ACCEPT, **headers}).status_code == status


def test_the_operator_may_serve_any_host() -> None:
    from assistant.web.app import create_app

    with serving(lambda: create_app(FakeAssistant(), Settings(mcp_hosts="*"))) as url:  # type: ignore[arg-type]
        said = httpx.post(f"{url}/gradio_api/mcp", json=INITIALIZE, headers={**ACCEPT, "host": "any.example"})
    assert said.status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "PUT", "HEAD"])
def test_only_messages_are_taken(url: str, method: str) -> None:
    said = httpx.request(method, url, headers={"accept": "text/html"})
    assert (said.status_code, said.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["sse", "messages/", "messages/?session_id=a", "schema", "http", "http/", "a"])
def test_what_the_protocol_does_not_need_is_closed(url: str, path: str) -> None:
    for method in ("GET", "POST"):
        assert httpx.request(method, url + path).status_code == 404


def test_a_message_has_a_largest_size(url: str) -> None:
    said = httpx.post(url, content=b" " * (5 * 2**20), headers={**ACCEPT, "content-type": "application/json"})
    assert said.status_code == 413


def test_the_server_asks_nobody_outside(url: str, outside: list[object]) -> None:
    assert result(url, "ask", question="sold?")
    assert outside == []
