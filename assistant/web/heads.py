"""What the head of a request may be, before any door reads it: of a bounded length, for a host that could be one."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.web.api.problems import problem

# Bytes of the address and of all headers together; the HTTP library does not measure what comes in one piece.
LONGEST_HEAD = 32 * 1024
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Heads:
    """ASGI application around all doors: refuses heads that nobody sends in good faith.

    Whatever is built from `Host` is built from a name and a port. Who may be reached by which name is for the proxy to
    say, and for the MCP server, which web pages could reach.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        headers = scope.get("headers", ())
        names = [name for name, _ in headers]
        length = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
        app = self._app
        if length + sum(len(name) + len(value) for name, value in headers) > LONGEST_HEAD:
            app = problem(431, "invalid_request", f"Address and headers are longer than {LONGEST_HEAD:,} bytes.")
        elif not all(_HOST.fullmatch(value) for name, value in headers if name == b"host"):
            app = problem(400, "invalid_request", "The Host header names no host; send its name and port.")
        elif b"content-length" in names and b"transfer-encoding" in names:
            # A proxy before the server may end the body at the other of both.
            app = problem(400, "invalid_request", "The body has two lengths; send one.", {"connection": "close"})
        await app(scope, receive, send)
