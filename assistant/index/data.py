"""What an index is made of, and what its manifest says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.index.manifest import FORMAT, Manifest, record_sha256
from assistant.retrieval.late import TokenVectors
from assistant.types import Document, Passage


@dataclass(frozen=True, slots=True, eq=False)
class IndexData:
    """A whole index in memory; row `i` of vectors and tokens belongs to `passages[i]`, whose id is `i`."""

    manifest: Manifest
    documents: tuple[Document, ...]
    # Document by document.
    passages: tuple[Passage, ...]
    # float32[n, dim], unit rows.
    vectors: NDArray[np.float32]
    tokens: TokenVectors


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what."""

    documents: int
    passages: int
    # Word pieces of all passages.
    tokens: int


def digest(passage: Passage) -> bytes:
    """Names what is encoded of a passage, its context and its text: 16 bytes."""
    skip = len(passage.indexed) - len(passage.text)
    text = passage.indexed.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(skip.to_bytes(8, "big") + text, digest_size=16).digest()


def record_of(manifest: Manifest, counts: Counts, build: str, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The manifest of a build as it is stored.

    Args:
        manifest: what it was built from.
        counts: what it holds.
        build: name of its folder.
        files: size and SHA-256 of each of its files, by name.
    """
    record = {
        "format": FORMAT,
        "build": build,
        "encoder": {"name": manifest.encoder, "sha256": manifest.encoder_sha256},
        "reader": {"sha256": manifest.reader_sha256},
        "corpus": dict(manifest.corpus),
        "counts": {"documents": counts.documents, "passages": counts.passages, "tokens": counts.tokens},
        "files": files,
    }
    return {**record, "sha256": record_sha256(record)}
