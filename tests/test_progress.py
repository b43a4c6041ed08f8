"""What an ingest shows on a terminal meanwhile: how much is done, the time left, and what ends it."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from assistant import ingest
from assistant.bulk import Bulk
from assistant.retrieval import near
from assistant.shards import Shard
from benchmarks.light import Light
from tests.milvus_server import World
from tests.test_remote import environment, settings_of

# Long enough to be encoded for more than the second after which the bar is shown.
POLICIES = ("italki-privacy-policy-2018.txt", "unistudy-privacy-policy.txt")
# Done, expected, time until now, and time left.
BAR = re.compile(r"(\d+)/(\d+) \[\d\d:\d\d<(\d\d):(\d\d), ")
STEPS = ["Weighing words", "Counting words", "Bringing files to disk", "Hashing files"]


@pytest.fixture
def policies(corpus: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "policies"
    folder.mkdir()
    for name in POLICIES:
        shutil.copy(corpus / name, folder)
    return folder


def program(corpus: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "assistant", "ingest", "--corpus", str(corpus), *more]


def on_a_terminal(command: list[str], given: dict[str, str]) -> tuple[str, str]:
    """What a command writes on stdout, and what it shows on a terminal that stderr goes to."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    shown = b""
    try:
        with subprocess.Popen(
            command, env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=theirs, text=True
        ) as process:
            os.close(theirs)
            while part := read(ours):
                shown += part
            out = process.stdout.read() if process.stdout else ""
    finally:
        os.close(ours)
    assert process.returncode == 0, shown
    return out, shown.decode()


def read(terminal: int) -> bytes:
    """Some of what is shown; nothing once nobody writes there any more."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def check_bar(shown: str, passages: int) -> None:
    """More and more are done of what there is, and for some time there is time left."""
    bars = [tuple(map(int, found)) for found in BAR.findall(shown)]
    done = [bar[0] for bar in bars]
    assert len(done) > 2
    assert done == sorted(done)
    assert done[0] < passages
    assert any(minutes or seconds for _, _, minutes, seconds in bars)
    assert bars[-1][1] == passages
    # The line is empty in the end.
    assert shown.rstrip("\r").rpartition("\r")[2].strip() == ""


def passages_of(out: str) -> int:
    found = re.search(r"(\d+) passages", out)
    assert found, out
    return int(found[1])


def test_an_ingest_shows_the_time_left_and_what_ends_it(policies: Path, tmp_path: Path) -> None:
    command = program(policies, "--index", str(tmp_path / "index"))
    out, shown = on_a_terminal(command, {})
    check_bar(shown, passages_of(out))
    assert re.findall(r"(\w[\w ]+) …", shown) == STEPS
    assert BAR.search(shown.partition(STEPS[0])[2]) is None
    # Nothing where stderr is no terminal.
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (passages_of(done.stdout), done.stderr) == (passages_of(out), "")
    # Where nothing is encoded, no bar; what ends the ingest is told all the same, and leaves nothing.
    _, shown = on_a_terminal(command, {})
    assert re.findall(r"(\w[\w ]+) …", shown) == STEPS
    assert shown.rstrip("\r").rpartition("\r")[2].strip() == ""


def test_an_ingest_into_a_server_shows_the_time_left(milvus: World, policies: Path) -> None:
    out, shown = on_a_terminal(program(policies), environment(settings_of(milvus, "progress")))
    check_bar(shown, passages_of(out))


def test_how_much_there_is_to_encode_for_a_server_is_foreseen(milvus: World, tmp_path: Path) -> None:
    for at in range(5):
        text = "\n\n".join(f"{number}. Part\nWe keep item {at}.{number}." for number in range(1, 5))
        (tmp_path / f"p{at}.txt").write_text(f"Policy {at}\n\n{text}\n", "utf-8")
    # Neither what is there already nor what cannot be read counts.
    (tmp_path / "broken.txt").write_bytes(b"\0" * 1000)
    milvus.ingest("foreseen", tmp_path, Shard(1, 2))
    told: list[tuple[int, int | None]] = []
    bulk = Bulk(milvus.store("foreseen"), lambda: milvus.encoder, Shard())
    report = bulk.ingest(tmp_path, lambda *each: told.append(each))
    assert [error.file for error in report.errors] == ["broken.txt"]
    assert sum(done for done, _ in told) == report.encoded
    assert 0 < report.encoded < report.passages
    # The files are of one size.
    assert {expected for _, expected in told} == {report.encoded}


def test_what_ends_an_ingest_is_told_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    text = "\n\n".join(f"{number}. Part\nWe keep item {number}." for number in range(1, 30))
    (folder / "shop.txt").write_text(f"Shop Privacy Policy\n\n{text}\n", "utf-8")
    monkeypatch.setattr(ingest, "Encoder", Light)
    monkeypatch.setattr(near, "LEAST", 10)
    steps: list[str] = []
    ingest.ingest(folder, tmp_path / "index", step=steps.append)
    assert steps == [*STEPS[:-1], "Making the approximate index", STEPS[-1]]
