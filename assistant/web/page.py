"""What of Gradio reaches the network: the routes that the chat needs, and a page without third parties' names."""

from __future__ import annotations

import re
import secrets

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import QuestionError
from assistant.web.api.problems import busy, problem
from assistant.web.headers import gradio_policy
from assistant.web.limits import refusal
from assistant.web.mcp_door import McpDoor
from assistant.web.posted import CALL, JOIN, SERVER, TOOLS, Posts, again, whole

# Gradio serves much more: uploads, files, proxies, deep links, run history, monitoring, its own page on its interfaces.
_NAMES = "|".join(TOOLS)
_READ = re.compile(
    r"/(?:config|theme\.css|favicon\.ico|robots\.txt|(?:assets|static)/(?:[\w@-][\w.@-]*/)*[\w@-][\w.@-]*"
    rf"|gradio_api/(?:info|queue/data|heartbeat/[\w-]{{1,64}}|call/(?:{_NAMES})/[0-9a-f]{{1,64}}))?",
    re.ASCII,
)
_POSTED = {SERVER, JOIN} | {CALL + name for name in TOOLS}
# Where programs that speak MCP post their messages, with or without a slash at the end.
_MCP = "/gradio_api/mcp"
# Gradio writes addresses out of what a request says of itself; it is told nothing, and this takes the place of it.
_NOWHERE = b"127.0.0.1"
_TELLING = {b"host", b"origin"}
_DATA = "/gradio_api/queue/data"
# Page parameters that open Gradio's own views or stored states.
_VIEWS = re.compile(rb"(?:^|&)(?:view|deep_link|page|vibe)=")

_LEFT_OUT = re.compile(r'<(?:meta\s+(?:property="og:|name="twitter:)|link\s+rel="manifest"|base\s)[^>]*>\s*')
_STYLED = re.compile(r'(<(?:html|body|gradio-app)\b[^>]*?)\s+style="[^"]*"')
_INLINE = re.compile(r"<(?:script|style)(?=[\s>])")
_VIEWPORT = re.compile(r'<meta\s+name="viewport"[^>]*>')


class GradioDoor:
    """ASGI application around Gradio's: passes what the chat needs, answers 404 to everything else."""

    def __init__(self, gradio: ASGIApp, head: str, noscript: str, posts: Posts) -> None:
        self._gradio = gradio
        self._head = head
        self._noscript = noscript
        self._mcp = McpDoor(gradio)
        self._posts = posts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        root = scope.get("root_path", "")
        path = scope["path"].removeprefix(root) or "/"
        is_post = scope.get("method") == "POST"
        reads = scope.get("method") in {"GET", "HEAD"}
        answer: ASGIApp
        if scope["type"] != "http":
            return
        if path.rstrip("/") == _MCP:
            answer = self._mcp if is_post else _refused("POST")
            scope = {**scope, "headers": _without_forwarded(scope)}
        elif path in _POSTED:
            answer = self._post if is_post else _refused("POST")
        elif not _READ.fullmatch(path):
            answer = problem(404, "not_found", "There is nothing at this address.")
        elif not reads:
            answer = _refused("GET, HEAD")
        elif path == "/":
            answer = RedirectResponse(root + "/") if _VIEWS.search(scope["query_string"]) else self._page
        else:
            answer = self._config if path == "/config" else self._read
            scope = _untold(scope)
        await answer(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A file, or the stream of a call; Gradio breaks off the stream of a call that there is not."""
        try:
            await self._gradio(scope, receive, send)
        except RuntimeError as error:
            if not isinstance(error.__cause__, HTTPException):
                raise
            await send({"type": "http.response.body"})

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A call of the page or of a program."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        refused = refusal()
        # The page is told in a turn of its conversation.
        if refused and path != SERVER:
            await busy(refused)(scope, receive, send)
            return
        try:
            body = self._posts.read(path, scope, await whole(receive))
        except QuestionError as error:
            await problem(422, "invalid_request", str(error))(scope, receive, send)
            return
        await self._gradio(*again(_untold(scope), body, receive), send)

    async def _config(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, config = await _body(self._gradio, scope, receive)
        # A program has the address that it came by.
        body = _placed(config, scope, "")
        await Response(body, status, media_type="application/json")(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, html = await _body(self._gradio, _untold(scope), receive)
        nonce = secrets.token_urlsafe(16)
        page = own_page(_placed(html, scope, scope.get("root_path") or "/"), self._head, self._noscript, nonce)
        headers = {"content-security-policy": gradio_policy(nonce)}
        await HTMLResponse(page, status, headers)(scope, receive, send)


def _refused(allowed: str) -> Response:
    return problem(405, "invalid_request", f"This address takes {allowed} alone.", {"allow": allowed})


def _without_forwarded(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Headers without what a proxy says of a request: the server has read what it believes."""
    return [(name, value) for name, value in scope["headers"] if not name.startswith((b"x-forwarded-", b"x-gradio-"))]


def _untold(scope: Scope) -> Scope:
    """The request without the host, the site and the proxy that it names, and without a query that nobody needs."""
    query = scope["query_string"] if scope["path"].endswith(_DATA) else b""
    headers = [(name, value) for name, value in _without_forwarded(scope) if name not in _TELLING]
    return {**scope, "scheme": "http", "query_string": query, "headers": [*headers, (b"host", _NOWHERE)]}


def _placed(text: str, scope: Scope, root: str) -> str:
    """What Gradio wrote, with `root` for the address that it takes to be the server's."""
    return text.replace(f'"http://{_NOWHERE.decode()}{scope.get("root_path", "")}"', f'"{root}"')


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
    """Status and whole body of what `app` answers, uncompressed."""
    plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    status = 500
    chunks: list[bytes] = []

    async def keep(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app({**scope, "headers": plain}, receive, keep)
    return status, b"".join(chunks).decode("utf-8")
