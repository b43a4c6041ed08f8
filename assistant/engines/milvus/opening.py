"""Settings → the rows of a tenant on a Milvus server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assistant.engines.milvus.client import Client, Server
from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.schema import Names, make, there
from assistant.engines.milvus.store import Store
from assistant.errors import IndexMissingError
from assistant.retrieval.weights import read_page
from assistant.settings import Settings

# Seconds for a call of an ingest, which nobody waits for: a server that is started anew may load for minutes.
_PATIENCE = 300.0


def opened_store(settings: Settings) -> Store:
    """What questions are asked of.

    Raises:
        IndexMissingError: nothing was ever ingested there.
        EngineError, BusyError: the server cannot be used, or does not answer.
    """
    client, names = _connected(settings, settings.engine_seconds)
    if not there(client, names):
        raise _nothing(settings)
    return Store(client, names, settings.tenant)


def made_store(settings: Settings, dim: int) -> Store:
    """What is ingested into; its collections are made where they are missing.

    Args:
        settings: name the server and the tenant.
        dim: dimensions of a passage's vector.

    Raises:
        EngineError, BusyError: the server cannot be used, or does not answer.
    """
    client, names = _connected(settings, max(settings.engine_seconds, _PATIENCE))
    make(client, names, dim)
    return Store(client, names, settings.tenant)


def snapshot(store: Store, settings: Settings) -> Sequence[Entry]:
    """What counts just now.

    Raises:
        IndexMissingError: the tenant has no policy.
        EngineError, BusyError: the server cannot be used, or does not answer.
    """
    entries = store.entries()
    if not any(entry.generation for entry in entries):
        raise _nothing(settings)
    return entries


def _connected(settings: Settings, seconds: float) -> tuple[Client, Names]:
    ca = Path(settings.engine_ca) if settings.engine_ca else None
    client = Client(Server(settings.engine, settings.engine_token, ca, seconds, settings.engine_replicas))
    return client, Names(settings.engine_prefix, read_page().sha256)


def _nothing(settings: Settings) -> IndexMissingError:
    return IndexMissingError(
        f"The server at {settings.engine} has no policies of the tenant {settings.tenant!r} that were encoded as "
        "questions are now; run `python -m assistant ingest`."
    )
