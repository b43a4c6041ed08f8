"""Question → answer, a straight line: understand → rank → decide → cite."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path

from assistant import index
from assistant.answering.abstain import Decision, Evidence, Fit, decide
from assistant.answering.abstain import topic as on_topic
from assistant.answering.abstain import usual as how_usual
from assistant.answering.lexicon import holds_words, is_known
from assistant.answering.limits import check_question
from assistant.answering.parts import in_reading_order
from assistant.answering.reading import Reading, marks_of
from assistant.answering.sorting import Sorter
from assistant.answering.suggest import suggested
from assistant.answering.summary import summary
from assistant.answering.topics import TOPICS, Topic, find_topic
from assistant.answering.understand import understand
from assistant.answering.versions import NEAR, newest_first
from assistant.engines import Embedded
from assistant.errors import IndexStaleError
from assistant.lookup import Lookup
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.engine import Engine
from assistant.retrieval.spelling import Spelling
from assistant.retrieval.weights import read_page
from assistant.settings import Settings
from assistant.types import Answer, Citation, Confidence, Document, Hit, Passage, Policy, Ranking, Span, Status

_LONGEST_QUESTION = Settings().max_question_chars
MOST_CITATIONS = 50
# Nearest clauses shown beside an answer or instead of one.
_RELATED = 3
# Candidates that tell how well another policy would answer.
_FIRST_LOOK = 15
# Passages that hold a quoted phrase, of which the best are cited.
_EXACT = 1000
# What a clause number or a quoted phrase finds is what was asked for.
_ASKED_FOR = Decision(Status.ANSWERED, Confidence.CLEAR)


class Assistant:
    """Answers questions over one engine; all doors call these methods, from any number of threads."""

    def __init__(
        self, engine: Engine, max_question_chars: int = _LONGEST_QUESTION, encoder: Encoder | None = None
    ) -> None:
        self._max_question_chars = max_question_chars
        if encoder:
            self.encoder = encoder
        self._engine = engine
        self._lookup = Lookup(engine)
        self._policies = engine.policies()
        self._by_id = {policy.id: policy for policy in self._policies}
        # Who comes meanwhile waits for what is found once, and finds nothing twice.
        self._slowly = threading.Lock()
        self._suggest = lru_cache(maxsize=256)(self._find_suggestions)
        self._by_topic = lru_cache(maxsize=1024)(lambda policy: self._sorter.sort(self._lookup.passages(policy)))

    @classmethod
    def open(
        cls, index_dir: Path, max_question_chars: int = _LONGEST_QUESTION, encoder: Encoder | None = None
    ) -> Assistant:
        """Loads the index; an encoder that is not given is loaded with the first question.

        Args:
            index_dir: folder of the built index.
            max_question_chars: longest question in code points; longer ones cost as much as their length.
            encoder: the shipped one, where it is loaded already.

        Raises:
            IndexMissingError, IndexDamagedError: there is no index, or it cannot be trusted.
            IndexStaleError: it was built with another encoder.
        """
        data = index.load(index_dir)
        if data.manifest.encoder_sha256 != read_page().sha256:
            raise IndexStaleError(
                f"The index in {index_dir} was built with another encoder; run `python -m assistant ingest`."
            )
        return cls(Embedded(data), max_question_chars, encoder)

    @cached_property
    def encoder(self) -> Encoder:
        """What encodes questions.

        Raises:
            EncoderError: its weights are missing or changed.
        """
        return Encoder()

    @cached_property
    def _spelling(self) -> Spelling:
        return Spelling(self._engine.words(), lambda word: is_known(word, "en"))

    @cached_property
    def _sorter(self) -> Sorter:
        return Sorter(self.encoder.encode_query, self._engine)

    def policies(self) -> tuple[Policy, ...]:
        """Every policy that can be asked about, by id."""
        return self._policies

    def passage_count(self) -> int:
        """How many passages are searched."""
        return self._lookup.library.passage_count()

    def degraded(self) -> bool:
        """Whether what is searched answers only when it is asked again."""
        return self._lookup.library.degraded()

    def document(self, policy: str) -> Document:
        """The document of one policy.

        Raises:
            QuestionError: no policy has this id.
        """
        return self._lookup.document(policy)

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
        clauses = self._lookup.numbered(reading.asked.numbers, reading.policies, top_k)
        if clauses:
            return self._answer(reading, _ASKED_FOR, [Hit(passage, 0.0) for passage in clauses[:top_k]])
        ranking = self._rank(reading, top_k + _RELATED)
        if reading.asked.numbers:
            return self._answer(reading, Decision(Status.NOT_COVERED), (), ranking)
        exact = self._lookup.exact(reading.asked.phrases, reading.policies, _EXACT)
        if exact:
            first = self._engine.rank(reading.words, reading.query, top_k, passages=exact)
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
        if answer.citations:
            return answer.citations
        reading = self._read(question, policies, (), top_k)
        return self._answer(reading, _ASKED_FOR, self._rank(reading, top_k)).citations

    def clause(self, policy: str, number: str) -> tuple[Citation, ...]:
        """Every passage of the clause and of the clauses below it, in reading order.

        Raises:
            QuestionError: no policy has this id, or it has no clause of this number.
        """
        return self._lookup.cited(self._lookup.clause(policy, number))

    def clauses(self, number: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        """As `clause`, in each of the policies, all for None; empty where none has such a clause.

        Raises:
            QuestionError: a policy is unknown.
        """
        return self._lookup.cited(self._lookup.numbered((number,), self._lookup.picked(policies)))

    def phrase(self, text: str, policies: Sequence[str] | None = None, top_k: int = 20) -> tuple[Citation, ...]:
        """Every place that holds these words one after another, marked, in reading order per policy.

        Args:
            text: the words; case, white space and the style of quotes and dashes do not count.
            policies: ids to look in; None for all.
            top_k: most citations.

        Raises:
            QuestionError: as for `ask`.
        """
        check_question(text, top_k, self._max_question_chars, MOST_CITATIONS)
        found = self._lookup.exact((text,), self._lookup.picked(policies), top_k, headings=True)
        return self._lookup.cited(found, found.values())[:top_k]

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        """The question asked of each policy alone, in the order given.

        Raises:
            QuestionError, EncoderError: as for `ask`.
        """
        self._lookup.check(policies)
        return tuple(self.ask(question, [policy]) for policy in policies)

    def topics(self) -> tuple[Topic, ...]:
        """What clauses can be browsed by."""
        return TOPICS

    def topic(self, id: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        """The clauses about one topic, in reading order per policy.

        Args:
            id: of one of `topics`.
            policies: ids to look in; None for all.

        Raises:
            QuestionError: there is no such topic, or a policy is unknown.
            EncoderError: as for `ask`.
        """
        topic = find_topic(id)
        picked = self._lookup.picked(policies)
        with self._slowly:
            found = [passage for policy in picked for passage in self._by_topic(policy.id)[topic]]
        return self._lookup.cited(found)

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        """Questions that these policies answer, plainest first; in English where `language` (ISO 639-1) is unknown."""
        self._lookup.check(policies or ())
        with self._slowly:
            return self._suggest(None if policies is None else tuple(sorted(policies)), language)[:count]

    def evidence(self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = ()) -> Evidence:
        """What the decision to answer or abstain is made on.

        Raises:
            QuestionError, EncoderError: as for `ask`.
        """
        reading = self._read(question, policies, history, 1)
        return self._evidence(reading, self._rank(reading, _RELATED))

    def _find_suggestions(self, policies: tuple[str, ...] | None, language: str) -> tuple[str, ...]:
        return tuple(q for q in suggested(language) if self.ask(q, policies, top_k=1).status is Status.ANSWERED)

    def _read(self, question: str, policies: Sequence[str] | None, history: Sequence[str], top_k: int) -> Reading:
        self._lookup.check(policies or ())
        check_question(question, top_k, self._max_question_chars, MOST_CITATIONS)
        asked = understand(question, self._policies, picked=policies, history=history)
        searched = tuple(p for p in self._policies if asked.policies is None or p.id in asked.policies)
        # Words of a language that no policy is written in are no misspelt words of the policies.
        written = {policy.language or "en" for policy in searched}
        words = self._spelling.mended(asked.standalone) if asked.language in written else asked.standalone
        return Reading(asked, searched, words, self.encoder.encode_query(words))

    def _rank(self, reading: Reading, k: int) -> Ranking:
        """One ranking; for a comparison the rankings of its groups in turn, best first."""
        groups: Sequence[frozenset[str] | None] = reading.asked.groups or (reading.asked.policies,)
        ranked = (self._engine.rank(reading.words, reading.query, k, group) for group in groups)
        # Of more groups than there are places only the first that have passages take part.
        found = list(islice(filter(None, ranked), k))
        return tuple(hit for turn in range(k) for each in found for hit in each[turn : turn + 1])[:k]

    def _evidence(self, reading: Reading, ranking: Ranking) -> Evidence:
        about, usual = on_topic(reading.query.vector), how_usual(reading.query.vector)
        language = reading.asked.language
        words = self._engine.matched(reading.words) or holds_words(reading.words, language)
        if not ranking:
            return Evidence(about, None, usual, words)
        match = max(hit.score for hit in ranking)
        whole: Ranking = ()
        if len(reading.policies) < len(self._policies):
            whole = self._engine.rank(reading.words, reading.query, 1, candidates=_FIRST_LOOK)
        return Evidence(about, Fit(match, max([match, *(hit.score for hit in whole)]) - match), usual, words)

    def _answer(
        self,
        reading: Reading,
        decision: Decision,
        hits: Sequence[Hit],
        related: Sequence[Hit] = (),
        exact: Mapping[Passage, tuple[Span, ...]] | None = None,
    ) -> Answer:
        """The answer that cites `hits`; `exact` says what to mark where a phrase was asked for."""
        passages = [hit.passage for hit in hits]
        cited = self._lookup.cited(passages, marks_of(reading, passages, self._engine, exact or {}))
        nearest = self._lookup.cited(hit.passage for hit in related[:_RELATED])
        sentence = summary(reading.asked, decision.status, cited, reading.policies)
        return Answer(
            reading.asked.text,
            decision.status,
            cited,
            nearest,
            reading.policies,
            sentence,
            decision.confidence,
            reading.asked.language,
        )
