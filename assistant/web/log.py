"""What the server writes about itself: one line for each request, and errors. No word of a question is in either.

A line names the route and never the address, which may hold words that somebody typed. An error is told by its type
and by where it happened, for its own words may repeat what was asked. So is what a library says.
"""

from __future__ import annotations

import logging
import logging.config
import threading
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Answers that are not handed on by a route of their own; every other address is none of ours.
_PLACES = frozenset({"/", "/gradio_api/mcp"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Who writes what they know to hold nothing that was sent.
_TRUSTED = ("assistant", "uvicorn")
_REQUESTS = logging.getLogger("assistant.requests")
_ERRORS = logging.getLogger("assistant.errors")


class RequestLog:
    """ASGI application around all others: numbers each request, writes its line, and answers where all else broke."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status, request = time.perf_counter(), 0, uuid.uuid4().hex
        root, told = scope.get("root_path", ""), False

        def tell() -> None:
            """Writes the line, once."""
            nonlocal told
            if not told:
                told = True
                facts = {
                    "method": scope["method"] if scope["method"] in _METHODS else "other",
                    "route": _route(scope, root),
                    "status": status,
                    "ms": round(1000 * (time.perf_counter() - start), 1),
                    "request": request,
                }
                _REQUESTS.info("", extra={"facts": facts})

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["x-request-id"] = request
            await send(message)
            # What is done after an answer is nothing that anybody waits for.
            if message["type"] == "http.response.body" and not message.get("more_body"):
                tell()

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            _ERRORS.error("An error while answering.", exc_info=error, extra={"facts": {"request": request}})
            if not status:
                await PlainTextResponse("The server cannot answer this; its log says why.", 500)(scope, receive, noting)
        finally:
            tell()


def _route(scope: Scope, root: str) -> str:
    """The template of the route that answered, or the place of the application that did; "none" where nothing is.

    Args:
        scope: of the request, as those who answered it left it.
        root: path that the server is mounted at.
    """
    path = scope["path"].removeprefix(root).rstrip("/") or "/"
    if path in _PLACES:
        return str(path)
    mounted = scope.get("root_path", "").removeprefix(root)
    return getattr(scope.get("route"), "path", "") or mounted or "none"


class SafeFormatter(logging.Formatter):
    """One record as one line of JSON, or as text; what an exception or a library says of itself stays out."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line, or in text the lines, of one record."""
        now = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        entry: dict[str, Any] = {"time": now, "level": record.levelname.lower(), **_said(record)}
        entry |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1] is not None:
            entry |= _error(record.exc_info[1])
        if self._json:
            return orjson.dumps(entry).decode("utf-8")
        where = "".join(f"\n  {frame}" for frame in entry.pop("at", ()))
        return " ".join(str(value) for value in entry.values()) + where


def _said(record: logging.LogRecord) -> dict[str, str]:
    if record.name == _REQUESTS.name:
        return {}
    if record.name.partition(".")[0] in _TRUSTED:
        return {"message": record.getMessage().strip()}
    return {"message": f"{record.name} reports something at line {record.lineno} of {record.module}."}


def _error(error: BaseException) -> dict[str, object]:
    """Types of an error and of what caused it, and the places that it came through."""
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < 5:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": kinds, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]}


def start_log(form: str) -> None:
    """Makes this process write its log in one form, and what libraries print of exceptions and warnings with it.

    Args:
        form: "json" or "text" for the lines; "off" for errors alone, as text.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"safe": {"()": SafeFormatter, "form": form}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "safe"}},
            "root": {"handlers": ["stderr"], "level": "WARNING"},
            "loggers": {
                "assistant": {"level": "INFO"},
                _REQUESTS.name: {"level": "WARNING" if form == "off" else "INFO"},
                "uvicorn": {"level": "INFO"},
            },
        }
    )
    logging.captureWarnings(True)
    # Gradio prints the exceptions of its queue, with all that was sent in them.
    traceback.print_exc = _instead_of_print
    threading.excepthook = lambda args: _ERRORS.error("An error in a thread.", exc_info=args.exc_value)


def _instead_of_print(*_: object, **__: object) -> None:
    _ERRORS.error("An error in a library.", exc_info=True)
