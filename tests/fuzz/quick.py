"""The real assistant over the real policies with vectors made of words: all that answering does, and no model."""

from __future__ import annotations

import re
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

from assistant.answering.abstain import TOPIC_FILE
from assistant.ask import Assistant
from assistant.engines import Embedded
from assistant.index import IndexData, Manifest
from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.late import SCALE, gather
from tests.api_fixtures import read_corpus
from tests.index_fixtures import stored

_WORD = re.compile(r"\w+")
_VOCABULARY = 4096
_TOKEN_DIM = 16
_TOPIC = np.load(TOPIC_FILE).astype(np.float32)
_DIM = _TOPIC.shape[1] - 1


def _number(word: str) -> int:
    return zlib.crc32(word.casefold().encode("utf-8", "surrogatepass")) % _VOCABULARY


@cache
def _rows(dim: int) -> NDArray[np.float32]:
    """float32[vocabulary, dim]: a unit vector for each word, always the same."""
    rows = np.random.default_rng(dim).standard_normal((_VOCABULARY, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _vector(numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """float32[dim] of a text: the mean of its words; every other text is taken for one that is not about privacy."""
    weights = _TOPIC[:, -1]
    about = _TOPIC[np.argmin(weights) if numbers.sum() % 2 else np.argmax(weights), :-1]
    vector = _rows(_DIM)[numbers].sum(axis=0) / max(1, len(numbers)) + about
    unit: NDArray[np.float32] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


class WordEncoder:
    """Encodes a question as its words."""

    def encode_query(self, text: str) -> EncodedQuery:
        numbers = np.array([_number(word) for word in _WORD.findall(text)][:512], dtype=np.int64)
        return EncodedQuery(_vector(numbers), _rows(_TOKEN_DIM)[numbers], numbers)


@cache
def quick_assistant() -> Assistant:
    """Opened once."""
    documents, passages = read_corpus()
    vectors, pieces = [], []
    frequencies = np.zeros(_VOCABULARY, dtype=np.int32)
    for passage in passages:
        words = list(_WORD.finditer(passage.text))
        numbers = np.array([_number(word.group()) for word in words], dtype=np.int64)
        vectors.append(_vector(numbers))
        places = np.array([word.span() for word in words], dtype=np.int32).reshape(-1, 2)
        values = (_rows(_TOKEN_DIM)[numbers] * SCALE).round().astype(np.int8)
        pieces.append((values, places[:, 0], places[:, 1]))
        frequencies[np.unique(numbers)] += 1
    tokens = gather(pieces, frequencies, _TOKEN_DIM)
    data = IndexData(Manifest("words", "", "", {}), documents, passages, np.array(vectors), tokens)
    return Assistant(Embedded(stored(data)), encoder=WordEncoder())  # type: ignore[arg-type]
