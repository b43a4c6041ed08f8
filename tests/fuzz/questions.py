"""What people ask, over the API and of the assistant itself; raises where an answer breaks a law of the product."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from assistant.answering.understand import understand
from assistant.errors import QuestionError
from assistant.web.api import counting
from assistant.web.api.problems import CODES, MEDIA_TYPE
from tests.answer_checks import check_answer
from tests.api_fixtures import api_over
from tests.fuzz.quick import quick_assistant
from tests.fuzz.readers import check_sentence

_PROBLEM = {"type", "title", "status", "detail", "code"}
_TOP_K = 3


class _Uncounted:
    """Takes what a store of feedback takes, and keeps nothing."""

    def count(self, *_: object) -> None:
        return None

    def count_all(self, *_: object) -> None:
        return None


class _Caller:
    """Calls the API as a server does, in one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A question that is counted waits for no other one.
        counting._MOMENT = 0.0
        self._api = api_over(quick_assistant(), _Uncounted())

    def post(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer."""
        sent: list[dict[str, Any]] = []
        come = [{"type": "http.request", "body": body}]
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }

        async def receive() -> dict[str, Any]:
            return come.pop() if come else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        self._loop.run_until_complete(self._api(scope, receive, send))
        told = dict(sent[0]["headers"])
        return sent[0]["status"], told[b"content-type"].decode(), b"".join(m.get("body", b"") for m in sent[1:])


_CALLERS: list[_Caller] = []


def ask(data: bytes) -> None:
    """Any bytes sent to POST /api/ask are answered, or refused with a 4xx in the one form of errors."""
    if not _CALLERS:
        _CALLERS.append(_Caller())
    status, media_type, body = _CALLERS[0].post("/api/ask", data)
    form = orjson.loads(body)
    if status == 200:
        assert media_type == "application/json"
        assert set(form) >= {"status", "question", "citations"}, set(form)
        return
    assert 400 <= status < 500, (status, form)
    assert media_type == MEDIA_TYPE
    assert set(form) == _PROBLEM
    assert form["status"] == status
    assert form["code"] in CODES
    assert form["detail"].endswith(".")


def question(data: bytes) -> None:
    """Any text is understood; the first byte picks policies, the last line is the question, the others came before.

    What is picked is never left, a question as it was understood is understood so again, and quotes are verbatim.
    """
    assistant = quick_assistant()
    known = assistant.policies()
    picks = data[0] if data else 0
    picked = [policy.id for at, policy in enumerate(known) if picks >> at & 1]
    # Lone surrogates and all, as JSON may hold them; or UTF-8, which a fuzzer finds its words in.
    wide = data[1 : len(data) - (len(data) - 1) % 2].decode("utf-16-le", "surrogatepass") if picks & 128 else ""
    *history, text = (wide or data[1:].decode("utf-8", "replace")).split("\n")
    asked = understand(text, known, picked, history)
    everything = {policy.id for policy in known}
    assert (asked.policies or set()) <= (set(picked) or everything)
    assert {policy.id for policy in asked.outside} <= everything - set(picked)
    assert asked.compare == (len(asked.groups) > 1) == bool(asked.groups)
    assert understand(asked.text, known, picked, history) == asked
    try:
        answer = assistant.ask(text, picked or None, history, _TOP_K)
    except QuestionError as error:
        check_sentence(error)
        return
    check_answer(assistant, answer, _TOP_K)
