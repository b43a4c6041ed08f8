"""A new index is taken up while questions are asked: no failed answer, none of two indexes."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.errors import IndexMissingError
from assistant.generations import Generations
from assistant.ingest import ingest

QUESTION = "How long are cookies kept?"
TEXT = "Shop Cookie Notice\n\n1. Cookies\nOur cookies are kept for {} days."
ROUNDS = (30, 60, 90)

pytestmark = pytest.mark.usefixtures("one_encoder")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder


def publish(corpus: Path, index: Path, days: int) -> None:
    (corpus / "shop.txt").write_text(TEXT.format(days), encoding="utf-8")
    (corpus / "other.txt").write_text(TEXT.replace("Shop", "Other").format(days), encoding="utf-8")
    ingest(corpus, index)


def test_a_new_index_is_taken_up_and_answers_are_of_one_index(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    publish(corpus, index, ROUNDS[0])
    generations = Generations(index, 2000)
    assert not generations.refresh()
    over, seen = threading.Event(), set()

    def ask() -> None:
        while not over.is_set():
            with generations.pinned() as assistant:
                first = generations.current().ask(QUESTION, top_k=2)
                then = generations.current().ask(QUESTION, top_k=2)
                assert generations.current() is assistant
            kept = {cited.quote.rpartition("for ")[2] for answer in (first, then) for cited in answer.citations}
            assert len(kept) == 1, kept
            seen.update(kept)

    with ThreadPoolExecutor(3) as people:
        asked = [people.submit(ask) for _ in range(3)]
        for days in ROUNDS[1:]:
            publish(corpus, index, days)
            assert generations.refresh()
        generations.current().ask(QUESTION)
        over.set()
        for each in asked:
            each.result(60)
    assert f"{ROUNDS[-1]} days." in generations.current().ask(QUESTION).citations[0].quote
    assert f"{ROUNDS[0]} days." in seen


def test_an_index_that_cannot_be_used_is_told_once_and_the_last_one_goes_on(
    corpus: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = tmp_path / "index"
    publish(corpus, index, 30)
    generations = Generations(index, 2000)
    (index / "manifest.json").write_bytes(b"{}")
    with caplog.at_level(logging.ERROR):
        assert not generations.refresh()
        assert not generations.refresh()
    assert [record.message.partition(": ")[0] for record in caplog.records] == [
        "The index is not used, the last one goes on"
    ]
    (index / "manifest.json").unlink()
    with caplog.at_level(logging.ERROR):
        assert not generations.refresh()
        assert not generations.refresh()
    assert "There is no index in" in caplog.records[-1].message
    assert len(caplog.records) == 2
    assert generations.current().ask(QUESTION).citations
    publish(corpus, index, 60)
    assert generations.refresh()


def test_an_index_whose_files_come_later_is_used_once_they_are_there(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As a backup may bring them back: the manifest before the build that it names."""
    index = tmp_path / "index"
    publish(corpus, index, 30)
    generations = Generations(index, 2000)
    publish(corpus, index, 60)
    (build,) = index.glob("build-*")
    build.rename(tmp_path / "on-its-way")
    monkeypatch.setattr("assistant.generations.AGAIN", 0.0)
    with caplog.at_level(logging.ERROR):
        assert not generations.refresh()
        assert not generations.refresh()
    assert len(caplog.records) == 1
    assert "30 days" in generations.current().ask(QUESTION).citations[0].quote
    (tmp_path / "on-its-way").rename(build)
    assert generations.refresh()
    assert "60 days" in generations.current().ask(QUESTION).citations[0].quote
    assert not generations.refresh()


def test_watching_ends_when_it_is_told_to(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    publish(corpus, index, 30)
    generations = Generations(index, 2000)
    stop = threading.Event()
    watcher = threading.Thread(target=generations.watch, args=(stop, 0.01))
    watcher.start()
    publish(corpus, index, 60)
    for _ in range(3000):
        if "60 days" in generations.current().ask(QUESTION).citations[0].quote:
            break
    else:
        pytest.fail("the new index was not taken up")
    stop.set()
    watcher.join(20)
    assert not watcher.is_alive()


def test_watching_outlives_what_nobody_foresaw(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    index = tmp_path / "index"
    publish(corpus, index, 30)
    generations = Generations(index, 2000)
    looks, stop = [], threading.Event()

    def refresh() -> bool:
        looks.append(True)
        if len(looks) == 2:
            stop.set()
        raise MemoryError

    monkeypatch.setattr(generations, "refresh", refresh)
    generations.watch(stop, 0.001)
    assert len(looks) == 2
    assert "the last one goes on: MemoryError." in caplog.text


def test_without_an_index_it_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError):
        Generations(tmp_path, 2000)
