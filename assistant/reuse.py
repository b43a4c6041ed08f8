"""What an ingest takes over from the last index: documents of unchanged files, vectors of unchanged passages.

Vectors are kept by what was encoded: the text of a passage with the context before it. A kept vector may differ from a
new one in the last bits, since what is encoded together is padded to one length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant import index
from assistant.errors import IndexDamagedError, IndexMissingError
from assistant.index import IndexData, Manifest
from assistant.policies.describe import CATALOGUE
from assistant.retrieval.late import gather
from assistant.types import Document, Passage

if TYPE_CHECKING:
    from assistant.retrieval.encoder import Encoded, Encoder

# What is encoded of a passage: its text with the context before it, and the length of the latter in code points.
_Input = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What still holds of the last index."""

    # Documents of files that have not changed, with their passages, by file name.
    documents: Mapping[str, tuple[Document, tuple[Passage, ...]]]
    # All that the last index held; None where there is none of use.
    data: IndexData | None


def kept(index_dir: Path, manifest: Manifest) -> Kept:
    """What the index in `index_dir` has that the one of `manifest` will need too.

    Args:
        index_dir: folder of the last index; one that is missing, damaged or of other makers keeps nothing.
        manifest: of the index to come.
    """
    try:
        data = index.load(index_dir)
    except (IndexMissingError, IndexDamagedError):
        return Kept({}, None)
    last = data.manifest
    if last.encoder_sha256 != manifest.encoder_sha256:
        return Kept({}, None)
    as_before = last.reader_sha256 == manifest.reader_sha256 and last.corpus.get(CATALOGUE) == manifest.corpus.get(
        CATALOGUE
    )
    names = {Path(name).stem: name for name, sha in manifest.corpus.items() if sha and last.corpus.get(name) == sha}
    passages: dict[str, list[Passage]] = {}
    for passage in data.passages:
        passages.setdefault(passage.policy, []).append(passage)
    known = (document for document in data.documents if as_before and document.policy.id in names)
    return Kept({names[d.policy.id]: (d, tuple(passages.get(d.policy.id, ()))) for d in known}, data)


def encode(
    passages: Sequence[Passage],
    last: IndexData | None,
    load: Callable[[], Encoder],
    progress: Callable[[int], None] | None,
) -> tuple[Encoded, int]:
    """The vectors of all passages, of which only the unknown ones are encoded, and how many those were.

    Args:
        passages: of the index to come, in order.
        last: the last index of the same encoder.
        load: gives the encoder of both; not called where the last index has all passages and no other.
        progress: called with the number of passages encoded since the last call.
    """
    from assistant.retrieval.encoder import Encoded

    wanted = [_input(passage) for passage in passages]
    before, after = Counter(_input(passage) for passage in last.passages) if last else Counter(), Counter(wanted)
    rows = {_input(passage): passage.id for passage in last.passages} if last else {}
    if last and before == after:
        order = [rows[each] for each in wanted]
        pieces = (last.tokens.pieces(row) for row in order)
        tokens = gather(pieces, last.tokens.frequencies, last.tokens.values.shape[1])
        return Encoded(last.vectors[order], tokens), 0
    encoder = load()
    unknown = [each for each in after if each not in rows]
    new = encoder.encode_passages([text for text, _ in unknown], progress, [skip for _, skip in unknown])
    places = {each: at for at, each in enumerate(unknown)}
    found: list[tuple[IndexData | Encoded, int]] = [
        (last, rows[each]) if last and each in rows else (new, places[each]) for each in wanted
    ]
    vectors = np.array([source.vectors[row] for source, row in found], dtype=np.float32).reshape(-1, encoder.dim)
    # In how many passages each word piece occurs: those of the last index, less what went, plus what came.
    frequencies = encoder.frequencies([text for text, _ in (after - before).elements()])
    if last:
        gone = encoder.frequencies([text for text, _ in (before - after).elements()])
        frequencies = frequencies - gone + last.tokens.frequencies
    pieces = (source.tokens.pieces(row) for source, row in found)
    return Encoded(vectors, gather(pieces, frequencies, encoder.token_dim)), len(unknown)


def _input(passage: Passage) -> _Input:
    return passage.indexed, len(passage.indexed) - len(passage.text)
