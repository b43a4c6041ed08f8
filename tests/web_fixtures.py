"""A server on a free port of this machine, a browser, and an assistant that answers what a test tells it to."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import anyio._core
import uvicorn

from assistant.errors import QuestionError
from assistant.types import Answer, Citation, Confidence, Policy, Span, Status, text_sha256
from assistant.web.patience import PatientProtocol

if TYPE_CHECKING:
    from fastapi import FastAPI
    from playwright.sync_api import Browser, Playwright

# What Debian's Chromium needs to start as root, and to leave the network alone.
CHROMIUM_ARGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()

ITALKI = Policy("italki", "italki", "Privacy Policy", "2018.5.7", "2018-05-07", "en", "https://www.italki.com/privacy")
RUSSIAN = Policy("unistudy", "", "Политика конфиденциальности", "", "2014-05", "ru")


def citation(
    quote: str,
    *,
    number: int = 1,
    policy: Policy = ITALKI,
    clause: str = "",
    path: tuple[str, ...] = (),
    page: int | None = None,
    marked: Sequence[str] = (),
) -> Citation:
    """A citation of `quote` as if it stood at offset 100 of its document; `marked` are substrings of it, in order."""
    marks = [Span(100 + quote.index(text), 100 + quote.index(text) + len(text)) for text in marked]
    span = Span(100, 100 + len(quote))
    return Citation(number, policy, clause, path, page, span, quote, text_sha256(quote), tuple(marks))


def answer(
    question: str,
    *citations: Citation,
    related: Sequence[Citation] = (),
    off_topic: bool = False,
    confidence: Confidence = Confidence.CLEAR,
) -> Answer:
    """An answer over `citations`, this sure; without any, not covered or off topic."""
    status = Status.ANSWERED if citations else Status.OFF_TOPIC if off_topic else Status.NOT_COVERED
    summary = f"{status}: {len(citations)} clauses"
    sure = confidence if citations else None
    return Answer(question, status, citations, tuple(related), (ITALKI, RUSSIAN), summary, sure)


class StubAssistant:
    """Answers by `answers[question]`, and remembers what it was asked."""

    def __init__(self, answers: dict[str, Callable[[], Answer]], suggested: Sequence[str] = ()) -> None:
        self.answers = answers
        self.suggested = tuple(suggested)
        self.asked: list[tuple[str, tuple[str, ...] | None, tuple[str, ...]]] = []

    def policies(self) -> tuple[Policy, ...]:
        return ITALKI, RUSSIAN

    def degraded(self) -> bool:
        return False

    def passage_count(self) -> int:
        return 2

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        return self.suggested[:count]

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        self.asked.append((question, None if policies is None else tuple(policies), tuple(history)))
        if question not in self.answers:
            raise QuestionError("The stub knows no such question.")
        return self.answers[question]()


@contextlib.contextmanager
def serving(build: Callable[[], FastAPI], http: type[PatientProtocol] = PatientProtocol) -> Iterator[str]:
    """Builds an application, runs it in a thread of this process and yields its address."""
    # Modules that anyio loads when they are first used would be rewritten by pytest in two threads at once, and
    # Python 3.11 cannot parse in two threads at once (python/cpython#106905).
    for module in pkgutil.iter_modules(anyio._core.__path__, "anyio._core."):
        importlib.import_module(module.name)
    # Named TCP, as a server's own sockets are: asyncio sends small pieces at once only where it knows that.
    with socket.socket(proto=socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        # A factory is called inside the server's loop; where none runs, Gradio opens several and leaves them open.
        server = uvicorn.Server(uvicorn.Config(build, factory=True, http=http, log_level="error", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


def launch(playwright: Playwright, chromium: str) -> Browser:
    """Starts Chromium with a new profile."""
    return playwright.chromium.launch(executable_path=chromium, headless=True, args=CHROMIUM_ARGS)
