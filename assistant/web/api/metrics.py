"""Figures for operators in Prometheus' form; none of them tells who asked or what."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.types import Answer

if TYPE_CHECKING:
    from assistant.ask import Assistant

# Seconds: a warm answer takes tens of milliseconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """What one application has answered so far, in a registry of its own."""

    def __init__(self, current: Callable[[], Assistant]) -> None:
        own = self._registry = CollectorRegistry()
        self.requests = Counter(
            "assistant_requests", "Requests by route and status.", ("route", "status"), registry=own
        )
        self.seconds = Histogram(
            "assistant_request_seconds", "Time to the end of the answer.", ("route",), registry=own, buckets=_BUCKETS
        )
        self.questions = Counter(
            "assistant_questions",
            "Answered questions by how they came out and how sure.",
            ("status", "confidence"),
            registry=own,
        )
        self.feedback_failures = Counter(
            "assistant_feedback_failures", "Votes and counts that could not be stored.", registry=own
        )
        policies = Gauge("assistant_policies", "Policies that can be asked about.", registry=own)
        policies.set_function(lambda: len(current().policies()))
        passages = Gauge("assistant_passages", "Passages that are searched.", registry=own)
        passages.set_function(lambda: current().passage_count())

        degraded = Gauge("assistant_degraded", "1 while the search server needs further tries, else 0.", registry=own)
        degraded.set_function(lambda: current().degraded())

    def answered(self, answer: Answer) -> None:
        """Counts one answer."""
        self.questions.labels(str(answer.status), str(answer.confidence or "")).inc()

    def page(self) -> Response:
        """All figures."""
        return Response(generate_latest(self._registry), headers={"content-type": CONTENT_TYPE_LATEST})


class Measured:
    """ASGI application around the API's: counts and times what it answers, by route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        start = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                # What is done after an answer is nothing that anybody waits for. Addresses that lead nowhere have one
                # name together, for they are endless.
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.seconds.labels(route).observe(time.perf_counter() - start)
                self._metrics.requests.labels(route, str(status)).inc()
            await send(message)

        await self._app(scope, receive, noting)
