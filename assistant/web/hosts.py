"""Which names a request may give the server: those that a host can have."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.web.api.problems import problem

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class KnownHost:
    """ASGI application around all doors: whatever is built from `Host` is built from a name and a port.

    Who may be reached by which name is for the proxy to say, and for the MCP server, which web pages could reach.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        hosts = [value for name, value in scope.get("headers", ()) if name == b"host"]
        if all(_HOST.fullmatch(host) for host in hosts):
            await self._app(scope, receive, send)
        else:
            refused = problem(400, "invalid_request", "The Host header names no host; send its name and port.")
            await refused(scope, receive, send)
