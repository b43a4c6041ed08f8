"""Several processes answer: as one process does, whatever becomes of one of them, and none is left behind."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assistant.engines import Embedded
from assistant.errors import BusyError, IndexDamagedError, QuestionEmptyError
from assistant.workers import CALLS, Workers, shared_out
from tests.api_fixtures import ITALKI
from tests.fake_worker import FakeAnswering
from tests.operated import PATIENCE, ROOT
from tests.waiting import until


def there(pid: int) -> bool:
    """Whether a process is running; one that has ended and was not waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- the pool, over workers without a model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "build").write_text("a")
    return tmp_path


@pytest.fixture
def two(folder: Path) -> Iterator[Workers]:
    with Workers(folder, 2, 100, answering=FakeAnswering, preloaded=()) as workers:
        yield workers


def started(folder: Path) -> list[int]:
    """The processes that there were, in order."""
    return [int(line) for line in (folder / "pids").read_text().split()]


def opened(workers: Workers, build: str = "a") -> int:
    generation = workers.open(build)
    assert generation is not None
    return generation


def test_questions_are_answered_at_once_and_each_by_one_worker(two: Workers, folder: Path) -> None:
    until(lambda: len(two.pids()) == 2)
    generation = opened(two)
    with ThreadPoolExecutor(8) as people:
        pids = list(people.map(lambda _: two.call(generation, "sleep", 0.1), range(8)))
    assert set(pids) == set(two.pids()) == set(started(folder))
    assert sorted(pids.count(pid) for pid in set(pids)) == [4, 4]


def test_a_worker_has_several_questions_at_a_time(folder: Path) -> None:
    """So that they are encoded together."""
    with Workers(folder, 1, 100, answering=FakeAnswering, preloaded=()) as workers, ThreadPoolExecutor(CALLS) as people:
        generation = opened(workers)
        started = time.monotonic()
        assert len(set(people.map(lambda _: workers.call(generation, "sleep", 1), range(CALLS)))) == 1
        assert time.monotonic() - started < 3


def test_what_is_wrong_with_a_question_is_told_in_its_own_words(two: Workers) -> None:
    generation = opened(two)
    with pytest.raises(QuestionEmptyError, match=r"^The question is empty; type one\.$"):
        two.call(generation, "empty")
    assert two.call(generation, "pid") in two.pids()


@pytest.mark.parametrize(("stated", "count", "each"), [("8", 3, "2"), ("1", 2, "1"), ("4", 1, "4"), ("", 999, "1")])
def test_cores_are_shared_out(stated: str, count: int, each: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", stated)
    assert shared_out(count)["OMP_NUM_THREADS"] == each


def test_a_worker_that_ends_is_replaced_and_its_question_asked_again(two: Workers, folder: Path) -> None:
    generation = opened(two)
    until(lambda: len(two.pids()) == 2)
    before = set(two.pids())
    assert two.call(generation, "die", "once") in before
    until(lambda: len(started(folder)) == 3)
    # The new one has the index too.
    with ThreadPoolExecutor(2) as people:
        until(lambda: len({*people.map(lambda _: two.call(generation, "sleep", 0.1), range(2))} - before) == 1)
    assert two.call(generation, "build") == "a"


def test_a_question_that_ends_every_worker_costs_no_other_one_its_answer(two: Workers) -> None:
    until(lambda: len(two.pids()) == 2)
    generation = opened(two)
    with ThreadPoolExecutor(2 * CALLS) as people:
        others = [people.submit(two.call, generation, "sleep", 0.5) for _ in range(2 * CALLS - 2)]
        with pytest.raises(BusyError, match="ask again"):
            two.call(generation, "die")
        assert all(each.result(PATIENCE) for each in others)


def test_an_index_is_opened_though_a_worker_ends_with_all_that_it_may_have_in_hand(two: Workers, folder: Path) -> None:
    until(lambda: len(two.pids()) == 2)
    first = opened(two)
    with ThreadPoolExecutor(2 * CALLS + 1) as people:
        calls = [people.submit(two.call, first, "sleep", 2) for _ in range(2 * CALLS)]
        until(lambda: (folder / "asleep").exists() and len((folder / "asleep").read_text()) == 2 * CALLS)
        (folder / "build").write_text("b")
        second = people.submit(two.open, "b")
        os.kill(two.pids()[0], signal.SIGKILL)
        generation = second.result(PATIENCE)
        assert generation is not None
        assert two.call(generation, "build") == "b"
        # Of the old index one worker is left, or none when that has opened the new one too.
        assert all(each.exception(PATIENCE) is None for each in calls)


def test_a_question_that_ends_every_worker_is_told_so(two: Workers) -> None:
    generation = opened(two)
    with pytest.raises(BusyError, match="ask again"):
        two.call(generation, "die")
    until(lambda: len(two.pids()) == 2)
    assert two.call(generation, "build") == "a"


def test_killed_again_and_again_under_load_no_answer_fails(folder: Path) -> None:
    with Workers(folder, 3, 100, answering=FakeAnswering, preloaded=()) as workers, ThreadPoolExecutor(4) as people:
        generation, over = opened(workers), threading.Event()

        def ask() -> int:
            answers = 0
            while not over.is_set():
                assert workers.call(generation, "sleep", 0.01)
                answers += 1
            return answers

        asked = [people.submit(ask) for _ in range(4)]
        for _ in range(4):
            until(lambda: len(workers.pids()) == 3)
            os.kill(workers.pids()[0], signal.SIGKILL)
            # The second try of a question is its last.
            until(lambda: len(workers.pids()) < 3)
        over.set()
        assert all(each.result(PATIENCE) > 0 for each in asked)


def test_an_answer_that_takes_too_long_is_given_up(folder: Path) -> None:
    with Workers(folder, 1, 100, answering=FakeAnswering, preloaded=(), seconds=0.5) as workers:
        generation = opened(workers)
        (before,) = workers.pids()
        with pytest.raises(BusyError, match="too long"):
            workers.call(generation, "sleep", 3600)
        until(lambda: not there(before))
        until(lambda: workers.pids() and workers.pids() != (before,))
        assert not there(before)


def test_who_waits_too_long_for_a_worker_is_told_so(folder: Path) -> None:
    with (
        Workers(folder, 1, 100, answering=FakeAnswering, preloaded=(), seconds=1) as workers,
        ThreadPoolExecutor(CALLS) as others,
    ):
        generation = opened(workers)
        calls = [others.submit(workers.call, generation, "sleep", 3600) for _ in range(CALLS)]
        until(lambda: (folder / "asleep").exists() and len((folder / "asleep").read_text()) == CALLS)
        with pytest.raises(BusyError):
            workers.call(generation, "pid")
        assert all(isinstance(each.exception(PATIENCE), BusyError) for each in calls)


def test_an_older_index_is_asked_about_until_it_is_forgotten(two: Workers, folder: Path) -> None:
    first = opened(two)
    (folder / "build").write_text("b")
    second = opened(two, "b")
    assert {two.call(first, "build"), two.call(second, "build")} == {"a", "b"}
    assert two.call(second, "opened") == ["a", "b"]
    two.forget(first)
    assert two.call(second, "opened") == ["b"]


def test_workers_go_on_answering_while_each_opens_a_new_index(two: Workers, folder: Path) -> None:
    first, over = opened(two), threading.Event()

    def ask() -> set[str]:
        builds = set()
        while not over.is_set():
            builds.add(two.call(first, "build"))
        return builds

    with ThreadPoolExecutor(3) as people:
        asked = [people.submit(ask) for _ in range(3)]
        for build in "bcdef":
            (folder / "build").write_text(build)
            assert two.call(opened(two, build), "build") == build
        over.set()
        assert [each.result(PATIENCE) for each in asked] == [{"a"}] * 3


def test_an_index_that_was_replaced_or_cannot_be_used_is_not_taken_up(two: Workers, folder: Path) -> None:
    first = opened(two)
    assert two.open("b") is None
    (folder / "build").write_text("damaged")
    with pytest.raises(IndexDamagedError, match=r"^The index cannot be used; build it anew\.$"):
        two.open("c")
    assert two.call(first, "build") == "a"


def test_an_index_that_is_gone_and_nobody_has_is_told_at_once(two: Workers, folder: Path) -> None:
    first = opened(two)
    (folder / "build").write_text("damaged")
    before = set(two.pids())
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(set(two.pids()) - before) == 2)
    with pytest.raises(BusyError):
        two.call(first, "build")
    (folder / "build").write_text("b")
    assert two.call(opened(two, "b"), "build") == "b"


def test_the_end_ends_every_worker(folder: Path) -> None:
    with Workers(folder, 2, 100, answering=FakeAnswering, preloaded=()) as workers, ThreadPoolExecutor(1) as other:
        generation = opened(workers)
        last = other.submit(workers.call, generation, "sleep", 3600)
        until((folder / "asleep").exists)
        workers.close()
        assert isinstance(last.exception(PATIENCE), BusyError)
        with pytest.raises(BusyError):
            workers.call(generation, "pid")
    assert not any(map(there, started(folder)))


def test_an_end_before_the_start_ends_them_too(folder: Path) -> None:
    (folder / "pids").touch()
    with Workers(folder, 2, 100, answering=FakeAnswering, preloaded=()) as workers:
        pass
    assert workers.pids() == ()
    assert not any(map(there, started(folder)))


def test_a_signal_to_the_whole_group_does_not_end_a_worker(two: Workers) -> None:
    generation = opened(two)

    def both() -> set[int]:
        with ThreadPoolExecutor(2) as people:
            return set(people.map(lambda _: two.call(generation, "sleep", 0.1), range(2)))

    until(lambda: len(both()) == 2)
    pids = two.pids()
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    assert both() == set(pids)


def test_what_cannot_be_sent_costs_no_worker(two: Workers) -> None:
    until(lambda: len(two.pids()) == 2)
    generation = opened(two)
    before = two.pids()
    for _ in range(3 * CALLS):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            two.call(generation, "pid", lambda: None)
    assert two.call(generation, "pid") in before
    assert two.pids() == before


@pytest.mark.skipif(sys.platform != "linux", reason="only there are processes forked from one")
def test_workers_outlive_the_one_that_they_are_forked_from(two: Workers, folder: Path) -> None:
    generation = opened(two)
    before = two.pids()
    (parent,) = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in before}
    os.kill(parent, signal.SIGKILL)
    until(lambda: len(two.pids()) == 2 and not set(before) & set(two.pids()))
    assert two.call(generation, "pid") in two.pids()
    until(lambda: not any(map(there, before)))


def test_without_the_process_in_front_no_worker_stays(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.fake_worker", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as front:
        assert front.stdout
        assert front.stdout.readline() == b"there\n"
        pids = started(folder)
        assert all(map(there, pids))
        front.kill()
        # One waits for a call, and one is in the middle of one.
        until(lambda: not any(map(there, pids)))


def test_an_index_is_forgotten_with_the_assistant_over_it(index_dir: Path) -> None:
    from assistant.index import load
    from assistant.workers.served import Served

    forgotten: list[int] = []

    class Counting:
        def call(self, *_: object) -> None:
            raise AssertionError

        def forget(self, generation: int) -> None:
            forgotten.append(generation)

    served = Served(Embedded(load(index_dir)), 100, Counting(), 7)  # type: ignore[arg-type]
    assert served.policies()
    assert served.clause(ITALKI, "2.1")
    assert not forgotten
    del served
    gc.collect()
    assert forgotten == [7]
