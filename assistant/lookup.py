"""What is found without the encoder: policies by id, clauses by number, places by their words; and citations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from assistant.answering.cite import cite
from assistant.errors import UnknownClauseError, UnknownPolicyError
from assistant.links import anchors
from assistant.retrieval.phrases import exact_spans
from assistant.types import Citation, Document, Passage, Policy, Span

Rows = NDArray[np.int64]


class Lookup:
    """The documents of one index with their passages; used by any number of threads."""

    def __init__(self, documents: Iterable[Document], passages: Sequence[Passage]) -> None:
        """Takes what the index holds.

        Args:
            documents: one per policy.
            passages: of all documents, in reading order; a passage's id is its row in the index.
        """
        self._documents = {document.policy.id: document for document in documents}
        self._all = _by_policy(passages)
        self._rows = {
            policy: np.array([passage.id for passage in found if passage.citable], dtype=np.int64)
            for policy, found in self._all.items()
        }
        self._anchors = lru_cache(maxsize=1024)(lambda policy: anchors(self._documents[policy]))

    def check(self, policies: Iterable[str]) -> None:
        """Refuses ids that no policy has.

        Raises:
            UnknownPolicyError: a policy is unknown.
        """
        unknown = sorted(set(policies) - self._documents.keys())
        if unknown:
            raise UnknownPolicyError(
                f"There is no policy {', '.join(map(repr, unknown))}; the policies are "
                f"{', '.join(self._documents) or 'none yet: run `python -m assistant ingest`'}."
            )

    def document(self, policy: str) -> Document:
        """The document of one policy.

        Raises:
            UnknownPolicyError: no policy has this id.
        """
        self.check((policy,))
        return self._documents[policy]

    def picked(self, policies: Iterable[str] | None) -> tuple[Policy, ...]:
        """The policies with these ids in the order of the index; all for None.

        Raises:
            UnknownPolicyError: a policy is unknown.
        """
        wanted = self._documents.keys() if policies is None else set(policies)
        self.check(wanted)
        return tuple(document.policy for policy, document in self._documents.items() if policy in wanted)

    def rows(self, policies: Iterable[str] | None = None) -> Rows:
        """int64[n], ascending: the rows of the citable passages of these policies, of all for None."""
        wanted = self._rows if policies is None else set(policies)
        rows = [self._rows[policy] for policy in wanted if policy in self._rows]
        return np.sort(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int64)

    def passages(self, policy: str) -> list[Passage]:
        """The citable passages of one policy, in reading order."""
        return [passage for passage in self._all.get(policy, ()) if passage.citable]

    def numbered(self, numbers: Sequence[str], policies: Sequence[Policy]) -> list[Passage]:
        """Passages of the clauses with these numbers and of the clauses below them, in reading order per policy."""
        out: list[Passage] = []
        wanted = {number.strip().rstrip(".").casefold() for number in numbers} - {""}
        for policy in policies if wanted else ():
            clauses = self._documents[policy.id].clauses[1:]
            spans = [clause.span for clause in clauses if clause.number.casefold() in wanted]
            passages = self.passages(policy.id) if spans else []
            out.extend(passage for passage in passages if any(span.covers(passage.span) for span in spans))
        return out

    def clause(self, policy: str, number: str) -> list[Passage]:
        """Every passage of the clause and of the clauses below it, in reading order.

        Raises:
            UnknownPolicyError: no policy has this id.
            UnknownClauseError: the policy has no clause of this number.
        """
        document = self.document(policy)
        found = self.numbered((number,), (document.policy,))
        if not found:
            numbers = [clause.number for clause in document.clauses if clause.number and clause.depth == 1]
            known = f"its sections are {', '.join(numbers)}" if numbers else "its clauses have no numbers"
            raise UnknownClauseError(f"{document.policy.name} has no clause {number!r}; {known}.")
        return found

    def exact(
        self, phrases: Sequence[str], policies: Sequence[Policy], headings: bool = False
    ) -> dict[Passage, tuple[Span, ...]]:
        """Passages that hold one of the phrases, with where they hold it, in reading order per policy.

        Args:
            phrases: words that follow one another; a phrase may reach over the end of a passage.
            policies: where to look.
            headings: whether passages that are never an answer, such as headings, count too.
        """
        out: dict[Passage, tuple[Span, ...]] = {}
        for policy in policies if phrases else ():
            text = self._documents[policy.id].text
            found = sorted(span for phrase in phrases for span in exact_spans(text, phrase))
            passages = [passage for passage in self._all.get(policy.id, ()) if headings or passage.citable]
            out |= _held(passages, found)
        return out

    def cited(self, passages: Iterable[Passage], marked: Iterable[Iterable[Span]] = repeat(())) -> tuple[Citation, ...]:
        """The citations of passages, numbered from 1; `marked` holds what to mark in each."""
        return tuple(
            cite(self._documents[passage.policy], passage, at, marks, self._anchors(passage.policy)[passage.clause])
            for at, (passage, marks) in enumerate(zip(passages, marked, strict=False), 1)
        )


def _held(passages: Sequence[Passage], spans: Sequence[Span]) -> dict[Passage, tuple[Span, ...]]:
    """The passages that share characters with a span, with what they share."""
    out: dict[Passage, tuple[Span, ...]] = {}
    ends = [passage.span.end for passage in passages]
    for span in spans:
        for passage in passages[bisect_right(ends, span.start) :]:
            if passage.span.start >= span.end:
                break
            shared = Span(max(span.start, passage.span.start), min(span.end, passage.span.end))
            out[passage] = (*out.get(passage, ()), shared)
    return dict(sorted(out.items(), key=lambda item: item[0].id))


def _by_policy(passages: Iterable[Passage]) -> dict[str, list[Passage]]:
    """The passages of each policy, in reading order."""
    out: dict[str, list[Passage]] = {}
    for passage in passages:
        out.setdefault(passage.policy, []).append(passage)
    return out
