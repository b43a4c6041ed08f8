"""The one form of errors, RFC 9457: a sentence for people and a code for programs, nothing of the machine.

Source: RFC 9457, Problem Details for HTTP APIs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import errors
from assistant.web.api.requests import NO_NULL

MEDIA_TYPE = "application/problem+json"
CODES = (
    "invalid_request",
    "question_empty",
    "question_too_long",
    "unknown_policy",
    "unknown_clause",
    "too_many_requests",
    "busy",
    "not_found",
    "internal",
)
_LOG = logging.getLogger(__name__)
# What a person can mend about a question; all other errors are the operator's.
_QUESTION: Mapping[type[errors.QuestionError], tuple[int, str]] = {
    errors.QuestionEmptyError: (422, "question_empty"),
    errors.QuestionTooLongError: (422, "question_too_long"),
    errors.UnknownPolicyError: (404, "unknown_policy"),
    errors.UnknownClauseError: (404, "unknown_clause"),
    errors.UnknownTopicError: (404, "not_found"),
}
_BY_STATUS = {404: "not_found", 429: "too_many_requests", 503: "busy"}
_FORM = "/api/openapi.json shows the form of each request"
_LONGEST_NAME = 80


def problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A response that says what is wrong.

    Args:
        status: of the response.
        code: one of `CODES`.
        detail: one sentence for people.
        headers: of the response.
    """
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


async def on_assistant_error(_: Request, error: errors.AssistantError) -> Response:
    """What is wrong with a question, in its own words; what is wrong with the server goes to the log."""
    if isinstance(error, errors.QuestionError):
        status, code = _QUESTION.get(type(error), (422, "invalid_request"))
        return problem(status, code, str(error))
    if isinstance(error, errors.BusyError):
        return busy(error)
    _LOG.error("%s: %s", type(error).__name__, error)
    return internal()


async def on_http_exception(_: Request, error: HTTPException) -> Response:
    """What the server's frame or a route refuses."""
    status = error.status_code
    code = _BY_STATUS.get(status, "internal" if status >= 500 else "invalid_request")
    allowed = (error.headers or {}).get("Allow", "")
    by_the_frame = error.detail == HTTPStatus(status).phrase
    if status == 404 and by_the_frame:
        detail = "There is nothing at this address; /api/openapi.json lists what there is."
    elif status == 405:
        detail = f"This address does not take this method; use {allowed}."
    else:
        detail = error.detail
    return problem(status, code, detail, error.headers)


async def on_invalid_request(_: Request, error: RequestValidationError) -> Response:
    """The first thing that is wrong with the form of a request."""
    first = error.errors()[0]
    code = first["type"] if first["type"] in CODES else "invalid_request"
    return problem(422, code, _sentence(first))


def busy(error: errors.BusyError) -> Response:
    """For who asks too often, or too much at once."""
    status = 429 if isinstance(error, errors.TooManyRequestsError) else 503
    return problem(status, _BY_STATUS[status], str(error), {"Retry-After": str(error.wait)})


def internal() -> Response:
    """For what is no fault of the request."""
    return problem(500, "internal", "The server cannot answer this; its log says why, under the X-Request-Id.")


def _sentence(error: Mapping[str, Any]) -> str:
    """What is wrong, by the place in the request; never what was sent there."""
    kind, place = error["type"], [str(part) for part in error["loc"][1:]]
    name = ".".join(place)[:_LONGEST_NAME]
    if kind in CODES:
        return str(error["msg"])
    if kind == "json_invalid":
        return "The body is no valid JSON in UTF-8; send one JSON object."
    if not place:
        return f"The body must be a JSON object, sent as application/json; {_FORM}."
    if kind == "missing":
        wrong = "is missing"
    elif kind == "extra_forbidden":
        wrong = "is not known here"
    elif kind == "string_pattern_mismatch":
        null = error["ctx"]["pattern"] == NO_NULL
        wrong = "has a null character" if null else "has another form than it must have"
    else:
        wrong = f"is not as it should be ({str(error['msg']).removeprefix('Value error, ')})"
    return f"{name} {wrong}; {_FORM}."


class Guard:
    """ASGI application around the API's: answers in the one form where something broke; the log is others' part."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if not started:
                await internal()(scope, receive, send)
            raise
