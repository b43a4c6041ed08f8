"""One outcome as one JSON object, for tools that judge the citations themselves."""

from __future__ import annotations

import json

from assistant.evaluation.judge import Outcome
from assistant.types import Citation


def details_line(outcome: Outcome) -> str:
    """The question's id, status, citations, related clauses and seconds as one line of JSON, without its end."""
    answer = outcome.answer
    row = {
        "id": outcome.question.id,
        "status": str(answer.status),
        "citations": [_citation(citation) for citation in answer.citations],
        "related": [_citation(citation) for citation in answer.related],
        "seconds": round(outcome.seconds, 6),
    }
    return json.dumps(row, ensure_ascii=False)


def _citation(citation: Citation) -> dict[str, object]:
    return {
        "doc": citation.policy.id,
        "start": citation.span.start,
        "end": citation.span.end,
        "quote": citation.quote,
        "clause": citation.clause,
        "heading": " › ".join(citation.path),
        "page": citation.page,
        "marks": [list(mark) for mark in citation.marks],
    }
