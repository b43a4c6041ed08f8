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
from limits import parse
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import SettingsError
from assistant.web.limits import Clients

PROTECTED = "agents"
_REFUSED = PlainTextResponse(
    "This page is for agents; log in with the name and password that the operator gave you.",
    401,
    {"www-authenticate": 'Basic realm="agents", charset="UTF-8"', "cache-control": "no-store"},
)
# Compared with where the name is wrong, so that the answer to a wrong name takes as long.
_NOBODY = PasswordHasher().hash("nobody has this password")
# Wrong passwords that one client may try.
_WRONG = parse("10/minute")
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
        self._wrong = Clients(_WRONG)
        # SHA-256 of what was right last: a page of many files is not to wait for each of them.
        self._known = b""
        if login and not (self._name and _is_hash(self._hash)):
            raise SettingsError("ASSISTANT_AGENTS_LOGIN must be NAME:HASH; `python -m assistant password` makes one.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        first = scope.get("path", "").removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")[0]
        said = _said(scope) if scope["type"] == "http" else ""
        if scope["type"] != "http" or not self._name or first != PROTECTED or self._is_known(said):
            await self._app(scope, receive, send)
        elif said and (wait := self._wrong.wait(scope, count=False)):
            refused = f"Too many wrong passwords; try again in {wait} seconds."
            await PlainTextResponse(refused, 429, {"retry-after": str(wait)})(scope, receive, send)
        elif said and await self._is_right(said):
            self._known = _digest(said)
            await self._app(scope, receive, send)
        else:
            if said:
                self._wrong.wait(scope)
            await _REFUSED(scope, receive, send)

    def _is_known(self, said: str) -> bool:
        return bool(said) and hmac.compare_digest(_digest(said), self._known)

    async def _is_right(self, said: str) -> bool:
        return await anyio.to_thread.run_sync(lambda: self._compare(said), limiter=self._limiter)

    def _compare(self, said: str) -> bool:
        try:
            name, _, password = base64.b64decode(said, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return False
        known = hmac.compare_digest(name.encode(), self._name.encode())
        try:
            return PasswordHasher().verify(self._hash if known else _NOBODY, password) and known
        except VerificationError:
            return False


def _said(scope: Scope) -> str:
    """Name and password that a request comes with, as they are encoded; "" where there are none."""
    kind, _, said = Headers(scope=scope).get("authorization", "").partition(" ")
    return said if kind.casefold() == "basic" else ""


def _digest(said: str) -> bytes:
    return hashlib.sha256(said.encode("latin-1")).digest()


def _is_hash(text: str) -> bool:
    try:
        PasswordHasher().check_needs_rehash(text)
    except InvalidHashError:
        return False
    return True
