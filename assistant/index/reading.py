"""The index as it lies on disk → what it holds, every file checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import IndexDamagedError
from assistant.index.data import IndexData
from assistant.index.files import DOCUMENTS, PASSAGES, TOKENS, VECTORS, same
from assistant.index.manifest import damaged, manifest_of, read_record, unreadable
from assistant.records import read_document, read_passage
from assistant.retrieval.late import TokenVectors
from assistant.types import Passage

# Large ones are mapped into memory, not read.
_MAPPED = frozenset((VECTORS, TOKENS["values"]))


def load(index_dir: Path) -> IndexData:
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


def _open(index_dir: Path, record: dict[str, Any]) -> IndexData:
    folder = index_dir / record["build"]
    for name, file in record["files"].items():
        try:
            whole = same(folder / name, file)
        except (FileNotFoundError, NotADirectoryError):
            whole = False
        except OSError as error:
            raise unreadable(index_dir, name, error) from error
        if not whole:
            raise damaged(index_dir, f"{name} is missing, cut short or changed")
    try:
        documents = tuple(map(read_document, (folder / DOCUMENTS).read_bytes().splitlines()))
        known = {document.policy.id: document for document in documents}
        lines = enumerate((folder / PASSAGES).read_bytes().splitlines())
        passages = tuple(read_passage(line, row, known) for row, line in lines)
        vectors = _read_array(folder / VECTORS)
        tokens = TokenVectors(**{field: _read_array(folder / name) for field, name in TOKENS.items()})
        counts = {"documents": len(documents), "passages": len(passages), "tokens": len(tokens.values)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(index_dir, f"a record has an unknown form ({error})") from error
    if counts != record["counts"] or not _fits(passages, vectors, tokens):
        raise damaged(index_dir, "its files do not belong together")
    return IndexData(manifest_of(record), documents, passages, vectors, tokens)


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
