"""corpus/ → index/, a straight line: read → parse → split → encode → save; file by file, in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
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
from assistant.reuse import Encoding, last_index

Progress = Callable[[int, int | None], None]
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
    progress: Progress | None = None,
    limits: Limits = _LIMITS,
    waiting: Callable[[], None] | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> IngestReport:
    """Builds the index of a folder of policies; files that cannot be read are left out and reported.

    What the last index holds of files that have not changed is kept, so that only the others are read and encoded. Of
    several ingests into one folder each waits for the one before it. What one that is killed has encoded is kept too.

    Args:
        corpus: folder with policies and, optionally, policies.csv.
        index_dir: where the index is put; the old one serves until the new one is whole.
        progress: called with the number of passages encoded since the last call, and how many are expected in all, as
            far as that can be told.
        limits: what reading one file may take; a file that takes more is left out and reported.
        waiting: called once where another ingest is at work.
        step: called with the name of each thing that begins when all is encoded.

    Raises:
        CorpusError: the folder or its policies.csv cannot be used, or no policy could be read.
        AssistantError: the index cannot be written.
    """
    with index.alone(index_dir, waiting):
        return _ingest(corpus, index_dir, progress, limits, step)


def _ingest(
    corpus: Path, index_dir: Path, progress: Progress | None, limits: Limits, step: Callable[[str], None]
) -> IngestReport:
    started = time.monotonic()
    # Before the files are read: one that changes meanwhile leaves an index that is stale, not one that is wrong.
    digests = corpus_digests(corpus)
    catalogue = read_catalogue(corpus)
    paths, errors = list_sources(corpus)
    page = read_page()
    manifest = index.Manifest(page.name, page.sha256, reader_sha256(), digests)
    last = last_index(index_dir, manifest)
    load = cache(Encoder)
    dims = last.dims or (load().dim, load().token_dim)
    journal = index.Journal(index_dir, page.sha256, *dims)
    foresight = Foresight(path for path in paths if path.name not in last)
    told = (lambda done, found: progress(done, foresight.expected(found))) if progress else None
    encoding = Encoding(last.stored, load, journal, told)
    failed = list(errors)
    documents = 0
    with Reader(limits) as reader, index.building(index_dir, *dims) as build:
        for path in paths:
            try:
                document, passages = last.document(path.name) or reader.read(path, catalogue.get(path.stem))
            except PolicyFileError as error:
                failed.append(error)
                foresight.left_out(path)
                continue
            build.add(document, passages)
            documents += 1
            foresight.read(path)
            for vectors, tokens in encoding.add(passages):
                build.encoded(vectors, tokens)
        if not documents:
            wrong = " ".join(str(error) for error in failed)
            raise CorpusError(
                f"No policy in {corpus} could be read; put .txt, .md, .html or .pdf files there. {wrong}".strip()
            )
        build.encoded(*encoding.take())
        counts = index.publish(index_dir, build, manifest, encoding.frequencies(), step)
    journal.clear()
    return IngestReport(counts.documents, counts.passages, encoding.encoded, tuple(failed), time.monotonic() - started)


class Foresight:
    """How many passages there will be to encode, as far as what was read tells."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Takes the files that will be read."""
        self._sizes = {path: _size(path) for path in paths}
        self._ahead, self._read = sum(self._sizes.values()), 0

    def read(self, path: Path) -> None:
        """Takes note that a file was read."""
        size = self._sizes.get(path, 0)
        self._ahead, self._read = self._ahead - size, self._read + size

    def left_out(self, path: Path) -> None:
        """Takes note that a file cannot be read."""
        self._ahead -= self._sizes.get(path, 0)

    def expected(self, found: int) -> int | None:
        """Where what was read holds `found` passages to encode, what all will hold; None where nothing tells."""
        return found + found * self._ahead // self._read if self._read else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
