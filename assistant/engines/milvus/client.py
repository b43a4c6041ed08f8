"""Calls to a Milvus server: tried again while that may help, until a deadline, and told where that was needed.

Every call that is made here may be made twice: searches change nothing, and rows are written and deleted by their keys.
"""

from __future__ import annotations

import logging
import math
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.errors import BusyError, EngineError

_LOG = logging.getLogger(__name__)
INSTALL = "pip install -r requirements-milvus.txt"
# The first version with BM25 functions.
_OLDEST = (2, 5)
# The first version of the server for tests and trials that answers as Milvus does; its numbers are its own.
_OLDEST_LITE = (3, 0)
# Seconds before the second try; each further one waits twice as long, at most `_LONGEST_PAUSE`.
_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
# The share of the time that one try may take, so that a server that went silent leaves time for others.
_TRY = 1 / 3
_LEAST = 0.1
# Rows that are fetched at once where there may be many.
_PAGE = 1000
# A connection on this machine does not break without a word, and milvus-lite closes one that asks every 10 seconds
# whether it is still there, as pymilvus does.
_HERE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:|/|$)")
_RARELY = 600_000
# Seconds for which it is remembered that a call needed further tries.
_REMEMBERED = 60.0
# Seconds after which it is worth asking again.
_WAIT = 5
# The server's codes for what no second try mends: a name that is not there, a field, a filter, a login.
_NOT_LOADED = 101
_LASTING = frozenset((6, 10, 100, 700)) | frozenset(range(1100, 1200)) | frozenset(range(1400, 1500))
_REFUSED = ("UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a Milvus server is, and how it is spoken to."""

    # https://… is spoken to by TLS.
    uri: str
    # "user:password" or an API key, "" for none; never told.
    token: str = field(default="", repr=False)
    # File with the certificates that the server's is checked against; None for those of the system.
    ca: Path | None = None
    # Seconds that a call may take, all tries together.
    seconds: float = 15.0
    # Copies of each collection in memory; 0 for those that are there, and for what the server thinks best at first.
    replicas: int = 0


class Client:
    """A connection that outlives the server's failures; used by any number of threads."""

    def __init__(self, server: Server) -> None:
        """Connects.

        Raises:
            EngineError: pymilvus is not installed, the server is too old, or refuses the token.
            BusyError: it does not answer in time.
        """
        self._server = server
        self._lock = threading.Lock()
        self._client: Any = None
        # Whether the last call needed more than one try, and when one did.
        self._trying, self._tried = False, -math.inf
        self.library = _library()
        _check_version(server.uri, str(self.call("get_server_version")))

    @property
    def degraded(self) -> bool:
        """Whether a call of the last minute needed more than one try, or failed."""
        return time.monotonic() - self._tried < _REMEMBERED

    @property
    def replicas(self) -> int:
        """Copies of each collection that are wanted in memory; 0 for those that are there."""
        return self._server.replicas

    def call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """What a method of `pymilvus.MilvusClient` returns.

        Raises:
            EngineError: the server refuses, and would again.
            BusyError: it has not answered before the deadline.
        """
        return self._again(
            lambda seconds: getattr(self._connected(seconds), method)(*args, timeout=seconds, **kwargs), args[:1]
        )

    def ensure(self, there: Callable[[Any, float], bool], method: str, *args: Any, **kwargs: Any) -> None:
        """Calls a method that makes something, unless that is there: another process may make it at the same time.

        Args:
            there: asked before each try; takes the `pymilvus.MilvusClient`, and the seconds that it may take.
            method: of `pymilvus.MilvusClient`.
            args: of the method.
            kwargs: of the method.

        Raises:
            EngineError, BusyError: as for `call`.
        """

        def attempt(seconds: float) -> None:
            server = self._connected(seconds)
            if not there(server, seconds):
                getattr(server, method)(*args, timeout=seconds, **kwargs)

        self._again(attempt, ())

    def loaded(self, collection: str) -> bool:
        """Whether a collection is in memory.

        Raises:
            EngineError, BusyError: as for `call`.
        """
        return bool(self.call("get_load_state", collection)["state"].name == "Loaded")

    def load(self, collection: str) -> None:
        """Has a collection in memory, in as many copies as are wanted.

        Raises:
            EngineError, BusyError: as for `call`.
        """
        self.call("load_collection", collection, replica_number=self.replicas)

    def every(self, collection: str, where: str, fields: Sequence[str], level: str) -> Iterator[dict[str, Any]]:
        """All rows that a filter finds, however many, a page at a time, each page before a deadline of its own.

        Args:
            collection: its name.
            where: the filter.
            fields: of the rows.
            level: how new the rows must be, "Strong" or "Bounded".

        Raises:
            EngineError, BusyError: as for `call`.
        """
        pages = self.call(
            "query_iterator",
            collection,
            batch_size=_PAGE,
            filter=where,
            output_fields=list(fields),
            consistency_level=level,
        )
        while page := self._again(lambda _: pages.next(), (collection,)):
            yield from page

    def _again(self, attempt: Callable[[float], Any], collection: Sequence[Any]) -> Any:
        """What `attempt` returns, given the seconds that it may take, as soon as it returns anything."""
        deadline = time.monotonic() + self._server.seconds
        pause, tries = _PAUSE, 1
        while True:
            try:
                found = attempt(max(min(_TRY * self._server.seconds, deadline - time.monotonic()), _LEAST))
            except Exception as error:
                self._give_up_on(error)
                self._tell(trying=True, why=self._said(error))
                wait = min(pause, _LONGEST_PAUSE) * random.uniform(0.75, 1.25)  # noqa: S311
                if time.monotonic() + wait >= deadline:
                    raise BusyError(
                        f"The search server at {self._server.uri} does not answer ({tries} tries in "
                        f"{self._server.seconds:g} s); try again in a moment.",
                        _WAIT,
                    ) from None
                if collection and getattr(error, "code", None) == _NOT_LOADED:
                    self._load(str(collection[0]), max(deadline - time.monotonic(), _LEAST))
                time.sleep(wait)
                pause, tries = pause * 2, tries + 1
            else:
                self._tell(trying=tries > 1)
                return found

    def _connected(self, seconds: float) -> Any:
        with self._lock:
            if self._client is None:
                # Shared ones are told apart by address and token alone, whatever their certificates.
                more: dict[str, Any] = {"dedicated": True}
                if self._server.ca:
                    more["server_pem_path"] = str(self._server.ca)
                if _HERE.match(self._server.uri):
                    more["grpc_options"] = {"grpc.keepalive_time_ms": _RARELY}
                self._client = self.library.MilvusClient(
                    uri=self._server.uri, token=self._server.token, timeout=seconds, **more
                )
        return self._client

    def _load(self, collection: str, seconds: float) -> None:
        """Asks for a collection that a server which was started anew has not in memory; failing, the next try tells."""
        try:
            self._connected(seconds).load_collection(collection, timeout=seconds, replica_number=self.replicas)
        except Exception as error:
            _LOG.debug("A collection cannot be loaded: %s", self._said(error))

    def _give_up_on(self, error: Exception) -> None:
        """Raises what no second try mends."""
        if isinstance(error, (EngineError, TypeError, AttributeError)):
            raise error
        code = getattr(error, "code", None)
        # A status of gRPC is read by a call, a code of Milvus is a number or such a status.
        status = code() if callable(code) else code
        name = getattr(status, "name", "")
        lasting = isinstance(status, int) and int(status) in _LASTING
        input_error = isinstance(error, self.library.exceptions.ParamError) or getattr(error, "is_input_error", False)
        if lasting or input_error or name in _REFUSED:
            raise EngineError(
                f"The search server at {self._server.uri} refuses ({self._said(error)}); mend that there, or the "
                "settings ASSISTANT_ENGINE…."
            ) from None

    def _said(self, error: Exception) -> str:
        """The first line of what went wrong, shortened, without the token."""
        told = str(getattr(error, "message", "") or error or type(error).__name__)
        for secret in (self._server.token, *self._server.token.split(":", 1)):
            if secret:
                told = told.replace(secret, "…")
        return (told.splitlines() or [type(error).__name__])[0][:200].rstrip(".")

    def _tell(self, *, trying: bool, why: str = "") -> None:
        if trying and not self._trying:
            _LOG.warning("The search server is degraded, calls are tried again: %s.", why)
        elif self._trying and not trying:
            _LOG.info("The search server answers at once again.")
        self._trying = trying
        if trying:
            self._tried = time.monotonic()


def _library() -> Any:
    try:
        import pymilvus
    except ImportError:
        raise EngineError(f"Milvus as engine needs a package that is not installed; run `{INSTALL}`.") from None
    # It prints a traceback for each failed try; what matters is told here.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
    return pymilvus


def _check_version(uri: str, version: str) -> None:
    """Refuses servers without BM25 functions.

    Raises:
        EngineError: the server is one, or says nothing that can be read.
    """
    found = re.search(r"(\d+)\.(\d+)", version)
    oldest = _OLDEST_LITE if version.startswith("milvus_lite") else _OLDEST
    if not found or (int(found[1]), int(found[2])) < oldest:
        raise EngineError(
            f"The server at {uri} is Milvus {version[:40]!r}, which has no BM25 functions; update it to "
            f"{'.'.join(map(str, oldest))} or later."
        )
