"""Search for people who judge for themselves: by meaning, by words or by clause number, in chosen policies."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.answering.numbers import clause_numbers
from assistant.answering.phrases import quoted_phrases
from assistant.json_form import policy_form
from assistant.types import Citation, Policy, fold
from assistant.web.api.forms import Json, cards
from assistant.web.api.requests import SearchRequest

if TYPE_CHECKING:
    from assistant.ask import Assistant

# At most one word before a number alone: "5.8.3", "clause 5.8.3", "§ 5.8.3.".
_WORDS_BEFORE = re.compile(r"\W*(?:\w+\W+)?")
_LONGEST_DATE = len("2018-05-07")


def find(assistant: Assistant, wanted: SearchRequest) -> Json:
    """What a search finds, as JSON.

    Raises:
        QuestionError: as for `Assistant.search`.
    """
    mode, words = mode_of(wanted.query) if wanted.mode == "auto" else (wanted.mode, bare(wanted.mode, wanted.query))
    everything = assistant.policies()
    if wanted.policies is not None:
        for policy in wanted.policies:
            assistant.document(policy)
    chosen = tuple(policy for policy in everything if is_wanted(policy, wanted))
    ids = None if len(chosen) == len(everything) else [policy.id for policy in chosen]
    found = _found(assistant, mode, words, ids, wanted.top_k) if chosen else ()
    return {
        "query": wanted.query,
        "mode": mode,
        "citations": cards(found),
        "policies": [policy_form(policy) for policy in chosen],
    }


def mode_of(query: str) -> tuple[str, str]:
    """How a query is meant, and its words in that mode."""
    numbers, phrases = clause_numbers(query), quoted_phrases(query)
    if len(numbers) == 1:
        before, number, after = query.partition(numbers[0])
        if number and _WORDS_BEFORE.fullmatch(before) and not re.search(r"\w", after):
            return "clause", number
    # Quotation marks take a character on either side.
    if len(phrases) == 1 and len(fold(query)) <= len(phrases[0]) + 2:
        return "phrase", phrases[0]
    return "meaning", query


def bare(mode: str, query: str) -> str:
    """The words of a query in a mode that was asked for: without quotation marks, without "clause"."""
    known, words = mode_of(query)
    return words if known == mode else query


def is_wanted(policy: Policy, wanted: SearchRequest) -> bool:
    """Whether a policy is one of those that are searched."""
    companies = {company.casefold() for company in wanted.companies}
    return (
        (wanted.policies is None or policy.id in wanted.policies)
        and (not companies or policy.company.casefold() in companies)
        and (not wanted.languages or policy.language in wanted.languages)
        and in_time(policy.effective_date, wanted.first or "", wanted.last or "")
    )


def in_time(date: str, first: str, last: str) -> bool:
    """Whether a date may lie between two others; all three are ISO 8601 and as exact as they are known.

    "2018" may be before, on or after "2018-05-07". A policy without a date lies in no time.
    """
    if not (first or last):
        return True
    return bool(date) and _end(date) >= first and (not last or date <= _end(last))


def _end(date: str) -> str:
    """What sorts behind every day that `date` may mean."""
    return date.ljust(_LONGEST_DATE, "~")


def _found(
    assistant: Assistant, mode: str, words: str, policies: Iterable[str] | None, top_k: int
) -> tuple[Citation, ...]:
    ids = None if policies is None else list(policies)
    if mode == "clause":
        return assistant.clauses(words.strip(), ids)[:top_k]
    if mode == "phrase":
        return assistant.phrase(words, ids, top_k)
    return assistant.search(words, ids, top_k)
