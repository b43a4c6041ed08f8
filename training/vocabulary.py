"""Prunes the vocabulary of an XLM-R style tokenizer to the languages that the assistant is asked in.

Of the 250,002 pieces of multilingual-e5-small, whose vectors are 96 of its 118 million weights, those stay that the
frequent words of the languages below are cut into, and every piece of one character, so that any word of any
script can still be spelt. Frequencies are those of the package wordfreq (Speer 2022); its lists only say which pieces
stay, nothing of them is shipped.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import wordfreq
from tokenizers import Tokenizer

# Share of the words of a language above which a word counts as frequent. People ask in English, Spanish, Russian and
# Chinese most.
FREQUENT = {
    **dict.fromkeys("en es ru zh".split(), 1e-6),
    **dict.fromkeys("de fr it pt ja uk".split(), 5e-6),
    **dict.fromkeys("nl pl cs sv tr ro hu el bg ar he ko hi vi id fa".split(), 2e-5),
}
# Words of each language that are also kept in capitals.
SHOUTED = 2000
SPACE = "▁"


def kept_pieces(tokenizer: Tokenizer, pieces: list[str], texts: Sequence[str]) -> list[int]:
    """Numbers of the pieces that stay, ascending.

    Args:
        tokenizer: cuts words into pieces.
        pieces: its vocabulary, by number.
        texts: all pieces of these stay too.
    """
    kept = {number for number, piece in enumerate(pieces) if _stays(piece)}
    for encoding in tokenizer.encode_batch(list(texts)):
        kept.update(encoding.ids)
    for language, least in FREQUENT.items():
        words = [word for word, share in wordfreq.get_frequency_dict(language).items() if share >= least]
        forms = [*words, *map(str.capitalize, words), *map(str.upper, words[:SHOUTED])]
        for encoding in tokenizer.encode_batch(forms, add_special_tokens=False):
            kept.update(encoding.ids)
    return sorted(kept)


def _stays(piece: str) -> bool:
    """Special tokens, single characters, and Chinese and Japanese pieces, which run across words."""
    bare = piece.removeprefix(SPACE)
    return len(bare) <= 1 or (piece[0] == "<" and piece[-1] == ">") or any(map(_is_cjk, bare))


def _is_cjk(character: str) -> bool:
    return "\u3040" <= character <= "\u30ff" or "\u4e00" <= character <= "\u9fff"


def prune(file: Path, texts: Sequence[str]) -> tuple[str, list[int]]:
    """The tokenizer of `file` with the pieces that stay, and the numbers that these had.

    Args:
        file: a tokenizer.json with a Unigram model.
        texts: all pieces of these stay.

    Returns:
        The new tokenizer.json, and per new number the old one: rows of the old table of vectors.
    """
    whole = json.loads(file.read_text(encoding="utf-8"))
    vocabulary = whole["model"]["vocab"]
    kept = kept_pieces(Tokenizer.from_file(str(file)), [piece for piece, _ in vocabulary], texts)
    renumbered = {old: new for new, old in enumerate(kept)}
    whole["model"]["vocab"] = [vocabulary[old] for old in kept]
    whole["model"]["unk_id"] = renumbered[whole["model"]["unk_id"]]
    for token in whole["added_tokens"]:
        token["id"] = renumbered[token["id"]]
    for special in whole["post_processor"]["special_tokens"].values():
        special["ids"] = [renumbered[old] for old in special["ids"]]
    return json.dumps(whole, ensure_ascii=False), kept
