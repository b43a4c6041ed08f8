"""The approximate index finds nearly all of the nearest, and nothing that is not allowed."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from assistant.index import load, save
from assistant.retrieval import dense, near
from assistant.retrieval.dense import Dense
from assistant.retrieval.near import Near
from tests.index_fixtures import made, same

DIM = 32


@pytest.fixture(scope="module")
def vectors() -> np.ndarray:
    """Around a few hundred middles, as passages about the same are."""
    dice = np.random.default_rng(0)
    middles = dice.standard_normal((300, DIM)).astype(np.float32)
    drawn = middles[dice.integers(0, 300, 6000)] + 0.5 * dice.standard_normal((6000, DIM)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture
def both(vectors: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Dense, Dense]:
    """An exact search, and one by an index of three parts."""
    monkeypatch.setattr(near, "PART", 2500)
    monkeypatch.setattr(dense, "FEW", 100)
    files = [tmp_path / f"near_{number}.faiss" for number in range(3)]
    for file, content in zip(files, written(vectors), strict=True):
        file.write_bytes(content)
    return Dense(vectors), Dense(vectors, Near(files))


def written(vectors: np.ndarray) -> list[bytes]:
    """The files of an index over these."""
    files: list[io.BytesIO] = []

    def opened(number: int) -> AbstractContextManager[BinaryIO]:
        assert number == len(files)
        files.append(io.BytesIO())
        return nullcontext(files[-1])

    near.write(vectors, opened)
    return [file.getvalue() for file in files]


def recall(both: tuple[Dense, Dense], queries: np.ndarray, allowed: np.ndarray | None) -> float:
    shared = []
    for query in queries:
        (exact, _), (found, scores) = (each.search(query, 50, allowed) for each in both)
        assert allowed is None or allowed[found].all()
        assert len(set(found.tolist())) == len(found)
        order = sorted(zip((-scores).tolist(), found.tolist(), strict=True))
        assert [row for _, row in order] == found.tolist()
        shared.append(len(set(exact.tolist()) & set(found.tolist())) / len(exact))
    return float(np.mean(shared))


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_nearly_all_of_the_nearest_are_found(both: tuple[Dense, Dense], vectors: np.ndarray, share: float) -> None:
    allowed = None if share == 1 else np.random.default_rng(1).random(len(vectors)) < share
    assert recall(both, vectors[::200], allowed) >= 0.97


def test_of_few_that_are_allowed_the_nearest_are_found(both: tuple[Dense, Dense], vectors: np.ndarray) -> None:
    allowed = np.zeros(len(vectors), dtype=np.bool_)
    allowed[4000:4090] = True
    assert recall(both, vectors[::500], allowed) == 1


def test_the_same_vectors_give_the_same_files(vectors: np.ndarray) -> None:
    first, second = (written(vectors[:500]) for _ in range(2))
    assert first == second


def test_a_full_disk_is_told(vectors: np.ndarray) -> None:
    with Path("/dev/full").open("wb") as full, pytest.raises(OSError, match="No space left"):
        near.write(vectors[:500], lambda _: full)


def test_a_large_index_has_one_and_is_searched_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "LEAST", 100)
    monkeypatch.setattr(near, "PART", 50)
    data = made(60)
    save(tmp_path, data)
    stored = load(tmp_path)
    assert same(stored, data)
    assert stored.near
    assert len(stored.near) == 120
    assert len(list(tmp_path.glob("build-*/near_*.faiss"))) == 3
    save(tmp_path, made(40))
    assert load(tmp_path).near is None
