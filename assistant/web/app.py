"""The web application: the chat at `/`, its files below `/ui`, `/healthz` for whoever watches over the server."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.web.chat import DESCRIPTION, TITLE, build_chat
from assistant.web.page import GradioDoor
from assistant.web.render import render

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.settings import Settings

_STATIC = Path(__file__).parent / "static"
_NOSCRIPT = "<p>This page needs JavaScript. The command <code>python -m assistant ask</code> answers without it.</p>"
# Fonts of the person's own system: none is loaded.
_FONTS = ("-apple-system", "Segoe UI", "Roboto", "Ubuntu", "Cantarell", "Noto Sans", "Helvetica Neue", "Arial")


def create_app(assistant: Assistant, settings: Settings) -> FastAPI:
    """One application over `assistant`; everything of Gradio's that the chat does not need is off."""
    # FastAPI's own pages on the interface load their scripts from another host.
    app = FastAPI(title=TITLE, docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the server answers; it starts to only when the assistant is warm."""
        return {"status": "ok"}

    app.mount("/ui", StaticFiles(directory=_STATIC))
    gr.mount_gradio_app(
        app,
        build_chat(assistant, settings),
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        max_file_size=1,
        favicon_path=str(_STATIC / "icon.svg"),
        theme=gr.themes.Base(font=[*map(gr.themes.Font, _FONTS)], font_mono=[gr.themes.Font("monospace")]),
    )
    mount = next(route for route in app.router.routes if isinstance(route, Mount) and route.path == "")
    head = render("head.html", title=TITLE, description=DESCRIPTION, files=_hashes())
    mount.app = GradioDoor(mount.app, head, _NOSCRIPT)
    return app


def serve(assistant: Assistant, settings: Settings) -> None:
    """Answers one question, so that the first person's is answered warm, then listens until it is stopped."""
    for question in assistant.suggestions(count=1):
        assistant.ask(question)
    app = create_app(assistant, settings)
    uvicorn.run(app, host=settings.host, port=settings.port, access_log=False, log_level="info")


def _hashes() -> dict[str, str]:
    """Name → content hash of the files in static/, so that a browser never uses an outdated one."""
    files = (path for path in _STATIC.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}
