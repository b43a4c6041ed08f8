"""Whether an index is of the corpus that lies there now: by the digests of its files, without reading a policy."""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.errors import IndexDamagedError, IndexMissingError
from assistant.index import read_manifest
from assistant.policies import reader_sha256
from assistant.policies.describe import CATALOGUE
from assistant.policies.source import list_sources
from assistant.retrieval.weights import read_page


def corpus_digests(corpus: Path) -> dict[str, str]:
    """SHA-256 by file name of every policy file, readable as a policy or not, and of policies.csv; `ingest` saves it.

    A file that cannot be opened has the digest "", so that the index is stale as soon as it can be.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    paths, _ = list_sources(corpus)
    catalogue = corpus / CATALOGUE
    return {path.name: _digest(path) for path in (*paths, *([catalogue] if catalogue.exists() else []))}


def is_stale(index_dir: Path, corpus: Path) -> bool:
    """Whether the index must be built to answer from `corpus`.

    It must where it is missing, damaged, of another format or corpus, or made by another encoder or reader.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    digests = corpus_digests(corpus)
    try:
        manifest = read_manifest(index_dir)
    except (IndexMissingError, IndexDamagedError):
        return True
    made_by = (manifest.encoder_sha256, manifest.reader_sha256)
    return made_by != (read_page().sha256, reader_sha256()) or dict(manifest.corpus) != digests


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
