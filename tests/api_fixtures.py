"""An assistant over the real policies that needs no model, and the API over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path

import anyio
from fastapi import FastAPI

from assistant.answering.language import language_of
from assistant.answering.topics import TOPICS, Topic, find_topic
from assistant.engines import Shelf
from assistant.errors import QuestionEmptyError, QuestionTooLongError, UnknownClauseError
from assistant.lookup import Lookup
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import list_sources, read_source
from assistant.settings import Settings
from assistant.types import Answer, Citation, Confidence, Document, Passage, Policy, Status
from assistant.web.api.server import create_api
from assistant.web.limits import RateLimit, rate_limit
from assistant.web.site import Site

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
ITALKI = "italki-privacy-policy-2018"
UNISTUDY = "unistudy-privacy-policy"


@cache
def read_corpus() -> tuple[tuple[Document, ...], tuple[Passage, ...]]:
    catalogue = read_catalogue(CORPUS)
    sources = [read_source(path) for path in list_sources(CORPUS)[0]]
    documents = tuple(parse(source, catalogue.get(source.id)) for source in sources)
    passages = [passage for document in documents for passage in split(document)]
    return documents, tuple(replace(passage, id=at) for at, passage in enumerate(passages))


class WordAssistant:
    """Answers with the passages that hold a word of the question; the real texts, clauses and places.

    "pizza" is off topic, "dinosaur" is not covered, and "break" breaks it.
    """

    def __init__(self, max_question_chars: int = 2000) -> None:
        self._max = max_question_chars
        documents, self._passages = read_corpus()
        self._lookup = Lookup(Shelf(documents, self._passages))
        self.asked: list[dict[str, object]] = []

    def policies(self) -> tuple[Policy, ...]:
        return self._lookup.picked(None)

    def degraded(self) -> bool:
        return False

    def passage_count(self) -> int:
        return len(self._passages)

    def document(self, policy: str) -> Document:
        return self._lookup.document(policy)

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        self.asked.append({"policies": policies, "history": history, "top_k": top_k})
        searched = self._lookup.picked(policies)
        self._check(question)
        if "break" in question:
            raise RuntimeError(f"secret: {question}")
        made = partial(Answer, policies=searched, question=question, language=language_of(question))
        if "pizza" in question:
            told = "That is no question about privacy."
            return made(status=Status.OFF_TOPIC, citations=(), related=(), summary=told)
        if "dinosaur" in question:
            near = self._lookup.cited(self._lookup.passages(searched[0].id)[:3])
            return made(status=Status.NOT_COVERED, citations=(), related=near, summary="No clause answers this.")
        words = [word for word in question.casefold().split() if len(word) > 5]
        found = [
            passage
            for policy in searched
            for passage in self._lookup.passages(policy.id)
            if passage.sentences and any(word in passage.text.casefold() for word in words)
        ] or self._lookup.passages(searched[0].id)
        cited = self._lookup.cited(found[:top_k], ([passage.sentences[0]] for passage in found))
        told = "These clauses answer."
        return made(status=Status.ANSWERED, citations=cited, related=(), summary=told, confidence=Confidence.LIKELY)

    def search(self, question: str, policies: Sequence[str] | None = None, top_k: int = 10) -> tuple[Citation, ...]:
        answer = self.ask(question, policies, (), top_k)
        return answer.citations or answer.related

    def clause(self, policy: str, number: str) -> tuple[Citation, ...]:
        found = self._lookup.numbered((number,), (self.document(policy).policy,))
        if not found:
            raise UnknownClauseError(f"{policy} has no clause {number!r}.")
        return self._lookup.cited(found)

    def clauses(self, number: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        return self._lookup.cited(self._lookup.numbered((number,), self._lookup.picked(policies)))

    def phrase(self, text: str, policies: Sequence[str] | None = None, top_k: int = 20) -> tuple[Citation, ...]:
        self._check(text)
        found = self._lookup.exact((text,), self._lookup.picked(policies), top_k)
        return self._lookup.cited(found, found.values())[:top_k]

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        self._lookup.check(policies)
        return tuple(self.ask(question, [policy]) for policy in policies)

    def topics(self) -> tuple[Topic, ...]:
        return TOPICS

    def topic(self, id: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        topic = find_topic(id)
        picked = self._lookup.picked(policies)
        word = topic.title.split()[0].casefold()[:5]
        passages = (passage for policy in picked for passage in self._lookup.passages(policy.id))
        return self._lookup.cited([passage for passage in passages if word in passage.text.casefold()])

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        self._lookup.check(policies or ())
        if language == "de":
            return ("Welche Daten werden erhoben?",)[:count]
        return ("What information is collected?", "Is my data sold?", "How do I delete it?")[:count]

    def _check(self, question: str) -> None:
        if not question.strip():
            raise QuestionEmptyError("The question is empty; type what you want to know.")
        if len(question) > self._max:
            raise QuestionTooLongError(f"The question has {len(question)} characters; shorten it to {self._max}.")


@dataclass
class Notes:
    """Takes votes and counts like a store of feedback; fails where a test wants it to."""

    votes: list[object] = field(default_factory=list)
    counts: list[tuple[str, str, tuple[str, ...], str]] = field(default_factory=list)
    failure: Exception | None = None

    def vote(self, vote: object) -> None:
        self._fail()
        self.votes.append(vote)

    def count(self, status: str, language: str, policies: tuple[str, ...], question: str) -> None:
        self._fail()
        self.counts.append((status, language, policies, question))

    def count_all(self, questions: Sequence[tuple[str, str, tuple[str, ...], str]]) -> None:
        for each in questions:
            self.count(*each)

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def api_over(assistant: object, feedback: object = None, **settings: object) -> FastAPI:
    """The API alone, over any assistant and any store of feedback."""
    known = Settings(**{"rate_limit": "100000/second", **settings})  # type: ignore[arg-type]
    limiter = anyio.CapacityLimiter(known.concurrency)
    api = create_api(Site(lambda: assistant, known, feedback or Notes(), limiter))  # type: ignore[arg-type]
    api.add_middleware(RateLimit, limit=rate_limit(known.rate_limit))
    return api
