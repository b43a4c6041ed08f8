"""What an ingest has encoded so far, so that one that is killed is taken up where it was.

Rows are appended to raw files, and then a line to the journal that says how many there are and what their bytes are.
Only what a line vouches for is read again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from assistant.retrieval.late import TokenVectors

_FOLDER = ".encoded"
_LINES = "journal.jsonl"


class Known(NamedTuple):
    """Passages whose vectors are known."""

    # uint8[n, 16]: `data.digest` of each.
    digests: NDArray[np.uint8]
    # float32[n, dim], and the word pieces, whose frequencies say nothing.
    vectors: NDArray[np.float32]
    tokens: TokenVectors


class Journal:
    """The journal of one encoder beside an index; for one process at a time."""

    def __init__(self, index_dir: Path, encoder_sha256: str, dim: int, token_dim: int) -> None:
        """Takes up what was left there of the same encoder; what another one left goes.

        Args:
            index_dir: folder of the index, which is there.
            encoder_sha256: names the encoder.
            dim: dimensions of a passage's vector.
            token_dim: dimensions of a word piece's vector.
        """
        self._folder = index_dir / _FOLDER / encoder_sha256[:16]
        # Name, type and width of each file; the first three have a row for each passage, the others for each piece.
        self._kinds: tuple[tuple[str, type, int], ...] = (
            ("digests", np.uint8, 16),
            ("vectors", np.float32, dim),
            ("lengths", np.int32, 1),
            ("values", np.int8, token_dim),
            ("starts", np.int32, 1),
            ("ends", np.int32, 1),
        )
        for other in (index_dir / _FOLDER).glob("*"):
            if other != self._folder:
                shutil.rmtree(other, ignore_errors=True)
        self._lines = self._vouched()

    def known(self) -> Known:
        """All that was encoded, mapped into memory."""
        digests, vectors, lengths, values, starts, ends = (
            self._mapped(name, kind, width) for name, kind, width in self._kinds
        )
        offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        tokens = TokenVectors(offsets, values, starts.ravel(), ends.ravel(), np.empty(0, np.int32))
        return Known(digests, vectors, tokens)

    def append(self, digests: NDArray[np.uint8], vectors: NDArray[np.float32], tokens: TokenVectors) -> None:
        """Keeps what was encoded."""
        self._folder.mkdir(parents=True, exist_ok=True)
        rows: tuple[Any, ...] = (digests, vectors, np.diff(tokens.offsets), tokens.values, tokens.starts, tokens.ends)
        sha256 = hashlib.sha256()
        for (name, kind, _), array in zip(self._kinds, rows, strict=True):
            content = np.ascontiguousarray(array, dtype=kind).tobytes()
            sha256.update(content)
            with (self._folder / name).open("ab") as file:
                file.write(content)
        line = {"passages": len(digests), "pieces": len(tokens.values), "sha256": sha256.hexdigest()}
        self._lines.append((len(digests), len(tokens.values)))
        with (self._folder / _LINES).open("ab") as file:
            file.write(orjson.dumps(line) + b"\n")

    def clear(self) -> None:
        """Removes it: an index holds all of it."""
        shutil.rmtree(self._folder.parent, ignore_errors=True)

    def _vouched(self) -> list[tuple[int, int]]:
        """Passages and pieces of each line that tells the truth; what comes after those is cut off."""
        found: list[tuple[int, int]] = []
        kept = b""
        try:
            with ExitStack() as stack:
                files = [stack.enter_context((self._folder / name).open("r+b")) for name, _, _ in self._kinds]
                ends = [0] * len(files)
                lengths = [os.fstat(file.fileno()).st_size for file in files]
                said = (self._folder / _LINES).read_bytes()
                for line in said.splitlines():
                    told = self._told(line)
                    sizes = self._sizes(told[0], told[1])
                    if any(end + size > length for end, size, length in zip(ends, sizes, lengths, strict=True)):
                        break
                    sha256 = hashlib.sha256()
                    for file, size in zip(files, sizes, strict=True):
                        sha256.update(file.read(size))
                    if sha256.hexdigest() != told[2]:
                        break
                    ends = [end + size for end, size in zip(ends, sizes, strict=True)]
                    found.append(told[:2])
                    kept += line + b"\n"
                for file, end, length in zip(files, ends, lengths, strict=True):
                    if end < length:
                        file.truncate(end)
            if kept != said:
                (self._folder / _LINES).write_bytes(kept)
        except OSError:
            found = []
        if not found:
            shutil.rmtree(self._folder, ignore_errors=True)
        return found

    def _told(self, line: bytes) -> tuple[int, int, str]:
        try:
            record = orjson.loads(line)
            return max(0, int(record["passages"])), max(0, int(record["pieces"])), str(record["sha256"])
        except (ValueError, TypeError, KeyError, OverflowError):
            return 0, 0, ""

    def _sizes(self, passages: int, pieces: int) -> list[int]:
        """Bytes of so many rows in each file."""
        counts = (passages,) * 3 + (pieces,) * 3
        return [
            count * width * np.dtype(kind).itemsize for count, (_, kind, width) in zip(counts, self._kinds, strict=True)
        ]

    def _mapped(self, name: str, kind: type, width: int) -> NDArray[Any]:
        per_passage = name in {"digests", "vectors", "lengths"}
        count = sum(passages if per_passage else pieces for passages, pieces in self._lines)
        if not count:
            return np.empty((0, width), dtype=kind)
        return np.memmap(self._folder / name, dtype=kind, mode="r", shape=(count, width))
