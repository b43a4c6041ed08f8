"""The one JSON shape of an answer, the same for every door; docs/json.md describes it field by field."""

from __future__ import annotations

from assistant.links import permalink
from assistant.types import Answer, Citation, Policy


def answer_form(answer: Answer) -> dict[str, object]:
    """An answer as a JSON object."""
    return {
        "question": answer.question,
        "status": str(answer.status),
        "confidence": None if answer.confidence is None else str(answer.confidence),
        "summary": answer.summary,
        "citations": [citation_form(citation) for citation in answer.citations],
        "related": [citation_form(citation) for citation in answer.related],
        "policies": [policy_form(policy) for policy in answer.policies],
    }


def citation_form(citation: Citation) -> dict[str, object]:
    """A citation as a JSON object; its spans count code points of the document that `document_sha256` names."""
    return {
        "number": citation.number,
        "policy": citation.policy.id,
        "company": citation.policy.company,
        "title": citation.policy.title,
        "version": citation.policy.version,
        "effective_date": citation.policy.effective_date,
        "clause": citation.clause,
        "path": list(citation.path),
        "page": citation.page,
        "span": list(citation.span),
        "quote": citation.quote,
        "marks": [list(mark) for mark in citation.marks],
        "document_sha256": citation.document_sha256,
        "url": citation_url(citation),
    }


def citation_url(citation: Citation) -> str:
    """The citation's permalink, relative to the root of the server; it marks what the citation marks."""
    start = citation.span.start
    marks = [(mark, citation.quote[mark.start - start : mark.end - start]) for mark in citation.marks]
    return permalink(citation.policy.id, citation.anchor, marks)


def policy_form(policy: Policy) -> dict[str, object]:
    """A policy as a JSON object."""
    return {
        "id": policy.id,
        "company": policy.company,
        "title": policy.title,
        "version": policy.version,
        "effective_date": policy.effective_date,
        "language": policy.language,
        "source_url": policy.source_url,
    }
