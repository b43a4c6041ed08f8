"""What is found without the encoder: policies by id, clauses by number, places by their words; and citations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from itertools import islice, repeat

from assistant.answering.cite import cite
from assistant.errors import UnknownClauseError, UnknownPolicyError
from assistant.links import anchors
from assistant.retrieval.engine import Library
from assistant.retrieval.phrases import exact_spans
from assistant.types import Citation, Document, Passage, Policy, Span

# Policies that are read without asking first which of them to read.
_FEW = 50
# Policies that a sentence names.
_NAMED = 20


class Lookup:
    """What people look up in a library; used by any number of threads."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._policies = {policy.id: policy for policy in library.policies()}
        self._anchors = lru_cache(maxsize=1024)(lambda policy: anchors(library.document(policy)))

    def check(self, policies: Iterable[str]) -> None:
        """Refuses ids that no policy has.

        Raises:
            UnknownPolicyError: a policy is unknown.
        """
        unknown = sorted(set(policies) - self._policies.keys())
        if unknown:
            named = ", ".join(islice(self._policies, _NAMED))
            more = f" and {len(self._policies) - _NAMED} more" if len(self._policies) > _NAMED else ""
            raise UnknownPolicyError(
                f"There is no policy {', '.join(map(repr, unknown))}; the policies are "
                f"{named or 'none yet: run `python -m assistant ingest`'}{more}."
            )

    def document(self, policy: str) -> Document:
        """The document of one policy.

        Raises:
            UnknownPolicyError: no policy has this id.
        """
        self.check((policy,))
        return self.library.document(policy)

    def picked(self, policies: Iterable[str] | None) -> tuple[Policy, ...]:
        """The policies with these ids in the order of the index; all for None.

        Raises:
            UnknownPolicyError: a policy is unknown.
        """
        if policies is None:
            return tuple(self._policies.values())
        wanted = set(policies)
        self.check(wanted)
        return tuple(policy for id, policy in self._policies.items() if id in wanted)

    def passages(self, policy: str) -> list[Passage]:
        """The citable passages of one policy, in reading order."""
        return [passage for passage in self.library.passages(policy) if passage.citable]

    def numbered(self, numbers: Sequence[str], policies: Sequence[Policy], most: int | None = None) -> list[Passage]:
        """Passages of the clauses with these numbers and of the clauses below them, in reading order per policy.

        Args:
            numbers: of clauses, in any case.
            policies: where to look.
            most: how many passages are enough; None for all.
        """
        out: list[Passage] = []
        wanted = {number.strip().rstrip(".").casefold() for number in numbers} - {""}
        for policy in self._narrowed(policies, wanted, self.library.numbering):
            if most is not None and len(out) >= most:
                break
            clauses = self.library.document(policy.id).clauses[1:]
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
        self, phrases: Sequence[str], policies: Sequence[Policy], most: int, headings: bool = False
    ) -> dict[Passage, tuple[Span, ...]]:
        """Passages that hold one of the phrases, with where they hold it, in reading order per policy.

        Args:
            phrases: words that follow one another; a phrase may reach over the end of a passage.
            policies: where to look.
            most: how many passages are enough; of the last policy that is read all are given.
            headings: whether passages that are never an answer, such as headings, count too.
        """
        out: dict[Passage, tuple[Span, ...]] = {}
        for policy in self._narrowed(policies, phrases, self.library.holding):
            if len(out) >= most:
                break
            text = self.library.document(policy.id).text
            found = sorted(span for phrase in phrases for span in exact_spans(text, phrase))
            if found:
                passages = self.library.passages(policy.id)
                out |= _held([passage for passage in passages if headings or passage.citable], found)
        return out

    def _narrowed(
        self, policies: Sequence[Policy], wanted: Collection[str], where: Callable[[str], Collection[str]]
    ) -> Sequence[Policy]:
        """Those of the policies that may hold any of what is wanted; to read many takes long."""
        if not wanted or len(policies) <= _FEW:
            return policies if wanted else ()
        near = frozenset().union(*map(where, wanted))
        return [policy for policy in policies if policy.id in near]

    def cited(self, passages: Iterable[Passage], marked: Iterable[Iterable[Span]] = repeat(())) -> tuple[Citation, ...]:
        """The citations of passages, numbered from 1; `marked` holds what to mark in each."""
        return tuple(
            cite(
                self.library.document(passage.policy), passage, at, marks, self._anchors(passage.policy)[passage.clause]
            )
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
