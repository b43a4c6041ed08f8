"""What the page of one policy shows, gathered from its document and from those it refers to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assistant.dates import date_text
from assistant.links import permalink
from assistant.types import Document, Policy, Span
from assistant.web.reader.languages import language_name
from assistant.web.reader.numbers import Reference
from assistant.web.reader.outline import Heading, headings
from assistant.web.reader.references import references

# Code points of another document's clause that are shown where it is referred to.
_SHOWN = 1200


@dataclass(slots=True)
class Entry:
    """A line of the table of contents with the lines below it."""

    heading: Heading
    entries: list[Entry] = field(default_factory=list)


class Elsewhere(NamedTuple):
    """A clause of another document, or its beginning, to be shown where it is referred to."""

    policy: Policy
    # "" for the document as a whole.
    label: str
    text: str
    # Whether the text goes on.
    cut: bool
    # Relative to the root of the server.
    url: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that does not depend on what is marked."""

    document: Document
    headings: tuple[Heading, ...]
    contents: tuple[Entry, ...]
    references: tuple[Reference, ...]
    # By policy and clause.
    elsewhere: dict[tuple[str, int], Elsewhere]

    def url(self, reference: Reference) -> str:
        """Where a reference leads: a fragment of this page, or another page relative to the root of the server."""
        found = self.elsewhere.get((reference.policy, reference.clause))
        return found.url if found else f"#{self.headings[reference.clause].anchor}"


def prepare(document: Document, others: Sequence[Document]) -> Prepared:
    """Everything about `document`; `others` are the documents that it may refer to."""
    known = {other.policy.id: other for other in others}
    names = {policy: _lazily(headings, other) for policy, other in known.items()}
    found = references(document, others)
    elsewhere = {
        (each.policy, each.clause): _elsewhere(known[each.policy], names[each.policy]()[each.clause], each.clause)
        for each in found
        if each.policy in known
    }
    own = headings(document)
    return Prepared(document, own, _contents(document, own), found, elsewhere)


def _lazily(make: Callable[[Document], tuple[Heading, ...]], document: Document) -> Callable[[], tuple[Heading, ...]]:
    made: list[tuple[Heading, ...]] = []

    def once() -> tuple[Heading, ...]:
        if not made:
            made.append(make(document))
        return made[0]

    return once


def _elsewhere(document: Document, heading: Heading, clause: int) -> Elsewhere:
    span = document.clauses[clause].span
    end = min(span.end, span.start + _SHOWN)
    cut = end < span.end
    if cut:
        end = document.text.rfind(" ", span.start, end)
    label = " ".join(part for part in (heading.number, heading.title) if part) if clause else ""
    url = permalink(document.policy.id, heading.anchor)
    return Elsewhere(document.policy, label, Span(span.start, end).of(document.text).strip(), cut, url)


def _contents(document: Document, own: Sequence[Heading]) -> tuple[Entry, ...]:
    entries = [Entry(heading) for heading in own]
    for clause in document.clauses[1:]:
        entries[clause.parent or 0].entries.append(entries[clause.id])
    return tuple(entries[0].entries)


def facts(policy: Policy) -> tuple[str, ...]:
    """Date, version and language in words; what is not known is left out."""
    dated = date_text(policy.effective_date)
    return tuple(
        fact
        for fact in (
            f"Dated {dated}" if dated else "No date stated",
            policy.version and f"Version {policy.version}",
            language_name(policy.language),
        )
        if fact
    )
