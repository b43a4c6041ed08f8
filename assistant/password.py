"""Passwords of the operator's pages: asked for at the terminal, kept as their Argon2id hash alone."""

from __future__ import annotations

import getpass

from argon2 import PasswordHasher

from assistant.errors import SettingsError

SHORTEST = 12


def login_line(name: str) -> str:
    """Asks for a password; returns "NAME:HASH", as the setting takes it.

    Raises:
        SettingsError: the name or the password cannot be used.
    """
    if not name or ":" in name:
        raise SettingsError("A name must not be empty and holds no colon; choose another one.")
    password = getpass.getpass("Password: ")
    if len(password) < SHORTEST:
        raise SettingsError(f"The password must have {SHORTEST} characters or more; choose a longer one.")
    return f"{name}:{PasswordHasher().hash(password)}"
