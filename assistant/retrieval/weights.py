"""The encoder's files: matrices in 8 bits, a tokenizer, the graph that runs them, and a page with their SHA-256.

A row of a matrix is stored as int8 times one float16 scale, a quarter of its size; vectors come out with a cosine above
.999 to those of the whole weights. training/ makes these files.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import EncoderError

MODEL_DIR = Path(__file__).with_name("model")
PAGE = "model.json"
WEIGHTS = "encoder.safetensors"
TOKENIZER = "tokenizer.json"
GRAPH = "encoder.onnx"
# Tensors of the file that are not the encoder's own: what makes vectors of word pieces of their states, in passages and
# in questions, float32[hidden_size, token_dim].
PROJECTION = "projection"
QUESTION_PROJECTION = "question_projection"
SCALE = ".scale"

Tensors = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """What model.json says."""

    # What the encoder is called in reports and in the index.
    name: str
    # Put before every question and every passage, as the encoder was trained.
    question_prefix: str
    passage_prefix: str
    # Arguments of transformers' BertConfig.
    config: dict[str, Any]
    # SHA-256 in hexadecimal, by file name.
    files: dict[str, str]

    @property
    def sha256(self) -> str:
        """Names weights and tokenizer: an index built with others is of no use. The graph follows from them."""
        files = {name: digest for name, digest in self.files.items() if name != GRAPH}
        told = json.dumps([self.question_prefix, self.passage_prefix, self.config, files], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


@cache
def read_page(folder: Path = MODEL_DIR) -> Page:
    """The page of a model's folder.

    Raises:
        EncoderError: it is missing or has not the form.
    """
    try:
        return Page(**json.loads((folder / PAGE).read_text(encoding="utf-8")))
    except OSError:
        raise EncoderError(
            f"{PAGE} of the encoder is missing in {folder}; fetch it again from the repository."
        ) from None
    except (ValueError, TypeError) as error:
        raise EncoderError(
            f"{PAGE} of the encoder cannot be read ({error}); fetch it again from the repository."
        ) from None


def checked(folder: Path, name: str) -> bytes:
    """The bytes of a file that the page names.

    Raises:
        EncoderError: it is missing or is not the one that the page names.
    """
    try:
        data = (folder / name).read_bytes()
    except OSError:
        raise EncoderError(
            f"{name} of the encoder is missing in {folder}; fetch it again from the repository."
        ) from None
    if hashlib.sha256(data).hexdigest() != read_page(folder).files.get(name):
        raise EncoderError(
            f"{name} is not the file that the encoder's {PAGE} names; fetch both again from the repository."
        )
    return data


def read_stored(folder: Path = MODEL_DIR) -> Tensors:
    """All tensors of the encoder as they are stored: a matrix as int8, with its scales float16 by `SCALE`.

    Raises:
        EncoderError: the file is missing or is not the one that the page names.
    """
    from safetensors.numpy import load

    return load(checked(folder, WEIGHTS))


def read_tensors(folder: Path = MODEL_DIR) -> Tensors:
    """All tensors of the encoder as float32.

    Raises:
        EncoderError: as for `read_stored`.
    """
    stored = read_stored(folder)
    return {
        name: _unpacked(tensor, stored[name + SCALE]) if tensor.dtype == np.int8 else tensor.astype(np.float32)
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }


def write(folder: Path, page: Page, tensors: Tensors, tokenizer: str, graph: bytes) -> Page:
    """Writes a model's files.

    Args:
        folder: where to; made where it is missing.
        page: its `files` are not looked at.
        tensors: float32; matrices are stored in 8 bits, except the projections.
        tokenizer: the text of tokenizer.json.
        graph: what `training/graph.py` makes of the page's `config`.

    Returns:
        The page as it was written.
    """
    from safetensors.numpy import save

    packed: Tensors = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2 or name in (PROJECTION, QUESTION_PROJECTION):
            packed[name] = np.ascontiguousarray(tensor, dtype=np.float32)
        else:
            packed[name], packed[name + SCALE] = _packed(tensor)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {WEIGHTS: save(packed), TOKENIZER: tokenizer.encode(), GRAPH: graph}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    files = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    written = Page(page.name, page.question_prefix, page.passage_prefix, page.config, files)
    told = {field: getattr(written, field) for field in Page.__slots__}
    (folder / PAGE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return written


def _packed(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    scale = (np.abs(matrix).max(axis=1, keepdims=True) / 127).astype(np.float16)
    # The smallest float16 for rows of zeros.
    scale = np.maximum(scale, np.float16(6e-8))
    return np.clip(np.rint(matrix / scale.astype(np.float32)), -127, 127).astype(np.int8), scale


def _unpacked(values: NDArray[np.int8], scale: NDArray[np.float16]) -> NDArray[np.float32]:
    whole: NDArray[np.float32] = np.multiply(values, scale.astype(np.float32), dtype=np.float32)
    return whole
