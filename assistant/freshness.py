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
    """Whether the index must be built to answer from `corpus`: `stale` has something to say.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    return bool(stale(index_dir, corpus))


def stale(index_dir: Path, corpus: Path) -> tuple[str, ...]:
    """Why the index must be built to answer from `corpus`, a sentence or a file each; nothing where it need not.

    It must where it is missing, damaged, of another format or corpus, or made by another encoder or reader.

    Raises:
        CorpusError: the folder does not exist or cannot be listed.
    """
    digests = corpus_digests(corpus)
    try:
        manifest = read_manifest(index_dir)
    except (IndexMissingError, IndexDamagedError) as error:
        return (str(error),)
    made = [
        sentence
        for known, now, sentence in (
            (manifest.encoder_sha256, read_page().sha256, "The index was built with another encoder."),
            (manifest.reader_sha256, reader_sha256(), "The index was built by another version of the readers."),
        )
        if known != now
    ]
    before = dict(manifest.corpus)
    changed = [f"changed: {name}" for name in sorted(before.keys() & digests.keys()) if before[name] != digests[name]]
    added = [f"added: {name}" for name in sorted(digests.keys() - before.keys())]
    removed = [f"removed: {name}" for name in sorted(before.keys() - digests.keys())]
    return (*made, *changed, *added, *removed)


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
