"""What requests hold: checked on the way in, and documented by /api/openapi.json."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from assistant.ask import MOST_CITATIONS

_ISO = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$"
# White space as Python and as JavaScript know it, and control characters.
_WORD = r"[^\s\x00-\x1f\x85\ufeff]"
MOST_COMPARED = 6
MOST_SUGGESTIONS = 20
LONGEST_NOTE = 1000


def _with_words(text: str) -> str:
    if not re.search(_WORD, text):
        raise PydanticCustomError("question_empty", "The question is empty; type what you want to know.")
    return text


def _whole(number: object) -> object:
    """JSON knows no integers: 5.0 is 5."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _each_once(ids: list[str]) -> list[str]:
    if len(set(ids)) < len(ids):
        raise ValueError("each policy once")
    return ids


# JSON can write the null character, but nobody types it.
NO_NULL = r"^[^\x00]*$"
Text = Annotated[str, Field(pattern=NO_NULL)]
# The longest is a setting, and the assistant's to refuse; openapi.py documents it.
QuestionText = Annotated[
    Text,
    AfterValidator(_with_words),
    Field(json_schema_extra={"minLength": 1, "pattern": rf"^[^\x00]*{_WORD}[^\x00]*$"}),
]
Policies = Annotated[list[Text], Field(min_length=1, description="Ids of the policies to search; null for all.")]
Limit = Annotated[int, Field(ge=1, le=MOST_CITATIONS, description="Most citations."), BeforeValidator(_whole)]
IsoDate = Annotated[str, Field(pattern=_ISO)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AskRequest(_Request):
    """A question."""

    question: QuestionText
    policies: Policies | None = None
    history: list[Text] = Field(
        default=[], description="The same person's earlier questions, oldest first; the last 20 count."
    )
    top_k: Limit = 5


class SearchRequest(_Request):
    """Clauses wanted by meaning, by their words or by their number."""

    query: QuestionText
    mode: Literal["auto", "meaning", "phrase", "clause"] = Field(
        default="auto", description="auto: a number alone is a clause, words in quotes are a phrase, else by meaning."
    )
    policies: Policies | None = None
    companies: list[Text] = Field(default=[], description="Only policies of these companies; empty for all.")
    languages: list[Text] = Field(default=[], description="Only policies in these languages, ISO 639-1.")
    first: IsoDate | None = Field(default=None, alias="from", description="Only policies of this date or later.")
    last: IsoDate | None = Field(default=None, alias="to", description="Only policies of this date or earlier.")
    top_k: Limit = 20


class CompareRequest(_Request):
    """A question asked of several policies, each alone."""

    question: QuestionText
    policies: Annotated[
        list[Text],
        Field(min_length=2, max_length=MOST_COMPARED, json_schema_extra={"uniqueItems": True}),
        AfterValidator(_each_once),
    ]


class Judged(_Request):
    """The answer that a vote is about."""

    status: Literal["answered", "not_covered", "off_topic"]
    clauses: list[Annotated[Text, Field(max_length=2000)]] = Field(
        default=[], max_length=MOST_CITATIONS, description="The `url` of each citation that was seen."
    )


class FeedbackRequest(_Request):
    """A vote on an answer."""

    useful: bool
    reason: Literal["wrong_policy", "not_the_clause", "not_answered", "out_of_date", "other"] | None = None
    note: Annotated[Text, Field(max_length=LONGEST_NOTE)] = ""
    question: QuestionText | None = Field(
        default=None, description="Stored only where the operator has turned that on, and redacted."
    )
    answer: Judged
    policies: Policies | None = None


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuggestionsQuery(_Query):
    """Which policy questions are wanted for, and how many."""

    policy: str | None = Field(default=None, description="Id of a policy; left out for all.")
    count: int = Field(default=4, ge=1, le=MOST_SUGGESTIONS)
    language: str = Field(
        default="en", pattern="^[a-z]{2}$", description="ISO 639-1; English where there are none in it."
    )


class TopicQuery(_Query):
    """Which policies are wanted."""

    policy: list[str] = Field(default=[], description="Ids of policies; none for all.")
