"""A build that grows document by document: what is known of one goes to disk at once, the rest when all are known."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

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
        self._firsts, self._offsets = array("q", [0]), array("q", [0])

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
        self._firsts.append(self._firsts[-1] + len(passages))

    def encoded(self, vectors: NDArray[np.float32], tokens: TokenVectors) -> None:
        """Adds the vectors of the next passages."""
        self._vectors.append(vectors)
        self._values.append(tokens.values[:])
        self._starts.append(tokens.starts)
        self._ends.append(tokens.ends)
        self._offsets.extend((tokens.offsets[1:] + self._offsets[-1]).tolist())

    def finish(self, frequencies: NDArray[np.int32]) -> Counts:
        """Writes what is known when all is known, and brings all to disk.

        Args:
            frequencies: int32[vocabulary], in how many passages each word piece occurs.

        Raises:
            ValueError: there are not as many vectors as passages.
        """
        counts = Counts(len(self._firsts) - 1, self._firsts[-1], self._offsets[-1])
        if len(self._offsets) - 1 != counts.passages:
            raise ValueError("passages, vectors and token vectors differ in number")
        self._write(FIRSTS, np.array(self._firsts, dtype=np.int64))
        self._write(TOKENS["offsets"], np.array(self._offsets, dtype=np.int64))
        self._write(TOKENS["frequencies"], np.asarray(frequencies, dtype=np.int32))
        self._weigh()
        self._count_words()
        lines: tuple[LinesFile | ArrayFile, ...] = (self._policies, self._documents, self._passages)
        for file in (*lines, self._citable, self._digests, self._vectors, self._values, self._starts, self._ends):
            file.close()
        if counts.passages >= near.LEAST:
            for number, part in enumerate(near.parts(Rows(self._folder / VECTORS))):
                with (self._folder / f"near_{number}.faiss").open("wb") as out:
                    out.write(part.data)
                    to_disk(out)
        return counts

    def _weigh(self) -> None:
        terms = self._lines(TERMS)
        terms.append(self._terms.terms())
        terms.close()
        self._write(POSTINGS["firsts"], self._terms.firsts())
        rows, weights = self._array(POSTINGS["rows"], np.int32), self._array(POSTINGS["weights"], np.float32)
        for part in self._terms.postings():
            rows.append(part.rows)
            weights.append(part.weights)
        rows.close()
        weights.close()

    def _count_words(self) -> None:
        words, counts = self._lines(WORDS), array("q")

        def named() -> Iterator[bytes]:
            for word, times in self._words.merged():
                counts.append(times)
                yield word

        words.append(named())
        words.close()
        self._write(COUNTS, np.array(counts, dtype=np.int64))

    def _lines(self, name: str) -> LinesFile:
        return LinesFile(self._opened, self._folder / name)

    def _array(self, name: str, dtype: type, *width: int) -> ArrayFile:
        return ArrayFile(self._opened, self._folder / name, dtype, width)

    def _write(self, name: str, whole: NDArray[np.generic]) -> None:
        file = self._array(name, whole.dtype.type)
        file.append(whole)
        file.close()


def _temporary(opened: ExitStack, folder: Path) -> BinaryIO:
    """A file without a name, which is gone when it is closed."""
    return cast("BinaryIO", opened.enter_context(TemporaryFile(dir=folder)))
