"""How the API reads a body: by orjson, which takes nothing but JSON in UTF-8."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class _JsonRequest(Request):
    """A request whose JSON holds no lone surrogate, no NaN and no nesting without end."""

    async def json(self) -> Any:
        """The body.

        Raises:
            json.JSONDecodeError: it is not JSON.
        """
        return orjson.loads(await self.body())


class JsonRoute(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI over such a request."""
        handler = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handler(_JsonRequest(request.scope, request.receive))

        return read
