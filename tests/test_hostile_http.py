"""Hostile HTTP against the running server, byte for byte: heads, one request within another, methods, parts."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from assistant.settings import Settings
from assistant.web.heads import LONGEST_HEAD
from tests.api_fixtures import ITALKI, WordAssistant
from tests.raw_http import JSON, Hasty, answers, ask, refused, send
from tests.web_fixtures import serving


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.web.app import create_app

    votes = tmp_path_factory.mktemp("votes") / "feedback.sqlite"
    settings = Settings(feedback=votes, rate_limit="9999/second", mcp_hosts="a.example")
    with serving(lambda: create_app(WordAssistant(), settings), Hasty) as url:  # type: ignore[arg-type]
        yield url


@pytest.fixture(autouse=True)
def _still_there(url: str) -> Iterator[None]:
    """Whatever a test did, the next one is answered."""
    yield
    assert ask(url, "GET", "/healthz").status == 200


# --- headers


@pytest.mark.parametrize(
    "path",
    [
        "/policies/a%0d%0aSet-Cookie:%20hit=1",
        "/policies/a%0aSet-Cookie:%20hit=1",
        "/?view=a%0d%0aSet-Cookie:%20hit=1",
        "/?view=%E5%98%8A%E5%98%8DSet-Cookie:%20hit=1",
        "/%0d%0aSet-Cookie:%20hit=1",
        "/ui/%0d%0aSet-Cookie:%20hit=1",
        f"/policies/{ITALKI}?mark=1%0d%0aSet-Cookie:%20hit=1",
        "/embed?policy=a%0d%0aSet-Cookie:%20hit=1",
        "/api/policies/a%0d%0aSet-Cookie:%20hit=1",
        "/gradio_api/heartbeat/a%0d%0aSet-Cookie:%20hit=1",
    ],
)
def test_no_line_gets_into_the_head_by_an_address(url: str, path: str) -> None:
    reply = ask(url, "GET", path)
    assert reply.status < 500
    assert "set-cookie" not in reply.headers
    assert "hit=1" not in reply.head


@pytest.mark.parametrize(
    "name", ["X-Request-ID", "Origin", "Accept-Language", "If-None-Match", "Access-Control-Request-Method"]
)
def test_no_header_is_handed_back(url: str, name: str) -> None:
    for path in ("/", "/api/policies", "/ui/base.css", "/gradio_api/queue/join"):
        reply = ask(url, "GET", path, [f"{name}: hit%0d%0aSet-Cookie: hit=1"])
        assert reply.status < 500
        assert "hit" not in reply.head


@pytest.mark.parametrize("question", ["a\r\nSet-Cookie: hit=1", "a\nLocation: //evil.example", "\u560a\u560dhit"])
def test_no_line_gets_into_the_head_by_a_question(url: str, question: str) -> None:
    reply = ask(url, "POST", "/api/ask", JSON, json.dumps({"question": question}).encode())
    assert reply.status == 200
    assert not {"set-cookie", "location"} & set(reply.headers)


@pytest.mark.parametrize(
    "head",
    [
        b"X: 1\r\n" * 20_000,
        b"X-" + b"a" * 300_000 + b": 1\r\n",
        b"X: " + b"a" * 300_000 + b"\r\n",
        b"Cookie: " + b"a=b; " * 100_000 + b"\r\n",
    ],
    ids=["many", "a long name", "a long value", "a long cookie"],
)
def test_large_heads_are_refused(url: str, head: bytes) -> None:
    head = b"GET /api/policies HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + head + b"\r\n"
    assert answers(url, head) in ([], [400], [431])


@pytest.mark.parametrize("path", ["/api/policies?q=", "/policies?q=", "/?q=", "/ui/", "/policies/", "/config?q="])
@pytest.mark.parametrize("size", [LONGEST_HEAD, 1_000_000])
def test_long_addresses_are_refused(url: str, path: str, size: int) -> None:
    request = b"GET " + path.encode() + b"a" * size + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    # The server hangs up on the longest before it has taken all of them.
    assert answers(url, request) in ([], [400], [431])


# --- one request within another

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def test_answers_are_counted(url: str) -> None:
    """Or else the tests below could not fail."""
    assert answers(url, GET + GET + LAST) == [200, 200, 200]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 99", b"0\r\n\r\n"),
        (b"Content-Length: 2\r\nContent-Length: 40", b"{}"),
        (b"Content-Length: 2, 40", b"{}"),
        (b"Content-Length: +2", b"{}"),
        (b"Content-Length: -2", b"{}"),
        (b"Content-Length: 0x2", b"{}"),
        (b"Content-Length: 2\x00", b"{}"),
        (b"Content-Length: 99999999999999999999", b"{}"),
        (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked, identity", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", b"0\r\n\r\n"),
        (b"Transfer-Encoding:\x0bchunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding : chunked", b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"-1\r\n"),
        (b"Transfer-Encoding: chunked", b"0x0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"ffffffffffffffffff\r\n"),
        (b"Transfer-Encoding: chunked", b"0;" + b"a" * 300_000 + b"\r\n\r\n"),
        # One line of the head, folded as once was allowed: no body, and so what follows is no request.
        (b"X: a\r\n Transfer-Encoding: chunked", b"0\r\n\r\n"),
    ],
    ids=str,
)
def test_no_request_hides_in_another(url: str, head: bytes, body: bytes) -> None:
    """Two servers that find different ends of a body would answer one person with what another was told."""
    post = b"POST /api/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n" + body
    assert 200 not in answers(url, post + LAST)


# --- methods, upgrades, ranges


@pytest.mark.parametrize(
    "method",
    ["TRACE", "TRACK", "CONNECT", "PROPFIND", "PUT", "DELETE", "PATCH", "get", "A" * 5000, "PRI", "GET/", "X-Y"],
)
@pytest.mark.parametrize(
    "path", ["/", "/policies", "/api/ask", "/ui/base.css", "/agents", "/gradio_api/mcp/", "/healthz"]
)
def test_other_methods_are_refused(url: str, method: str, path: str) -> None:
    refused(ask(url, method, path, ["X-Method: hit"]), 400, 404, 405)


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_no_header_makes_another_method_of_a_request(url: str, method: str) -> None:
    headers = [f"X-HTTP-Method-Override: {method}", f"X-HTTP-Method: {method}"]
    assert ask(url, "GET", "/api/policies", headers).status == 200


@pytest.mark.parametrize("path", ["/", "/gradio_api/queue/join", "/api/ask", "/ws", "/gradio_api/mcp/"])
def test_no_other_protocol_is_spoken(url: str, path: str) -> None:
    upgrade = ["Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]
    said = ask(url, "GET", path, [*upgrade, "Connection: Upgrade"])
    assert said.status in {200, 400, 403, 404, 405}
    clear = send(url, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert clear.status in {400, 404}


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-",
        "bytes=-1",
        "bytes=5-2",
        "bytes=99999999999999999999-",
        "bytes=-99999999999999999999",
        "bytes=0-0" + ",0-" * 1000,
        "bytes=" + ",".join(f"{at}-{at}" for at in range(1000)),
        "bytes=" + "0-," * 3000,
        "lines=1-2",
        "bytes",
        "bytes=a-b",
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("path", ["/ui/base.css", "/static/img/logo.svg"])
def test_parts_of_a_file_are_no_more_than_the_file(url: str, path: str, wanted: str) -> None:
    whole = len(ask(url, "GET", path).body)
    reply = ask(url, "GET", path, [f"Range: {wanted}"])
    assert reply.status in {200, 206, 400, 404, 416}
    # Each part has a head of its own.
    assert len(reply.body) <= max(3 * whole, 1000 * 200)
