"""What a row of payload holds: bytes as text, and what becomes them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from assistant.engines.milvus.schema import LONGEST
from assistant.errors import EngineError
from assistant.records import read_document, read_passage
from assistant.types import Document, Passage

# Values, starts and ends of one passage's word pieces, as `TokenVectors` has them.
Pieces = tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]
T = TypeVar("T")
_HEAD = struct.Struct("<II")


class Kind:
    """What a payload is."""

    DOCUMENT = "document"
    COUNTS = "counts"
    # A passage, and its word pieces.
    RECORD = "record"
    PIECES = "pieces"


class Place(NamedTuple):
    """Where a payload belongs."""

    generation: str
    kind: str
    # Of a passage in its policy, from 0; 0 for what a policy has once.
    ordinal: int = 0


def key(tenant: str, *parts: object) -> str:
    """The primary key of a row: the same parts give the same one, those of two tenants never meet."""
    return hashlib.sha256("\0".join((tenant, *map(str, parts))).encode()).hexdigest()[:32]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size` and a last one that may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def cut(data: bytes) -> list[str]:
    """Bytes as texts that the server takes, one or more; compressed, with a checksum."""
    text = base64.b64encode(zlib.compress(data, 1)).decode()
    return [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]


def joined(parts: Sequence[str]) -> bytes:
    """What `cut` made these parts of.

    Raises:
        EngineError: they are not what it made.
    """
    try:
        return zlib.decompress(base64.b64decode("".join(parts), validate=True))
    except (zlib.error, binascii.Error) as error:
        raise damaged(f"a payload cannot be unpacked ({error})") from None


def pieces_bytes(pieces: Pieces) -> bytes:
    """The word pieces of one passage."""
    values, starts, ends = pieces
    head = _HEAD.pack(*values.shape)
    return b"".join((head, values.tobytes(), starts.astype("<i4").tobytes(), ends.astype("<i4").tobytes()))


def read_pieces(data: bytes) -> Pieces:
    """What `pieces_bytes` made these of.

    Raises:
        EngineError: they are not what it made.
    """
    if len(data) < _HEAD.size:
        raise damaged("word pieces are cut short")
    count, dim = _HEAD.unpack_from(data)
    if len(data) != _HEAD.size + count * (dim + 8):
        raise damaged("word pieces are cut short")
    bounds = np.frombuffer(data, "<i4", 2 * count, _HEAD.size + count * dim).astype(np.int32)
    values = np.frombuffer(data, np.int8, count * dim, _HEAD.size).reshape(count, dim)
    return values, bounds[:count], bounds[count:]


def read_passage_of(data: bytes, row: int) -> Passage:
    """The passage of one line, as `records.passage_line` makes it; `row` becomes its id.

    Raises:
        EngineError: it is none.
    """
    try:
        return read_passage(data, row)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(f"a passage has an unknown form ({error})") from None


def read_document_of(data: bytes) -> Document:
    """The document of one line, as `records.document_line` makes it.

    Raises:
        EngineError: it is none.
    """
    try:
        return read_document(data)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(f"a document has an unknown form ({error})") from None


def damaged(wrong: str) -> EngineError:
    """Says what is wrong with what the server holds, and what to do."""
    return EngineError(
        f"What the search server holds cannot be used: {wrong}; ingest into other collections with "
        "ASSISTANT_ENGINE_PREFIX."
    )
