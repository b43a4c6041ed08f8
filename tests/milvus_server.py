"""A Milvus server for tests: milvus-lite on 127.0.0.1, and the one that MILVUS_URI names, where it does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from assistant.bulk import Bulk
from assistant.engines.milvus.client import Client, Server
from assistant.engines.milvus.engine import Milvus
from assistant.engines.milvus.schema import Names, make
from assistant.engines.milvus.store import Store
from assistant.ingest import IngestReport
from assistant.retrieval.encoder import Encoder
from assistant.shards import Shard

# A server of one's own is tested as well where it is named; MILVUS_TOKEN says how to log in there.
GIVEN = "MILVUS_URI"
_START = 60.0
WHOLE = Shard()


@dataclass(eq=False)
class Lite:
    """A process of milvus-lite over a folder; it keeps its port when it is started again."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        command = [Path(sys.executable).with_name("milvus-lite"), "server", "--host", "127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--data-dir", str(self.folder / "data")], stdout=log, stderr=log
            )
        until = time.monotonic() + _START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text("utf-8")
                assert time.monotonic() < until, "milvus-lite does not listen"
                time.sleep(0.05)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Server]:
    """One of `conftest.SERVERS`."""
    if kind == GIVEN:
        yield Server(os.environ[GIVEN], os.environ.get("MILVUS_TOKEN", ""), seconds=120.0)
        return
    lite = Lite(folder)
    lite.start()
    try:
        yield Server(lite.uri, seconds=30.0)
    finally:
        lite.kill()


@dataclass(frozen=True)
class World:
    """A server with collections of its own."""

    server: Server
    client: Client
    names: Names
    encoder: Encoder

    def store(self, tenant: str) -> Store:
        return Store(self.client, self.names, tenant)

    def engine(self, tenant: str, last: Milvus | None = None) -> Milvus:
        store = self.store(tenant)
        return Milvus(store, store.entries(), last)

    def ingest(self, tenant: str, corpus: Path, shard: Shard = WHOLE, grace: float = 600.0) -> IngestReport:
        return Bulk(self.store(tenant), lambda: self.encoder, shard, grace).ingest(corpus)


@contextmanager
def world(server: Server, encoder: Encoder) -> Iterator[World]:
    """Collections that nobody else has, dropped at the end."""
    client = Client(server)
    names = Names(f"test_{uuid.uuid4().hex[:12]}", encoder.sha256)
    make(client, names, encoder.dim)
    try:
        yield World(server, client, names, encoder)
    finally:
        for name in names.all():
            client.call("drop_collection", name)
