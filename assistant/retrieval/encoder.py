"""Text → vectors: one pass of the encoder gives the vector of a text and those of its word pieces.

The encoder is multilingual-e5-small, pruned and tuned on questions over privacy policies; training/README.md is its
card.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.cores import cores
from assistant.errors import EncoderError
from assistant.retrieval.late import SCALE, TokenVectors, gather
from assistant.retrieval.weights import MODEL_DIR, TOKENIZER, checked, read_page
from assistant.together import Together

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Floats = NDArray[np.float32]
Backend = Literal["onnx", "torch"]

# The model's own limit.
MAX_PIECES = 512
# Word pieces in one pass, unless one text alone has more: what stays in the caches, for each attends to all. With 512 a
# passage takes 14 % longer, with 1,024 54 %. A long question holds up few others.
PIECES = 256
# Questions that are encoded together at most.
QUESTIONS = 32
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


class _Pass(Protocol):
    """What runs the encoder: `OnnxBackend`, `TorchBackend`."""

    # Dimensions of a word piece's vector.
    token_dim: int

    def __call__(self, texts: Sequence[NDArray[np.int64]], *, asked: bool) -> tuple[Floats, Floats]: ...


class Encoder:
    """The sentence encoder, loaded once, offline, and used by any number of threads."""

    def __init__(self, folder: Path = MODEL_DIR, backend: Backend | None = None) -> None:
        """Loads the model.

        Args:
            folder: where its files lie.
            backend: what runs it, as sentence-transformers calls that; the vectors are the same to six digits. None for
                ONNX Runtime, and torch on machines that it is not made for.

        Raises:
            EncoderError: a file is missing or is not the one whose SHA-256 is known.
        """
        self._page = read_page(folder)
        self._run = _backend(folder, backend)
        self._tokenizer = _tokenizer(folder)
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
        return int(self._page.config["hidden_size"])

    @property
    def token_dim(self) -> int:
        """Dimensions of a word piece's vector."""
        return self._run.token_dim

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
            vectors, states = self._forward([encodings[at] for at in group], asked=True)
            for at, vector, tokens in zip(group, vectors, states, strict=True):
                numbers, kept, _ = self._pieces(encodings[at], len(prefix))
                found[at] = EncodedQuery(vector, tokens[kept], numbers[kept])
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
            vectors[rows], states = self._forward(encodings, asked=False)
            for row, encoding, tokens in zip(rows, encodings, states, strict=True):
                _, kept, bounds = self._pieces(encoding, len(prefix))
                context = bounds[kept, 1] <= skips[row]
                places = np.where(context[:, np.newaxis], -1, np.maximum(bounds[kept] - skips[row], 0))
                passages[row] = (np.rint(tokens[kept] * SCALE).astype(np.int8), places[:, 0], places[:, 1])
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
        """Rows and word pieces of what is encoded in one pass."""
        for first in range(0, len(texts), CHUNK):
            encodings = self._tokenizer.encode_batch(list(texts[first : first + CHUNK]))
            for group in _groups([len(encoding.ids) for encoding in encodings]):
                yield [first + at for at in group], [encodings[at] for at in group]

    def _forward(self, encodings: Sequence[Encoding], *, asked: bool) -> tuple[Floats, list[Floats]]:
        """Unit vectors of texts float32[b, dim], and of the pieces of each float32[m, token_dim]."""
        texts = [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        vectors, tokens = self._run(texts, asked=asked)
        return vectors, np.split(tokens, np.cumsum([len(text) for text in texts])[:-1])


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Places of texts that are encoded in one pass: of like length, longest first, and no more than `PIECES`."""
    group: list[int] = []
    for at in sorted(range(len(lengths)), key=lambda at: (-lengths[at], at)):
        if group and sum(lengths[each] for each in group) + lengths[at] > PIECES:
            yield group
            group = []
        group.append(at)
    if group:
        yield group


def _backend(folder: Path, backend: Backend | None) -> _Pass:
    if (backend or ("onnx" if find_spec("onnxruntime") else "torch")) == "onnx":
        from assistant.retrieval.backend_onnx import OnnxBackend

        return OnnxBackend(folder)
    from assistant.retrieval.backend_torch import TorchBackend

    return TorchBackend(folder)


def _tokenizer(folder: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    data = checked(folder, TOKENIZER)
    try:
        tokenizer = Tokenizer.from_buffer(data)
    # The library raises whatever its parser raises.
    except Exception as error:
        raise EncoderError(f"The encoder's {TOKENIZER} cannot be loaded: {error}.") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_PIECES)
    return tokenizer
