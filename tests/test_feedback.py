"""The file of feedback: what goes into it, what does not, how long it stays, and who may write at once."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.errors import FeedbackError
from assistant.feedback import store as store_module
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Reason, Tally, Uncovered, Vote

CLAUSE = "policies/shop?mark=10-20-0123abcd#5.8.3"
START = datetime(2026, 3, 1, 9, 30, 15, tzinfo=UTC)


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feedback.sqlite"


@pytest.fixture
def made(path: Path, clock: Clock) -> FeedbackStore:
    return FeedbackStore(path, now=clock)


def files(path: Path) -> Iterator[Path]:
    """The file with all that SQLite puts beside it."""
    return path.parent.glob(f"{path.name}*")


def holds(path: Path, text: str) -> bool:
    return any(text.encode() in file.read_bytes() for file in files(path))


# What is kept


def test_the_file_is_made_with_the_first_write_for_its_owner_alone(path: Path, made: FeedbackStore) -> None:
    assert made.votes() == made.tallies() == made.uncovered() == ()
    assert not path.exists()
    with sqlite3.connect(":memory:") as other:
        other.execute("SELECT 1")
    made.count("answered", "en", (), "?")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with store_module.opened(path) as database:
        database.execute("BEGIN IMMEDIATE")
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert {stat.S_IMODE(file.stat().st_mode) for file in files(path)} == {0o600}
    other.close()


def test_a_vote_comes_back_as_it_was_given_without_the_question(path: Path, made: FeedbackStore) -> None:
    given = Vote(False, "not_the_clause", "It is in 5.8.4", "Where is Kevin?", "answered", (CLAUSE,), ("shop", "a"))
    made.vote(given)
    made.vote(Vote(True))
    first, second = made.votes()
    assert first == Vote(
        False, "not_the_clause", "It is in 5.8.4", "", "answered", (CLAUSE,), ("a", "shop"), "2026-03-01"
    )
    assert second == Vote(True, at="2026-03-01")
    assert not holds(path, "Kevin")


def test_questions_are_kept_only_where_they_are_wanted_and_not_covered(path: Path, clock: Clock) -> None:
    FeedbackStore(path, now=clock).count("not_covered", "en", ("shop",), "Is Kevin here?")
    assert not holds(path, "Kevin")
    store = FeedbackStore(path, store_questions=True, now=clock)
    for status in ("answered", "not_covered", "off_topic"):
        store.count(status, "en", ("shop",), f"{status}: mail me at kevin@example.com")
    store.vote(Vote(False, question="Call +44 20 7946 0958?"))
    assert store.uncovered() == (
        Uncovered("2026-03-01T09:30:15Z", "en", ("shop",), "not_covered: mail me at [e-mail]"),
    )
    assert [(vote.question, vote.at) for vote in store.votes()] == [("Call [telephone]?", "2026-03-01T09:30:15Z")]
    assert not holds(path, "kevin@")
    assert not holds(path, "7946")


def test_a_note_is_always_redacted(path: Path, made: FeedbackStore) -> None:
    made.vote(Vote(False, "other", "I am kevin@example.com, answer me"))
    assert made.votes()[0].note == "I am [e-mail], answer me"
    assert not holds(path, "kevin@")


def test_questions_are_counted_by_day_status_language_and_policies(made: FeedbackStore, clock: Clock) -> None:
    for policies in (("b", "a"), ("a", "b"), ("a", "b", "a")):
        made.count("not_covered", "ru", policies, "?")
    made.count("answered", "ru", (), "?")
    clock.now += timedelta(days=1)
    made.count("not_covered", "zh", (), "?")
    assert made.tallies() == (
        Tally("2026-03-01", "answered", "ru", (), 1),
        Tally("2026-03-01", "not_covered", "ru", ("a", "b"), 3),
        Tally("2026-03-02", "not_covered", "zh", (), 1),
    )
    assert made.tallies(days=1) == made.tallies()[2:]
    assert made.tallies(days=10**9) == made.tallies()


def test_nothing_but_what_is_documented_is_in_the_file(path: Path, made: FeedbackStore) -> None:
    made.count("answered", "en", (), "?")
    with store_module.opened(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {table: [row[1] for row in database.execute(f"PRAGMA table_info({table})")] for table in tables}
    assert columns == {
        "votes": ["at", "useful", "reason", "note", "question", "status", "clauses", "policies"],
        "counts": ["at", "status", "language", "policies", "questions"],
        "questions": ["at", "language", "policies", "question"],
    }


def test_what_a_person_sends_cannot_bring_text_in_by_another_field(path: Path, made: FeedbackStore) -> None:
    made.vote(
        Vote(
            False,
            status="my name is Kevin",
            clauses=("Kevin", "policies/shop#Kevin Smith", "https://kevin.example/", "javascript:Kevin", CLAUSE),
            policies=("Kevin Smith", "\x1b[2J", "\ud800", "shop"),
        )
    )
    vote = made.votes()[0]
    assert (vote.status, vote.clauses) == ("", (CLAUSE,))
    assert "shop" in vote.policies
    assert not holds(path, "Kevin")
    assert not holds(path, "\x1b")


def test_long_texts_are_cut_and_hostile_ones_are_kept_as_text(made: FeedbackStore) -> None:
    made.vote(Vote(False, note="x " * 5000, clauses=(CLAUSE,) * 500, policies=tuple(f"p{n}" for n in range(500))))
    made.vote(Vote(False, note="'); DROP TABLE votes; -- \x1b[31m\ud800\x00 ok"))
    first, second = made.votes()
    assert len(first.note) <= 1000
    assert (len(first.clauses), len(first.policies)) == (20, 100)
    assert second.note.startswith("'); DROP TABLE votes; --")
    assert second.note.isprintable()


def test_an_unknown_reason_is_refused(made: FeedbackStore, path: Path) -> None:
    for reason in Reason:
        made.vote(Vote(False, reason))
    with pytest.raises(FeedbackError, match=r"^There is no reason 'ugly'; the reasons are wrong_policy, "):
        made.vote(Vote(False, "ugly"))
    assert len(made.votes()) == len(Reason)


def test_nobody_fills_the_disk(monkeypatch: pytest.MonkeyPatch, path: Path, clock: Clock) -> None:
    monkeypatch.setattr(store_module, "MOST_A_DAY", 3)
    store = FeedbackStore(path, store_questions=True, now=clock)
    for _ in range(3):
        store.vote(Vote(True))
    with pytest.raises(FeedbackError, match="tomorrow"):
        store.vote(Vote(True))
    for _ in range(5):
        store.count("not_covered", "en", (), "Why?")
    assert len(store.uncovered()) == 3
    assert store.tallies()[0].questions == 5
    clock.now += timedelta(days=1)
    store.vote(Vote(True))
    assert len(store.votes()) == 4


# How long


@pytest.mark.parametrize("days", [1, 7, 90])
def test_what_is_too_old_is_deleted_at_a_write_and_gone_from_the_file(path: Path, clock: Clock, days: int) -> None:
    store = FeedbackStore(path, store_questions=True, retention_days=days, now=clock)
    for number in range(50):
        store.vote(Vote(False, "other", f"quixotic note {number} " + "filler " * 100))
        store.count("not_covered", "en", ("zanzibar",), f"xylophone question {number}?")
    clock.now += timedelta(days=days - 1)
    store.count("answered", "en", (), "?")
    assert len(store.votes()) == len(store.uncovered()) == 50
    clock.now = datetime.combine(clock.now.date() + timedelta(days=1), datetime.min.time(), tzinfo=UTC)
    store.count("answered", "en", (), "?")
    assert store.votes() == store.uncovered() == ()
    for word in ("quixotic", "xylophone", "zanzibar", "filler"):
        assert not holds(path, word)
    expected = 1 if days == 1 else 2
    assert sum(tally.questions for tally in store.tallies()) == expected


def test_what_is_too_old_is_deleted_at_opening_even_with_a_shorter_period(path: Path, clock: Clock) -> None:
    FeedbackStore(path, now=clock).vote(Vote(True, note="quixotic"))
    clock.now += timedelta(days=10)
    assert holds(path, "quixotic")
    assert FeedbackStore(path, retention_days=7, now=clock).votes() == ()
    assert not holds(path, "quixotic")


def test_a_retention_of_0_keeps_nothing(path: Path, clock: Clock) -> None:
    store = FeedbackStore(path, store_questions=True, retention_days=0, now=clock)
    store.vote(Vote(True, note="quixotic"))
    store.count("not_covered", "en", (), "quixotic?")
    assert store.votes() == store.tallies() == store.uncovered() == ()
    assert not holds(path, "quixotic")


def test_a_negative_retention_is_refused_and_a_huge_one_is_not(path: Path, clock: Clock) -> None:
    with pytest.raises(FeedbackError, match=r"^ASSISTANT_RETENTION_DAYS must be 0 or more, not -1\.$"):
        FeedbackStore(path, retention_days=-1)
    store = FeedbackStore(path, retention_days=10**12, now=clock)
    store.vote(Vote(True))
    assert len(store.votes()) == 1


# What can be wrong with the file


def other_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE people (name TEXT)")
    database.commit()
    database.close()


def newer(path: Path) -> None:
    FeedbackStore(path).vote(Vote(True))
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()


def damaged(path: Path) -> None:
    store = FeedbackStore(path)
    for _ in range(60):
        store.vote(Vote(False, note="n " * 400))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.write_text("Dear diary, " * 500), "is damaged or no file of feedback"),
        (damaged, "is damaged or no file of feedback"),
        (other_database, "is a database of something else"),
        (newer, "was written by another version"),
        (lambda path: path.mkdir(), "cannot be used"),
    ],
    ids=["text", "damaged", "other", "newer", "folder"],
)
def test_a_file_that_cannot_be_used_is_told_in_one_sentence_and_left_alone(path: Path, spoil, says: str) -> None:  # type: ignore[no-untyped-def]
    sound = FeedbackStore(path)
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    for use in (lambda: FeedbackStore(path), lambda: sound.count("answered", "en", (), "?"), sound.votes):
        with pytest.raises(FeedbackError, match=says) as raised:
            use()
        sentence = str(raised.value)
        assert str(path) in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
    if before is not None:
        assert path.read_bytes() == before


def test_a_folder_that_is_missing_is_made_and_one_that_is_a_file_is_told(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "data" / "votes.sqlite")
    store.vote(Vote(True))
    assert len(store.votes()) == 1
    (tmp_path / "note").write_text("")
    with pytest.raises(FeedbackError, match="cannot be used"):
        FeedbackStore(tmp_path / "note" / "votes.sqlite").vote(Vote(True))


def test_a_file_that_is_deleted_meanwhile_is_made_anew(path: Path, made: FeedbackStore) -> None:
    made.vote(Vote(True))
    for file in files(path):
        file.unlink()
    assert made.votes() == ()
    made.vote(Vote(False))
    assert [vote.useful for vote in made.votes()] == [False]


def test_a_file_that_another_program_holds_is_told(
    path: Path, made: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.vote(Vote(True))
    monkeypatch.setattr("assistant.feedback.file._PATIENCE", 0.05)
    with store_module.opened(path) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(FeedbackError, match="in use by another program"):
            made.vote(Vote(True))
    made.vote(Vote(True))
    assert len(made.votes()) == 2


# Who may write at once


def test_many_threads_write_and_read_at_once(path: Path, clock: Clock) -> None:
    stores = [FeedbackStore(path, store_questions=True, now=clock) for _ in range(2)]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(10):
                stores[number % 2].vote(Vote(turn % 2 == 0))
                stores[number % 2].count("not_covered", "en", (), f"question {number} {turn}")
                stores[turn % 2].tallies()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(stores[0].votes()) == 80
    assert stores[0].tallies()[0].questions == 80
    assert len({asked.question for asked in stores[1].uncovered()}) == 80


SCRIPT = """
import sys
from pathlib import Path
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
store = FeedbackStore(Path(sys.argv[1]), store_questions=True)
for turn in range(40):
    store.vote(Vote(True))
    store.count("not_covered", "en", (), f"question {turn}")
    store.votes()
"""


def test_questions_that_come_while_one_is_counted_share_a_transaction(
    path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, transactions = threading.Event(), threading.Event(), []
    usual = FeedbackStore._writing

    @contextlib.contextmanager
    def slow(store: FeedbackStore) -> Iterator[sqlite3.Connection]:
        transactions.append(1)
        begun.set()
        assert go_on.wait(60)
        with usual(store) as database:
            yield database

    monkeypatch.setattr(FeedbackStore, "_writing", slow)
    store = FeedbackStore(path, now=clock)
    with ThreadPoolExecutor(21) as threads:
        first = threads.submit(store.count, "answered", "en", (), "?")
        assert begun.wait(60)
        others = [threads.submit(store.count, "answered", "en", (), "?") for _ in range(20)]
        while len(store._counting._waiting) < 20:
            time.sleep(0.001)
        go_on.set()
        for each in (first, *others):
            each.result(60)
    assert len(transactions) == 2
    assert [tally.questions for tally in store.tallies()] == [21]


def test_processes_write_at_once_from_the_very_first_write(path: Path, root: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], cwd=root, stderr=subprocess.PIPE) for _ in range(3)
    ]
    told = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    store = FeedbackStore(path)
    assert len(store.votes()) == 120
    assert sum(tally.questions for tally in store.tallies()) == 120
    with store_module.opened(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
