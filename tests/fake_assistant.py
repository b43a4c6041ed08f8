"""An assistant of real types with scripted answers, for tests of what stands on top of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.answering.topics import TOPICS, Topic, find_topic
from assistant.errors import QuestionError
from assistant.types import Answer, Citation, Clause, Confidence, Document, Policy, Span, Status, text_sha256

SHOP = Policy("shop", "Shop", "Privacy Policy", "2", "2018-05-07", "en", "https://shop.example/privacy")
SHOP_COOKIES = Policy("shop-cookies", "Shop", "Cookie Notice", effective_date="2020-02", language="en")
SCHOOL = Policy("school", "School", "Privacy Policy", language="ru")

TEXTS = {
    "shop": "1. Data\nWe keep your name, and\n  • your e-mail;\n  • your phone number.\n"
    "2. Sharing\nWe never sell data.",
    "shop-cookies": "Cookies\nWe use cookies to remember you. We use cookies to count you.",
    "school": "Данные\nМы храним ваше имя. We keep your name too.",
}
POLICIES = (SHOP, SHOP_COOKIES, SCHOOL)


def span_of(policy: str, words: str) -> Span:
    """Where `words` stand in a fake policy."""
    start = TEXTS[policy].index(words)
    return Span(start, start + len(words))


def cite(policy: Policy, words: str, number: int = 1, marks: Sequence[str] = (), **more: object) -> Citation:
    """A citation of exactly `words`."""
    span = span_of(policy.id, words)
    given: dict[str, object] = {"clause": "", "path": (), "page": None} | more
    return Citation(
        number=number,
        policy=policy,
        span=span,
        quote=span.of(TEXTS[policy.id]),
        document_sha256=text_sha256(TEXTS[policy.id]),
        marks=tuple(span_of(policy.id, mark) for mark in marks),
        **given,  # type: ignore[arg-type]
    )


def answered(question: str, *citations: Citation, related: Sequence[Citation] = ()) -> Answer:
    """An answer with these citations; without any, one that was not covered."""
    status = Status.ANSWERED if citations else Status.NOT_COVERED
    summary = "Shop answers this." if citations else "No clause answers this."
    confidence = Confidence.CLEAR if citations else None
    return Answer(question, status, citations, tuple(related), POLICIES, summary, confidence)


@dataclass
class FakeAssistant:
    """Answers what it was told to, and remembers how it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[dict[str, object]] = field(default_factory=list)

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        self.asked.append({"question": question, "policies": policies, "history": history, "top_k": top_k})
        if not question.strip():
            raise QuestionError("The question is empty; type one.")
        return self.answers.get(question, answered(question))

    def clause(self, policy: str, number: str) -> tuple[Citation, ...]:
        if number != "2":
            raise QuestionError(f"{policy} has no clause {number}.")
        return (cite(SHOP, "2. Sharing\nWe never sell data.", clause="2", path=("2 Sharing",), page=3),)

    def clauses(self, number: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        here = [policy for policy in POLICIES if policies is None or policy.id in policies]
        return self.clause("shop", number) if SHOP in here and number == "2" else ()

    def search(self, question: str, policies: Sequence[str] | None = None, top_k: int = 10) -> tuple[Citation, ...]:
        answer = self.ask(question, policies, top_k=top_k)
        return answer.citations or answer.related

    def phrase(self, text: str, policies: Sequence[str] | None = None, top_k: int = 20) -> tuple[Citation, ...]:
        self.asked.append({"phrase": text, "policies": policies, "top_k": top_k})
        if not text.strip():
            raise QuestionError("The question is empty; type one.")
        holding = [p for p in POLICIES if text in TEXTS[p.id] and (policies is None or p.id in policies)]
        return tuple(cite(p, TEXTS[p.id], at, marks=(text,)) for at, p in enumerate(holding, 1))[:top_k]

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        return tuple(self.ask(question, [policy]) for policy in policies)

    def topics(self) -> tuple[Topic, ...]:
        return TOPICS

    def topic(self, id: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        about = {"sharing": cite(SHOP, "We never sell data.", clause="2", path=("2 Sharing",), page=3)}
        about["cookies"] = cite(SHOP_COOKIES, "We use cookies to remember you. We use cookies to count you.")
        found = about.get(find_topic(id).id)
        return (found,) if found and (policies is None or found.policy.id in policies) else ()

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        return ("Do you sell data?", "What do you use cookies for?")[:count]

    def policies(self) -> tuple[Policy, ...]:
        return POLICIES

    def degraded(self) -> bool:
        return False

    def passage_count(self) -> int:
        return 3

    def document(self, policy: str) -> Document:
        text = TEXTS[policy]
        known = {each.id: each for each in POLICIES}
        return Document(known[policy], text, (), (Clause(0, "", "", None, Span(0, len(text)), 0),), ())
