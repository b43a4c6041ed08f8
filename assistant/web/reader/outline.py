"""The clauses of a document as the reader names, links and lists them."""

from __future__ import annotations

from typing import NamedTuple

from assistant.links import anchors
from assistant.types import Document, fold
from assistant.web.reader.citation_text import citation_words

# Words of a clause without heading that stand for it in a list.
_FIRST_WORDS = 9


class Heading(NamedTuple):
    """What is said of one clause wherever it is named."""

    # Id of its element and fragment of its address; "" for the document itself.
    anchor: str
    # As people cite it: "5.8.3", "5(a)", "" for none.
    number: str
    title: str
    # Its heading, or its first words where it has none.
    label: str
    # "italki Privacy Policy, 3.2 Service providers, 7 May 2018".
    citation: str
    # Whether clauses stand below it.
    parent: bool
    depth: int


def headings(document: Document) -> tuple[Heading, ...]:
    """One for each clause, clause 0 included."""
    numbers = full_numbers(document)
    above = {clause.parent for clause in document.clauses}
    return tuple(
        Heading(
            anchor,
            number,
            clause.title,
            clause.title or _first_words(document, clause.id, clause.number),
            citation_words(document.policy, number, clause.title if clause.id else ""),
            clause.id in above,
            clause.depth,
        )
        for clause, anchor, number in zip(document.clauses, anchors(document), numbers, strict=True)
    )


def full_numbers(document: Document) -> tuple[str, ...]:
    """Per clause its number; one in parentheses stands behind that of the clause above: "5(a)"."""
    out: list[str] = []
    for clause in document.clauses:
        above = out[clause.parent] if clause.parent is not None and clause.number.startswith("(") else ""
        out.append(above + clause.number)
    return tuple(out)


def _first_words(document: Document, clause: int, number: str) -> str:
    span = document.clauses[clause].span
    line = document.text[span.start : min(span.end, span.start + 300)].strip().partition("\n")[0]
    words = fold(line).removeprefix(number).lstrip(".) ").split()
    return " ".join(words[:_FIRST_WORDS]) + ("…" if len(words) > _FIRST_WORDS else "")
