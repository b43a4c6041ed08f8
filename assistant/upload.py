"""What `python -m assistant ingest` does where the engine is a Milvus server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from assistant.errors import IndexMissingError
from assistant.settings import Settings
from assistant.shards import Shard
from assistant.terminal import progress
from assistant.upkeep import follow, limits_of, tell, tell_stale

if TYPE_CHECKING:
    from assistant.bulk import Bulk


def build(settings: Settings, corpus: Path, shard: Shard, out: TextIO) -> int:
    """Writes the shard, tells each bad file on stderr and a summary on `out`; returns the number of bad files.

    Raises:
        CorpusError, EngineError, BusyError: as for `Bulk.ingest`.
    """
    return _build(_bulk(settings, shard), settings, corpus, out)


def check(settings: Settings, corpus: Path, shard: Shard, out: TextIO) -> bool:
    """Says on `out` what an ingest would take up; whether there is anything.

    Raises:
        CorpusError, EngineError, BusyError: as for `Bulk.stale`.
    """
    from assistant.bulk import Bulk
    from assistant.engines.milvus.opening import opened_store
    from assistant.retrieval.encoder import Encoder

    try:
        store = opened_store(settings)
    except IndexMissingError as error:
        return tell_stale((str(error),), corpus, out)
    return tell_stale(Bulk(store, Encoder, shard).stale(corpus), corpus, out)


def watch(settings: Settings, corpus: Path, shard: Shard, out: TextIO, stop: threading.Event | None = None) -> None:
    """Writes the shard now and after each change of the folder, until it is interrupted or `stop` is set.

    Raises:
        AssistantError: the first ingest fails.
    """
    bulk = _bulk(settings, shard)
    follow(corpus, out, lambda: bool(bulk.stale(corpus)), lambda: _build(bulk, settings, corpus, out), stop)


def _build(bulk: Bulk, settings: Settings, corpus: Path, out: TextIO) -> int:
    with progress("passages") as bar:
        report = bulk.ingest(corpus, bar.advance, limits_of(settings))
    return tell(report, out)


def _bulk(settings: Settings, shard: Shard) -> Bulk:
    from assistant.bulk import Bulk
    from assistant.engines.milvus.opening import made_store
    from assistant.retrieval.encoder import Encoder

    load: Callable[[], Encoder] = cache(Encoder)
    return Bulk(made_store(settings, load().dim), load, shard)
