"""The assistant of a process in front of workers: it looks up what needs no encoder, and has the rest answered."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

from assistant.answering.abstain import Evidence
from assistant.ask import Assistant
from assistant.engines import Embedded
from assistant.index import load
from assistant.index.manifest import read_record
from assistant.lookup import Lookup
from assistant.retrieval.engine import Library
from assistant.types import Answer, Citation
from assistant.workers.pool import Workers

# More than there are.
_ALL_SUGGESTIONS = 1000


class Served(Assistant):
    """Answers as the `Assistant` over the same index does, and holds neither the encoder nor what is searched in."""

    def __init__(self, library: Library, max_question_chars: int, workers: Workers, generation: int) -> None:
        """Looks up in `library`; `workers` know it by the number `generation`, until this object is gone."""
        # What methods that are not overridden read.
        self._lookup = Lookup(library)
        self._max_question_chars = max_question_chars
        self._policies = library.policies()
        self._workers = workers
        self._call = partial(workers.call, generation)
        self._suggested = lru_cache(maxsize=256)(partial(self._call, "suggestions"))
        self._sorted = lru_cache(maxsize=256)(partial(self._call, "topic"))
        weakref.finalize(self, workers.forget, generation)

    def degraded(self) -> bool:
        """As `Assistant.degraded`, here or in a worker."""
        return self._lookup.library.degraded() or self._workers.degraded

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        """As `Assistant.ask`.

        Raises:
            BusyError: nobody is there to answer.
        """
        answer: Answer = self._call("ask", question, policies, history, top_k)
        return answer

    def search(self, question: str, policies: Sequence[str] | None = None, top_k: int = 10) -> tuple[Citation, ...]:
        """As `Assistant.search`.

        Raises:
            BusyError: nobody is there to answer.
        """
        citations: tuple[Citation, ...] = self._call("search", question, policies, top_k)
        return citations

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        """As `Assistant.compare`.

        Raises:
            BusyError: nobody is there to answer.
        """
        answers: tuple[Answer, ...] = self._call("compare", question, policies)
        return answers

    def topic(self, id: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        """As `Assistant.topic`.

        Raises:
            BusyError: nobody is there to answer.
        """
        citations: tuple[Citation, ...] = self._sorted(id, None if policies is None else tuple(policies))
        return citations

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        """As `Assistant.suggestions`.

        Raises:
            BusyError: nobody is there to answer.
        """
        self._lookup.check(policies or ())
        picked = None if policies is None else tuple(sorted(policies))
        questions: tuple[str, ...] = self._suggested(picked, _ALL_SUGGESTIONS, language)
        return questions[:count]

    def evidence(self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = ()) -> Evidence:
        """As `Assistant.evidence`.

        Raises:
            BusyError: nobody is there to answer.
        """
        evidence: Evidence = self._call("evidence", question, policies, history)
        return evidence


def open_served(index_dir: Path, max_question_chars: int, workers: Workers) -> Served:
    """Opens the index here and in every worker.

    Args:
        index_dir: folder of the built index.
        max_question_chars: longest question in code points.
        workers: what answers.

    Raises:
        IndexMissingError, IndexDamagedError, IndexStaleError: as for `Assistant.open`.
        EncoderError: the encoder's weights are missing or changed.
        AssistantError: no worker starts.
    """
    while True:
        build = read_record(index_dir)["build"]
        data = load(index_dir)
        generation = workers.open(build)
        # None where another process has put a new index into place meanwhile.
        if generation is not None:
            return Served(Embedded(data), max_question_chars, workers, generation)
