"""The server as it is run: what it writes about itself, how it ends, and what docs/operations.md says about it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.operated import PATIENCE, Running, operated

# In every question that is sent; nothing of it may be found in the log.
MARKER = "zebrafinch"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with operated(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False) as client:
        yield client


def entries(server: Running) -> list[dict[str, Any]]:
    """What the server has written, of which every line must be JSON."""
    return [json.loads(line) for line in server.lines()]


def entry(server: Running, response: httpx.Response) -> dict[str, Any]:
    """The line of the request that was answered by `response`; it is written after the answer."""
    request = response.headers["x-request-id"]
    for _ in range(200):
        found = [line for line in entries(server) if line.get("request") == request and "route" in line]
        if found:
            (line,) = found
            return line
        threading.Event().wait(0.05)
    raise AssertionError("there is no line of this request")


# --- one line for each request


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/", "/", 200),
        ("/healthz?" + MARKER, "/healthz", 200),
        ("/ui/tokens.css", "/ui", 200),
        (f"/ui/{MARKER}", "/ui", 404),
        (f"/{MARKER}", "none", 404),
        (f"/policies/{MARKER}?q={MARKER}", "/policies/{policy}", 404),
        (f"/api/policies/{MARKER}", "/api/policies/{policy}", 404),
        (f"/api/clauses/{MARKER}/{MARKER}", "/api/clauses/{policy}/{number}", 404),
        (f"/api/{MARKER}", "none", 404),
        ("/gradio_api/mcp", "/gradio_api/mcp", 405),
    ],
)
def test_a_request_leaves_one_line(server: Running, client: httpx.Client, path: str, route: str, status: int) -> None:
    response = client.get(path)
    line = entry(server, response)
    assert list(line) == ["time", "level", "method", "route", "status", "ms", "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert line["ms"] > 0
    assert re.fullmatch("[0-9a-f]{32}", line["request"])


def test_a_request_is_not_numbered_by_who_sends_it(client: httpx.Client) -> None:
    response = client.get("/healthz", headers={"x-request-id": MARKER})
    assert response.headers.get_list("x-request-id") != [MARKER]
    assert len(response.headers.get_list("x-request-id")) == 1
