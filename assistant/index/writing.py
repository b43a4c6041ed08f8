"""What the index holds → files on disk, put into place in one step; one ingest at a time."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import orjson
from filelock import FileLock, Timeout

from assistant.errors import AssistantError, IndexDamagedError, IndexMissingError
from assistant.index.data import IndexData, record_of
from assistant.index.files import BUILD, DOCUMENTS, PASSAGES, TOKENS, VECTORS, described, folder_to_disk, same, to_disk
from assistant.index.manifest import MANIFEST, read_record
from assistant.records import document_line, passage_line

# All that a save has not put into place yet.
_UNFINISHED = ".building"
_FULL = "free some space and run it again; the index that was there is as it was"
_FORBIDDEN = "give yourself permission to write there, or name another folder with --index"
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _FULL),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _FORBIDDEN),
    **dict.fromkeys(
        (errno.EEXIST, errno.ENOTDIR), "a file is in the way: remove it, or name another folder with --index"
    ),
}


@contextmanager
def alone(index_dir: Path, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Keeps other ingests from `index_dir` for as long as one is at work; the system ends it when a process is killed.

    Args:
        index_dir: folder of the index; it is made where it is missing.
        waiting: called once where another ingest is at work, before it is waited for.

    Raises:
        AssistantError: the folder cannot be written.
    """
    lock = FileLock(index_dir / ".ingest")
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if waiting:
                waiting()
            lock.acquire()
    except OSError as error:
        raise _unwritable(index_dir, error) from error
    try:
        yield
    finally:
        lock.release()


def save(index_dir: Path, data: IndexData) -> None:
    """Makes `data` the index in `index_dir`; the same data gives the same bytes.

    Raises:
        AssistantError: the folder cannot be written.
        ValueError: rows, ids or quotes do not belong together.
    """
    _check_rows(data)
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        # The system frees the lock of a process that is killed.
        with FileLock(index_dir / ".lock"):
            # A killed one may have left something.
            shutil.rmtree(index_dir / _UNFINISHED, ignore_errors=True)
            try:
                _publish(index_dir, data)
            finally:
                _sweep(index_dir)
    except OSError as error:
        raise _unwritable(index_dir, error) from error


def _check_rows(data: IndexData) -> None:
    texts = {document.policy.id: document.text for document in data.documents}
    if len(texts) != len(data.documents):
        raise ValueError("two documents have one id")
    count = len(data.passages)
    if not count == len(data.vectors) == len(data.tokens):
        raise ValueError("passages, vectors and token vectors differ in number")
    for row, passage in enumerate(data.passages):
        if passage.id != row or passage.text != passage.span.of(texts[passage.policy]):
            raise ValueError(f"passage {row} has another id, or its text is not that of its span")


def _publish(index_dir: Path, data: IndexData) -> None:
    written, manifest = index_dir / _UNFINISHED / "build", index_dir / _UNFINISHED / MANIFEST
    written.mkdir(parents=True)
    files = _write_build(written, data)
    digest = hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    build = index_dir / f"build-{digest}"
    # All that takes space is written before anything is put into place.
    with manifest.open("wb") as file:
        record = record_of(data, build.name, files)
        file.write(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        to_disk(file)
    if build.exists() and not _intact(build, files):
        shutil.rmtree(build)
    if not build.exists():
        written.rename(build)
    folder_to_disk(index_dir)
    manifest.replace(index_dir / MANIFEST)
    folder_to_disk(index_dir)


def _sweep(index_dir: Path) -> None:
    """Removes what is unfinished, and every build but the one that the manifest names, where it names one."""
    shutil.rmtree(index_dir / _UNFINISHED, ignore_errors=True)
    try:
        named = read_record(index_dir)["build"]
    except (IndexMissingError, IndexDamagedError):
        return
    for other in index_dir.iterdir():
        if BUILD.fullmatch(other.name) and other.name != named:
            shutil.rmtree(other, ignore_errors=True)


def _write_build(folder: Path, data: IndexData) -> dict[str, dict[str, Any]]:
    """Writes all files of a build; returns size and SHA-256 of each by name."""
    _write_lines(folder / DOCUMENTS, map(document_line, data.documents))
    _write_lines(folder / PASSAGES, map(passage_line, data.passages))
    arrays = {VECTORS: data.vectors} | {name: getattr(data.tokens, field) for field, name in TOKENS.items()}
    for name, array in arrays.items():
        with (folder / name).open("wb") as file:
            # Given the file itself, numpy writes by C's own buffers, which lose their rest on a full disk, and no word.
            np.save(SimpleNamespace(write=file.write), array, allow_pickle=False)
            to_disk(file)
    folder_to_disk(folder)
    return described(folder)


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
        to_disk(file)


def _intact(build: Path, files: dict[str, dict[str, Any]]) -> bool:
    try:
        return all(same(build / name, file) for name, file in files.items())
    except OSError:
        return False


def _unwritable(index_dir: Path, error: OSError) -> AssistantError:
    remedy = _REMEDIES.get(error.errno or 0, "mend that, or name another folder with --index")
    reason = (error.strerror or type(error).__name__).lower()
    return AssistantError(f"The index in {index_dir} cannot be written ({reason}); {remedy}.")
