"""The web application: the chat at `/`, and beside it the doors that are pages and routes of our own."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import anyio
import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import BusyError
from assistant.feedback.store import FeedbackStore
from assistant.generations import Generations
from assistant.web.api.cors import Cors, origins
from assistant.web.api.paths import ApiDoor
from assistant.web.api.server import create_api
from assistant.web.chat import DESCRIPTION, TITLE, build_chat
from assistant.web.desk import routes as desk
from assistant.web.headers import SecurityHeaders
from assistant.web.heads import Heads
from assistant.web.limits import MAX_BYTES_ELSEWHERE, BodyLimit, RateLimit, rate_limit
from assistant.web.log import RequestLog
from assistant.web.login import Login
from assistant.web.page import GradioDoor
from assistant.web.pages import STATIC, busy_page, file_hashes
from assistant.web.posted import Posts
from assistant.web.reader import routes as reader
from assistant.web.render import render
from assistant.web.server import run
from assistant.web.site import Site
from assistant.web.tools import configure_mcp
from assistant.web.widget import routes as widget

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.settings import Settings

_NOSCRIPT = "<p>This page needs JavaScript. The command <code>python -m assistant ask</code> answers without it.</p>"
# Connections that Gradio's pages keep open.
_OPEN = ("/gradio_api/heartbeat/", "/gradio_api/queue/data")
# Fonts of the person's own system: none is loaded.
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Ubuntu", "Cantarell", "Noto Sans", "Helvetica Neue", "Arial")


def create_app(assistant: Assistant | Generations, settings: Settings) -> FastAPI:
    """One application over `assistant`; everything of Gradio's that the chat does not need is off.

    Args:
        assistant: what answers, or the generations of it, of which every request keeps to one.
        settings: how it is served.

    Raises:
        SettingsError: a setting of the API states no origin or no limit.
    """
    feedback = FeedbackStore(
        settings.feedback, store_questions=settings.store_questions, retention_days=settings.retention_days
    )
    generations = assistant if isinstance(assistant, Generations) else None
    current = generations.current if generations else lambda: cast("Assistant", assistant)
    site = Site(current, settings, feedback, anyio.CapacityLimiter(settings.concurrency))
    # FastAPI's own pages on the interface load their scripts from another host.
    app = FastAPI(title=TITLE, description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None)
    # The last one is the outermost.
    app.add_middleware(ApiDoor, api=create_api(site))
    app.add_middleware(BodyLimit, most=MAX_BYTES_ELSEWHERE)
    app.add_middleware(RateLimit, limit=rate_limit(settings.rate_limit))
    app.add_middleware(Cors, allowed=origins(settings.cors_origins))
    app.add_middleware(Login, login=settings.agents_login)
    app.add_middleware(Heads)
    app.add_exception_handler(BusyError, busy_page)
    for door in (reader, desk, widget):
        app.include_router(door.router(site))
    app.mount("/ui", StaticFiles(directory=STATIC))
    refresh = _mount_chat(app, site)
    if generations:
        generations.heed(refresh)
        app.add_middleware(Pinned, generations=generations)
    # Around Starlette's own outermost layer as well, which answers when something breaks.
    app.middleware_stack = SecurityHeaders(RequestLog(app.build_middleware_stack()), settings.frame_ancestors)
    return app


def _mount_chat(app: FastAPI, site: Site) -> Callable[[], None]:
    """Mounts the chat; returns what shows the policies of a new index on its page."""
    blocks, refresh = build_chat(site)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=site.settings.host,
        server_port=site.settings.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=True,
        max_file_size=1,
        favicon_path=str(STATIC / "icon.svg"),
        theme=gr.themes.Base(font=[*map(gr.themes.Font, _FONTS)], font_mono=[gr.themes.Font("monospace")]),
    )
    configure_mcp(blocks, site.settings)
    mount = next(route for route in app.router.routes if isinstance(route, Mount) and route.path == "")
    head = render("head.html", title=TITLE, description=DESCRIPTION, files=file_hashes())
    # Gradio's own server would set it: the open connections of its pages end then.
    app.state.closing = cast(gr.routes.App, mount.app).stop_event
    mount.app = GradioDoor(mount.app, head, _NOSCRIPT, Posts.of(blocks))
    return refresh


class Pinned:
    """ASGI application around all doors: what a request begins with one index it ends with it."""

    def __init__(self, app: ASGIApp, generations: Generations) -> None:
        self._app = app
        self._generations = generations

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        # A page's connection stays open for as long as the page does, and answers nothing by itself.
        if scope["type"] != "http" or any(part in scope["path"] for part in _OPEN):
            await self._app(scope, receive, send)
            return
        with self._generations.pinned():
            await self._app(scope, receive, send)


def serve(generations: Generations, settings: Settings) -> None:
    """Answers one question, so that the first person's is answered warm, then listens until it is stopped.

    A new index is taken up while it listens.
    """
    assistant = generations.current()
    for question in assistant.suggestions(count=1):
        assistant.ask(question)
    app = create_app(generations, settings)
    stop = threading.Event()
    watcher = threading.Thread(target=generations.watch, args=(stop,), daemon=True)
    watcher.start()
    gc.collect()
    gc.freeze()
    gc.enable()
    try:
        run(app, settings)
    finally:
        stop.set()
        watcher.join()
