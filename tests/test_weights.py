"""The encoder's files: eight bits are enough, and nothing but the files that the page names is loaded."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import EncoderError
from assistant.retrieval.encoder import Backend, Encoder
from assistant.retrieval.weights import (
    GRAPH,
    MODEL_DIR,
    PAGE,
    PROJECTION,
    QUESTION_PROJECTION,
    TOKENIZER,
    WEIGHTS,
    Page,
    read_page,
    read_tensors,
    write,
)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A folder whose files are those of the shipped model, and may be changed."""
    return Path(shutil.copytree(MODEL_DIR, tmp_path / "model"))


def test_all_files_together_are_at_most_100_mb() -> None:
    assert sum(file.stat().st_size for file in MODEL_DIR.iterdir()) < 100_000_000


def test_what_is_written_is_read(tmp_path: Path) -> None:
    dice = np.random.default_rng(0)
    matrix = dice.normal(size=(50, 8)).astype(np.float32)
    tensors = {
        "matrix": matrix * np.logspace(-3, 2, 50, dtype=np.float32)[:, None],
        "zeros": np.zeros((2, 8), np.float32),
        "bias": dice.normal(size=8).astype(np.float32),
        PROJECTION: dice.normal(size=(8, 4)).astype(np.float32),
        QUESTION_PROJECTION: dice.normal(size=(8, 4)).astype(np.float32),
    }
    page = write(tmp_path, Page("name", "q: ", "p: ", {"a": 1}, {}), tensors, '{"a": 1}', b"graph")
    assert read_page(tmp_path) == page
    assert (page.name, page.question_prefix, page.passage_prefix, page.config) == ("name", "q: ", "p: ", {"a": 1})
    found = read_tensors(tmp_path)
    assert found.keys() == tensors.keys()
    for name in ("zeros", "bias", PROJECTION, QUESTION_PROJECTION):
        np.testing.assert_array_equal(found[name], tensors[name])
    # Half a step of 127, and what float16 adds to it.
    largest = np.abs(tensors["matrix"]).max(axis=1, keepdims=True)
    assert (np.abs(found["matrix"] - tensors["matrix"]) <= largest * (0.5 / 127 + 0.001)).all()


def test_the_digest_changes_with_everything_that_changes_vectors(tmp_path: Path) -> None:
    page = read_page()
    others = [
        Page(page.name, "ask: ", page.passage_prefix, page.config, page.files),
        Page(page.name, page.question_prefix, "", page.config, page.files),
        Page(page.name, page.question_prefix, page.passage_prefix, {}, page.files),
        Page(page.name, page.question_prefix, page.passage_prefix, page.config, {**page.files, WEIGHTS: "0"}),
    ]
    same = Page(page.name, page.question_prefix, page.passage_prefix, page.config, {**page.files, GRAPH: "0"})
    assert same.sha256 == page.sha256
    assert len({page.sha256, *(other.sha256 for other in others)}) == 5
    assert Page("other", *(getattr(page, name) for name in Page.__slots__[1:])).sha256 == page.sha256


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, GRAPH])
def test_a_changed_file_is_refused(copied: Path, name: str) -> None:
    with (copied / name).open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    with pytest.raises(EncoderError, match=rf"{name} is not the file .* fetch both again"):
        Encoder(copied)


@pytest.mark.parametrize("name", [WEIGHTS, TOKENIZER, GRAPH, PAGE])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(EncoderError, match=rf"{name} of the encoder is missing .* fetch it again"):
        Encoder(copied)


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"name": "a"})])
def test_a_page_without_the_form_is_refused(copied: Path, text: str) -> None:
    (copied / PAGE).write_text(text)
    with pytest.raises(EncoderError, match=rf"{PAGE} of the encoder cannot be read"):
        Encoder(copied)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_weights_that_do_not_fit_are_refused(tmp_path: Path, backend: Backend) -> None:
    tensors = read_tensors()
    lacking = {name: tensors[name] for name in tensors if "layer.11." not in name}
    write(tmp_path, read_page(), lacking, (MODEL_DIR / TOKENIZER).read_text(), (MODEL_DIR / GRAPH).read_bytes())
    with pytest.raises(EncoderError, match="weights cannot be loaded"):
        Encoder(tmp_path, backend)


def test_a_graph_that_is_none_is_refused(copied: Path) -> None:
    page = read_page(copied)
    (copied / GRAPH).write_bytes(b"graph")
    files = {**page.files, GRAPH: hashlib.sha256(b"graph").hexdigest()}
    told = {**{name: getattr(page, name) for name in Page.__slots__}, "files": files}
    (copied / PAGE).write_text(json.dumps(told))
    read_page.cache_clear()
    with pytest.raises(EncoderError, match="weights cannot be loaded"):
        Encoder(copied)


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    write(tmp_path, read_page(), read_tensors(), "{}", (MODEL_DIR / GRAPH).read_bytes())
    with pytest.raises(EncoderError, match=r"tokenizer\.json cannot be loaded"):
        Encoder(tmp_path)
