"""What may be posted to Gradio: the calls of the chat's page and of programs, in their one form.

Gradio itself takes any JSON for any of its parts, from any site, and breaks on much of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import gradio as gr
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from assistant.errors import QuestionError

# What the page calls of its server, and what programs call.
PAGE_CALLS = ("turn", "chips", "vote")
TOOLS = ("ask", "get_clause", "list_policies", "compare")
CALL = "/gradio_api/call/"
SERVER = "/gradio_api/component_server/"
JOIN = "/gradio_api/queue/join"

_LENGTHS = {b"content-length", b"transfer-encoding", b"content-encoding"}
_Session = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Form(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Call(_Form):
    data: list[Any]


class _Join(_Call):
    fn_index: int
    session_hash: _Session


class _Server(_Form):
    data: Any
    component_id: int
    fn_name: Literal["turn", "chips", "vote"]
    session_hash: _Session


class Posts:
    """Reads what is posted, and leaves out what nobody needs of it."""

    def __init__(self, functions: Iterable[int], components: Iterable[int]) -> None:
        """Remembers what can be called.

        Args:
            functions: ids of the endpoints for programs.
            components: ids of the components with functions that the page calls.
        """
        self._functions = frozenset(functions)
        self._components = frozenset(components)

    @classmethod
    def of(cls, blocks: gr.Blocks) -> Posts:
        """What can be called of one Gradio application."""
        functions = (id for id, function in blocks.fns.items() if function.api_name in TOOLS)
        with_calls = (id for id, block in blocks.blocks.items() if getattr(block, PAGE_CALLS[0], None))
        return cls(functions, with_calls)

    def read(self, path: str, scope: Scope, body: bytes) -> bytes:
        """The body as Gradio gets it.

        Args:
            path: below the root of the server, one of those that are open to posts.
            scope: of the request.
            body: whole.

        Raises:
            QuestionError: it is not of the form of this path, or calls what there is not.
        """
        if not is_json(scope):
            raise QuestionError("The body must be a JSON object, sent as application/json.")
        try:
            form = self._form(path).model_validate(orjson.loads(plain(body)))
        except ValidationError:
            raise QuestionError(
                "The body is no call that is known here; /gradio_api/info lists what there is."
            ) from None
        known = form.fn_index in self._functions if isinstance(form, _Join) else True
        known = form.component_id in self._components if isinstance(form, _Server) else known
        if not known:
            raise QuestionError("There is nothing of this number to call; /gradio_api/info lists what there is.")
        return orjson.dumps({name: getattr(form, name) for name in type(form).model_fields})

    @staticmethod
    def _form(path: str) -> type[_Form]:
        if path == SERVER:
            return _Server
        return _Join if path == JOIN else _Call


def is_json(scope: Scope) -> bool:
    """Whether a request says that its body is JSON: a page of another site cannot say so without asking first."""
    kind = Headers(scope=scope).get("content-type", "").partition(";")[0]
    return kind.strip().casefold() == "application/json"


async def whole(receive: Receive) -> bytes:
    """The body of a request."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
    return body


def plain(body: bytes) -> bytes:
    """A body as plain JSON: in UTF-8, without numbers and characters that there are not, and not nested without end.

    Raises:
        QuestionError: it is anything else.
    """
    try:
        # What is nested too deeply to be written is not needed either.
        return orjson.dumps(orjson.loads(body))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        raise QuestionError("The body is no valid JSON in UTF-8; send one JSON object.") from None


def again(scope: Scope, body: bytes, receive: Receive) -> tuple[Scope, Receive]:
    """The same request with another body."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _LENGTHS]
    headers.append((b"content-length", b"%d" % len(body)))
    sent = False

    async def once() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return {**scope, "headers": headers}, once
