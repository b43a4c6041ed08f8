"""corpus/ → index/, a straight line: read → parse → split → encode → save."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from assistant import index
from assistant.errors import CorpusError, PolicyFileError
from assistant.freshness import corpus_digests
from assistant.isolated import Limits, Reader
from assistant.policies import reader_sha256
from assistant.policies.describe import read_catalogue
from assistant.policies.source import list_sources
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.weights import read_page
from assistant.reuse import encode, kept
from assistant.types import Document, Passage

_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What one ingest did."""

    documents: int
    passages: int
    # Passages that the last index did not have; the vectors of all others were kept.
    encoded: int
    # One for each file that was left out.
    errors: tuple[PolicyFileError, ...]
    seconds: float


def ingest(
    corpus: Path,
    index_dir: Path,
    progress: Callable[[int], None] | None = None,
    limits: Limits = _LIMITS,
    waiting: Callable[[], None] | None = None,
) -> IngestReport:
    """Builds the index of a folder of policies; files that cannot be read are left out and reported.

    What the last index holds of files that have not changed is kept, so that only the others are read and encoded. Of
    several ingests into one folder each waits for the one before it.

    Args:
        corpus: folder with policies and, optionally, policies.csv.
        index_dir: where the index is put; the old one serves until the new one is whole.
        progress: called with the number of passages encoded since the last call.
        limits: what reading one file may take; a file that takes more is left out and reported.
        waiting: called once where another ingest is at work.

    Raises:
        CorpusError: the folder or its policies.csv cannot be used, or no policy could be read.
        AssistantError: the index cannot be written.
    """
    with index.alone(index_dir, waiting):
        return _ingest(corpus, index_dir, progress, limits)


def _ingest(corpus: Path, index_dir: Path, progress: Callable[[int], None] | None, limits: Limits) -> IngestReport:
    started = time.monotonic()
    # Before the files are read: one that changes meanwhile leaves an index that is stale, not one that is wrong.
    digests = corpus_digests(corpus)
    catalogue = read_catalogue(corpus)
    paths, errors = list_sources(corpus)
    page = read_page()
    manifest = index.Manifest(page.name, page.sha256, reader_sha256(), digests)
    last = kept(index_dir, manifest)
    read: list[tuple[Document, tuple[Passage, ...]]] = []
    failed = list(errors)
    with Reader(limits) as reader:
        for path in paths:
            try:
                read.append(last.documents.get(path.name) or reader.read(path, catalogue.get(path.stem)))
            except PolicyFileError as error:
                failed.append(error)
    if not read:
        told = " ".join(str(error) for error in failed)
        raise CorpusError(
            f"No policy in {corpus} could be read; put .txt, .md, .html or .pdf files there. {told}".strip()
        )
    documents = tuple(document for document, _ in read)
    passages = tuple(replace(passage, id=at) for at, passage in enumerate(p for _, each in read for p in each))
    encoded, new = encode(passages, last.data, Encoder, progress)
    index.save(index_dir, index.IndexData(manifest, documents, passages, encoded.vectors, encoded.tokens))
    return IngestReport(len(documents), len(passages), new, tuple(failed), time.monotonic() - started)
