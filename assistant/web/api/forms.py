"""Answers as JSON: the one shape of assistant/json_form.py, and beside it what a browser cannot compute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.dates import date_text
from assistant.json_form import answer_form, citation_form, policy_form
from assistant.links import anchors, permalink
from assistant.types import Answer, Citation, Document

Json = dict[str, object]

_IN_A_COLUMN = 3


def citation_card(citation: Citation) -> Json:
    """A citation with its pieces, for JavaScript does not count in code points, and with its date in words."""
    return citation_form(citation) | {
        "pieces": citation.pieces,
        "date_text": date_text(citation.policy.effective_date),
    }


def cards(citations: Iterable[Citation]) -> list[Json]:
    """Citations in their order."""
    return [citation_card(citation) for citation in citations]


def answer_cards(answer: Answer, suggestions: Sequence[str]) -> Json:
    """An answer whose citations are cards."""
    bare = Answer(answer.question, answer.status, (), (), answer.policies, answer.summary, answer.confidence)
    return answer_form(bare) | {
        "citations": cards(answer.citations),
        "related": cards(answer.related),
        "suggestions": suggestions,
    }


def column(answer: Answer) -> Json:
    """What the one policy that was asked says."""
    (policy,) = answer.policies
    return {
        "policy": policy_form(policy),
        "status": str(answer.status),
        "confidence": answer.confidence and str(answer.confidence),
        "summary": answer.summary,
        "citations": cards(answer.citations[:_IN_A_COLUMN]),
        "related": cards(answer.related),
    }


def policy_entry(document: Document) -> Json:
    """A policy in the list of policies; the document itself is no clause."""
    url = permalink(document.policy.id)
    return policy_form(document.policy) | {"url": url, "clauses": len(document.clauses) - 1}


def policy_text(document: Document) -> Json:
    """A policy in full: its text and the outline over it."""
    return policy_form(document.policy) | {
        "text": document.text,
        "sha256": document.sha256,
        "url": permalink(document.policy.id),
        "clauses": [
            {
                "number": clause.number,
                "title": clause.title,
                "parent": clause.parent - 1 if clause.parent else None,
                "span": list(clause.span),
                "depth": clause.depth,
                "anchor": anchor,
            }
            for clause, anchor in zip(document.clauses[1:], anchors(document)[1:], strict=True)
        ],
    }
