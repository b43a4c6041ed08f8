"""What an agent collected → citations, cut anew from the policies: a hand-out holds no word that a client sent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from assistant.answering.cite import merge
from assistant.errors import QuestionError
from assistant.links import anchors
from assistant.types import Citation, Document, Span

if TYPE_CHECKING:
    from assistant.ask import Assistant

MOST_CLAUSES = 100
_MOST_MARKS = 50

Offset = Annotated[int, Field(ge=0)]
Range = tuple[Offset, Offset]


class Wanted(BaseModel):
    """One clause of a hand-out: where it stands, never what it says."""

    model_config = ConfigDict(extra="forbid")

    # Id of the policy.
    policy: str = Field(max_length=200)
    # Code points of the policy's text; None where `anchor` says which clause.
    span: Range | None = None
    # Anchor of a whole clause, "" for none.
    anchor: str = Field("", max_length=200)
    # What is marked, inside the span; marks that lie outside are left out.
    marks: list[Range] = Field(default_factory=list, max_length=_MOST_MARKS)
    # Names the text that the span counts in; "" to take the text as it is now.
    document_sha256: str = Field("", max_length=64)


class Handout(BaseModel):
    """What a hand-out is made of, in order."""

    model_config = ConfigDict(extra="forbid")

    clauses: list[Wanted] = Field(min_length=1, max_length=MOST_CLAUSES)


def cut(assistant: Assistant, wanted: Sequence[Wanted]) -> tuple[Citation, ...]:
    """Citations of what is wanted, in order.

    Raises:
        QuestionError: a policy is unknown or has changed, or has no such clause or span.
    """
    return tuple(_cut(assistant.document(each.policy), each, at) for at, each in enumerate(wanted, 1))


def _cut(document: Document, wanted: Wanted, number: int) -> Citation:
    if wanted.document_sha256 not in {"", document.sha256}:
        raise QuestionError(f"{document.policy.name} has changed since this was found; search again.")
    known = anchors(document)
    span = _span(document, known, wanted)
    clause = innermost(document, span)
    marks = sorted(Span(*mark) for mark in wanted.marks)
    return Citation(
        number=number,
        policy=document.policy,
        clause=document.clauses[clause].number,
        path=document.path(clause),
        page=bisect_right(document.pages, span.start) or None,
        span=span,
        quote=span.of(document.text),
        document_sha256=document.sha256,
        marks=merge([mark for mark in marks if mark and span.covers(mark)]),
        anchor=known[clause],
    )


def _span(document: Document, known: Sequence[str], wanted: Wanted) -> Span:
    """What is wanted, without white space around it."""
    if wanted.span is not None:
        span = Span(*wanted.span)
        if not span or span.end > len(document.text):
            raise QuestionError(f"{document.policy.name} has no text at {span.start} to {span.end}; search again.")
    elif wanted.anchor in known[1:]:
        span = document.clauses[known.index(wanted.anchor)].span
    else:
        raise QuestionError(f"{document.policy.name} has no clause at {wanted.anchor!r}; search again.")
    text = span.of(document.text)
    return Span(span.start + len(text) - len(text.lstrip()), span.start + len(text.rstrip()))


def innermost(document: Document, span: Span) -> int:
    """Id of the deepest clause that holds the whole span; 0, the document, where none does."""
    holding = [clause.id for clause in document.clauses if clause.span.covers(span)]
    return max(holding, default=0, key=lambda clause: document.clauses[clause].depth)
