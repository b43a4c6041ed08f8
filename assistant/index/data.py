"""What the index holds, and what its manifest says of it."""

from __future__ import annotations

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
    """All that answering needs; row `i` of vectors and tokens belongs to `passages[i]`, whose id is `i`."""

    manifest: Manifest
    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    # float32[n, dim], unit rows.
    vectors: NDArray[np.float32]
    tokens: TokenVectors


def record_of(data: IndexData, build: str, files: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The manifest of `data` as it is stored.

    Args:
        data: what the build holds.
        build: name of its folder.
        files: size and SHA-256 of each of its files, by name.
    """
    record = {
        "format": FORMAT,
        "build": build,
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
    return {**record, "sha256": record_sha256(record)}
