"""Requests as they are, byte for byte: a client library would clean them up."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from assistant.web.patience import PatientProtocol

# Seconds: two cores are shared.
PATIENCE = 60
ROOT = Path(__file__).resolve().parent.parent
JSON = ("Content-Type: application/json",)


class Hasty(PatientProtocol):
    """A server without much patience, for tests of those who try it."""

    patience = 1.0
    every = 0.1


class Reply(NamedTuple):
    """What the server said."""

    status: int
    # By name in lower case; the last one where there are several.
    headers: dict[str, str]
    body: bytes
    # The head as it came.
    head: str

    @property
    def text(self) -> str:
        """The body, whatever it is."""
        return self.body.decode("utf-8", "replace")


def line_to(url: str, timeout: float = PATIENCE) -> socket.socket:
    """A connection of its own to the server."""
    place = urlsplit(url)
    return socket.create_connection((place.hostname or "", place.port or 0), timeout=timeout)


def read(line: socket.socket, method: str = "GET") -> Reply:
    """The next answer on a connection.

    Raises:
        HTTPException, OSError: there is none, or not all of it.
    """
    response = HTTPResponse(line, method=method)
    response.begin()
    headers = response.getheaders()
    head = "".join(f"{name}: {value}\n" for name, value in headers)
    return Reply(response.status, {name.lower(): value for name, value in headers}, response.read(), head)


def send(url: str, request: bytes, method: str = "GET") -> Reply:
    """The first answer to these bytes."""
    with line_to(url) as line:
        line.sendall(request)
        return read(line, method)


def ask(
    url: str,
    method: str,
    target: str,
    headers: Sequence[str] = (),
    body: bytes = b"",
    *,
    host: str = "Host: a.example",
) -> Reply:
    """One request of one line each, and its answer; the length of a body is told."""
    lines = [f"{method} {target} HTTP/1.1", *([host] if host else []), "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return send(url, "\r\n".join([*lines, "", ""]).encode("latin-1") + body, method)


def answers(url: str, request: bytes) -> list[int]:
    """Status of every answer to these bytes until the server hangs up, as it must."""
    said = b""
    with line_to(url) as line:
        line.sendall(request)
        with contextlib.suppress(ConnectionError):
            while chunk := line.recv(65536):
                said += chunk
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]


def is_closed(line: socket.socket, timeout: float = PATIENCE) -> bool:
    """Whether the server lets go of a connection within some seconds; what it says before is read."""
    line.settimeout(timeout)
    try:
        while line.recv(65536):
            pass
    except TimeoutError:
        return False
    except (HTTPException, OSError):
        return True
    return True


def refused(reply: Reply, *statuses: int) -> None:
    """Checks that an answer is a refusal, of one of these statuses, and says nothing of the machine."""
    assert reply.status in (statuses or range(400, 500)), reply
    for told in ("Traceback", str(ROOT), sys.prefix, "site-packages", "root:x:0"):
        assert told not in reply.text
