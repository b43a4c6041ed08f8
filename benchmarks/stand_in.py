"""Indexes of any size, made of what is at hand: texts in the manner of corpus/, and vectors spread as real ones are.

Encoding a million passages takes hours, so the encoder reads a pool of policies alone. Each policy of a large index is
one of the pool under another name, with other rare words of the same length, so that spans hold and the vocabulary
grows as it does in real texts. Its vectors are those of the pool, moved along the directions in which the pool's own
vectors differ, so that neighbours are as near to each other as in the pool (`spread` measures it).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant import index
from assistant.index import IndexData, Manifest
from assistant.policies.parse import parse
from assistant.policies.passages import split
from assistant.policies.source import read_source
from assistant.retrieval.encoder import Encoder
from assistant.retrieval.late import TokenVectors, gather
from assistant.types import Document, Passage, Span
from benchmarks.updates import clauses

Floats = NDArray[np.float32]
Pieces = tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]

SEED = 7
# Policies of the pool, and clauses of each.
POOL = 60
CLAUSES = 24
# Rare words, each of which is another word in each policy; the first is the name of the firm.
RARE = [f"Q{chr(97 + at // 26)}{chr(97 + at % 26)}qzvx" for at in range(60)]
# How far a stand-in lies from the vector that it is made of, in units of the pool's own spread.
NOISE = 0.6
_RARE = re.compile("|".join(RARE))
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstv" for vowel in "aeio"]


@dataclass(frozen=True, eq=False)
class Pool:
    """Policies with all that is made of them."""

    documents: list[tuple[Document, list[Passage]]]
    # float32[n, dim] and the word pieces, in the order of the documents.
    vectors: Floats
    tokens: TokenVectors
    # float32[dim, dim]: turns white noise into differences like those between the pool's vectors.
    spread: Floats
    encoder: str


def write_pool(folder: Path, encoder: Encoder) -> None:
    """Makes the policies of the pool, and an index of them in `folder`."""
    parts = clauses()
    dice = random.Random(SEED)
    documents: list[Document] = []
    passages: list[Passage] = []
    for number in range(POOL):
        chosen = dice.sample(parts, CLAUSES)
        body = "\n\n".join(f"{at}. {title}\n{_sprinkled(text, dice)}" for at, (title, text) in enumerate(chosen, 1))
        path = folder / f"pool-{number:03}.txt"
        path.write_text(f"{RARE[0]} Privacy Policy\n\n{body}\n", encoding="utf-8")
        documents.append(parse(read_source(path), None))
        passages.extend(split(documents[-1]))
    passages = [replace(passage, id=at) for at, passage in enumerate(passages)]
    skips = [len(passage.indexed) - len(passage.text) for passage in passages]
    found = encoder.encode_passages([passage.indexed for passage in passages], skips=skips)
    manifest = Manifest("stand-in", encoder.sha256, "", {})
    index.save(folder, IndexData(manifest, tuple(documents), tuple(passages), found.vectors, found.tokens))


def read_pool(folder: Path) -> Pool:
    """What `write_pool` made."""
    made = index.load(folder)
    ends = zip(made.firsts[:-1].tolist(), made.firsts[1:].tolist(), strict=True)
    documents = [(made.documents[at], list(made.passages[slice(*each)])) for at, each in enumerate(ends)]
    values, axes = np.linalg.eigh(np.cov(made.vectors, rowvar=False))
    spread = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    return Pool(documents, made.vectors, made.tokens, spread.astype(np.float32), made.manifest.encoder_sha256)


def build(made: Pool, index_dir: Path, count: int, encoder: Encoder | None = None) -> int:
    """An index of about `count` passages, always the same; returns how many.

    Args:
        made: what the policies are made of.
        index_dir: where to.
        count: passages.
        encoder: encodes them; None for stand-in vectors.
    """
    dice, noise = random.Random(count), np.random.default_rng(count)
    lengths = [len(passages) for _, passages in made.documents]
    firsts = np.cumsum([0, *lengths])
    names: set[str] = set()
    total = 0
    with index.building(index_dir, made.vectors.shape[1], made.tokens.values.shape[1]) as draft:
        while total < count:
            chosen = dice.randrange(len(lengths))
            rows = range(int(firsts[chosen]), int(firsts[chosen + 1]))
            document, passages = _renamed(*made.documents[chosen], f"firm-{len(names):06}", dice, names)
            draft.add(document, passages)
            total += len(passages)
            if encoder:
                skips = [len(passage.indexed) - len(passage.text) for passage in passages]
                found = encoder.encode_passages([passage.indexed for passage in passages], skips=skips)
                draft.encoded(found.vectors, found.tokens)
                continue
            vectors = made.vectors[rows] if len(names) <= len(lengths) else _moved(made, rows, noise)
            pieces = (_fewer(made.tokens.pieces(row)) for row in rows)
            draft.encoded(vectors, gather(pieces, made.tokens.frequencies, made.tokens.values.shape[1]))
        frequencies = made.tokens.frequencies.astype(np.int64) * total // len(made.vectors)
        manifest = Manifest("stand-in", made.encoder, "", {})
        index.publish(index_dir, draft, manifest, frequencies.astype(np.int32))
    return total


def nearest(vectors: Floats, among: int = 2000) -> Floats:
    """The cosine of each of some vectors with the nearest other one: what `NOISE` is chosen by."""
    step = max(1, len(vectors) // among)
    found = []
    for at in range(0, len(vectors), step):
        cosines = vectors @ vectors[at]
        cosines[at] = -1
        found.append(cosines.max())
    return np.array(found, dtype=np.float32)


def _sprinkled(text: str, dice: random.Random) -> str:
    """`text` with one word in forty made a rare one, some of which come often."""
    words = text.split(" ")
    for at in range(len(words)):
        if dice.random() < 1 / 40:
            words[at] = RARE[min(int(dice.expovariate(0.1)), len(RARE) - 1)]
    return " ".join(words)


def _moved(made: Pool, rows: range, noise: np.random.Generator) -> Floats:
    white = noise.standard_normal((len(rows), made.spread.shape[0]), np.float32)
    vectors = made.vectors[rows] + NOISE * white @ made.spread
    unit: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _fewer(pieces: Pieces) -> Pieces:
    """Three of four: rare words that mean nothing fall into more pieces than words do."""
    kept = np.arange(len(pieces[1])) % 4 != 3
    return pieces[0][kept], pieces[1][kept], pieces[2][kept]


def _renamed(
    document: Document, passages: list[Passage], id: str, dice: random.Random, names: set[str]
) -> tuple[Document, list[Passage]]:
    """The policy of another firm: rare words give way to others of the same length."""
    words = {rare: _word(len(rare), dice) for rare in RARE}
    while words[RARE[0]] in names:
        words[RARE[0]] = _word(len(RARE[0]), dice)
    names.add(words[RARE[0]])

    def other(text: str) -> str:
        return _RARE.sub(lambda match: words[match.group()], text)

    text = other(document.text)
    policy = replace(document.policy, id=id, company=other(document.policy.company), title=other(document.policy.title))
    clauses = tuple(replace(clause, title=other(clause.title)) for clause in document.clauses)
    moved = [
        replace(
            each,
            policy=id,
            text=Span(*each.span).of(text),
            context=other(each.context),
            path=tuple(map(other, each.path)),
        )
        for each in passages
    ]
    return replace(document, policy=policy, text=text, clauses=clauses), moved


def _word(length: int, dice: random.Random) -> str:
    return "".join(dice.choices(_SYLLABLES, k=length))[:length].capitalize()
