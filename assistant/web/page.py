"""What of Gradio reaches the network: the routes that the chat needs, and a page without third parties' names."""

from __future__ import annotations

import re
import secrets

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.web.headers import gradio_policy

# Gradio serves much more: uploads, files, proxies, deep links, run history, monitoring, its own page on its interfaces.
_PATHS = {"/", "/config", "/theme.css", "/favicon.ico", "/robots.txt"} | {
    f"/gradio_api/{name}" for name in ("info", "component_server/", "queue/join", "queue/data", "cancel")
}
_FOLDERS = ("/assets/", "/static/", "/gradio_api/call/", "/gradio_api/heartbeat/")
# Where programs that speak MCP post their messages, with or without a slash at the end.
_MCP = "/gradio_api/mcp"
# Page parameters that open Gradio's own views or stored states.
_VIEWS = re.compile(rb"(?:^|&)(?:view|deep_link|page|vibe)=")

_LEFT_OUT = re.compile(r'<(?:meta\s+(?:property="og:|name="twitter:)|link\s+rel="manifest"|base\s)[^>]*>\s*')
_STYLED = re.compile(r'(<(?:html|body|gradio-app)\b[^>]*?)\s+style="[^"]*"')
_INLINE = re.compile(r"<(?:script|style)(?=[\s>])")
_VIEWPORT = re.compile(r'<meta\s+name="viewport"[^>]*>')


class GradioDoor:
    """ASGI application around Gradio's: passes what the chat needs, answers 404 to everything else."""

    def __init__(self, gradio: ASGIApp, head: str, noscript: str) -> None:
        self._gradio = gradio
        self._head = head
        self._noscript = noscript

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        if scope["type"] == "http" and path.rstrip("/") == _MCP:
            await self._mcp(scope, receive, send)
        elif scope["type"] != "http" or not (path in _PATHS or path.startswith(_FOLDERS)):
            response = JSONResponse({"detail": "Not Found"}, 404)
            await response(scope, receive, send)
        elif path != "/":
            await self._gradio(scope, receive, send)
        elif _VIEWS.search(scope["query_string"]):
            await RedirectResponse(scope.get("root_path", "") + "/")(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _mcp(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One message each way; Gradio's own page, and what older clients listened to, stay closed."""
        if scope["method"] == "POST":
            await self._gradio({**scope, "path": scope["path"].rstrip("/") + "/"}, receive, send)
        else:
            response = JSONResponse({"detail": "Method Not Allowed"}, 405, {"allow": "POST"})
            await response(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        status, html = await _body(self._gradio, {**scope, "headers": plain}, receive)
        nonce = secrets.token_urlsafe(16)
        page = own_page(html, self._head, self._noscript, nonce)
        headers = {"content-security-policy": gradio_policy(nonce)}
        await HTMLResponse(page, status, headers)(scope, receive, send)


def own_page(html: str, head: str, noscript: str, nonce: str) -> str:
    """Gradio's page as we send it.

    Its social-media tags, manifest and base go; its style attributes are in chat.css. Our head comes in, and a word
    where scripts are off. What Gradio writes into scripts has no "<", so that every tag found here is one.
    """
    html = _LEFT_OUT.sub("", html)
    html = _STYLED.sub(r"\1", html)
    html = _INLINE.sub(lambda tag: f'{tag[0]} nonce="{nonce}"', html)
    html = _VIEWPORT.sub(lambda _: head, html, count=1)
    return html.replace("<gradio-app", f"<noscript>{noscript}</noscript><gradio-app", 1)


async def _body(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, str]:
    """Status and whole body of what `app` answers."""
    status = 500
    chunks: list[bytes] = []

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, keep)
    return status, b"".join(chunks).decode("utf-8")
