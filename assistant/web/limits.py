"""How much is asked for at once: requests of one client in a time, and bytes in a request; the same at every door.

A request beyond the limit is told by its door in the form of that door: a problem of the API, a turn of the chat, an
error of a tool. `Site.run` refuses it, and what waits too long in line as well.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from contextvars import ContextVar

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import SettingsError, TooManyRequestsError
from assistant.web.api.paths import first_segment
from assistant.web.api.problems import problem

# Largest body of a request to the API, and to any other door: a hundred clauses of a hand-out with all their marks
# take less, and so do twenty earlier questions of the longest kind.
MAX_BODY_BYTES = 64 * 1024
MAX_BYTES_ELSEWHERE = 256 * 1024
# Requests after which clients that have not come back are forgotten.
_SWEEP = 1000
_refusal: ContextVar[TooManyRequestsError | None] = ContextVar("refusal", default=None)


def rate_limit(setting: str) -> RateLimitItem:
    """The limit that a setting states.

    Raises:
        SettingsError: it states none, or several.
    """
    try:
        (limit,) = parse_many(setting)
        if limit.amount < 1:
            raise ValueError(setting)
    except ValueError:
        raise SettingsError(
            f"ASSISTANT_RATE_LIMIT must be a number of requests in a time, such as 60/minute, not {setting!r}."
        ) from None
    return limit


def client_of(scope: Scope) -> str:
    """Who sends a request: an IPv4 address, or the network that an IPv6 address is given out in."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


class Clients:
    """How often each client came lately, in a moving window.

    Addresses are held nowhere, but for a while a digest of each, which nobody can tell back without the key that dies
    with the process.
    """

    def __init__(self, limit: RateLimitItem) -> None:
        self._limit = limit
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        self._key = secrets.token_bytes(32)
        self._requests = 0

    def wait(self, scope: Scope, *, count: bool = True) -> int:
        """Seconds until the client who sends this request may come again; 0 where it may now, and is counted then.

        Args:
            scope: of the request.
            count: whether it is counted, or only looked at.
        """
        self._sweep()
        client = hashlib.blake2b(client_of(scope).encode(), key=self._key, digest_size=16).hexdigest()
        may = self._window.hit if count else self._window.test
        if may(self._limit, client):
            return 0
        return max(1, math.ceil(self._window.get_window_stats(self._limit, client).reset_time - time.time()))

    def _sweep(self) -> None:
        """The storage empties the list of a client who does not come back, but keeps it under the client's name."""
        self._requests += 1
        if self._requests % _SWEEP == 0:
            for client in [client for client, requests in list(self._storage.events.items()) if not requests]:
                self._storage.clear(client)


class RateLimit:
    """ASGI application around all doors: counts what asks for something, whichever door it comes by.

    Pages, files, health, readiness and metrics are free.
    """

    def __init__(self, app: ASGIApp, limit: RateLimitItem) -> None:
        self._app = app
        self._limit = limit
        self._clients = Clients(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        counts = scope["type"] == "http" and (first_segment(scope) == "api" or scope["method"] == "POST")
        wait = self._clients.wait(scope) if counts else 0
        sentence = f"This address has sent more than {self._limit}; try again in {wait} seconds."
        token = _refusal.set(TooManyRequestsError(sentence, wait) if wait else None)
        try:
            await self._app(scope, receive, send)
        finally:
            _refusal.reset(token)


def refusal() -> TooManyRequestsError | None:
    """Why the request that is being answered is refused; None where it is not."""
    return _refusal.get()


class BodyLimit:
    """ASGI application around others: no body larger than so many bytes, announced or not."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        too_large = problem(413, "invalid_request", f"The body is larger than {self._most:,} bytes; send less.")
        if _announced(scope) > self._most:
            await too_large(scope, receive, send)
            return
        got, started = 0, False

        async def counting() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self._most:
                raise OverflowError("the body is too large")
            return message

        async def unless_too_large(message: Message) -> None:
            # What others make of the error above is not what is wrong.
            nonlocal started
            if got <= self._most or started:
                started = True
                await send(message)

        try:
            await self._app(scope, counting, unless_too_large)
        except Exception:
            if got <= self._most or started:
                raise
        if got > self._most and not started:
            await too_large(scope, receive, send)


def _announced(scope: Scope) -> int:
    """Bytes that the request says its body has; 0 where it does not say."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0
