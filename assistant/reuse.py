"""What an ingest takes over: documents of unchanged files, vectors of passages that were encoded before.

Vectors are kept by what was encoded: the text of a passage with the context before it. A kept vector may differ from a
new one in the last bits, since texts are encoded together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant import index
from assistant.errors import IndexDamagedError, IndexMissingError
from assistant.index import Journal, Known, Manifest, Stored, digest
from assistant.policies.describe import CATALOGUE
from assistant.retrieval.late import TokenVectors, gather
from assistant.types import Document, Passage

if TYPE_CHECKING:
    from assistant.retrieval.encoder import Encoder

Floats = NDArray[np.float32]

# Unknown passages that are encoded together: as many as the encoder sorts by length.
CHUNK = 2048
# Passages that wait for their vectors at most.
_WAITING = 8192


class Last:
    """What still holds of the last index."""

    def __init__(self, stored: Stored | None, manifest: Manifest) -> None:
        """Compares it with the index to come.

        Args:
            stored: the last index of the same encoder.
            manifest: of the index to come.
        """
        self.stored = stored
        self._numbers: dict[str, int] = {}
        if stored is None:
            return
        last, now = stored.manifest, manifest.corpus
        if last.reader_sha256 == manifest.reader_sha256 and last.corpus.get(CATALOGUE) == now.get(CATALOGUE):
            names = {Path(name).stem: name for name, sha in now.items() if sha and last.corpus.get(name) == sha}
            numbered = enumerate(stored.policies)
            self._numbers = {names[policy.id]: number for number, policy in numbered if policy.id in names}

    def __contains__(self, file: str) -> bool:
        return file in self._numbers

    @property
    def dims(self) -> tuple[int, int] | None:
        """Dimensions of a passage's vector and of a word piece's; None where there is no index."""
        return (self.stored.vectors.shape[1], self.stored.tokens.values.shape[1]) if self.stored else None

    def document(self, file: str) -> tuple[Document, Sequence[Passage]] | None:
        """The document of a file that has not changed, with its passages; None for any other."""
        if self.stored is None or file not in self._numbers:
            return None
        number = self._numbers[file]
        first, end = self.stored.firsts[number : number + 2]
        return self.stored.documents[number], self.stored.passages[int(first) : int(end)]


def last_index(index_dir: Path, manifest: Manifest) -> Last:
    """The index in `index_dir`; nothing of one that is missing, damaged or of another encoder."""
    try:
        stored = index.load(index_dir)
    except (IndexMissingError, IndexDamagedError):
        return Last(None, manifest)
    return Last(stored if stored.manifest.encoder_sha256 == manifest.encoder_sha256 else None, manifest)


class Finder:
    """Finds passages by what is encoded of them."""

    def __init__(self, known: Known) -> None:
        self.known = known
        keys = _keys(known.digests)
        self._order = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]
        # bool[n]: which were found.
        self.found = np.zeros(len(keys), dtype=np.bool_)

    def find(self, name: bytes) -> tuple[int | None, bool]:
        """The row of a passage, None where it is unknown, and whether this row is found for the first time.

        Of several that are the same each is found once, in turn, and then the last one again and again.
        """
        key = np.frombuffer(name, dtype=np.uint64, count=1)[0]
        row = None
        for at in range(int(np.searchsorted(self._keys, key)), len(self._keys)):
            if self._keys[at] != key:
                break
            if self.known.digests[self._order[at]].tobytes() == name:
                row = int(self._order[at])
                if not self.found[row]:
                    self.found[row] = True
                    return row, True
        return row, False


class Encoding:
    """Gives passages their vectors, so many at a time; what is known is not encoded again."""

    def __init__(
        self,
        last: Stored | None,
        load: Callable[[], Encoder],
        journal: Journal,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        """Begins.

        Args:
            last: the last index of the same encoder.
            load: gives the encoder; not called where no passage is new and none is gone.
            journal: of what was encoded since the last index; what is encoded now goes there.
            progress: called with how many passages were encoded since the last call, and how many there are so far.
        """
        self._last, self._load, self._journal, self._progress = last, load, journal, progress
        self._frequencies = last.tokens.frequencies if last else np.zeros(1, dtype=np.int32)
        self._finders = [Finder(Known(last.digests, last.vectors, last.tokens))] if last else []
        self._finders.append(Finder(journal.known()))
        # Passages without vectors, with what names them, and where they are known.
        self._waiting: list[tuple[Passage, bytes, tuple[Known, int] | None]] = []
        # Those of them that must be encoded, and those whose word pieces the frequencies lack.
        self._unknown: dict[bytes, Passage] = {}
        self._uncounted: list[Passage] = []
        # Passages that were encoded.
        self.encoded = 0

    @property
    def full(self) -> bool:
        """Whether enough passages wait for `take`."""
        return len(self._unknown) >= CHUNK or len(self._waiting) >= _WAITING

    def add(self, passages: Sequence[Passage]) -> Iterator[tuple[Floats, TokenVectors]]:
        """Takes on passages; yields the vectors of those that waited longest whenever enough do."""
        for passage in passages:
            name = digest(passage)
            known = self._find(name, passage)
            if known is None and name not in self._unknown:
                self._unknown[name] = passage
            elif known is None:
                self._uncounted.append(passage)
            self._waiting.append((passage, name, known))
            if self.full:
                yield self.take(more=True)

    def take(self, more: bool = False) -> tuple[Floats, TokenVectors]:
        """The vectors of all passages that wait, in their order; `more` says that others will come."""
        new, places = self._encode(more), {name: at for at, name in enumerate(self._unknown)}
        found = [known or (new, places[name]) for _, name, known in self._waiting if known or new]
        if self._uncounted:
            self._frequencies = self._frequencies + self._load().frequencies([p.indexed for p in self._uncounted])
        self._waiting, self._unknown, self._uncounted = [], {}, []
        dim, token_dim = self._finders[0].known.vectors.shape[1], self._finders[0].known.tokens.values.shape[1]
        vectors = np.array([source.vectors[row] for source, row in found if source], dtype=np.float32)
        pieces = (source.tokens.pieces(row) for source, row in found if source)
        return vectors.reshape(-1, dim), gather(pieces, np.empty(0, np.int32), token_dim)

    def frequencies(self) -> NDArray[np.int32]:
        """In how many of all passages each word piece occurs: int32[vocabulary]."""
        if self._last:
            gone = np.flatnonzero(~self._finders[0].found)
            for first in range(0, len(gone), CHUNK):
                texts = [self._last.passages[int(row)].indexed for row in gone[first : first + CHUNK]]
                self._frequencies = self._frequencies - self._load().frequencies(texts)
        return self._frequencies.astype(np.int32)

    def _find(self, name: bytes, passage: Passage) -> tuple[Known, int] | None:
        for finder in self._finders:
            row, first = finder.find(name)
            if row is not None:
                # Each passage of the last index is counted once in its frequencies.
                if not (first and self._last and finder is self._finders[0]):
                    self._uncounted.append(passage)
                return finder.known, row
        return None

    def _encode(self, more: bool) -> Known | None:
        """The vectors of what is unknown; what is worth it goes into the journal."""
        if not self._unknown:
            return None
        passages = list(self._unknown.values())
        skips = [len(passage.indexed) - len(passage.text) for passage in passages]
        told, new = self._progress, self.encoded + len(passages)
        progress = (lambda done: told(done, new)) if told else None
        found = self._load().encode_passages([passage.indexed for passage in passages], progress, skips)
        self._frequencies = self._frequencies + found.tokens.frequencies
        self.encoded += len(passages)
        names = np.frombuffer(b"".join(self._unknown), dtype=np.uint8).reshape(len(passages), -1)
        if more:
            self._journal.append(names, found.vectors, found.tokens)
        return Known(names, found.vectors, found.tokens)


def _keys(digests: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The first 8 bytes of each: what digests are sorted by."""
    return np.ascontiguousarray(digests[:, :8]).view(np.uint64)[:, 0]
