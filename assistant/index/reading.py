"""The index as it lies on disk → what it holds, every file checked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.cores import cores
from assistant.errors import IndexDamagedError
from assistant.index.files import (
    CITABLE,
    COUNTS,
    DIGESTS,
    DOCUMENTS,
    FIRSTS,
    NEAR,
    PASSAGES,
    POLICIES,
    POSTINGS,
    STARTS,
    TERMS,
    TOKENS,
    VECTORS,
    WORDS,
    same,
)
from assistant.index.lines import Lines, Strings
from assistant.index.manifest import damaged, manifest_of, read_record, unreadable
from assistant.index.rows import Rows
from assistant.index.stored import Postings, Stored, documents_of, passages_of
from assistant.records import read_policy
from assistant.retrieval.late import TokenVectors
from assistant.retrieval.near import Near


def load(index_dir: Path) -> Stored:
    """The index in `index_dir`, every file checked against the manifest.

    Raises:
        IndexMissingError: there is none.
        IndexDamagedError: a file is missing, cut short, changed, of another format, or cannot be read.
    """
    while True:
        record = read_record(index_dir)
        try:
            return _open(index_dir, record)
        except IndexDamagedError:
            # Another process may have put a new index into place meanwhile and swept the old one away.
            if read_record(index_dir) == record:
                raise


def _open(index_dir: Path, record: dict[str, Any]) -> Stored:
    folder = index_dir / record["build"]

    def whole(name: str) -> bool:
        try:
            return same(folder / name, record["files"][name])
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise unreadable(index_dir, name, error) from error

    with ThreadPoolExecutor(cores()) as pool:
        for name, found in zip(record["files"], pool.map(whole, record["files"]), strict=True):
            if not found:
                raise damaged(index_dir, f"{name} is missing, cut short or changed")
    try:
        stored = _stored(folder, record)
        fits = _fits(stored, record["counts"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(index_dir, f"a record has an unknown form ({error})") from error
    if not fits:
        raise damaged(index_dir, "its files do not belong together")
    return stored


def _stored(folder: Path, record: dict[str, Any]) -> Stored:
    def lines(name: str) -> Lines:
        return Lines(folder / name, _array(folder / STARTS[name]))

    document_lines = lines(DOCUMENTS)
    parts = sum(bool(NEAR.fullmatch(name)) for name in record["files"])
    return Stored(
        manifest=manifest_of(record),
        policies=tuple(map(read_policy, lines(POLICIES))),
        document_lines=document_lines,
        documents=documents_of(document_lines),
        passages=passages_of(lines(PASSAGES)),
        firsts=_array(folder / FIRSTS),
        citable=_array(folder / CITABLE),
        digests=_array(folder / DIGESTS),
        postings=Postings(Strings(lines(TERMS)), **{field: _array(folder / name) for field, name in POSTINGS.items()}),
        words=Strings(lines(WORDS)),
        counts=_array(folder / COUNTS),
        vectors=_array(folder / VECTORS),
        tokens=TokenVectors(
            values=Rows(folder / TOKENS["values"]),
            **{field: _array(folder / name) for field, name in TOKENS.items() if field != "values"},
        ),
        near=Near([folder / f"near_{part}.faiss" for part in range(parts)]) if parts else None,
    )


def _fits(stored: Stored, counts: dict[str, int]) -> bool:
    """Whether all arrays have the types and lengths that the passages ask for."""
    passages, total = len(stored.passages), len(stored.tokens.values)
    policies, terms = len(stored.policies), len(stored.postings.terms)
    held, tokens, postings = len(stored.postings.rows), stored.tokens, stored.postings
    if stored.near and len(stored.near) != passages:
        return False
    if counts != {"documents": len(stored.documents), "passages": passages, "tokens": total}:
        return False
    kinds: tuple[tuple[NDArray[Any], type, int, int], ...] = (
        (stored.firsts, np.int64, 1, policies + 1),
        (stored.citable, np.bool_, 1, passages),
        (stored.digests, np.uint8, 2, passages),
        (postings.firsts, np.int64, 1, terms + 1),
        (postings.rows, np.int32, 1, held),
        (postings.weights, np.float32, 1, held),
        (stored.counts, np.int64, 1, len(stored.words)),
        (stored.vectors, np.float32, 2, passages),
        (tokens.offsets, np.int64, 1, passages + 1),
        (tokens.values[:0], np.int8, 2, 0),
        (tokens.starts, np.int32, 1, total),
        (tokens.ends, np.int32, 1, total),
        (tokens.frequencies, np.int32, 1, len(tokens.frequencies)),
    )
    shaped = all(a.dtype == kind and a.ndim == axes and len(a) == size for a, kind, axes, size in kinds)
    return shaped and all(
        len(ends) and int(ends[-1]) == size and bool(np.all(np.diff(ends) >= 0))
        for ends, size in ((stored.firsts, passages), (postings.firsts, held), (tokens.offsets, total))
    )


def _array(path: Path) -> NDArray[Any]:
    # Reading an item of a `memmap` takes five times as long as of the array that it is.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
