"""Text → vectors: one pass of the encoder gives the vector of a text and those of its word pieces.

The encoder is multilingual-e5-small, pruned and tuned on questions over privacy policies; training/README.md is its
card.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assistant.cores import cores
from assistant.errors import EncoderError
from assistant.retrieval.late import SCALE, TokenVectors, gather
from assistant.retrieval.together import Together
from assistant.retrieval.weights import MODEL_DIR, PROJECTION, TOKENIZER, Tensors, bert, read_page, read_tensors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Encoding, Tokenizer
    from torch import Tensor

Floats = NDArray[np.float32]

# The model's own limit.
MAX_PIECES = 512
# Texts in one pass. 8 to 16 long ones stay in the caches: a fifth faster in one thread than sentence-transformers' 32.
BATCH = 16
# Questions that are encoded together at most, and their word pieces, padding included: a long one holds up few others.
QUESTIONS = 32
QUESTION_PIECES = 1024
# Texts that are tokenised and sorted by length together: enough for batches of one length, and bounded memory.
CHUNK = 2048
_SPACE = "▁"


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
    # float32[q, d], unit rows: its word pieces less special ones and punctuation.
    tokens: Floats
    # int64[q]: the numbers of these pieces in the encoder's vocabulary.
    pieces: NDArray[np.int64]


class Encoder:
    """The sentence encoder, loaded once, offline, and used by any number of threads."""

    def __init__(self, folder: Path = MODEL_DIR) -> None:
        """Loads the model.

        Args:
            folder: where its files lie.

        Raises:
            EncoderError: a file is missing or is not the one whose SHA-256 is known.
        """
        self._page = read_page(folder)
        tensors = _read_beside_the_imports(folder)
        self._projection = tensors.pop(PROJECTION)
        self._tokenizer = _tokenizer(folder / TOKENIZER)
        self._model = _sentence_transformer(self._page.config, tensors)
        pieces = sorted(self._tokenizer.get_vocab().items(), key=lambda item: item[1])
        # bool[vocabulary]: pieces that take no part in late interaction, special ones and punctuation.
        special = {token.content for token in self._tokenizer.get_added_tokens_decoder().values() if token.special}
        self._silent = np.array([piece in special or not any(map(str.isalnum, piece)) for piece, _ in pieces])
        # bool[vocabulary]: pieces that stand for the space before them too.
        self._spaced = np.array([piece.startswith(_SPACE) for piece, _ in pieces])
        self._together = Together(self.encode_queries, QUESTIONS, lanes=cores())

    @property
    def name(self) -> str:
        """The model's name."""
        return self._page.name

    @property
    def sha256(self) -> str:
        """Names the model: indexes built with another are of no use."""
        return self._page.sha256

    @property
    def dim(self) -> int:
        """Dimensions of a text's vector."""
        return int(self._projection.shape[0])

    @property
    def token_dim(self) -> int:
        """Dimensions of a word piece's vector."""
        return int(self._projection.shape[1])

    def encode_query(self, text: str) -> EncodedQuery:
        """One question; what lies beyond `MAX_PIECES` word pieces is not read.

        Questions of several threads that arrive together are encoded together.
        """
        return self._together(text)

    def encode_queries(self, texts: Sequence[str]) -> list[EncodedQuery]:
        """As `encode_query`, for each of several questions, in their order."""
        prefix = self._page.question_prefix
        encodings = self._tokenizer.encode_batch([prefix + text for text in texts])
        found: dict[int, EncodedQuery] = {}
        for group in _groups([len(encoding.ids) for encoding in encodings]):
            vectors, states = self._forward([encodings[at] for at in group])
            for at, vector, tokens in zip(group, vectors, self._projected(states).numpy(), strict=True):
                numbers, kept, _ = self._pieces(encodings[at], len(prefix))
                found[at] = EncodedQuery(vector, tokens[: len(numbers)][kept], numbers[kept])
        return [found[at] for at in range(len(texts))]

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
        prefix = self._page.passage_prefix
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        nothing = (np.empty((0, self.token_dim), np.int8), np.empty(0, np.int32), np.empty(0, np.int32))
        passages = [nothing] * len(texts)

        def encode(batch: tuple[list[int], list[Encoding]]) -> int:
            rows, encodings = batch
            vectors[rows], states = self._forward(encodings)
            values = self._stored(states)
            for at, (row, encoding) in enumerate(zip(rows, encodings, strict=True)):
                numbers, kept, bounds = self._pieces(encoding, len(prefix))
                context = bounds[kept, 1] <= skips[row]
                places = np.where(context[:, np.newaxis], -1, np.maximum(bounds[kept] - skips[row], 0))
                passages[row] = (values[at, : len(numbers)][kept], places[:, 0], places[:, 1])
            return len(rows)

        with ThreadPoolExecutor(cores()) as pool:
            for done in pool.map(encode, self._batches([prefix + text for text in texts])):
                if progress:
                    progress(done)
        return Encoded(vectors, gather(passages, self.frequencies(texts), self.token_dim))

    def frequencies(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """In how many of the texts each word piece occurs that takes part in late interaction: int32[vocabulary]."""
        found = np.zeros(len(self._silent), dtype=np.int32)
        prefix = self._page.passage_prefix
        for first in range(0, len(texts), CHUNK):
            for encoding in self._tokenizer.encode_batch([prefix + text for text in texts[first : first + CHUNK]]):
                numbers, kept, _ = self._pieces(encoding, len(prefix))
                found[np.unique(numbers[kept])] += 1
        return found

    def _pieces(
        self, encoding: Encoding, prefix: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int32]]:
        """Numbers of all pieces, which of them take part in late interaction, and where they stand after the prefix."""
        numbers = np.array(encoding.ids, dtype=np.int64)
        bounds = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2) - np.int32(prefix)
        bounds[:, 0] += self._spaced[numbers]
        return numbers, ~self._silent[numbers] & (bounds[:, 1] > 0), bounds

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
        }
        with torch.inference_mode():
            out = self._model(features)
        return out["sentence_embedding"].numpy(), out["token_embeddings"]

    def _stored(self, states: Tensor) -> NDArray[np.int8]:
        """States as `TokenVectors.values`: int8[b, longest, token_dim]."""
        import torch

        stored: NDArray[np.int8] = self._projected(states).mul(SCALE).round().to(torch.int8).numpy()
        return stored

    def _projected(self, states: Tensor) -> Tensor:
        """Unit vectors of all pieces, padding included: float32[b, longest, token_dim].

        By torch, since the threads of numpy's OpenBLAS spin while they wait.
        """
        import torch

        with torch.inference_mode():
            return torch.nn.functional.normalize(states @ torch.from_numpy(self._projection), dim=-1)


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts that are encoded in one pass: of like length, and no more than `QUESTION_PIECES` with padding."""
    group: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: lengths[at]):
        if group and (len(group) + 1) * lengths[at] > QUESTION_PIECES:
            yield group
            group = []
        group.append(at)
    if group:
        yield group


def _tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    # The library raises whatever its parser raises.
    except Exception as error:
        raise EncoderError(f"The encoder's {file.name} cannot be loaded: {error}.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    return tokenizer


def _read_beside_the_imports(folder: Path) -> Tensors:
    """The tensors; importing the libraries takes longer than reading them, so it is begun at once."""
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_tensors, folder)
        import sentence_transformers  # noqa: F401

        return reading.result()


def _sentence_transformer(config: dict[str, Any], tensors: Tensors) -> SentenceTransformer:
    """The transformer, mean pooling and unit length, as sentence-transformers puts them together."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
    from torch import nn

    class Transformer(nn.Module):
        """Word pieces → states, in the form that the modules of sentence-transformers pass on."""

        def __init__(self) -> None:
            super().__init__()
            self.bert = bert(config, tensors)

        def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
            states = self.bert(input_ids=features["input_ids"], attention_mask=features["attention_mask"])
            return {**features, "token_embeddings": states.last_hidden_state}

    # Several passes of one thread each, not one of several: those would spin while they wait for each other, and crawl
    # where another process wants a core (1 question a second instead of 9 on two busy cores).
    torch.set_num_threads(1)
    modules = [Transformer(), Pooling(config["hidden_size"]), Normalize()]
    return SentenceTransformer(modules=modules, device="cpu").eval()
