"""What answers are made of, as /api/openapi.json documents it; forms.py makes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Answer):
    """What is wrong, as RFC 9457 has it."""

    type: Literal["about:blank"]
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="One sentence for people: what is wrong and what to do.")
    code: Literal[
        "invalid_request",
        "question_empty",
        "question_too_long",
        "unknown_policy",
        "unknown_clause",
        "too_many_requests",
        "busy",
        "not_found",
        "internal",
    ]


class PolicyForm(_Answer):
    """A policy; what it does not say is empty."""

    id: str
    company: str
    title: str
    version: str
    effective_date: str = Field(description="ISO 8601, as exact as the policy is.")
    language: str = Field(description="ISO 639-1.")
    source_url: str


Span = Annotated[list[int], Field(min_length=2, max_length=2)]


class CitationForm(_Answer):
    """A clause or part of one, word for word."""

    number: int = Field(description="Rank in its list, from 1.")
    policy: str
    company: str
    title: str
    version: str
    effective_date: str
    clause: str = Field(description="Number of the clause, empty for none.")
    path: list[str] = Field(description="Numbers and headings from the outermost clause down to this one.")
    page: int | None
    span: Span = Field(description="Where the quote stands, in code points of the policy's text, half-open.")
    quote: str
    marks: list[Span] = Field(description="Where the sentences stand that answer, inside `span`.")
    document_sha256: str
    url: str = Field(description="Permalink to the clause, relative to the root of the server.")
    pieces: list[tuple[str, bool]] = Field(description="The quote in pieces, each with whether it is marked.")
    date_text: str = Field(description="`effective_date` as people write it.")


class AnswerForm(_Answer):
    """What the policies say to a question; docs/json.md describes its fields."""

    question: str
    status: Literal["answered", "not_covered", "off_topic"]
    confidence: Literal["clear", "likely"] | None
    summary: str
    citations: list[CitationForm]
    related: list[CitationForm]
    policies: list[PolicyForm]
    suggestions: list[str] = Field(description="Questions to ask instead, where this one was off topic.")


class FoundForm(_Answer):
    """Clauses that a search found."""

    query: str
    mode: Literal["meaning", "phrase", "clause"] = Field(description="What `auto` came to.")
    citations: list[CitationForm]
    policies: list[PolicyForm] = Field(description="The policies that were searched.")


class ColumnForm(_Answer):
    """What one of several policies says."""

    policy: PolicyForm
    status: Literal["answered", "not_covered", "off_topic"]
    confidence: Literal["clear", "likely"] | None
    summary: str
    citations: list[CitationForm] = Field(max_length=3)
    related: list[CitationForm]


class ComparisonForm(_Answer):
    """A question and what each policy says to it, in the order asked for."""

    question: str
    columns: list[ColumnForm]


class TopicForm(_Answer):
    """What clauses can be browsed by."""

    id: str
    title: str


class TopicsForm(_Answer):
    """All topics."""

    topics: list[TopicForm]


class TopicClausesForm(_Answer):
    """The clauses about a topic, in reading order per policy."""

    topic: TopicForm
    citations: list[CitationForm]


class PolicyEntryForm(PolicyForm):
    """A policy in the list of policies."""

    url: str = Field(description="Its page, relative to the root of the server.")
    clauses: int = Field(description="How many clauses it has.")


class PoliciesForm(_Answer):
    """All policies."""

    policies: list[PolicyEntryForm]


class ClauseForm(_Answer):
    """A clause in the outline of a policy, in reading order."""

    number: str
    title: str
    parent: int | None = Field(description="Position of the clause above in `clauses`; null at the top.")
    span: Span
    depth: int = Field(description="Depth in the outline, from 1.")
    anchor: str = Field(description="Fragment of the clause on the policy's page.")


class PolicyTextForm(PolicyForm):
    """A policy in full."""

    text: str = Field(description="The canonical text that all spans point into.")
    sha256: str = Field(description="Of `text` in UTF-8.")
    url: str
    clauses: list[ClauseForm]


class ClausesForm(_Answer):
    """A clause and the clauses under it."""

    policy: str = Field(description="Id of the policy.")
    number: str
    citations: list[CitationForm]


class SuggestionsForm(_Answer):
    """Questions that the policies answer."""

    questions: list[str]


class AliveForm(_Answer):
    """The server is there."""

    status: Literal["ok"]


class ReadyForm(_Answer):
    """The server answers questions."""

    status: Literal["ok", "degraded"] = Field(
        description="degraded: the search server needs further tries, which takes time; ask its operator."
    )
