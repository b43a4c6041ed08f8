"""corpus/ → index/, a straight line: read → parse → split → encode → save."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import index
from assistant.errors import CorpusError, PolicyFileError
from assistant.freshness import corpus_digests
from assistant.policies import reader_sha256
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import list_sources, read_source
from assistant.retrieval.encoder import Encoder
from assistant.types import Document, Passage

# Largest file that is read unless the caller says otherwise; a policy of this size would be ten thousand pages.
MAX_FILE_BYTES = 50 << 20


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did."""

    documents: int
    passages: int
    # One for each file that was left out.
    errors: tuple[PolicyFileError, ...]
    seconds: float


def ingest(
    corpus: Path,
    index_dir: Path,
    progress: Callable[[int], None] | None = None,
    max_bytes: int = MAX_FILE_BYTES,
) -> IngestReport:
    """Builds the index of a folder of policies; files that cannot be read are left out and reported.

    Args:
        corpus: folder with policies and, optionally, policies.csv.
        index_dir: where the index is put; the old one serves until the new one is whole.
        progress: called with the number of passages encoded since the last call.
        max_bytes: largest file that is read.

    Raises:
        CorpusError: the folder or its policies.csv cannot be used, or no policy could be read.
    """
    started = time.monotonic()
    # Before the files are read: one that changes meanwhile leaves an index that is stale, not one that is wrong.
    digests = corpus_digests(corpus)
    catalogue = read_catalogue(corpus)
    paths, errors = list_sources(corpus)
    documents: list[Document] = []
    failed = list(errors)
    for path in paths:
        try:
            source = read_source(path, max_bytes)
            documents.append(parse(source, catalogue.get(source.id)))
        except PolicyFileError as error:
            failed.append(error)
    if not documents:
        told = " ".join(str(error) for error in failed)
        raise CorpusError(
            f"No policy in {corpus} could be read; put .txt, .md, .html or .pdf files there. {told}".strip()
        )
    passages = tuple(_numbered(documents))
    encoder = Encoder()
    texts = [passage.indexed for passage in passages]
    encoded = encoder.encode_passages(texts, progress, [len(p.indexed) - len(p.text) for p in passages])
    manifest = index.Manifest(encoder.name, encoder.sha256, reader_sha256(), digests)
    index.save(index_dir, index.IndexData(manifest, tuple(documents), passages, encoded.vectors, encoded.tokens))
    return IngestReport(len(documents), len(passages), tuple(failed), time.monotonic() - started)


def _numbered(documents: list[Document]) -> Iterator[Passage]:
    """Passages of all documents with ids counted through."""
    at = 0
    for document in documents:
        for passage in split(document):
            yield replace(passage, id=at)
            at += 1
