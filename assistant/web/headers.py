"""Security headers of every response; the pages of our own run no inline script and no inline style."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
}
# Gradio's page evaluates templates, and writes styles and scripts into itself.
_GRADIO = _OWN | {
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "manifest-src": "'self'",
}
# The first segments of paths that are answered by pages and routes of our own.
OWN_PATHS = frozenset("api policies agents embed help-center widget.js ui healthz readyz metrics".split())
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """ASGI application around all others: adds what a response does not say itself."""

    def __init__(self, app: ASGIApp, frame_ancestors: str = "'self'") -> None:
        self._app = app
        self._frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        first = scope["path"].removeprefix(scope.get("root_path", "")).strip("/").partition("/")[0]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("content-security-policy", self._policy(first))
            await send(message)

        await self._app(scope, receive, with_headers)

    def _policy(self, first: str) -> str:
        ancestors = self._frame_ancestors if first == "embed" else "'self'"
        known = (_OWN if first in OWN_PATHS else _GRADIO) | {"frame-ancestors": ancestors}
        return "; ".join(f"{name} {value}" for name, value in known.items())
