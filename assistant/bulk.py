"""corpus/ → a Milvus server, a policy at a time: read → parse → split → encode → write → switch.

Any number of machines may do so at once, each with a shard of the files. What is written is named by what it was made
of, so that whoever is killed goes on where it was, and doing it twice changes nothing. Readers see the old version of a
policy or the new one; the rows of the old one stay for a while, for those who still read them.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import orjson

from assistant.engines.milvus.counts import Counts
from assistant.engines.milvus.entries import Entry
from assistant.engines.milvus.packing import Kind, Pieces, Place, pieces_bytes, read_pieces
from assistant.engines.milvus.store import Row, Store
from assistant.engines.milvus.terms import terms
from assistant.errors import CorpusError, EngineError, PolicyFileError
from assistant.freshness import corpus_digests
from assistant.index import digest
from assistant.ingest import Foresight, IngestReport, Progress
from assistant.isolated import Limits, Reader
from assistant.policies import reader_sha256
from assistant.policies.describe import read_catalogue
from assistant.policies.source import list_sources
from assistant.records import document_line, passage_line
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.phrases import runs
from assistant.retrieval.weights import read_page
from assistant.shards import Shard
from assistant.types import Document, Passage

# Seconds for which the rows of an old version stay: longer than any reader holds on to it.
GRACE = 600.0
# Seconds between two marks, which make servers look for new versions.
_MARK = 30.0
_LIMITS = Limits()


class Bulk:
    """Writes the policies of a shard of a folder; one process for each shard at a time."""

    def __init__(self, store: Store, encoder: Callable[[], Encoder], shard: Shard, grace: float = GRACE) -> None:
        """Begins.

        Args:
            store: the rows of the tenant.
            encoder: loads it, when first there is something to encode.
            shard: which policies.
            grace: seconds for which the rows of an old version stay.
        """
        self._store = store
        self._load = encoder
        self._encoder: Encoder | None = None
        self._shard = shard
        self._grace = grace
        self._marked = time.monotonic()

    def ingest(self, corpus: Path, progress: Progress | None = None, limits: Limits = _LIMITS) -> IngestReport:
        """Brings the policies of the shard to what lies in the folder.

        Args:
            corpus: folder with policies and, optionally, policies.csv.
            progress: called with the number of passages encoded since the last call, and how many are expected in all,
                as far as that can be told.
            limits: what reading one file may take; a file that takes more is left out and reported.

        Raises:
            CorpusError: the folder or its policies.csv cannot be used, holds no policy at all, or no policy of the
                shard could be read and the server has some; nothing is removed then.
            EngineError, BusyError: the server cannot be used, or does not answer.
        """
        started = time.monotonic()
        catalogue = read_catalogue(corpus)
        wanted, errors = self._wanted(corpus, catalogue)
        known = self._known()
        failed = list(errors)
        passages = encoded = documents = 0
        foresight = Foresight(path for path, generation in wanted.items() if not _holds(known, path, generation))

        def told(done: int, new: int) -> None:
            if progress:
                progress(done, foresight.expected(encoded + new))

        with Reader(limits) as reader:
            for path, generation in wanted.items():
                entry = known.pop(path.stem, Entry(path.stem, path.name))
                if entry.generation != generation:
                    try:
                        document, found = reader.read(path, catalogue.get(path.stem))
                    except PolicyFileError as error:
                        failed.append(error)
                        known[path.stem] = entry
                        foresight.left_out(path)
                        continue
                    foresight.read(path)
                    entry, new = self._write(replace(entry, file=path.name), generation, document, found, told)
                    encoded += new
                documents, passages = documents + 1, passages + entry.passages
        if wanted and not documents and any(entry.generation for entry in known.values()):
            # Rather what stands there is old than nothing is.
            wrong = " ".join(map(str, failed))
            raise CorpusError(
                f"No policy of shard {self._shard} in {corpus} could be read, so none is removed. {wrong}"
            )
        for entry in known.values():
            self._store.put_entry(entry.gone(time.time()))
        self._sweep()
        self._store.set_mark(str(self._shard))
        return IngestReport(documents, passages, encoded, tuple(failed), time.monotonic() - started)

    def stale(self, corpus: Path) -> tuple[str, ...]:
        """What an ingest would take up, a file each.

        Raises:
            CorpusError, EngineError, BusyError: as for `ingest`.
        """
        wanted, _ = self._wanted(corpus, read_catalogue(corpus))
        known = {policy: entry for policy, entry in self._known().items() if entry.generation}
        told = []
        for path, generation in wanted.items():
            entry = known.pop(path.stem, None)
            if not entry or entry.generation != generation:
                told.append(f"{'changed' if entry else 'added'}: {path.name}")
        return (*told, *(f"removed: {entry.file}" for entry in known.values()))

    def _wanted(
        self, corpus: Path, catalogue: Mapping[str, object]
    ) -> tuple[dict[Path, str], tuple[PolicyFileError, ...]]:
        """The files of the shard with the generation that each must have, and what is wrong with names of files."""
        digests = corpus_digests(corpus)
        paths, errors = list_sources(corpus)
        if not paths:
            raise CorpusError(f"There is no policy in {corpus}; put .txt, .md, .html or .pdf files there.")
        mine = [path for path in paths if self._shard.holds(path.stem)]
        return {path: _generation(path, digests, catalogue) for path in mine}, errors

    def _known(self) -> dict[str, Entry]:
        return {entry.policy: entry for entry in self._store.entries() if self._shard.holds(entry.policy)}

    def _write(
        self,
        entry: Entry,
        generation: str,
        document: Document,
        passages: tuple[Passage, ...],
        told: Callable[[int, int], None],
    ) -> tuple[Entry, int]:
        """Writes a version of a policy and makes it the one that counts; returns how many passages were encoded.

        `told` is called with how many were encoded since the last call, and how many of this policy will be.
        """
        before = entry.generation
        entry = entry.begun(generation)
        self._store.put_entry(entry)
        contents = [digest(passage).hex() for passage in passages]
        held = self._store.held(generation)
        missing = [at for at, content in enumerate(contents) if held.get(at) != content]
        new = self._put(missing, passages, contents, before, generation, told) if missing else 0
        texts = [passage.indexed for passage in passages]
        counts = Counts.of(texts, self._loaded().frequencies(texts))
        numbers = {clause.number.casefold() for clause in document.clauses if clause.number}
        self._store.put_document(generation, document_line(document), runs(document.text), numbers)
        self._store.put_payloads([(Place(generation, Kind.COUNTS), counts.to_bytes())])
        if self._store.held(generation) != dict(enumerate(contents)):
            raise EngineError(
                f"The search server has not kept all passages of {entry.file}; run the ingest again, which writes only "
                "what is missing."
            )
        citable = sum(passage.citable for passage in passages)
        entry = entry.switched(document.policy, len(passages), citable, time.time())
        self._store.put_entry(entry)
        if time.monotonic() > self._marked + _MARK:
            self._store.set_mark(str(self._shard))
            self._marked = time.monotonic()
        return entry, new

    def _put(
        self,
        missing: list[int],
        passages: tuple[Passage, ...],
        contents: list[str],
        before: str,
        generation: str,
        told: Callable[[int, int], None],
    ) -> int:
        """Writes passages; those whose content the version before has are not encoded again."""
        wanted = {contents[at] for at in missing}
        old = {}
        if before:
            old = {content: (at, vector) for at, content, vector in self._store.vectors(before) if content in wanted}
        data = self._store.payloads([Place(before, Kind.PIECES, at) for at, _ in old.values()])
        pieces: dict[str, Pieces] = dict(zip(old, map(read_pieces, data), strict=True))
        vectors = {content: vector for content, (_, vector) in old.items()}
        new = {contents[at]: passages[at] for at in missing if contents[at] not in vectors}
        encoded = self._loaded().encode_passages(
            [passage.indexed for passage in new.values()],
            lambda done: told(done, len(new)),
            [len(passage.indexed) - len(passage.text) for passage in new.values()],
        )
        for row, content in enumerate(new):
            vectors[content], pieces[content] = encoded.vectors[row], encoded.tokens.pieces(row)
        # What is fetched comes before what is found.
        self._store.put_payloads(
            each
            for at in missing
            for each in (
                (Place(generation, Kind.RECORD, at), passage_line(passages[at])),
                (Place(generation, Kind.PIECES, at), pieces_bytes(pieces[contents[at]])),
            )
        )
        self._store.put_passages(
            [
                Row(
                    Place(generation, Kind.RECORD, at),
                    passages[at].citable,
                    contents[at],
                    terms(passages[at].indexed),
                    vectors[contents[at]],
                )
                for at in missing
            ]
        )
        return len(new)

    def _sweep(self) -> None:
        """Deletes what nobody reads any more."""
        now = time.time()
        for entry in self._known().values():
            due = [generation for generation, since in entry.retired if since + self._grace <= now]
            for generation in due:
                self._store.delete(generation)
            left = replace(entry, retired=tuple(each for each in entry.retired if each[0] not in due))
            if not (left.generation or left.pending or left.retired):
                self._store.drop_entry(entry.policy)
            elif due:
                self._store.put_entry(left)

    def _loaded(self) -> Encoder:
        self._encoder = self._encoder or self._load()
        return self._encoder


def _holds(known: Mapping[str, Entry], path: Path, generation: str) -> bool:
    """Whether the server has this version of a policy."""
    return path.stem in known and known[path.stem].generation == generation


def _generation(path: Path, digests: Mapping[str, str], catalogue: Mapping[str, object]) -> str:
    """Names all that the rows of a policy are made of."""
    made_of = [
        path.name,
        digests.get(path.name, ""),
        orjson.dumps(catalogue.get(path.stem), default=repr).decode(),
        reader_sha256(),
        read_page().sha256,
    ]
    return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]
