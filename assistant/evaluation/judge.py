"""Judges one answer: which citations hit which quotes, and which lie in a policy that was not asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from assistant.errors import EvaluationError
from assistant.evaluation.match import Letters
from assistant.evaluation.questions import JudgedQuestion
from assistant.types import Answer, Citation, Document, Policy, Span, fold


class Asker(Protocol):
    """What the evaluation needs of the assistant."""

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        """The answer to one question."""

    def policies(self) -> tuple[Policy, ...]:
        """Every policy that can be asked about."""

    def document(self, policy: str) -> Document:
        """One policy's text and clauses."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One judged question with the answer that it got."""

    question: JudgedQuestion
    answer: Answer
    # For each citation the quotes that it hits, as positions in `question.quotes`.
    hits: tuple[frozenset[int], ...]
    # Whether a mark of the first hitting citation lies on an accepted quote; None where nothing is hit or marked.
    mark_hit: bool | None
    # For each citation whether it lies outside the policies that were picked or named; None where none was.
    outside: tuple[bool, ...] | None
    # Wall-clock time of the answer.
    seconds: float

    @property
    def abstained(self) -> bool:
        """Whether nothing was cited."""
        return not self.answer.citations


class Judge:
    """Knows where every judged quote stands; made once, before the first question is asked."""

    def __init__(self, asker: Asker, questions: Sequence[JudgedQuestion]) -> None:
        """Finds all quotes.

        Raises:
            EvaluationError: a scope or quote names no policy of the corpus, or a quote is not in its policy.
        """
        self._policies = {policy.id: policy for policy in asker.policies()}
        self._letters: dict[str, Letters] = {}
        self._places: dict[str, tuple[tuple[Span, ...], ...]] = {}
        for question in questions:
            if question.scope is not None:
                self._known(question, question.scope)
            for quote in question.quotes:
                self._known(question, quote.policy)
                if quote.policy not in self._letters:
                    self._letters[quote.policy] = Letters(asker.document(quote.policy).text)
            self._places[question.id] = tuple(self._find(question, number) for number in range(len(question.quotes)))

    def judge(self, question: JudgedQuestion, answer: Answer, seconds: float) -> Outcome:
        """The outcome of one question that this judge was made with."""
        hits = tuple(
            frozenset(n for n in range(len(question.quotes)) if self._hits(question, n, citation))
            for citation in answer.citations
        )
        meant = policies_meant(question, tuple(self._policies.values()))
        outside = None if meant is None else tuple(citation.policy.id not in meant for citation in answer.citations)
        first = next((citation for citation, hit in zip(answer.citations, hits, strict=True) if hit), None)
        mark_hit = self._mark_hits(question, first) if first is not None and first.marks else None
        return Outcome(question, answer, hits, mark_hit, outside, seconds)

    def _known(self, question: JudgedQuestion, policy: str) -> None:
        if policy not in self._policies:
            raise EvaluationError(
                f"Question {question.id} is about the policy {policy!r}, which is not in the corpus; "
                "name the corpus that the questions were judged on with --corpus."
            )

    def _find(self, question: JudgedQuestion, number: int) -> tuple[Span, ...]:
        quote = question.quotes[number]
        places = self._letters[quote.policy].find(quote.text)
        if not places:
            raise EvaluationError(
                f"Question {question.id} quotes {_short(quote.text)!r}, which does not stand in {quote.policy}; "
                "mend the quote or name the corpus that it is from."
            )
        return places

    def _hits(self, question: JudgedQuestion, number: int, citation: Citation) -> bool:
        policy = question.quotes[number].policy
        places = self._places[question.id][number]
        return citation.policy.id == policy and self._letters[policy].covers_half(citation.span, places)

    def _mark_hits(self, question: JudgedQuestion, citation: Citation) -> bool:
        return any(
            self._letters[quote.policy].overlaps_half(mark, places)
            for quote, places in zip(question.quotes, self._places[question.id], strict=True)
            if quote.policy == citation.policy.id
            for mark in citation.marks
        )


def policies_meant(question: JudgedQuestion, policies: Sequence[Policy]) -> frozenset[str] | None:
    """Ids of the policies that a citation may come from, or None where the person picked and named none.

    A picked policy is the only one. Otherwise a policy whose full name stands in the question ("italki cookie
    notice") is meant, and where no full name stands there, every policy of each company that is named. Read anew
    here, by whole words and exact spelling: the assistant's own reading of names is what this measures.
    """
    if question.scope is not None:
        return frozenset({question.scope})
    by_name = frozenset(policy.id for policy in policies if policy.company and _stands_in(policy.name, question))
    exact = {policy.company for policy in policies if policy.id in by_name}
    by_company = frozenset(
        policy.id
        for policy in policies
        if policy.company and policy.company not in exact and _stands_in(policy.company, question)
    )
    return by_name | by_company or None


def _stands_in(name: str, question: JudgedQuestion) -> bool:
    # Only Latin letters and digits end a word here: "italki能" names italki.
    pattern = rf"(?<![0-9a-z]){re.escape(fold(name).casefold())}(?![0-9a-z])"
    return re.search(pattern, fold(question.question).casefold()) is not None


def _short(text: str, most: int = 60) -> str:
    folded = fold(text)
    return folded if len(folded) <= most else folded[: most - 1].rstrip() + "…"
