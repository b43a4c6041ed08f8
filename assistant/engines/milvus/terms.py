"""Tokens as words that every analyzer leaves alone, and what a passage's words are worth for a question."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import numpy as np

from assistant.engines.milvus.schema import LONGEST
from assistant.retrieval.tokens import tokens

# What no analyzer takes apart or changes; tokens such as "5.8.3" or of other scripts it might.
_PLAIN = re.compile(r"(?!0x)[a-z0-9]+")
# As rank-bm25.
_K1, _B = 1.5, 0.75


def terms(text: str) -> str:
    """The tokens of a text, with repetitions, as words between spaces; no longer than the server takes."""
    words = " ".join(map(_word, tokens(text)))
    return words if len(words) <= LONGEST else words[:LONGEST].rpartition(" ")[0]


def counted(words: str) -> Counter[str]:
    """How often each token stands in what `terms` made."""
    return Counter(map(_token, words.split()))


def score(question: Mapping[str, int], passage: Mapping[str, int], idf: Mapping[str, float], average: float) -> float:
    """BM25 as `Lexical.scores` has it, to the last bit: 0 exactly where no token is shared.

    Args:
        question: tokens with how often they stand in it.
        passage: the same.
        idf: of the question's tokens; those that no passage has are missing.
        average: tokens of a passage in the mean.
    """
    length = sum(passage.values()) / average if average else 0.0
    total = 0.0
    for token, count in question.items():
        held = passage.get(token, 0)
        if held and token in idf:
            # In the order of rank-bm25, since another one may round to another float.
            weight = idf[token] * (held * (_K1 + 1) / (_K1 * (1 - _B + _B * length) + held))
            total += float(np.float32(weight) * np.float32(count))
    return float(np.float32(total))


def _word(token: str) -> str:
    return token if _PLAIN.fullmatch(token) else f"0x{token.encode().hex()}"


def _token(word: str) -> str:
    return bytes.fromhex(word[2:]).decode() if word.startswith("0x") else word
