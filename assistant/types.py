"""The frozen types that every step passes on: document → clause → passage → citation.

A policy becomes one canonical text, and everything after it is a narrowing of that text. Spans count code points of
`Document.text` and are half-open, so `text[span.start:span.end]` is always the thing itself. This module imports
nothing else of the package.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open range `[start, end)` in code points of one `Document.text`."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters that this span covers."""
        return text[self.start : self.end]

    def covers(self, other: Span) -> bool:
        """Whether `other` lies inside this span."""
        return self.start <= other.start and other.end <= self.end

    def overlap(self, other: Span) -> int:
        """Code points that both spans cover."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))

    def __bool__(self) -> bool:
        return self.end > self.start


class BlockKind(StrEnum):
    """What a block of text is; every block lies within one clause."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    # Column names of the rows that follow.
    HEADER = "header"
    ROW = "row"
    # A table of contents: text of the policy, but never an answer.
    CONTENTS = "contents"
    # Rules and ornaments ("====="): in the text, but in no passage.
    DECORATION = "decoration"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, list item, table row or heading: what a parser finds, in reading order."""

    span: Span
    kind: BlockKind
    # Outline depth of the clause that the block opens (1 = directly under the document); for a block that opens none,
    # the depth of the open clause that it belongs to, or 0 for the innermost open clause.
    level: int = 0
    # True where the block starts a clause of its own: a heading, a numbered paragraph, text under a lost heading.
    opens: bool = False
    # The clause number without its final dot ("5.8.3", "(a)"), only where `opens`; "" for none.
    number: str = ""
    # The heading words, without the number; empty where the clause has none.
    title: Span = Span(0, 0)
    # What an item or row needs to be understood: its lead-in sentence or the table's header; empty for none.
    lead: Span = Span(0, 0)
    # Nesting depth of an item, 1 = outermost; 0 for everything else.
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Clause:
    """A legal unit under one number or heading. Clause 0 is the document itself."""

    # Position in `Document.clauses`.
    id: int
    # Number as a reader would cite it ("5.8.3"), "" for none.
    number: str
    # Heading words with white space folded, "" where the clause has none.
    title: str
    # The clause above; None only for clause 0.
    parent: int | None
    # From its heading or number to the end of its last descendant.
    span: Span
    # Steps from clause 0, which has depth 0.
    depth: int


@dataclass(frozen=True, slots=True)
class Policy:
    """What is known of one published policy; dates and versions only where the text or policies.csv says them."""

    # The file's stem; unique in a corpus.
    id: str
    company: str
    title: str
    version: str = ""
    # ISO 8601, as exact as the text is: "2018-05-07", "2014-05" or "".
    effective_date: str = ""
    # ISO 639-1.
    language: str = ""
    source_url: str = ""
    # Policy id of the document that this one replaces, "" for none.
    supersedes: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """How a person would call it: "italki Privacy Policy"."""
        known = self.company and self.company.casefold() not in self.title.casefold()
        return f"{self.company} {self.title}" if known else self.title


@dataclass(frozen=True, slots=True)
class Document:
    """One policy in canonical text, with the clause tree over it."""

    policy: Policy
    # Canonical text: only markup, decoration and white space differ from the source.
    text: str
    # Reading order, disjoint; together they hold every character of `text` that is not white space.
    blocks: tuple[Block, ...]
    # Preorder; clause 0 is the document.
    clauses: tuple[Clause, ...]
    # Per block, the id of the clause that owns it.
    owners: tuple[int, ...]
    # Offset at which each page starts; empty where the source has no pages.
    pages: tuple[int, ...] = ()

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical text in UTF-8, in hexadecimal."""
        return text_sha256(self.text)

    def path(self, clause: int) -> tuple[str, ...]:
        """Labels from the outermost clause down to `clause`, the document itself left out."""
        labels: list[str] = []
        at: int | None = clause
        while at:
            here = self.clauses[at]
            labels.append(" ".join(part for part in (here.number, here.title) if part))
            at = here.parent
        return tuple(label for label in reversed(labels) if label)


@dataclass(frozen=True, slots=True)
class Passage:
    """The retrieval unit: a clause or part of one, never parts of two."""

    # Row in the index; ties between scores are broken by it.
    id: int
    policy: str
    clause: int
    span: Span
    # `Document.text[span]`, word for word.
    text: str
    # Policy name, heading path and lead-in: counts for ranking, never shown as quote.
    context: str
    # Number of the clause, "" for none.
    number: str
    # Labels of the clauses above and of its own clause, outermost first.
    path: tuple[str, ...]
    # 1-based page of the source where the passage starts; None where the source has no pages.
    page: int | None
    # Sentences and list items inside `span`, disjoint and in order: what a mark may cover.
    sentences: tuple[Span, ...]
    # False for headings, tables of contents: in the index, never cited as an answer.
    citable: bool = True

    @property
    def indexed(self) -> str:
        """What is embedded and tokenised: context, then text."""
        return f"{self.context}\n{self.text}" if self.context else self.text


class Hit(NamedTuple):
    """A passage with a score; after fusion a score is an ordering key, no more."""

    passage: Passage
    score: float


# Hits for one question, best first, ties by passage id.
Ranking = tuple[Hit, ...]


class Status(StrEnum):
    """How a question came out; no citations ⇔ not `answered`."""

    ANSWERED = "answered"
    # About privacy, but no clause answers it.
    NOT_COVERED = "not_covered"
    # No privacy question at all.
    OFF_TOPIC = "off_topic"


class Confidence(StrEnum):
    """How sure an answer is; docs/quality.md measures what each one promises."""

    # Of ten such answers about nine have the clause that answers among their first three citations.
    CLEAR = "clear"
    # About seven of ten do; the others cite something close by.
    LIKELY = "likely"

    @property
    def words(self) -> str:
        """As people are told, without a full stop."""
        if self is Confidence.CLEAR:
            return "Clear answer"
        return "Likely answer: read the clause before you rely on it"


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim span of one passage, with all that is needed to find it again."""

    # Rank within its list, from 1.
    number: int
    policy: Policy
    # Clause number, "" for none.
    clause: str
    path: tuple[str, ...]
    page: int | None
    span: Span
    # Equals `Document.text[span]`; `document_sha256` names that text.
    quote: str
    document_sha256: str
    # Spans of the sentences or items that answer, inside `span`; empty when unsure.
    marks: tuple[Span, ...] = ()
    # Anchor of the clause on the policy's page (assistant/links.py), "" for the document itself.
    anchor: str = ""

    @property
    def pieces(self) -> tuple[tuple[str, bool], ...]:
        """The quote cut at its marks, each piece with whether it is marked; joined they are the quote."""
        out: list[tuple[str, bool]] = []
        at = self.span.start
        for mark in self.marks:
            out.append((self._cut(at, mark.start), False))
            out.append((self._cut(mark.start, mark.end), True))
            at = mark.end
        out.append((self._cut(at, self.span.end), False))
        return tuple(piece for piece in out if piece[0])

    def _cut(self, start: int, end: int) -> str:
        return self.quote[start - self.span.start : end - self.span.start]


@dataclass(frozen=True, slots=True)
class Answer:
    """What `Assistant.ask` returns."""

    question: str
    status: Status
    citations: tuple[Citation, ...]
    # Nearest clauses that may not answer; never overlap `citations`.
    related: tuple[Citation, ...]
    # The policies that were searched.
    policies: tuple[Policy, ...]
    # One sentence for people: what was found where, or that nothing was. A second one where a policy that the question
    # names was not searched.
    summary: str
    # How sure the citations answer; None ⇔ not answered.
    confidence: Confidence | None = None
    # Of the question, ISO 639-1; "en" where nothing tells.
    language: str = "en"


@lru_cache(maxsize=1024)
def text_sha256(text: str) -> str:
    """SHA-256 of `text` in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def fold(text: str) -> str:
    """`text` with every run of white space made one space, ends trimmed."""
    return " ".join(text.split())
