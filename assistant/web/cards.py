"""An answer as HTML: the first line, then a card for each clause. Everything from a policy or a person is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assistant.dates import date_text
from assistant.feedback.votes import Reason
from assistant.json_form import citation_url
from assistant.links import web_host
from assistant.types import Answer, Citation, Policy, Status
from assistant.web.quote import Line, fold, lines
from assistant.web.render import render


class Card(NamedTuple):
    """One citation, laid out for the template."""

    policy: Policy
    # Labels of the clauses above, outermost first.
    trail: tuple[str, ...]
    number: str
    title: str
    # As people write it, "" where the policy states none.
    date: str
    page: int | None
    # Host of the policy's web address, "" where it has none.
    host: str
    # Permalink of the clause, relative to the root of the server.
    url: str
    # Where a long clause is folded: "all", "phone" or "".
    fold: str
    lines: tuple[Line, ...]


def answer_html(turn: str, question: str, answer: Answer, suggestions: Sequence[str] = ()) -> str:
    """One turn of the conversation.

    Args:
        turn: name of the turn, as the page chose it.
        question: what the person asked.
        answer: what the assistant answered.
        suggestions: questions to offer where the question was off topic.
    """
    return render(
        "turn.html",
        turn=turn,
        question=question,
        status=str(answer.status),
        summary=answer.summary,
        confidence=answer.confidence,
        scope=scope_text(answer),
        cards=[card(citation) for citation in answer.citations],
        related=[card(citation) for citation in answer.related] if answer.status is not Status.OFF_TOPIC else (),
        suggestions=suggestions if answer.status is Status.OFF_TOPIC else (),
        reasons=tuple(Reason),
    )


def error_html(turn: str, question: str, sentence: str) -> str:
    """A turn that could not be answered, with the one sentence that says why."""
    return render(
        "turn.html",
        turn=turn,
        question=question,
        status="error",
        summary=sentence,
        confidence=None,
        scope="",
        cards=(),
        related=(),
        suggestions=(),
        reasons=(),
    )


def chips_html(questions: Sequence[str]) -> str:
    """Suggested questions, each a button that asks itself."""
    return render("chips.html", questions=questions)


def card(citation: Citation) -> Card:
    """What the template needs of a citation."""
    *trail, own = citation.path or ("",)
    title = own.removeprefix(citation.clause).strip() if citation.clause else own
    where, cut = fold(citation)
    return Card(
        policy=citation.policy,
        trail=tuple(trail),
        number=citation.clause,
        title=title,
        date=date_text(citation.policy.effective_date),
        page=citation.page,
        host=web_host(citation.policy.source_url),
        url=citation_url(citation),
        fold=where,
        lines=lines(citation, cut),
    )


def scope_text(answer: Answer) -> str:
    """Which policies were searched, by name while they are few; a single one is named by the summary already."""
    if answer.status is Status.OFF_TOPIC:
        return ""
    policies = answer.policies
    searched = f"{len(policies)} policies" if len(policies) > 2 else " and ".join(policy.name for policy in policies)
    parts = [f"Searched {searched}."] if len(policies) > 1 else []
    if answer.status is Status.NOT_COVERED:
        parts.append("Silence in a policy means neither yes nor no.")
    return " ".join(parts)


def choices(policies: Sequence[Policy]) -> list[tuple[str, str]]:
    """Labels and ids for the chooser, such as "italki Privacy Policy · 7 May 2018", with the id where two are alike."""
    labels = [" · ".join(part for part in (p.name, date_text(p.effective_date)) if part) for p in policies]
    return [
        (label if labels.count(label) == 1 else f"{label} · {policy.id}", policy.id)
        for label, policy in zip(labels, policies, strict=True)
    ]
