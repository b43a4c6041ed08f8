"""The SQLite file of feedback: made, opened, checked and rebuilt; what is wrong with it is told in one sentence."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import FeedbackError

# "FBK1" in the file's header: the file is ours.
_APPLICATION = 0x46424B31
_VERSION = 1
_SCHEMA = (
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
    """CREATE TABLE votes (
        at TEXT NOT NULL, useful INTEGER NOT NULL, reason TEXT NOT NULL, note TEXT NOT NULL, question TEXT NOT NULL,
        status TEXT NOT NULL, clauses TEXT NOT NULL, policies TEXT NOT NULL)""",
    """CREATE TABLE counts (
        at TEXT NOT NULL, status TEXT NOT NULL, language TEXT NOT NULL, policies TEXT NOT NULL,
        questions INTEGER NOT NULL, PRIMARY KEY (at, status, language, policies)) WITHOUT ROWID""",
    """CREATE TABLE questions (
        at TEXT NOT NULL, language TEXT NOT NULL, policies TEXT NOT NULL, question TEXT NOT NULL)""",
    "CREATE INDEX votes_at ON votes (at)",
    "CREATE INDEX questions_at ON questions (at)",
)
# How long one writer waits for the others, in seconds.
_PATIENCE = 10.0


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file, in autocommit; a missing file is made first, for its owner alone.

    Raises:
        FeedbackError: the file cannot be used, or it holds something else; also for what SQLite says inside the block.
    """
    with _told(path):
        _create(path)
        with contextlib.closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as database:
            if not _is_ours(database, path):
                _fill(database, path)
            # Only who is alone with a file can change its mode; who is not leaves that to the next one.
            with _while_busy():
                database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA secure_delete = ON")
            database.execute("PRAGMA synchronous = NORMAL")
            yield database


def erase(database: sqlite3.Connection) -> None:
    """Builds the file anew, so that nothing of what was deleted lies in it or in its log."""
    # Deleted rows are zeroed already; where others are reading, the rest is done after the next deletion.
    with _while_busy():
        database.execute("VACUUM")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _create(path: Path) -> None:
    """Makes an empty file that only its owner may read, unless there is one; SQLite gives its other files that mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _is_ours(database: sqlite3.Connection, path: Path) -> bool:
    """Whether the tables are there.

    Raises:
        FeedbackError: they are those of another version.
    """
    (application,) = database.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION:
        return False
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise FeedbackError(
            f"{path} was written by another version of the assistant; move it away or name another file."
        )
    return True


def _fill(database: sqlite3.Connection, path: Path) -> None:
    """Makes the tables, unless another process has just done so.

    Raises:
        FeedbackError: the file holds something else.
    """
    database.execute("BEGIN IMMEDIATE")
    if not _is_ours(database, path):
        if database.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise FeedbackError(f"{path} is a database of something else; name another file with ASSISTANT_FEEDBACK.")
        for statement in _SCHEMA:
            database.execute(statement)
    database.execute("COMMIT")


@contextlib.contextmanager
def _while_busy() -> Iterator[None]:
    """Gives up quietly where another connection is in the way."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if not error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Says in one sentence what is wrong with the file."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            sentence = (
                f"{path} is damaged or no file of feedback; move it away or name another with ASSISTANT_FEEDBACK."
            )
        elif name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            sentence = f"{path} is in use by another program for too long; try again."
        else:
            sentence = f"{path} cannot be used ({error}); name another file with ASSISTANT_FEEDBACK."
        raise FeedbackError(sentence) from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise FeedbackError(f"{path} cannot be used ({reason}); name another file with ASSISTANT_FEEDBACK.") from error
