"""Hits → citations: every quote is cut from the text that it cites, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assistant.errors import IndexDamagedError
from assistant.types import Citation, Document, Passage, Span


def cite(document: Document, passage: Passage, number: int, marks: Iterable[Span] = (), anchor: str = "") -> Citation:
    """The citation of one passage.

    Args:
        document: the policy that the passage is cut from.
        passage: what is cited, whole.
        number: rank in its list, from 1.
        marks: spans of the answering sentences, inside the passage.
        anchor: of the clause on the policy's page.

    Raises:
        IndexDamagedError: the passage is not what stands at its span.
    """
    quote = passage.span.of(document.text)
    if quote != passage.text:
        raise IndexDamagedError(
            f"The index does not match the text of {document.policy.id}; run `python -m assistant ingest`."
        )
    return Citation(
        number=number,
        policy=document.policy,
        clause=passage.number,
        path=passage.path,
        page=passage.page,
        span=passage.span,
        quote=quote,
        document_sha256=document.sha256,
        marks=merge(sorted(marks)),
        anchor=anchor,
    )


def merge(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Sorted spans with those that overlap or touch made one."""
    out: list[Span] = []
    for span in spans:
        if out and span.start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, span.end))
        else:
            out.append(span)
    return tuple(out)
