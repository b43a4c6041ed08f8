"""Security headers of every response; docs/security-headers.md gives the reason for each.

Our own pages run no inline script and no inline style. Gradio's page runs those that the server wrote into it, by a
nonce; what is no page runs nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

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
_NO_PAGE = {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'"}
# What Gradio's HTML component writes before it knows any style: an element without text.
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_UNUSED = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    # A browser would look up the hosts of links before anybody follows them.
    "x-dns-prefetch-control": "off",
    "permissions-policy": ", ".join(f"{name}=()" for name in _UNUSED),
}
# First segments of what pages of other origins load: the widget with its files, and the frame.
_FRAMED = "embed"
_SHARED = frozenset({"widget.js", "ui", _FRAMED})


class SecurityHeaders:
    """ASGI application around all others: adds what a response does not say itself."""

    def __init__(self, app: ASGIApp, frame_ancestors: str = "'self'") -> None:
        self._app = app
        self._ancestors = " ".join(frame_ancestors.split())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        first = scope["path"].removeprefix(scope.get("root_path", "")).strip("/").partition("/")[0]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), message["status"], first)
            await send(message)

        await self._app(scope, receive, with_headers)

    def _add(self, headers: MutableHeaders, status: int, first: str) -> None:
        for name, value in _ALWAYS.items():
            headers.setdefault(name, value)
        readers = "cross-origin" if first in _SHARED else "same-origin"
        headers.setdefault("cross-origin-resource-policy", readers)
        # What a browser has kept has its policy already; one that came with "not modified" would replace it.
        if status != HTTPStatus.NOT_MODIFIED:
            is_page = headers.get("content-type", "").startswith("text/html")
            ancestors = self._ancestors if first == _FRAMED else "'none'"
            headers.setdefault("content-security-policy", _header(_OWN if is_page else _NO_PAGE, ancestors))


def gradio_policy(nonce: str) -> str:
    """The content security policy of Gradio's page, whose scripts and styles carry `nonce`.

    Gradio makes functions of the chat's event handlers and of the templates of its HTML component: `unsafe-eval`.
    """
    scripts = f"'self' 'nonce-{nonce}' 'unsafe-eval'"
    styles = f"'self' 'nonce-{nonce}' {_EMPTY_STYLE}"
    return _header(_OWN | {"script-src": scripts, "style-src": styles, "form-action": "'none'"}, "'none'")


def _header(policy: Mapping[str, str], ancestors: str) -> str:
    return "; ".join(f"{name} {value}" for name, value in (*policy.items(), ("frame-ancestors", ancestors)))
