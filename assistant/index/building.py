"""A build that grows document by document: what is known of one goes to disk at once, the rest when all are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from assistant.index.appended import ArrayFile, LinesFile
from assistant.index.data import Counts, digest
from assistant.index.files import (
    CITABLE,
    COUNTS,
    DIGESTS,
    DOCUMENTS,
    FIRSTS,
    PASSAGES,
    POLICIES,
    POSTINGS,
    TERMS,
    TOKENS,
    VECTORS,
    WORDS,
    to_disk,
)
from assistant.index.rows import Rows
from assistant.records import check_passage, document_line, passage_line, policy_line
from assistant.retrieval import near
from assistant.retrieval.late import TokenVectors
from assistant.retrieval.postings import Counting
from assistant.retrieval.spelling import counted
from assistant.retrieval.tally import Tally
from assistant.types import Document, Passage

DIGEST_BYTES = 16
# Strings that are written at a time.
CHUNK = 65536
Item = TypeVar("Item")


class Build:
    """The files of one build, all in one folder."""

    def __init__(self, opened: ExitStack, folder: Path, scratch: Path, dim: int, token_dim: int) -> None:
        """Begins them.

        Args:
            opened: closes them at the latest.
            folder: where they are put; it is empty.
            scratch: a folder for files that are needed meanwhile.
            dim: dimensions of a passage's vector.
            token_dim: dimensions of a word piece's vector.
        """
        self._opened, self._folder = opened, folder
        self._policies, self._documents = self._lines(POLICIES), self._lines(DOCUMENTS)
        self._passages = self._lines(PASSAGES)
        self._citable, self._digests = self._array(CITABLE, np.bool_), self._array(DIGESTS, np.uint8, DIGEST_BYTES)
        self._vectors = self._array(VECTORS, np.float32, dim)
        self._values = self._array(TOKENS["values"], np.int8, token_dim)
        self._starts, self._ends = (self._array(TOKENS[field], np.int32) for field in ("starts", "ends"))
        pairs, terms, words = (_temporary(opened, scratch) for _ in range(3))
        self._terms, self._words = Counting(pairs, Tally(terms)), Tally(words)
        self._firsts, self._offsets = self._array(FIRSTS, np.int64), self._array(TOKENS["offsets"], np.int64)
        for ends in (self._firsts, self._offsets):
            ends.append(np.zeros(1, dtype=np.int64))

    def add(self, document: Document, passages: Sequence[Passage]) -> None:
        """Adds one more document.

        Args:
            document: whose id no other has.
            passages: all of them, in reading order; their ids do not count.

        Raises:
            ValueError: a passage is not cut from the document.
        """
        for passage in passages:
            check_passage(passage, document)
        self._policies.append([policy_line(document.policy)])
        self._documents.append([document_line(document)])
        self._passages.append(map(passage_line, passages))
        self._citable.append(np.array([passage.citable for passage in passages], dtype=np.bool_))
        digests = np.frombuffer(b"".join(map(digest, passages)), dtype=np.uint8)
        self._digests.append(digests.reshape(-1, DIGEST_BYTES))
        for passage in passages:
            self._terms.add(passage.indexed)
        for word, times in counted(passage.indexed for passage in passages).items():
            self._words.add(word, times)
        if self._words.full:
            self._words.end_run()
        self._firsts.append(np.array([self._citable.length]))

    def encoded(self, vectors: NDArray[np.float32], tokens: TokenVectors) -> None:
        """Adds the vectors of the next passages."""
        self._offsets.append(tokens.offsets[1:] + self._values.length)
        self._vectors.append(vectors)
        self._values.append(tokens.values[:])
        self._starts.append(tokens.starts)
        self._ends.append(tokens.ends)

    def finish(self, frequencies: NDArray[np.int32], step: Callable[[str], None]) -> Counts:
        """Writes what is known when all is known, and brings all to disk.

        Args:
            frequencies: int32[vocabulary], in how many passages each word piece occurs.
            step: called with the name of each thing that begins.

        Raises:
            ValueError: there are not as many vectors as passages.
        """
        counts = Counts(self._firsts.length - 1, self._citable.length, self._values.length)
        if self._vectors.length != counts.passages or self._offsets.length - 1 != counts.passages:
            raise ValueError("passages, vectors and token vectors differ in number")
        pieces = self._array(TOKENS["frequencies"], np.int32)
        pieces.append(frequencies)
        step("Weighing words")
        self._weigh()
        step("Counting words")
        self._count_words()
        step("Bringing files to disk")
        lines: tuple[LinesFile | ArrayFile, ...] = (self._policies, self._documents, self._passages, self._firsts)
        arrays = (self._citable, self._digests, self._vectors, self._values, self._starts, self._ends, self._offsets)
        for file in (*lines, *arrays, pieces):
            file.close()
        if counts.passages >= near.LEAST:
            step("Making the approximate index")
            near.write(Rows(self._folder / VECTORS), self._near)
        return counts

    def _weigh(self) -> None:
        terms, firsts = self._lines(TERMS), self._array(POSTINGS["firsts"], np.int64)
        rows, weights = self._array(POSTINGS["rows"], np.int32), self._array(POSTINGS["weights"], np.float32)
        for some in _chunks(self._terms.terms()):
            terms.append(some)
        firsts.append(np.zeros(1, dtype=np.int64))
        for part in self._terms.postings():
            firsts.append(rows.length + np.cumsum(part.held))
            rows.append(part.rows)
            weights.append(part.weights)
        for file in (terms, firsts, rows, weights):
            file.close()

    def _count_words(self) -> None:
        words, counts = self._lines(WORDS), self._array(COUNTS, np.int64)
        for some in _chunks(self._words.merged()):
            words.append(word for word, _ in some)
            counts.append(np.array([times for _, times in some], dtype=np.int64))
        words.close()
        counts.close()

    @contextmanager
    def _near(self, number: int) -> Iterator[BinaryIO]:
        with (self._folder / f"near_{number}.faiss").open("wb") as out:
            yield out
            to_disk(out)

    def _lines(self, name: str) -> LinesFile:
        return LinesFile(self._opened, self._folder / name)

    def _array(self, name: str, dtype: type, *width: int) -> ArrayFile:
        return ArrayFile(self._opened, self._folder / name, dtype, width)


def _chunks(items: Iterator[Item]) -> Iterator[list[Item]]:
    """All items, so many at a time."""
    return iter(lambda: list(islice(items, CHUNK)), [])


def _temporary(opened: ExitStack, folder: Path) -> BinaryIO:
    """A file without a name, which is gone when it is closed."""
    return cast("BinaryIO", opened.enter_context(TemporaryFile(dir=folder)))
