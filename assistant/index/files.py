"""The files of a build: their names, what names their content, and how they are brought to disk."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

DOCUMENTS = "documents.jsonl"
PASSAGES = "passages.jsonl"
VECTORS = "vectors.npy"
TOKENS = {field: f"tokens_{field}.npy" for field in ("offsets", "values", "starts", "ends", "frequencies")}
NAMES = frozenset((DOCUMENTS, PASSAGES, VECTORS, *TOKENS.values()))
# The folder of a build.
BUILD = re.compile(r"build-[0-9a-f]{16}")


def described(folder: Path) -> dict[str, dict[str, Any]]:
    """Size in bytes and SHA-256 of each file of a build, by name, as the manifest has them."""
    return {name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)} for name in NAMES}


def same(path: Path, file: Mapping[str, Any]) -> bool:
    """Whether a file is the one that the manifest describes.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    return bool(path.stat().st_size == file["bytes"] and _sha256(path) == file["sha256"])


def to_disk(file: BinaryIO) -> None:
    """Makes what was written survive a power cut."""
    file.flush()
    os.fsync(file.fileno())


def folder_to_disk(folder: Path) -> None:
    """Makes the names in `folder` survive a power cut, where the system can open folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
