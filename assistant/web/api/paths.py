"""Which requests are the API's, by the first segment of their path."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

API_PATHS = frozenset({"api", "healthz", "readyz", "metrics"})


def first_segment(scope: Scope) -> str:
    """The first segment of a request's path below the path that the server is mounted at; "" where it is no HTTP."""
    if scope["type"] != "http":
        return ""
    below = str(scope["path"]).removeprefix(scope.get("root_path", ""))
    return below.strip("/").partition("/")[0]


class ApiDoor:
    """ASGI application around all others: the API answers its own paths, and its rules hold for no other."""

    def __init__(self, app: ASGIApp, api: ASGIApp) -> None:
        self._app = app
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await (self._api if first_segment(scope) in API_PATHS else self._app)(scope, receive, send)
