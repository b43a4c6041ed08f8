"""How much a client may ask for: requests in a time, and bytes in a request."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import SettingsError
from assistant.web.api.paths import first_segment
from assistant.web.api.problems import problem

MAX_BODY_BYTES = 64 * 1024
_TOO_LARGE = f"The body is larger than {MAX_BODY_BYTES:,} bytes; send less."
# Requests after which clients that have not come back are forgotten.
_SWEEP = 1000


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


class RateLimit:
    """ASGI application around the API's: so many requests of one client in a moving window.

    Health, readiness and metrics are free. Addresses are held nowhere, but for a while a digest of each, which nobody
    can tell back without the key that dies with the process.
    """

    def __init__(self, app: ASGIApp, limit: RateLimitItem) -> None:
        self._app = app
        self._limit = limit
        self._storage = MemoryStorage()
        self._window = MovingWindowRateLimiter(self._storage)
        self._key = secrets.token_bytes(32)
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if first_segment(scope) == "api":
            self._sweep()
            client = hashlib.blake2b(client_of(scope).encode(), key=self._key, digest_size=16).hexdigest()
            if not self._window.hit(self._limit, client):
                wait = max(1, math.ceil(self._window.get_window_stats(self._limit, client).reset_time - time.time()))
                detail = f"This address has sent more than {self._limit}; try again in {wait} seconds."
                refusal = problem(429, "too_many_requests", detail, {"Retry-After": str(wait)})
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _sweep(self) -> None:
        """The storage empties the list of a client who does not come back, but keeps it under the client's name."""
        self._requests += 1
        if self._requests % _SWEEP == 0:
            for client in [client for client, requests in list(self._storage.events.items()) if not requests]:
                self._storage.clear(client)


class BodyLimit:
    """ASGI application around the API's: no body larger than `MAX_BODY_BYTES`, announced or not.

    Starlette's own answers in another form.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] == "http" and _announced(scope) > MAX_BODY_BYTES:
            await problem(413, "invalid_request", _TOO_LARGE)(scope, receive, send)
            return
        got = 0

        async def counting() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > MAX_BODY_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        await self._app(scope, counting, send)


def _announced(scope: Scope) -> int:
    """Bytes that the request says its body has; 0 where it does not say."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0
