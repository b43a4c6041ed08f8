"""Routes of the API; each reads a request, calls the assistant once and gives back what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
import orjson
from fastapi import APIRouter, Query
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from assistant.answering.suggest import SUGGESTIONS
from assistant.errors import AssistantError, QuestionTooLongError
from assistant.feedback.votes import Asked, Vote
from assistant.types import Answer, Status
from assistant.web.api.answers import (
    AnswerForm,
    ClausesForm,
    ComparisonForm,
    FoundForm,
    PoliciesForm,
    PolicyTextForm,
    SuggestionsForm,
    TopicClausesForm,
    TopicsForm,
)
from assistant.web.api.counting import Counting
from assistant.web.api.etags import tagged
from assistant.web.api.finding import find
from assistant.web.api.forms import Json, answer_cards, cards, column, policy_entry, policy_text
from assistant.web.api.metrics import Metrics
from assistant.web.api.reading import JsonRoute
from assistant.web.api.requests import (
    AskRequest,
    CompareRequest,
    FeedbackRequest,
    SearchRequest,
    SuggestionsQuery,
    TopicQuery,
)

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.web.site import Site

# Earlier questions that are taken into account: a follow-up refers to what was asked shortly before.
_HISTORY = 20


def router(site: Site, metrics: Metrics) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter(prefix="/api", route_class=JsonRoute)
    _add_questions(routes, site, metrics)
    _add_policies(routes, site)
    _add_topics(routes, site)
    _add_feedback(routes, site, metrics)
    return routes


def _add_questions(routes: APIRouter, site: Site, metrics: Metrics) -> None:
    counting = Counting(site.feedback, metrics.feedback_failures.inc)

    @routes.post("/ask", response_model=AnswerForm)
    async def ask(asked: AskRequest) -> Response:
        """Answers a question with cited clauses, word for word, or says that none answers it."""

        def work() -> tuple[Answer, Json]:
            answer = site.assistant.ask(asked.question, asked.policies, asked.history[-_HISTORY:], asked.top_k)
            instead: tuple[str, ...] = ()
            if answer.status is Status.OFF_TOPIC:
                language = _suggested_in(answer.language)
                instead = site.assistant.suggestions(asked.policies, language=language)
            return answer, answer_cards(answer, instead)

        answer, form = await site.run(work)
        metrics.answered(answer)
        question = Asked(str(answer.status), answer.language, tuple(asked.policies or ()), asked.question)
        # Once the answer is on its way, which nothing there can keep back any more.
        return _json(form, BackgroundTask(counting.count, question))

    @routes.post("/search", response_model=FoundForm)
    async def search(wanted: SearchRequest) -> Response:
        """Finds clauses by meaning, by their words or by their number, whether they answer or not."""
        _bound(site, wanted.query)
        return _json(await site.run(lambda: find(site.assistant, wanted)))

    @routes.post("/compare", response_model=ComparisonForm)
    async def compare(asked: CompareRequest) -> Response:
        """Asks each of several policies the same question."""
        answers = await site.run(lambda: site.assistant.compare(asked.question, asked.policies))
        return _json({"question": asked.question, "columns": [column(answer) for answer in answers]})

    @routes.get("/suggestions", response_model=SuggestionsForm)
    async def suggestions(wanted: Annotated[SuggestionsQuery, Query()]) -> Response:
        """Questions that the policies answer, plainest first."""
        policies = None if wanted.policy is None else [wanted.policy]
        language = _suggested_in(wanted.language)
        found = await site.run(lambda: site.assistant.suggestions(policies, wanted.count, language))
        return _json({"questions": found})


def _add_policies(routes: APIRouter, site: Site) -> None:
    listed: tuple[Assistant | None, bytes] = (None, b"")

    def everything() -> bytes:
        """The list of policies, made once for each index."""
        nonlocal listed
        assistant, body = listed
        if assistant is not site.assistant:
            assistant = site.assistant
            body = orjson.dumps({"policies": [policy_entry(assistant.document(p.id)) for p in assistant.policies()]})
            listed = assistant, body
        return body

    @routes.get("/policies", response_model=PoliciesForm)
    def policies(request: Request) -> Response:
        """Lists the policies that can be asked about."""
        return tagged(request, everything())

    @routes.get("/policies/{policy}", response_model=PolicyTextForm)
    def policy(request: Request, policy: str) -> Response:
        """Gives one policy in full: its canonical text, and its outline of clauses."""
        return tagged(request, orjson.dumps(policy_text(site.assistant.document(policy))))

    @routes.get("/clauses/{policy}/{number}", response_model=ClausesForm)
    def clauses(policy: str, number: str) -> Response:
        """Gives a clause by its number, with the clauses under it, in reading order."""
        return _json({"policy": policy, "number": number, "citations": cards(site.assistant.clause(policy, number))})


def _add_topics(routes: APIRouter, site: Site) -> None:
    @routes.get("/topics", response_model=TopicsForm)
    async def topics() -> Response:
        """Lists the topics that clauses can be browsed by."""
        return _json({"topics": [{"id": topic.id, "title": topic.title} for topic in site.assistant.topics()]})

    @routes.get("/topics/{topic}", response_model=TopicClausesForm)
    async def topic(topic: str, wanted: Annotated[TopicQuery, Query()]) -> Response:
        """Gives the clauses about a topic, in reading order per policy."""
        citations = await site.run(lambda: site.assistant.topic(topic, wanted.policy or None))
        (known,) = (each for each in site.assistant.topics() if each.id == topic)
        return _json({"topic": {"id": known.id, "title": known.title}, "citations": cards(citations)})


def _add_feedback(routes: APIRouter, site: Site, metrics: Metrics) -> None:
    @routes.post("/feedback", status_code=204)
    async def feedback(vote: FeedbackRequest) -> Response:
        """Takes a vote on an answer."""
        _bound(site, vote.question or "")
        await anyio.to_thread.run_sync(lambda: list(map(site.assistant.document, vote.policies or ())))
        try:
            await anyio.to_thread.run_sync(lambda: site.feedback.vote(_vote(vote)))
        except AssistantError:
            metrics.feedback_failures.inc()
            raise
        return Response(status_code=204)


def _bound(site: Site, question: str) -> None:
    """Refuses a question that is longer than any that is answered, where the assistant is not the one to ask.

    Raises:
        QuestionTooLongError: so.
    """
    longest = site.settings.max_question_chars
    if len(question) > longest:
        raise QuestionTooLongError(
            f"The question has {len(question):,} characters; shorten it to {longest:,} or fewer."
        )


def _vote(vote: FeedbackRequest) -> Vote:
    return Vote(
        useful=vote.useful,
        reason=vote.reason or "",
        note=vote.note,
        question=vote.question or "",
        status=vote.answer.status,
        clauses=tuple(vote.answer.clauses),
        policies=tuple(vote.policies or ()),
    )


def _suggested_in(language: str) -> str:
    """A language that there are suggestions in: each other one would be looked for anew, and found to be English."""
    return language if language in SUGGESTIONS else "en"


def _json(form: Json, background: BackgroundTask | None = None) -> Response:
    """JSON that is kept nowhere: a question is nobody else's."""
    return Response(orjson.dumps(form), 200, {"cache-control": "no-store"}, "application/json", background)
