"""Routes for who runs the server: is it there, can it answer, what has it done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from assistant.errors import AssistantError, BusyError
from assistant.web.api.answers import AliveForm, ReadyForm
from assistant.web.api.metrics import Metrics

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.web.site import Site

_QUESTION = "Which data is collected?"


def router(site: Site, metrics: Metrics) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter()
    # Whose encoder has answered once, and so is in memory.
    ready: Assistant | None = None

    @routes.get("/healthz", response_model=AliveForm)
    async def healthz() -> dict[str, str]:
        """Says that the server is there."""
        return {"status": "ok"}

    @routes.get("/readyz", response_model=ReadyForm)
    async def readyz() -> dict[str, str]:
        """Says that the index is loaded and the encoder answers, if only "degraded": after further tries."""
        nonlocal ready
        if not site.assistant.policies():
            raise HTTPException(503, "There is no policy to answer from; run `python -m assistant ingest`.")
        if ready is not site.assistant:
            try:
                await site.run(lambda: site.assistant.ask(_QUESTION, top_k=1))
            except BusyError:
                raise
            except AssistantError as error:
                raise HTTPException(503, "The encoder does not answer; the start of the server says why.") from error
            ready = site.assistant
        return {"status": "degraded" if site.assistant.degraded() else "ok"}

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """Gives counts and times in Prometheus' text form; nothing in them tells who asked or what."""
        return metrics.page()

    return routes
