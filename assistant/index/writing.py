"""What the index holds → files on disk, put into place in one step; one ingest at a time."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from assistant.errors import AssistantError, IndexDamagedError, IndexMissingError
from assistant.index.building import Build
from assistant.index.data import Counts, IndexData, record_of
from assistant.index.files import BUILD, described, folder_to_disk, same, to_disk
from assistant.index.manifest import MANIFEST, Manifest, read_record
from assistant.types import Passage

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


@contextmanager
def building(index_dir: Path, dim: int, token_dim: int) -> Iterator[Build]:
    """A build beside the index in `index_dir`, to be filled and then given to `publish`; without that it goes.

    Args:
        index_dir: folder of the index; it is made where it is missing.
        dim: dimensions of a passage's vector.
        token_dim: dimensions of a word piece's vector.

    Raises:
        AssistantError: the folder cannot be written.
    """
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        # The system frees the lock of a process that is killed.
        with FileLock(index_dir / ".lock"):
            # A killed one may have left something.
            shutil.rmtree(index_dir / _UNFINISHED, ignore_errors=True)
            try:
                folder = index_dir / _UNFINISHED / "build"
                folder.mkdir(parents=True)
                with ExitStack() as opened:
                    yield Build(opened, folder, index_dir / _UNFINISHED, dim, token_dim)
            finally:
                _sweep(index_dir)
    except OSError as error:
        raise _unwritable(index_dir, error) from error


def publish(
    index_dir: Path,
    build: Build,
    manifest: Manifest,
    frequencies: NDArray[np.int32],
    step: Callable[[str], None] = lambda _: None,
) -> Counts:
    """Makes what was built the index in `index_dir`; the same content gives the same bytes.

    Args:
        index_dir: folder of the index.
        build: made by `building`, with the vectors of all its passages.
        manifest: what it was built from.
        frequencies: int32[vocabulary], in how many passages each word piece occurs.
        step: called with the name of each thing that begins.

    Returns:
        What it holds.

    Raises:
        ValueError: there are not as many vectors as passages.
    """
    counts = build.finish(frequencies, step)
    written, draft = index_dir / _UNFINISHED / "build", index_dir / _UNFINISHED / MANIFEST
    folder_to_disk(written)
    step("Hashing files")
    files = described(written)
    digest = hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    place = index_dir / f"build-{digest}"
    # All that takes space is written before anything is put into place.
    with draft.open("wb") as file:
        record = record_of(manifest, counts, place.name, files)
        file.write(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        to_disk(file)
    if place.exists() and not _intact(place, files):
        shutil.rmtree(place)
    if not place.exists():
        written.rename(place)
    folder_to_disk(index_dir)
    draft.replace(index_dir / MANIFEST)
    folder_to_disk(index_dir)
    return counts


def save(index_dir: Path, data: IndexData) -> None:
    """Makes `data` the index in `index_dir`.

    Raises:
        AssistantError: the folder cannot be written.
        ValueError: rows, ids or quotes do not belong together.
    """
    passages = _by_document(data)
    with building(index_dir, data.vectors.shape[1], data.tokens.values.shape[1]) as build:
        for document, own in zip(data.documents, passages, strict=True):
            build.add(document, own)
        build.encoded(data.vectors, data.tokens)
        publish(index_dir, build, data.manifest, data.tokens.frequencies)


def _by_document(data: IndexData) -> list[list[Passage]]:
    """The passages of each document."""
    texts = {document.policy.id: document.text for document in data.documents}
    if len(texts) != len(data.documents):
        raise ValueError("two documents have one id")
    if not len(data.passages) == len(data.vectors) == len(data.tokens):
        raise ValueError("passages, vectors and token vectors differ in number")
    found: dict[str, list[Passage]] = {policy: [] for policy in texts}
    for row, passage in enumerate(data.passages):
        if passage.id != row or passage.text != passage.span.of(texts[passage.policy]):
            raise ValueError(f"passage {row} has another id, or its text is not that of its span")
        found[passage.policy].append(passage)
    if [passage for each in found.values() for passage in each] != list(data.passages):
        raise ValueError("passages have another order than their documents")
    return list(found.values())


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


def _intact(build: Path, files: dict[str, dict[str, Any]]) -> bool:
    try:
        return all(same(build / name, file) for name, file in files.items())
    except OSError:
        return False


def _unwritable(index_dir: Path, error: OSError) -> AssistantError:
    remedy = _REMEDIES.get(error.errno or 0, "mend that, or name another folder with --index")
    reason = (error.strerror or type(error).__name__).lower()
    return AssistantError(f"The index in {index_dir} cannot be written ({reason}); {remedy}.")
