"""Question → answer, a straight line: understand → rank → decide → cite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import index
from assistant.answering.abstain import Evidence, decide
from assistant.answering.cite import cite
from assistant.answering.marks import marks
from assistant.answering.suggest import SUGGESTIONS
from assistant.answering.summary import summary
from assistant.answering.understand import Question, understand
from assistant.errors import IndexStaleError, QuestionError
from assistant.retrieval.dense import Dense
from assistant.retrieval.encoder import EncodedQuery, Encoder
from assistant.retrieval.lexical import Lexical
from assistant.retrieval.phrases import exact_spans
from assistant.retrieval.search import Search
from assistant.types import Answer, Citation, Document, Hit, Passage, Policy, Ranking, Span, Status

Rows = NDArray[np.int64]

# Longest question in code points; longer ones are no questions, and cost as much as their length.
LONGEST_QUESTION = 2000
MOST_CITATIONS = 50
# Nearest clauses shown beside an answer or instead of one.
_RELATED = 3


class Assistant:
    """Answers questions over one built index; all doors call these methods, from any number of threads."""

    def __init__(self, data: index.IndexData, encoder: Encoder) -> None:
        self._encoder = encoder
        self._documents = {document.policy.id: document for document in data.documents}
        self._passages = data.passages
        self._search = Search(
            data.passages, Dense(data.vectors), Lexical([p.indexed for p in data.passages]), data.tokens
        )
        self._policies = tuple(document.policy for document in data.documents)
        self._rows = _rows_by_policy(data.passages)
        self._suggest = lru_cache(maxsize=256)(self._find_suggestions)

    @classmethod
    def open(cls, index_dir: Path) -> Assistant:
        """Loads the index and the encoder that it was built with.

        Raises:
            IndexMissingError, IndexDamagedError: there is no index, or it cannot be trusted.
            IndexStaleError: it was built with another encoder.
            EncoderError: the encoder's weights are missing or changed.
        """
        data = index.load(index_dir)
        encoder = Encoder()
        if data.manifest.encoder_sha256 != encoder.sha256:
            raise IndexStaleError(
                f"The index in {index_dir} was built with another encoder; run `python -m assistant ingest`."
            )
        return cls(data, encoder)

    def policies(self) -> tuple[Policy, ...]:
        """Every policy that can be asked about, by id."""
        return self._policies

    def document(self, policy: str) -> Document:
        """The document of one policy.

        Raises:
            QuestionError: no policy has this id.
        """
        self._check((policy,))
        return self._documents[policy]

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        """Answers one question with clauses, word for word, or says that the policies do not.

        Args:
            question: as a person typed it.
            policies: ids to answer from; None for all.
            history: the same person's earlier questions, oldest first.
            top_k: most citations.

        Raises:
            QuestionError: the question is empty or too long, a policy is unknown, or `top_k` is out of range.
        """
        self._check(policies or ())
        _check_question(question, top_k)
        asked = understand(question, self._policies, picked=policies, history=history)
        searched = tuple(p for p in self._policies if asked.policies is None or p.id in asked.policies)
        if asked.numbers:
            clauses = self._clauses(asked.numbers, [policy.id for policy in searched])
            if clauses:
                return self._answer(asked, Status.ANSWERED, [Hit(p, 0.0) for p in clauses[:top_k]], (), searched, {})
        query = self._encoder.encode_query(asked.standalone)
        ranking = self._rank(asked, query, searched, max(top_k, 5) + _RELATED)
        exact = self._exact(asked, searched)
        if exact:
            known = {passage.id for passage in exact}
            found = [Hit(passage, 0.0) for passage in exact] + [hit for hit in ranking if hit.passage.id not in known]
            return self._answer(asked, Status.ANSWERED, found[:top_k], found[top_k:], searched, exact)
        status = decide(self._evidence(query, ranking)) if ranking else Status.NOT_COVERED
        if status is not Status.ANSWERED:
            return self._answer(asked, status, (), ranking, searched, {})
        return self._answer(asked, status, ranking[:top_k], ranking[top_k:], searched, {}, query)

    def search(self, question: str, policies: Sequence[str] | None = None, top_k: int = 10) -> tuple[Citation, ...]:
        """The nearest clauses whether they answer or not, for people who judge for themselves.

        Raises:
            QuestionError: as for `ask`.
        """
        answer = self.ask(question, policies=policies, top_k=top_k)
        return answer.citations or answer.related

    def clause(self, policy: str, number: str) -> tuple[Citation, ...]:
        """Every passage of the clause and of the clauses below it, in reading order.

        Raises:
            QuestionError: no policy has this id, or it has no clause of this number.
        """
        document = self.document(policy)
        found = self._clauses((number,), (policy,))
        if not found:
            numbers = [clause.number for clause in document.clauses if clause.number and clause.depth == 1]
            known = f"its sections are {', '.join(numbers)}" if numbers else "its clauses have no numbers"
            raise QuestionError(f"{document.policy.name} has no clause {number!r}; {known}.")
        return tuple(cite(document, passage, at) for at, passage in enumerate(found, start=1))

    def suggestions(self, policies: Sequence[str] | None = None, count: int = 4) -> tuple[str, ...]:
        """Questions that these policies answer, plainest first."""
        self._check(policies or ())
        return self._suggest(None if policies is None else tuple(sorted(policies)))[:count]

    def _find_suggestions(self, policies: tuple[str, ...] | None) -> tuple[str, ...]:
        return tuple(q for q in SUGGESTIONS if self.ask(q, policies, top_k=1).status is Status.ANSWERED)

    def _check(self, policies: Iterable[str]) -> None:
        unknown = sorted(set(policies) - self._documents.keys())
        if unknown:
            raise QuestionError(
                f"There is no policy {', '.join(map(repr, unknown))}; the policies are "
                f"{', '.join(self._documents) or 'none yet: run `python -m assistant ingest`'}."
            )

    def _rank(self, asked: Question, query: EncodedQuery, searched: Sequence[Policy], k: int) -> Ranking:
        """One ranking; for a comparison the rankings of its groups in turn, best first."""
        groups = asked.groups if asked.compare and asked.groups else (frozenset(p.id for p in searched),)
        rankings = [self._search.rank(asked.topic, query, self._rows_of(group), k) for group in groups]
        turns = [hit for turn in range(k) for ranking in rankings for hit in ranking[turn : turn + 1]]
        return tuple(turns[:k])

    def _rows_of(self, policies: Iterable[str]) -> Rows:
        rows = [self._rows[policy] for policy in policies if policy in self._rows]
        return np.sort(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int64)

    def evidence(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = ()
    ) -> Evidence | None:
        """What the decision to answer or abstain is made on; None where there is nothing to search.

        Raises:
            QuestionError: as for `ask`.
        """
        self._check(policies or ())
        _check_question(question, 1)
        asked = understand(question, self._policies, picked=policies, history=history)
        searched = tuple(p for p in self._policies if asked.policies is None or p.id in asked.policies)
        query = self._encoder.encode_query(asked.standalone)
        ranking = self._rank(asked, query, searched, 5 + _RELATED)
        return self._evidence(query, ranking) if ranking else None

    def _evidence(self, query: EncodedQuery, ranking: Ranking) -> Evidence:
        late = self._search.late
        _, nearest = self._search.dense.search(query.vector, 1)
        best = max(ranking, key=lambda hit: hit.score)
        matches = np.sort(late.best(query.tokens, np.array([best.passage.id]))[0])
        fifth = sorted((hit.score for hit in ranking), reverse=True)[:5][-1]
        return Evidence(
            topicality=float(nearest[0]),
            similarity=float(self._search.dense.cosine(query.vector, best.passage.id)),
            match=float(matches.mean()) if len(matches) else 0.0,
            weakest=float(matches[:3].mean()) if len(matches) else 0.0,
            lead=best.score - fifth,
            tokens=len(matches),
        )

    def _exact(self, asked: Question, searched: Sequence[Policy]) -> dict[Passage, tuple[Span, ...]]:
        """Passages that hold a quoted phrase, in reading order, with where they hold it."""
        out: dict[Passage, tuple[Span, ...]] = {}
        for row in self._rows_of(policy.id for policy in searched) if asked.phrases else ():
            passage = self._passages[int(row)]
            found = [span for phrase in asked.phrases for span in exact_spans(passage.text, phrase)]
            if found:
                start = passage.span.start
                out[passage] = tuple(Span(start + span.start, start + span.end) for span in sorted(found))
        return out

    def _clauses(self, numbers: Sequence[str], policies: Sequence[str]) -> list[Passage]:
        """Passages of the clauses with these numbers and of the clauses below them, in reading order."""
        out: list[Passage] = []
        for policy in policies:
            document = self._documents[policy]
            wanted = {number.rstrip(".").casefold() for number in numbers}
            spans = [clause.span for clause in document.clauses[1:] if clause.number.casefold() in wanted]
            passages = [self._passages[int(row)] for row in self._rows_of((policy,))] if spans else []
            out.extend(passage for passage in passages if any(span.covers(passage.span) for span in spans))
        return out

    def _answer(
        self,
        asked: Question,
        status: Status,
        hits: Sequence[Hit],
        related: Sequence[Hit],
        searched: tuple[Policy, ...],
        exact: dict[Passage, tuple[Span, ...]],
        query: EncodedQuery | None = None,
    ) -> Answer:
        def marked(passage: Passage) -> tuple[Span, ...]:
            if passage in exact:
                return exact[passage]
            return marks(passage, self._search.late, query, asked.wants_list) if query else ()

        def citations(hits: Sequence[Hit], mark: bool) -> tuple[Citation, ...]:
            return tuple(
                cite(self._documents[hit.passage.policy], hit.passage, at, marked(hit.passage) if mark else ())
                for at, hit in enumerate(hits, start=1)
            )

        cited = citations(hits, mark=True)
        nearest = citations(related[:_RELATED], mark=False)
        return Answer(asked.text, status, cited, nearest, searched, summary(asked, status, cited, searched))


def _rows_by_policy(passages: Sequence[Passage]) -> dict[str, Rows]:
    """Rows of the citable passages of each policy, ascending."""
    rows: dict[str, list[int]] = {}
    for passage in passages:
        if passage.citable:
            rows.setdefault(passage.policy, []).append(passage.id)
    return {policy: np.array(found, dtype=np.int64) for policy, found in rows.items()}


def _check_question(question: str, top_k: int) -> None:
    if not question.strip():
        raise QuestionError("The question is empty; type what you want to know.")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; shorten it to {LONGEST_QUESTION:,} or fewer."
        )
    if not 1 <= top_k <= MOST_CITATIONS:
        raise QuestionError(f"The number of citations must be 1 to {MOST_CITATIONS}, not {top_k}.")
