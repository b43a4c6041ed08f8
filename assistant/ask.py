"""Question → answer, a straight line: understand → rank → decide → cite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import index
from assistant.answering.abstain import Decision, Evidence, Fit, decide, topic
from assistant.answering.cite import cite
from assistant.answering.lexicon import holds_words, is_known
from assistant.answering.marks import marks
from assistant.answering.parts import in_reading_order
from assistant.answering.suggest import SUGGESTIONS
from assistant.answering.summary import summary
from assistant.answering.understand import Question, understand
from assistant.answering.versions import NEAR, newest_first
from assistant.errors import IndexStaleError, QuestionError
from assistant.links import anchors
from assistant.retrieval.dense import Dense
from assistant.retrieval.encoder import EncodedQuery, Encoder
from assistant.retrieval.lexical import Lexical
from assistant.retrieval.phrases import exact_spans
from assistant.retrieval.search import Search
from assistant.retrieval.spelling import Spelling
from assistant.retrieval.weights import read_page
from assistant.settings import Settings
from assistant.types import Answer, Citation, Confidence, Document, Hit, Passage, Policy, Ranking, Span, Status

Rows = NDArray[np.int64]

_LONGEST_QUESTION = Settings().max_question_chars
MOST_CITATIONS = 50
# Nearest clauses shown beside an answer or instead of one.
_RELATED = 3
# Candidates that tell how well another policy would answer.
_FIRST_LOOK = 15
# What a clause number or a quoted phrase finds is what was asked for.
_ASKED_FOR = Decision(Status.ANSWERED, Confidence.CLEAR)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A question on its way to an answer."""

    asked: Question
    # The policies that are searched.
    policies: tuple[Policy, ...]
    # What is searched for: the question standing alone, its typing mended.
    words: str
    query: EncodedQuery


class Assistant:
    """Answers questions over one built index; all doors call these methods, from any number of threads."""

    def __init__(self, data: index.IndexData, max_question_chars: int = _LONGEST_QUESTION) -> None:
        self._max_question_chars = max_question_chars
        self._documents = {document.policy.id: document for document in data.documents}
        self._passages = data.passages
        texts = [passage.indexed for passage in data.passages]
        self._search = Search(data.passages, Dense(data.vectors), Lexical(texts), data.tokens)
        self._spelling = Spelling(texts, lambda word: is_known(word, "en"))
        self._policies = tuple(document.policy for document in data.documents)
        self._by_id = {policy.id: policy for policy in self._policies}
        self._rows = _rows_by_policy(data.passages)
        self._suggest = lru_cache(maxsize=256)(self._find_suggestions)
        self._anchors = lru_cache(maxsize=1024)(lambda policy: anchors(self._documents[policy]))

    @classmethod
    def open(cls, index_dir: Path, max_question_chars: int = _LONGEST_QUESTION) -> Assistant:
        """Loads the index; the encoder is loaded with the first question.

        Args:
            index_dir: folder of the built index.
            max_question_chars: longest question in code points; longer ones cost as much as their length.

        Raises:
            IndexMissingError, IndexDamagedError: there is no index, or it cannot be trusted.
            IndexStaleError: it was built with another encoder.
        """
        data = index.load(index_dir)
        if data.manifest.encoder_sha256 != read_page().sha256:
            raise IndexStaleError(
                f"The index in {index_dir} was built with another encoder; run `python -m assistant ingest`."
            )
        return cls(data, max_question_chars)

    @cached_property
    def _encoder(self) -> Encoder:
        return Encoder()

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
            EncoderError: the encoder's weights are missing or changed.
        """
        reading = self._read(question, policies, history, top_k)
        clauses = self._clauses(reading.asked.numbers, reading.policies)
        if clauses:
            return self._answer(reading, _ASKED_FOR, [Hit(passage, 0.0) for passage in clauses[:top_k]])
        ranking = self._rank(reading, top_k + _RELATED)
        if reading.asked.numbers:
            return self._answer(reading, Decision(Status.NOT_COVERED), (), ranking)
        exact = self._exact(reading)
        if exact:
            rows = np.array(sorted(passage.id for passage in exact), dtype=np.int64)
            first = self._search.rank(reading.words, reading.query, rows, top_k)
            ranking = (*first, *(hit for hit in ranking if hit.passage not in exact))
            return self._answer(reading, _ASKED_FOR, ranking[:top_k], ranking[top_k:], exact)
        decision = decide(self._evidence(reading, ranking))
        if decision.status is not Status.ANSWERED:
            return self._answer(reading, decision, (), ranking)
        if not reading.asked.groups:
            ranking = newest_first(ranking, self._by_id, NEAR)
        if reading.asked.wants_list:
            ranking = in_reading_order(ranking)
        return self._answer(reading, decision, ranking[:top_k], ranking[top_k:])

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
        found = self._clauses((number,), (document.policy,))
        if not found:
            numbers = [clause.number for clause in document.clauses if clause.number and clause.depth == 1]
            known = f"its sections are {', '.join(numbers)}" if numbers else "its clauses have no numbers"
            raise QuestionError(f"{document.policy.name} has no clause {number!r}; {known}.")
        return tuple(self._cite(Hit(passage, 0.0), at) for at, passage in enumerate(found, 1))

    def suggestions(self, policies: Sequence[str] | None = None, count: int = 4) -> tuple[str, ...]:
        """Questions that these policies answer, plainest first."""
        self._check(policies or ())
        return self._suggest(None if policies is None else tuple(sorted(policies)))[:count]

    def evidence(self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = ()) -> Evidence:
        """What the decision to answer or abstain is made on.

        Raises:
            QuestionError, EncoderError: as for `ask`.
        """
        reading = self._read(question, policies, history, 1)
        return self._evidence(reading, self._rank(reading, _RELATED))

    def _find_suggestions(self, policies: tuple[str, ...] | None) -> tuple[str, ...]:
        return tuple(q for q in SUGGESTIONS if self.ask(q, policies, top_k=1).status is Status.ANSWERED)

    def _check(self, policies: Iterable[str]) -> None:
        unknown = sorted(set(policies) - self._documents.keys())
        if unknown:
            raise QuestionError(
                f"There is no policy {', '.join(map(repr, unknown))}; the policies are "
                f"{', '.join(self._documents) or 'none yet: run `python -m assistant ingest`'}."
            )

    def _check_question(self, question: str, top_k: int) -> None:
        if not question.strip():
            raise QuestionError("The question is empty; type what you want to know.")
        if len(question) > self._max_question_chars:
            raise QuestionError(
                f"The question has {len(question):,} characters; shorten it to {self._max_question_chars:,} or fewer."
            )
        if not 1 <= top_k <= MOST_CITATIONS:
            raise QuestionError(f"The number of citations must be 1 to {MOST_CITATIONS}, not {top_k}.")

    def _read(self, question: str, policies: Sequence[str] | None, history: Sequence[str], top_k: int) -> _Reading:
        self._check(policies or ())
        self._check_question(question, top_k)
        asked = understand(question, self._policies, picked=policies, history=history)
        searched = tuple(p for p in self._policies if asked.policies is None or p.id in asked.policies)
        # Words of a language that no policy is written in are no misspelt words of the policies.
        written = {policy.language or "en" for policy in searched}
        words = self._spelling.mended(asked.standalone) if asked.language in written else asked.standalone
        return _Reading(asked, searched, words, self._encoder.encode_query(words))

    def _rank(self, reading: _Reading, k: int) -> Ranking:
        """One ranking; for a comparison the rankings of its groups in turn, best first."""
        groups = reading.asked.groups or (frozenset(policy.id for policy in reading.policies),)
        found = [self._search.rank(reading.words, reading.query, self._rows_of(group), k) for group in groups]
        return tuple(hit for turn in range(k) for each in found for hit in each[turn : turn + 1])[:k]

    def _rows_of(self, policies: Iterable[str]) -> Rows:
        rows = [self._rows[policy] for policy in policies if policy in self._rows]
        return np.sort(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int64)

    def _evidence(self, reading: _Reading, ranking: Ranking) -> Evidence:
        on_topic = topic(reading.query.vector)
        language = reading.asked.language
        words = bool(self._search.lexical.matched(reading.words).any()) or holds_words(reading.words, language)
        if not ranking:
            return Evidence(on_topic, None, words)
        match = max(hit.score for hit in ranking)
        whole: Ranking = ()
        if len(reading.policies) < len(self._policies):
            whole = self._search.rank(reading.words, reading.query, self._rows_of(self._rows), 1, _FIRST_LOOK)
        return Evidence(on_topic, Fit(match, max([match, *(hit.score for hit in whole)]) - match), words)

    def _exact(self, reading: _Reading) -> dict[Passage, tuple[Span, ...]]:
        """Passages that hold a quoted phrase, with where they hold it."""
        out: dict[Passage, tuple[Span, ...]] = {}
        phrases = reading.asked.phrases
        for row in self._rows_of(policy.id for policy in reading.policies) if phrases else ():
            passage = self._passages[int(row)]
            found = [span for phrase in phrases for span in exact_spans(passage.text, phrase)]
            if found:
                start = passage.span.start
                out[passage] = tuple(Span(start + span.start, start + span.end) for span in sorted(found))
        return out

    def _clauses(self, numbers: Sequence[str], policies: Sequence[Policy]) -> list[Passage]:
        """Passages of the clauses with these numbers and of the clauses below them, in reading order."""
        out: list[Passage] = []
        wanted = {number.rstrip(".").casefold() for number in numbers}
        for policy in policies if wanted else ():
            clauses = self._documents[policy.id].clauses[1:]
            spans = [clause.span for clause in clauses if clause.number.casefold() in wanted]
            passages = [self._passages[int(row)] for row in self._rows_of((policy.id,))] if spans else []
            out.extend(passage for passage in passages if any(span.covers(passage.span) for span in spans))
        return out

    def _answer(
        self,
        reading: _Reading,
        decision: Decision,
        hits: Sequence[Hit],
        related: Sequence[Hit] = (),
        exact: Mapping[Passage, tuple[Span, ...]] | None = None,
    ) -> Answer:
        """The answer that cites `hits`; `exact` says what to mark where a phrase was asked for."""
        cited = tuple(self._cite(hit, at, self._marks(reading, hit, exact or {})) for at, hit in enumerate(hits, 1))
        nearest = tuple(self._cite(hit, at) for at, hit in enumerate(related[:_RELATED], 1))
        sentence = summary(reading.asked, decision.status, cited, reading.policies)
        return Answer(
            reading.asked.text, decision.status, cited, nearest, reading.policies, sentence, decision.confidence
        )

    def _cite(self, hit: Hit, number: int, marked: Iterable[Span] = ()) -> Citation:
        policy, clause = hit.passage.policy, hit.passage.clause
        return cite(self._documents[policy], hit.passage, number, marked, self._anchors(policy)[clause])

    def _marks(self, reading: _Reading, hit: Hit, exact: Mapping[Passage, tuple[Span, ...]]) -> tuple[Span, ...]:
        if hit.passage in exact:
            return exact[hit.passage]
        if reading.asked.numbers and hit.passage.number in reading.asked.numbers:
            return ()
        return marks(hit.passage, self._search.late, reading.query, reading.asked.wants_list)


def _rows_by_policy(passages: Sequence[Passage]) -> dict[str, Rows]:
    """Rows of the citable passages of each policy, ascending."""
    rows: dict[str, list[int]] = {}
    for passage in passages:
        if passage.citable:
            rows.setdefault(passage.policy, []).append(passage.id)
    return {policy: np.array(found, dtype=np.int64) for policy, found in rows.items()}
