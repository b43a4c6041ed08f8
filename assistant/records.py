"""Documents and passages ↔ the JSON lines of the index; explicit, so that a change of a type shows here."""

from __future__ import annotations

from typing import Any

import orjson

from assistant.types import Block, BlockKind, Clause, Document, Passage, Policy, Span


def policy_line(policy: Policy) -> bytes:
    """What is known of one policy, as one line of JSON, without the line end."""
    return orjson.dumps(policy)


def read_policy(line: bytes) -> Policy:
    """The policy of one line.

    Raises:
        ValueError, TypeError: the line is not of this form.
    """
    return Policy(**orjson.loads(line))


def document_line(document: Document) -> bytes:
    """One document as one line of JSON, without the line end."""
    return orjson.dumps(
        {
            "policy": document.policy,
            "text": document.text,
            "blocks": document.blocks,
            "clauses": document.clauses,
            "owners": document.owners,
            "pages": document.pages,
        },
        default=_plain,
    )


def read_document(line: bytes) -> Document:
    """The document of one line.

    Raises:
        ValueError, KeyError, TypeError: the line is not of this form.
    """
    record = orjson.loads(line)
    return Document(
        policy=Policy(**record["policy"]),
        text=record["text"],
        blocks=tuple(map(_block, record["blocks"])),
        clauses=tuple(Clause(**{**clause, "span": Span(*clause["span"])}) for clause in record["clauses"]),
        owners=tuple(record["owners"]),
        pages=tuple(record["pages"]),
    )


def passage_line(passage: Passage) -> bytes:
    """One passage as one line of JSON; its id is the number of the line, from 0."""
    return orjson.dumps(
        {
            "policy": passage.policy,
            "clause": passage.clause,
            "span": passage.span,
            "text": passage.text,
            "context": passage.context,
            "number": passage.number,
            "path": passage.path,
            "page": passage.page,
            "sentences": passage.sentences,
            "citable": passage.citable,
        },
        default=_plain,
    )


def read_passage(line: bytes, row: int) -> Passage:
    """The passage of line `row`.

    Raises:
        ValueError, KeyError, TypeError: the line is not of this form.
    """
    record = orjson.loads(line)
    return Passage(
        id=row,
        policy=record["policy"],
        clause=record["clause"],
        span=Span(*record["span"]),
        text=record["text"],
        context=record["context"],
        number=record["number"],
        path=tuple(record["path"]),
        page=record["page"],
        sentences=tuple(Span(*sentence) for sentence in record["sentences"]),
        citable=record["citable"],
    )


def check_passage(passage: Passage, document: Document) -> None:
    """Whether the passage is cut from the document.

    Raises:
        ValueError: it is not.
    """
    span = passage.span
    if not 0 <= span.start <= span.end <= len(document.text) or not all(map(span.covers, passage.sentences)):
        raise ValueError(f"the span of passage {passage.id} lies outside its document")
    if not 0 <= passage.clause < len(document.clauses):
        raise ValueError(f"the clause of passage {passage.id} is not in its document")
    if passage.policy != document.policy.id or passage.text != span.of(document.text):
        raise ValueError(f"passage {passage.id} is not of {document.policy.id}, or its text is not that of its span")


def _block(record: dict[str, Any]) -> Block:
    return Block(
        span=Span(*record["span"]),
        kind=BlockKind(record["kind"]),
        level=record["level"],
        opens=record["opens"],
        number=record["number"],
        title=Span(*record["title"]),
        lead=Span(*record["lead"]),
        depth=record["depth"],
    )


def _plain(value: object) -> list[int]:
    """Spans as `[start, end]`: orjson takes dataclasses and enums, but no named tuples."""
    if isinstance(value, Span):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no place in an index")
