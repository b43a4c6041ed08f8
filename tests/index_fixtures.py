"""Small indexes, made without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assistant.index import IndexData, Manifest, Stored, load, save
from assistant.retrieval.late import gather
from assistant.types import Block, BlockKind, Clause, Document, Passage, Policy, Span

TEXT = "1 Data\nWe keep ‘it’ 𝔄.\u2028\r- cookies\n"


def made(policies: int = 2, seed: int = 0) -> IndexData:
    """An index of small policies, with vectors by `seed`."""
    documents = tuple(document_named(f"policy-{number}") for number in range(policies))
    passages = tuple(
        replace(passage, id=2 * at + offset)
        for at, document in enumerate(documents)
        for offset, passage in enumerate(passages_of(document))
    )
    random = np.random.default_rng(seed)
    vectors = random.standard_normal((len(passages), 6)).astype(np.float32)
    pieces = [
        (
            random.integers(-127, 128, (3, 4)).astype(np.int8),
            np.arange(3, dtype=np.int32),
            np.arange(1, 4, dtype=np.int32),
        )
        for _ in passages
    ]
    manifest = Manifest(
        "model", "ab" * 32, "ef" * 32, {f"policy-{number}.txt": "cd" * 32 for number in range(policies)}
    )
    return IndexData(manifest, documents, passages, vectors, gather(pieces, np.zeros(9, np.int32), 4))


def document_named(name: str) -> Document:
    policy = Policy(name, "Société", "Privacy “Policy”", version="2", effective_date="2018-05", supersedes="old")
    heading = Block(Span(0, 6), BlockKind.HEADING, level=1, opens=True, number="1", title=Span(2, 6))
    item = Block(Span(23, 32), BlockKind.ITEM, lead=Span(7, 21), depth=1)
    clauses = (Clause(0, "", "Privacy", None, Span(0, len(TEXT)), 0), Clause(1, "1", "Data", 0, Span(0, 32), 1))
    return Document(policy, TEXT, (heading, Block(Span(7, 21), BlockKind.PARAGRAPH), item), clauses, (1, 1, 1), (0,))


def passages_of(document: Document) -> tuple[Passage, ...]:
    def passage(id_: int, span: Span, citable: bool) -> Passage:
        text = span.of(document.text)
        return Passage(
            id_, document.policy.id, 1, span, text, "Société › 1 Data", "1", ("1 Data",), 1, (span,), citable
        )

    return passage(0, Span(0, 6), False), passage(1, Span(7, 32), True)


def stored(data: IndexData) -> Stored:
    """`data` as it is read from disk; what is mapped outlives the folder."""
    with TemporaryDirectory() as folder:
        save(Path(folder), data)
        return load(Path(folder))


def same(one: IndexData | Stored, other: IndexData | Stored) -> bool:
    """Whether two indexes hold the same."""
    arrays = [(one.vectors, other.vectors)]
    fields = ("offsets", "values", "starts", "ends", "frequencies")
    arrays += [(getattr(one.tokens, field), getattr(other.tokens, field)) for field in fields]
    texts = [(each.manifest, tuple(each.documents), tuple(each.passages)) for each in (one, other)]
    return texts[0] == texts[1] and all(
        left.dtype == right.dtype and np.array_equal(left, right) for left, right in arrays
    )
