"""Which other sites' pages may use the API and load the widget: an allow list, without credentials."""

from __future__ import annotations

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import SettingsError
from assistant.web.api.paths import first_segment

_SHARED = frozenset({"api", "widget.js", "ui"})
# As a browser sends it: scheme, host in ASCII and lower case, and a port that is not the scheme's own.
_ORIGIN = re.compile(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?")
# Seconds for which a browser need not ask again.
_MAX_AGE = 600


def origins(setting: str) -> tuple[str, ...]:
    """The origins that a setting allows.

    Raises:
        SettingsError: one of them is no origin.
    """
    known = tuple(setting.split())
    for origin in known:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"ASSISTANT_CORS_ORIGINS: {origin!r} is no origin; write it as https://www.example.com, in lower case "
                "and without a path or a final slash."
            )
    return known


class Cors:
    """ASGI application around all others: what the listed origins may read from their pages."""

    def __init__(self, app: ASGIApp, allowed: tuple[str, ...]) -> None:
        self._app = app
        self._shared = CORSMiddleware(
            app,
            allow_origins=allowed,
            allow_methods=("GET", "POST"),
            allow_headers=("content-type", "if-none-match"),
            expose_headers=("etag", "retry-after", "x-request-id"),
            max_age=_MAX_AGE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        await (self._shared if first_segment(scope) in _SHARED else self._app)(scope, receive, send)
