"""Saves and loads the built index; the only module that knows its file names.

    index/README.md           stays
    index/manifest.json       names the build that counts; replaced in one step when a new one is complete
    index/build-<digest>/     documents.jsonl passages.jsonl vectors.npy tokens_*.npy

A build is written beside the old one, brought to disk, and only then named by the manifest, so that a process killed at
any moment leaves the old index or the new one. What it leaves unfinished goes with the next save.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from assistant.errors import AssistantError, IndexDamagedError, IndexMissingError
from assistant.records import document_line, passage_line, read_document, read_passage
from assistant.retrieval.late import TokenVectors
from assistant.types import Document, Passage

# Raise it with every change of the files or of what they mean.
FORMAT = 3

MANIFEST = "manifest.json"
_DOCUMENTS = "documents.jsonl"
_PASSAGES = "passages.jsonl"
_VECTORS = "vectors.npy"
_TOKENS = {field: f"tokens_{field}.npy" for field in ("offsets", "values", "starts", "ends", "frequencies")}
_NAMES = frozenset((_DOCUMENTS, _PASSAGES, _VECTORS, *_TOKENS.values()))
# Large ones are mapped into memory, not read.
_MAPPED = frozenset((_VECTORS, _TOKENS["values"]))
_UNFINISHED = ".building"
_BUILD = re.compile(r"build-[0-9a-f]{16}")
_REMEDY = "run python -m assistant ingest to build it"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an index was built from."""

    # The encoder's name, and the digest that names its weights exactly.
    encoder: str
    encoder_sha256: str
    # Names the code that read the policies.
    reader_sha256: str
    # SHA-256 of every file of the corpus, by file name.
    corpus: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class IndexData:
    """All that answering needs; row `i` of vectors and tokens belongs to `passages[i]`, whose id is `i`."""

    manifest: Manifest
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    # float32[n, dim], unit rows.
    vectors: NDArray[np.float32]
    tokens: TokenVectors


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
            shutil.rmtree(index_dir / _UNFINISHED, ignore_errors=True)
            _publish(index_dir, data)
    except OSError as error:
        raise _unwritable(index_dir, error) from error


def load(index_dir: Path) -> IndexData:
    """The index in `index_dir`, every file checked against the manifest.

    Raises:
        IndexMissingError: there is none.
        IndexDamagedError: a file is missing, cut short, changed, or of another format.
    """
    while True:
        record = _read_record(index_dir)
        try:
            return _open(index_dir, record)
        except IndexDamagedError:
            # Another process may have put a new index into place meanwhile and swept the old one away.
            if _read_record(index_dir) == record:
                raise


def read_manifest(index_dir: Path) -> Manifest:
    """What the index in `index_dir` was built from, without opening it.

    Raises:
        IndexMissingError: there is none.
        IndexDamagedError: the manifest cannot be read or is of another format.
    """
    return _manifest(_read_record(index_dir))


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
    unfinished = index_dir / _UNFINISHED
    unfinished.mkdir()
    files = _write_build(unfinished, data)
    digest = hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    build = index_dir / f"build-{digest}"
    if build.exists() and not _intact(build, files):
        shutil.rmtree(build)
    if not build.exists():
        unfinished.rename(build)
    record = {
        "format": FORMAT,
        "build": build.name,
        "encoder": {"name": data.manifest.encoder, "sha256": data.manifest.encoder_sha256},
        "reader": {"sha256": data.manifest.reader_sha256},
        "corpus": dict(data.manifest.corpus),
        "counts": {
            "documents": len(data.documents),
            "passages": len(data.passages),
            "tokens": len(data.tokens.values),
        },
        "files": files,
    }
    record["sha256"] = _record_sha256(record)
    new = index_dir / f".{MANIFEST}"
    with new.open("wb") as file:
        file.write(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
        _to_disk(file)
    _folder_to_disk(index_dir)
    new.replace(index_dir / MANIFEST)
    _folder_to_disk(index_dir)
    for other in index_dir.iterdir():
        if other.name == _UNFINISHED or (_BUILD.fullmatch(other.name) and other != build):
            shutil.rmtree(other, ignore_errors=True)


def _write_build(folder: Path, data: IndexData) -> dict[str, dict[str, Any]]:
    """Writes all files of a build; returns size and SHA-256 of each by name."""
    _write_lines(folder / _DOCUMENTS, map(document_line, data.documents))
    _write_lines(folder / _PASSAGES, map(passage_line, data.passages))
    arrays = {_VECTORS: data.vectors} | {name: getattr(data.tokens, field) for field, name in _TOKENS.items()}
    for name, array in arrays.items():
        with (folder / name).open("wb") as file:
            np.save(file, array, allow_pickle=False)
            _to_disk(file)
    _folder_to_disk(folder)
    return {name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)} for name in _NAMES}


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for line in lines:
            file.write(line + b"\n")
        _to_disk(file)


def _read_record(index_dir: Path) -> dict[str, Any]:
    """The manifest as it is stored, its form checked."""
    try:
        record = orjson.loads((index_dir / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise IndexMissingError(f"There is no index in {index_dir}; {_REMEDY}.") from None
    except (OSError, ValueError):
        raise _damaged(index_dir, f"{MANIFEST} cannot be read") from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise _damaged(index_dir, "it has another format than this version of the assistant reads")
    try:
        _manifest(record)
        sizes = {name: (int(file["bytes"]), str(file["sha256"])) for name, file in record["files"].items()}
        whole = sizes.keys() == _NAMES and _BUILD.fullmatch(record["build"]) and record["counts"]
        whole = whole and record.pop("sha256") == _record_sha256(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        whole = False
    if not whole:
        raise _damaged(index_dir, f"{MANIFEST} is incomplete or changed")
    return record


def _record_sha256(record: dict[str, Any]) -> str:
    """Of all that the manifest says but this digest itself."""
    return hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _manifest(record: dict[str, Any]) -> Manifest:
    encoder, reader = record["encoder"], record["reader"]
    return Manifest(encoder["name"], encoder["sha256"], reader["sha256"], dict(record["corpus"]))


def _open(index_dir: Path, record: dict[str, Any]) -> IndexData:
    folder = index_dir / record["build"]
    for name, file in record["files"].items():
        if not _same(folder / name, file):
            raise _damaged(index_dir, f"{name} is missing, cut short or changed")
    try:
        documents = tuple(map(read_document, (folder / _DOCUMENTS).read_bytes().splitlines()))
        known = {document.policy.id: document for document in documents}
        lines = enumerate((folder / _PASSAGES).read_bytes().splitlines())
        passages = tuple(read_passage(line, row, known) for row, line in lines)
        vectors = _read_array(folder / _VECTORS)
        tokens = TokenVectors(**{field: _read_array(folder / name) for field, name in _TOKENS.items()})
        counts = {"documents": len(documents), "passages": len(passages), "tokens": len(tokens.values)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(index_dir, f"a record has an unknown form ({error})") from error
    if counts != record["counts"] or not _fits(passages, vectors, tokens):
        raise _damaged(index_dir, "its files do not belong together")
    return IndexData(_manifest(record), documents, passages, vectors, tokens)


def _fits(passages: tuple[Passage, ...], vectors: NDArray[np.float32], tokens: TokenVectors) -> bool:
    """Whether all arrays have the types and lengths that the passages ask for."""
    total = len(tokens.values)
    kinds = (
        (vectors, np.float32, 2, len(passages)),
        (tokens.offsets, np.int64, 1, len(passages) + 1),
        (tokens.values, np.int8, 2, total),
        (tokens.starts, np.int32, 1, total),
        (tokens.ends, np.int32, 1, total),
        (tokens.frequencies, np.int32, 1, len(tokens.frequencies)),
    )
    shaped = all(a.dtype == kind and a.ndim == axes and len(a) == size for a, kind, axes, size in kinds)
    return shaped and int(tokens.offsets[-1]) == total and bool(np.all(np.diff(tokens.offsets) >= 0))


def _read_array(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r" if path.name in _MAPPED else None, allow_pickle=False)
    return array


def _intact(build: Path, files: dict[str, dict[str, Any]]) -> bool:
    return all(_same(build / name, file) for name, file in files.items())


def _same(path: Path, file: dict[str, Any]) -> bool:
    try:
        return bool(path.stat().st_size == file["bytes"] and _sha256(path) == file["sha256"])
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    """Makes the names in `folder` survive a power cut, where the system can open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _unwritable(index_dir: Path, error: OSError) -> AssistantError:
    return AssistantError(f"The index in {index_dir} cannot be written: {error.strerror or error}.")


def _damaged(index_dir: Path, wrong: str) -> IndexDamagedError:
    return IndexDamagedError(f"The index in {index_dir} cannot be used: {wrong}; {_REMEDY} anew.")
