"""The API as an application of its own, so that its rules on errors, limits and figures hold for its paths alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import AssistantError
from assistant.web.api import health, routes
from assistant.web.api.metrics import Measured, Metrics
from assistant.web.api.openapi import describe
from assistant.web.api.problems import Guard, busy, on_assistant_error, on_http_exception, on_invalid_request
from assistant.web.limits import MAX_BODY_BYTES, BodyLimit, refusal

if TYPE_CHECKING:
    from assistant.web.site import Site


def create_api(site: Site) -> FastAPI:
    """The API over `site`."""
    metrics = Metrics(site.current)
    api = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=_name,
        exception_handlers={
            AssistantError: on_assistant_error,
            HTTPException: on_http_exception,
            RequestValidationError: on_invalid_request,
        },
    )
    api.include_router(routes.router(site, metrics))
    api.include_router(health.router(site, metrics))

    @cache
    def described() -> dict[str, Any]:
        return describe(api.routes, site.settings.max_question_chars)

    api.openapi = described  # type: ignore[method-assign]
    # The last one is the outermost.
    api.add_middleware(BodyLimit, most=MAX_BODY_BYTES)
    api.add_middleware(Refusing)
    api.add_middleware(Guard)
    api.add_middleware(Measured, metrics=metrics)
    return api


class Refusing:
    """ASGI application around the API's: whoever has asked too often gets nothing else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        refused = refusal()
        await (busy(refused) if refused else self._app)(scope, receive, send)


def _name(route: APIRoute) -> str:
    return route.name
