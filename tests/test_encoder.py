"""The real encoder, on ONNX Runtime and by sentence-transformers: the same vectors, and pieces where they stand."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import BertModel

from assistant.retrieval.backend_torch import bert
from assistant.retrieval.encoder import PIECES, Backend, Encoder, _groups
from assistant.retrieval.late import SCALE
from assistant.retrieval.weights import GRAPH, MODEL_DIR, PROJECTION, QUESTION_PROJECTION, read_page, read_tensors
from training.graph import graph

Floats = NDArray[np.float32]

TEXTS = [
    "Privacy Policy\nWe keep your data for 30 days.",
    "",
    "…!",
    "Мы собираем персональные данные.",
    "Wir löschen Ihre Daten. " * 20,
]


@pytest.fixture(scope="module", params=["onnx", "torch"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    backend: Backend = request.param
    return Encoder(backend=backend)


@pytest.fixture(scope="module")
def plain() -> BertModel:
    tensors = read_tensors()
    del tensors[PROJECTION], tensors[QUESTION_PROJECTION]
    model = bert(read_page().config, tensors)
    model.eval()
    return model


def states(model: BertModel, encoder: Encoder, text: str) -> Floats:
    """What transformers gives for every piece of one text, alone in its batch."""
    numbers = torch.tensor([encoder._tokenizer.encode(text).ids])
    with torch.inference_mode():
        found: Floats = model(input_ids=numbers).last_hidden_state[0].numpy()
    return found


def test_vectors_are_mean_states_of_unit_length(encoder: Encoder, plain: BertModel) -> None:
    page = read_page()
    found = encoder.encode_passages(TEXTS).vectors
    assert found.dtype == np.float32
    assert found.shape == (len(TEXTS), encoder.dim)
    for text, vector in zip(TEXTS, found, strict=True):
        mean = states(plain, encoder, page.passage_prefix + text).mean(axis=0)
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)
        mean = states(plain, encoder, page.question_prefix + text).mean(axis=0)
        np.testing.assert_allclose(encoder.encode_query(text).vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_tokens_are_the_projected_states(encoder: Encoder, plain: BertModel) -> None:
    """Of the prefix, "keep your data", the full stop and the special pieces, the three words are kept."""
    tensors, page = read_tensors(), read_page()
    for prefix, name, found in (
        (page.question_prefix, QUESTION_PROJECTION, encoder.encode_query("keep your data.").tokens),
        (page.passage_prefix, PROJECTION, encoder.encode_passages(["keep your data."]).tokens.values / SCALE),
    ):
        projected = states(plain, encoder, prefix + "keep your data.")[-5:-2] @ tensors[name]
        projected /= np.linalg.norm(projected, axis=1, keepdims=True)
        np.testing.assert_allclose(found, projected, atol=0.51 / SCALE)


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
    assert encoder.encode_query("?!").tokens.shape == (0, encoder.token_dim)


def test_frequencies_count_passages(encoder: Encoder) -> None:
    tokens = encoder.encode_passages(["data data", "data cookie", "other"]).tokens
    data, cookie, absent = encoder.encode_query("data cookie zebra").pieces
    assert tokens.frequencies[[data, cookie, absent]].tolist() == [2, 1, 0]


def test_order_and_progress_over_several_batches(encoder: Encoder) -> None:
    texts = [f"clause {number} " * (1 + number * 7 % 40) for number in range(60)]
    done: list[int] = []
    encoded = encoder.encode_passages(texts, done.append)
    assert sum(done) == len(texts)
    assert len(done) > 3
    for row in (0, 39, len(texts) - 1):
        np.testing.assert_allclose(encoded.vectors[row], encoder.encode_passages([texts[row]]).vectors[0], atol=1e-5)
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
        np.testing.assert_allclose(one.tokens, other.tokens, atol=5e-6)


def encoded_in_a_process(before: str) -> str:
    """What a new process encodes after running `before`: the libraries that it has loaded, and a vector."""
    code = (
        f"import sys\n{before}\nfrom assistant.retrieval.encoder import Encoder\n"
        "vector = Encoder().encode_query('Who sees my data?').vector\n"
        "print(*sorted({'torch', 'onnxruntime', 'sentence_transformers'} & sys.modules.keys()), *vector[:5].round(5))"
    )
    return subprocess.run(
        [sys.executable, "-c", code], env=os.environ, check=True, capture_output=True, text=True
    ).stdout


def test_nothing_waits_for_torch_where_there_is_onnx_runtime_and_all_goes_on_where_there_is_not() -> None:
    without = (
        "import importlib.util as util\nfind = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'onnxruntime' else find(name, *rest)"
    )
    quick, slow = encoded_in_a_process("pass").split(), encoded_in_a_process(without).split()
    assert quick[0] == "onnxruntime"
    assert slow[:2] == ["sentence_transformers", "torch"]
    assert [float(each) for each in quick[1:]] == pytest.approx([float(each) for each in slow[2:]], abs=2e-5)


def test_the_graph_is_the_one_that_is_made_of_the_configuration() -> None:
    assert (MODEL_DIR / GRAPH).read_bytes() == graph(read_page().config, read_tensors()[PROJECTION].shape[1])


def test_questions_of_several_threads_get_the_vectors_that_they_get_alone(encoder: Encoder) -> None:
    questions = [f"how long do you keep record {number} " + "of me " * (number % 7 * 12) for number in range(60)]
    alone = [encoder.encode_queries([question])[0] for question in questions]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(encoder.encode_query, questions))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other.vector, one.vector, atol=1e-5)
        np.testing.assert_allclose(other.tokens, one.tokens, atol=1e-5)
        np.testing.assert_array_equal(other.pieces, one.pieces)


def test_no_pass_has_more_pieces_than_the_bound() -> None:
    lengths = [200, 10, 250, 12, 600, 11, 240]
    groups = list(_groups(lengths))
    assert groups == [[4], [2], [6], [0, 3, 5, 1]]
    assert all(len(group) == 1 or sum(lengths[at] for at in group) <= PIECES for group in groups)
