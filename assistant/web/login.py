"""A login for what agents alone should see: HTTP Basic, so that the page needs no cookie and no form.

Source: RFC 7617, The 'Basic' HTTP Authentication Scheme.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import SettingsError

PROTECTED = "agents"
_REFUSED = PlainTextResponse(
    "This page is for agents; log in with the name and password that the operator gave you.",
    401,
    {"www-authenticate": 'Basic realm="agents", charset="UTF-8"', "cache-control": "no-store"},
)
# Compared with where the name is wrong, so that the answer to a wrong name takes as long.
_NOBODY = PasswordHasher().hash("nobody has this password")
# Passwords that are checked at the same time: each takes tens of milliseconds and 64 MiB on purpose.
_AT_ONCE = 2


class Login:
    """ASGI application around all doors: asks for a name and a password before the protected one."""

    def __init__(self, app: ASGIApp, login: str) -> None:
        """Reads the setting.

        Args:
            app: what is protected.
            login: "NAME:HASH", as assistant/password.py makes it; "" leaves everything open.

        Raises:
            SettingsError: it has another form.
        """
        self._app = app
        self._name, _, self._hash = login.partition(":")
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        # SHA-256 of what was right last: a page of many files is not to wait for each of them.
        self._known = b""
        if login and not (self._name and _is_hash(self._hash)):
            raise SettingsError("ASSISTANT_AGENTS_LOGIN must be NAME:HASH; `python -m assistant password` makes one.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        first = scope.get("path", "").removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")[0]
        if scope["type"] != "http" or not self._name or first != PROTECTED or await self._may(scope):
            await self._app(scope, receive, send)
        else:
            await _REFUSED(scope, receive, send)

    async def _may(self, scope: Scope) -> bool:
        kind, _, said = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.casefold() != "basic" or not said:
            return False
        digest = hashlib.sha256(said.encode("latin-1")).digest()
        if hmac.compare_digest(digest, self._known):
            return True
        right = await anyio.to_thread.run_sync(self._is_right, said, limiter=self._limiter)
        if right:
            self._known = digest
        return right

    def _is_right(self, said: str) -> bool:
        try:
            name, _, password = base64.b64decode(said, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return False
        known = hmac.compare_digest(name.encode(), self._name.encode())
        try:
            return PasswordHasher().verify(self._hash if known else _NOBODY, password) and known
        except VerificationError:
            return False


def _is_hash(text: str) -> bool:
    try:
        PasswordHasher().check_needs_rehash(text)
    except InvalidHashError:
        return False
    return True
