"""Hostile bodies and slow clients against the running server: too large, never ending, no JSON of ours."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest

from assistant.settings import Settings
from assistant.types import Document, Policy
from assistant.web.limits import MAX_BODY_BYTES, MAX_BYTES_ELSEWHERE
from tests.fake_assistant import SHOP, FakeAssistant
from tests.raw_http import JSON, PATIENCE, Hasty, answers, ask, is_closed, line_to, read, refused
from tests.web_fixtures import serving

LARGE = "large"
API = ("/api/ask", "/api/search", "/api/compare", "/api/feedback")
SERVER = "/gradio_api/component_server/"
JOIN = "/gradio_api/queue/join"
CALL = "/gradio_api/call/ask"
MCP = "/gradio_api/mcp/"
POSTS = (*API, "/agents/handout.pdf", SERVER, JOIN, CALL, MCP)
CLOSED = ("/", "/policies", "/gradio_api/run/predict", "/gradio_api/upload", "/ui/base.css", "/healthz")
ACCEPT = "Accept: application/json, text/event-stream"


class Large(FakeAssistant):
    """Has a policy of many megabytes: more than lies between the server and a client who reads nothing."""

    def policies(self) -> tuple[Policy, ...]:
        return *super().policies(), replace(SHOP, id=LARGE)

    def document(self, policy: str) -> Document:
        known = super().document(SHOP.id if policy == LARGE else policy)
        return replace(known, text=known.text + "a" * 2**24) if policy == LARGE else known


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.web.app import create_app

    votes = tmp_path_factory.mktemp("votes") / "feedback.sqlite"
    settings = Settings(feedback=votes, rate_limit="9999/second", mcp_hosts="a.example")
    with serving(lambda: create_app(Large(), settings), Hasty) as url:  # type: ignore[arg-type]
        yield url


@pytest.fixture(autouse=True)
def _still_there(url: str) -> Iterator[None]:
    """Whatever a test did, the next one is answered."""
    yield
    assert ask(url, "GET", "/healthz").status == 200


def head(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: a.example", ACCEPT, *JSON, *headers, "", ""]
    return "\r\n".join(lines).encode()


# --- large, and of no end


@pytest.mark.parametrize("path", [*POSTS, *CLOSED])
def test_a_body_that_is_announced_too_large_is_not_waited_for(url: str, path: str) -> None:
    most = MAX_BODY_BYTES if path in API else MAX_BYTES_ELSEWHERE
    for length in (most + 1, 2**31, 2**63):
        with line_to(url) as line:
            line.sendall(head(path, f"Content-Length: {length}"))
            refused(read(line), 413)


@pytest.mark.parametrize("path", ["/api/ask", SERVER, MCP, "/ui/base.css"])
def test_a_body_without_end_is_cut_off(url: str, path: str) -> None:
    sent, chunk = 0, b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    end = time.monotonic() + PATIENCE
    with line_to(url) as line:
        line.sendall(head(path, "Transfer-Encoding: chunked"))
        with contextlib.suppress(ConnectionError):
            while time.monotonic() < end:
                line.sendall(chunk)
                sent += len(chunk)
                time.sleep(0.002)
        assert time.monotonic() < end, "the server took it for a minute"


@pytest.mark.parametrize("path", POSTS)
def test_a_body_in_pieces_is_measured(url: str, path: str) -> None:
    most = MAX_BODY_BYTES if path in API else MAX_BYTES_ELSEWHERE
    sent = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
    with line_to(url) as line:
        with contextlib.suppress(ConnectionError):
            # Its end never comes.
            line.sendall(head(path, "Transfer-Encoding: chunked") + sent * (most // 0x8000 + 1))
        refused(read(line), 413)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_body_longer_than_it_says_is_another_request(url: str, path: str, length: int) -> None:
    given = answers(url, head(path, f"Content-Length: {length}", "Connection: close") + b'{"question": "Why?"}')
    assert len(given) == 1
    assert 400 <= given[0] < 500


@pytest.mark.parametrize("path", POSTS)
def test_what_is_packed_is_not_unpacked(url: str, path: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    for kind in ("gzip", "x-gzip", "gzip, gzip", "br", "deflate"):
        refused(ask(url, "POST", path, [*JSON, ACCEPT, f"Content-Encoding: {kind}"], bomb), 400, 422)


# --- slow


def is_answered(url: str) -> bool:
    """Whether somebody else gets an answer meanwhile."""
    return httpx.post(f"{url}/api/ask", json={"question": "Why?"}, timeout=PATIENCE).status_code == 200


def trickle(line: socket.socket, start: bytes, piece: bytes, stop: threading.Event) -> None:
    """Sends `start`, and then `piece` again and again."""
    with contextlib.suppress(OSError):
        line.sendall(start)
        while piece and not stop.wait(0.2):
            line.sendall(piece)


# What a client sends at once, and what it sends again and again.
SLOW = {
    "nothing": (b"", b""),
    "half a head": (b"GET / HTTP/1.1\r\nHost: a\r\n", b""),
    "a head by lines": (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: 1\r\n"),
    "a head by letters": (b"", b"G"),
    "empty lines": (b"", b"\r\n"),
    "a body": (head("/api/ask", "Content-Length: 60000"), b" "),
    "a body to Gradio": (head(SERVER, "Content-Length: 60000"), b" "),
    "chunks": (head(MCP, "Transfer-Encoding: chunked"), b"1\r\n \r\n"),
    "the size of a chunk": (head("/api/ask", "Transfer-Encoding: chunked"), b"0"),
    "a body that nobody reads": (head("/ui/base.css", "Content-Length: 60000"), b" "),
    "the next request": (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"X"),
}


def test_who_sends_too_slowly_is_let_go(url: str) -> None:
    stop = threading.Event()
    with contextlib.ExitStack() as open_lines:
        lines = [(name, open_lines.enter_context(line_to(url))) for name in SLOW for _ in range(10)]
        writers = [threading.Thread(target=trickle, args=(line, *SLOW[name], stop)) for name, line in lines]
        for writer in writers:
            writer.start()
        try:
            assert is_answered(url)
            end = time.monotonic() + PATIENCE
            left = {name for name, line in lines if not is_closed(line, max(0.01, end - time.monotonic()))}
            assert left == set()
        finally:
            stop.set()
            for writer in writers:
                writer.join(PATIENCE)


def test_who_reads_nothing_is_let_go(url: str) -> None:
    with contextlib.ExitStack() as open_lines:
        lines = [open_lines.enter_context(_reads_little(url)) for _ in range(3)]
        for line in lines:
            line.sendall(f"GET /api/policies/{LARGE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        assert is_answered(url)
        time.sleep(3 * Hasty.patience)
        for line in lines:
            assert len(_rest(line)) < 2**24


def test_who_reads_slowly_gets_everything(url: str) -> None:
    with line_to(url) as line:
        line.sendall(f"GET /api/policies/{LARGE} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        got = 0
        for pause in range(8):
            while got < pause * 2**21:
                got += len(line.recv(2**18))
            time.sleep(Hasty.patience / 3)
        assert got + len(_rest(line)) > 2**24


def test_who_waits_between_two_requests_is_not_hurried(url: str) -> None:
    with line_to(url) as line:
        for _ in range(2):
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert read(line).status == 200
            time.sleep(2 * Hasty.patience)


def test_a_stream_that_waits_is_not_cut_off(url: str) -> None:
    with line_to(url) as line:
        line.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: a\r\n\r\n")
        line.recv(65536)
        assert not is_closed(line, timeout=3 * Hasty.patience)


def test_the_server_runs_with_this_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.web import server
    from assistant.web.patience import PatientProtocol

    started: list[object] = []

    class Started:
        def __init__(self, config: object, let_go: object) -> None:
            started.append(config.http)  # type: ignore[attr-defined]

        def run(self) -> None:
            pass

    monkeypatch.setattr(server, "Server", Started)
    monkeypatch.setattr(server, "start_log", lambda form: None)
    server.run(SimpleNamespace(state=SimpleNamespace(closing=threading.Event())), Settings())  # type: ignore[arg-type]
    assert started == [PatientProtocol]
    assert (PatientProtocol.patience, PatientProtocol.every) == (30, 2)


def _reads_little(url: str) -> socket.socket:
    """A connection with little room for what has not been read."""
    place = httpx.URL(url)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(PATIENCE)
    line.connect((place.host, place.port or 0))
    return line


def _rest(line: socket.socket) -> bytes:
    """All that still comes."""
    said = bytearray()
    with contextlib.suppress(ConnectionError):
        while chunk := line.recv(2**20):
            said += chunk
    return bytes(said)


# --- no JSON of ours, to the doors beside the API (tests/test_api.py has its own)

TURN = {"turn": "t1", "question": "Why?", "policy": "", "history": []}
TOOL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": {"question": "Why?"}}}


@pytest.fixture(scope="module")
def config(url: str) -> dict[str, object]:
    return dict(httpx.get(f"{url}/config").json())


def transcript(config: dict[str, object]) -> int:
    """Id of the component that the page calls."""
    components = config["components"]
    assert isinstance(components, list)
    return int(next(each["id"] for each in components if "turn" in str(each["props"].get("server_fns"))))


def good(path: str, config: dict[str, object]) -> dict[str, object]:
    """A body that is answered."""
    if path == SERVER:
        return {"data": TURN, "component_id": transcript(config), "fn_name": "turn", "session_hash": "abc"}
    if path == MCP:
        return TOOL
    endpoints = config["dependencies"]
    assert isinstance(endpoints, list)
    number = next(each["id"] for each in endpoints if each["api_name"] == "ask")
    call: dict[str, object] = {"data": ["Why?", "", []]}
    return call | {"fn_index": number, "session_hash": "abc"} if path == JOIN else call


DOORS = (SERVER, JOIN, CALL, MCP)


@pytest.mark.parametrize("path", DOORS)
def test_what_is_asked_well_is_answered(url: str, config: dict[str, object], path: str) -> None:
    """Or else the tests below could not fail."""
    assert ask(url, "POST", path, [*JSON, ACCEPT], json.dumps(good(path, config)).encode()).status == 200


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"null",
        b"[]",
        b"7",
        b'"Why?"',
        b"\x00",
        b"\xff\xfe",
        b'{"data": "\xff"}',
        b'{"data": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"data": []}',
        '{"data": []}'.encode("utf-16"),
        b"[" * 10_000 + b"]" * 10_000,
        b'{"data": ' * 10_000 + b"1" + b"}" * 10_000,
        b'{"data": ' + b"[" * 100_000,
        b'{"data": [NaN], "session_hash": "a", "fn_index": 1e400}',
        b'{"data": [1], "session_hash": "a", "fn_index": ' + b"9" * 5000 + b"}",
        b'{"data": [Infinity]}',
        b'{"data": [],}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_no_json_is_refused(url: str, path: str, body: bytes) -> None:
    reply = ask(url, "POST", path, [*JSON, ACCEPT], body)
    refused(reply, 400, 422)
    if path != MCP:
        assert (reply.headers["content-type"], reply.status) == ("application/problem+json", 422)


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize("depth", [100, 250, 900, 5000])
def test_deep_nesting_breaks_nothing(url: str, config: dict[str, object], path: str, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = json.dumps(good(path, config)).replace('"Why?"', nested)
    reply = ask(url, "POST", path, [*JSON, ACCEPT], body.encode())
    assert reply.status in {200, 400, 422}
    refused(reply, reply.status)


@pytest.mark.parametrize(
    "wrong",
    [
        {"component_id": 99_999},
        {"component_id": -1},
        {"component_id": 0},
        {"component_id": 1},
        {"component_id": 10**300},
        {"component_id": "1"},
        {"component_id": [1]},
        {"component_id": None},
        {"fn_name": "__init__"},
        {"fn_name": "postprocess"},
        {"fn_name": "get_config"},
        {"fn_name": ""},
        {"fn_name": ["turn"]},
        {"session_hash": ["a"]},
        {"session_hash": ""},
        {"session_hash": "a" * 1000},
        {"session_hash": "../a"},
        {"session_hash": None},
    ],
    ids=str,
)
def test_the_page_calls_nothing_else(url: str, config: dict[str, object], wrong: dict[str, object]) -> None:
    reply = ask(url, "POST", SERVER, JSON, json.dumps(good(SERVER, config) | wrong).encode())
    refused(reply, 422)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fn_index": 99_999},
        {"fn_index": -1},
        {"fn_index": 0},
        {"fn_index": None},
        {"fn_index": "0"},
        {"fn_index": 1.5},
        {"fn_index": 10**300},
        {"session_hash": None},
        {"session_hash": ""},
        {"session_hash": "a/b"},
        {"session_hash": 7},
        {"data": None},
        {"data": {}},
        {"data": "Why?"},
    ],
    ids=str,
)
def test_programs_call_nothing_else(url: str, config: dict[str, object], wrong: dict[str, object]) -> None:
    reply = ask(url, "POST", JOIN, JSON, json.dumps(good(JOIN, config) | wrong).encode())
    refused(reply, 422)


@pytest.mark.parametrize(
    "more",
    [
        '"data": []',
        '"event_data": {"a": 1}',
        '"trigger_id": 99',
        '"batched": true',
        '"request": {}',
        '"oauth_token": "a"',
    ],
)
def test_what_is_said_twice_or_besides_counts_no_more_than_the_rest(
    url: str, config: dict[str, object], more: str
) -> None:
    for path in (CALL, JOIN):
        body = json.dumps(good(path, config))[:-1] + f", {more}}}"
        assert ask(url, "POST", path, JSON, body.encode()).status == 200


@pytest.mark.parametrize(
    "data",
    [[], ["Why?"] * 50, [None, None, None], [7, 7, 7], [{"path": "/etc/passwd"}, "", []], ["Why?", "", "Who?"]],
    ids=str,
)
def test_calls_with_other_words_end_in_an_error(url: str, data: list[object]) -> None:
    """They take no file, and do not stay open."""
    begun = httpx.post(f"{url}{CALL}", json={"data": data}, timeout=PATIENCE)
    said = httpx.get(f"{url}{CALL}/{begun.json()['event_id']}", timeout=PATIENCE).text
    assert said.startswith("event: ")
    assert "root:x:0" not in said
    assert "Traceback" not in said


NOBODY = ("", "=", "=../a", "=" + "a" * 5000, "=a&session_hash=b", "=%00%ff")


@pytest.mark.parametrize("query", NOBODY)
def test_streams_of_nobody_end(url: str, query: str) -> None:
    reply = ask(url, "GET", f"/gradio_api/queue/data?session_hash{query}")
    assert reply.status in {200, 422}
    assert "Traceback" not in reply.text
    # A call that was never begun.
    assert ask(url, "GET", f"{CALL}/{'0' * 32}").status == 200


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": "__class__"},
        {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "file:///etc/passwd"}},
        {"jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {"name": "../../etc/passwd"}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "../ask"}},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": []}},
        {"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": {"level": "debug"}},
        [TOOL] * 100,
    ],
    ids=lambda message: json.dumps(message)[:60],
)
def test_messages_of_no_kind_are_answered(url: str, message: object) -> None:
    reply = ask(url, "POST", MCP, [*JSON, ACCEPT], json.dumps(message).encode())
    # Without an id it is a message that nobody waits for.
    assert reply.status == 202 or "error" in reply.text.casefold()
    assert reply.status in {200, 202, 400}
    assert "root:x:0" not in reply.text
    refused(reply, reply.status)
