"""The files of a build: their names, what names their content, and how they are brought to disk."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

# One JSON record to a line.
POLICIES = "policies.jsonl"
DOCUMENTS = "documents.jsonl"
PASSAGES = "passages.jsonl"
# Strings in the order of their bytes: the tokens of lexical search, and the words that spelling mends by.
TERMS = "terms.txt"
WORDS = "words.txt"
# Where each line of a file begins, and where the last one ends.
STARTS = {name: f"{Path(name).stem}_starts.npy" for name in (POLICIES, DOCUMENTS, PASSAGES, TERMS, WORDS)}
# The first passage of each document, and how many passages there are.
FIRSTS = "documents_firsts.npy"
# Whether each passage may be cited, and what names its text and context.
CITABLE = "passages_citable.npy"
DIGESTS = "passages_digests.npy"
# The passages that hold each term: where those of a term begin, which they are, what the term weighs in each.
POSTINGS = {field: f"terms_{field}.npy" for field in ("firsts", "rows", "weights")}
# How often each word stands.
COUNTS = "words_counts.npy"
VECTORS = "vectors.npy"
TOKENS = {field: f"tokens_{field}.npy" for field in ("offsets", "values", "starts", "ends", "frequencies")}
NAMES = frozenset(
    (*STARTS, *STARTS.values(), FIRSTS, CITABLE, DIGESTS, *POSTINGS.values(), COUNTS, VECTORS, *TOKENS.values())
)
# The approximate index of very many vectors, in parts.
NEAR = re.compile(r"near_\d{1,6}\.faiss")
# The folder of a build.
BUILD = re.compile(r"build-[0-9a-f]{16}")


def described(folder: Path) -> dict[str, dict[str, Any]]:
    """Size in bytes and SHA-256 of each file of a build, by name, as the manifest has them."""
    return {path.name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in sorted(folder.iterdir())}


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
