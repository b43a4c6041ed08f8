"""Answers over a Milvus server: in this process or in workers, and always over the newest versions of its policies."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from assistant.ask import Assistant
from assistant.engines.milvus.engine import Milvus
from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.opening import opened_store, snapshot
from assistant.engines.milvus.store import Store
from assistant.errors import AssistantError
from assistant.generations import Generations
from assistant.retrieval.encoder import Encoder
from assistant.settings import Settings
from assistant.workers.pool import Workers
from assistant.workers.served import Served
from assistant.workers.worker import Answering, Call, Job, Reply


def opened(settings: Settings, encoder: Encoder | None = None) -> Assistant:
    """The assistant over the policies of the tenant as they are now.

    Raises:
        IndexMissingError: it has none.
        EngineError, BusyError: the server cannot be used, or does not answer.
    """
    store = opened_store(settings)
    return Assistant(Milvus(store, snapshot(store, settings)), settings.max_question_chars, encoder)


def followed(settings: Settings, workers: Workers | None = None) -> Generations:
    """As `opened`, and every newer one that takes its place.

    Args:
        settings: name the server and the tenant.
        workers: what answers; None for this process.

    Raises:
        IndexMissingError, EngineError, BusyError: as for `opened`.
        AssistantError: no worker starts.
    """
    store = opened_store(settings)
    known: list[Milvus] = []

    def newest(last: Assistant | None) -> Assistant:
        entries = snapshot(store, settings)
        engine = Milvus(store, entries, known[-1] if known else None)
        if workers:
            # The same entries everywhere, whatever is ingested meanwhile: a worker never opens another version.
            assistant: Assistant = Served(engine, settings.max_question_chars, workers, _opened_in(workers, entries))
        else:
            assistant = Assistant(engine, settings.max_question_chars, last.encoder if last else None)
        known[:] = [engine]
        return assistant

    return Generations(settings.index, settings.max_question_chars, newest, _Marks(store))


class AnsweringRemotely(Answering):
    """Replies in a worker, which has a connection of its own."""

    def __init__(self, settings: Settings, job: Job) -> None:
        """Loads the encoder, where that is not done."""
        super().__init__(job)
        self._settings = settings
        self._store: Store | None = None
        self._last: Milvus | None = None

    def __call__(self, call: Call) -> Reply:
        """As in any worker, and whether the server needed further tries."""
        return super().__call__(call)._replace(degraded=self._store is not None and self._store.degraded)

    def opened(self, build: object) -> Assistant | None:
        """The assistant over the entries that `build` is."""
        if not isinstance(build, tuple):
            return None
        self._store = self._store or opened_store(self._settings)
        # What is searched from now on has the rows of these entries.
        self._store.refresh()
        self._last = Milvus(self._store, build, self._last)
        return Assistant(self._last, self._settings.max_question_chars, self._encoder)


class _Marks:
    """What changes when it is worth looking for new versions; the last one while the server does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last = ""

    def __call__(self) -> str:
        with contextlib.suppress(AssistantError):
            self._last = self._store.mark()
        return self._last


def _opened_in(workers: Workers, entries: Sequence[Entry]) -> int:
    generation = workers.open(tuple(entries))
    if generation is None:
        raise AssistantError("A process that answers cannot open what is on the search server; the log says why.")
    return generation
