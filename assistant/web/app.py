"""The web application: the chat at `/`, and beside it the doors that are pages and routes of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import anyio
import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.feedback.store import FeedbackStore
from assistant.web.api.cors import Cors, origins
from assistant.web.api.paths import ApiDoor
from assistant.web.api.server import create_api
from assistant.web.chat import DESCRIPTION, TITLE, build_chat
from assistant.web.desk import routes as desk
from assistant.web.headers import SecurityHeaders
from assistant.web.log import RequestLog
from assistant.web.page import GradioDoor
from assistant.web.pages import STATIC, file_hashes
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
# Fonts of the person's own system: none is loaded.
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Ubuntu", "Cantarell", "Noto Sans", "Helvetica Neue", "Arial")


def create_app(assistant: Assistant, settings: Settings) -> FastAPI:
    """One application over `assistant`; everything of Gradio's that the chat does not need is off.

    Raises:
        SettingsError: a setting of the API states no origin or no limit.
    """
    feedback = FeedbackStore(
        settings.feedback, store_questions=settings.store_questions, retention_days=settings.retention_days
    )
    site = Site(assistant, settings, feedback, anyio.CapacityLimiter(settings.concurrency))
    # FastAPI's own pages on the interface load their scripts from another host.
    app = FastAPI(title=TITLE, description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(ApiDoor, api=create_api(site))
    app.add_middleware(Cors, allowed=origins(settings.cors_origins))
    for door in (reader, desk, widget):
        app.include_router(door.router(site))
    app.mount("/ui", StaticFiles(directory=STATIC))
    _mount_chat(app, site)
    # Around Starlette's own outermost layer as well, which answers when something breaks.
    app.middleware_stack = SecurityHeaders(RequestLog(app.build_middleware_stack()), settings.frame_ancestors)
    return app


def _mount_chat(app: FastAPI, site: Site) -> None:
    blocks = build_chat(site)
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
    mount.app = GradioDoor(mount.app, head, _NOSCRIPT)


def serve(assistant: Assistant, settings: Settings) -> None:
    """Answers one question, so that the first person's is answered warm, then listens until it is stopped."""
    for question in assistant.suggestions(count=1):
        assistant.ask(question)
    run(create_app(assistant, settings), settings)
