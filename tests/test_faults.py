"""Full disks, folders that may not be written, lost files: told in one sentence, and what there is serves on."""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import httpx
import numpy as np
import pytest

import app
from assistant.cli import main
from assistant.errors import AssistantError, CorpusError, FeedbackError, IndexDamagedError
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
from assistant.generations import Generations
from assistant.index import load, save
from assistant.index.files import NAMES
from assistant.index.manifest import FORMAT, record_sha256
from assistant.ingest import ingest
from assistant.policies.describe import COLUMNS
from assistant.reuse import last_index
from assistant.settings import Settings
from benchmarks.light import Here, Light
from tests.index_fixtures import made, same
from tests.web_fixtures import serving

ROOT = Path(__file__).resolve().parent.parent
TEXT = "{} Cookie Notice\n\n1. Cookies\nOur cookies are kept for {} days.\n"
CATALOGUE = ",".join(COLUMNS) + "\nshop,{}" + "," * (len(COLUMNS) - 2) + "\n"
LOCKS = {".ingest", ".lock"}


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are what counts here: no model is loaded, and no process started to read policies."""
    monkeypatch.setattr("assistant.ingest.Encoder", Light)
    monkeypatch.setattr("assistant.ask.Encoder", Light)
    monkeypatch.setattr("assistant.ingest.Reader", lambda _: Here())


def write(corpus: Path, days: int, *names: str) -> None:
    corpus.mkdir(exist_ok=True)
    for name in names:
        (corpus / f"{name.lower()}.txt").write_text(TEXT.format(name, days), encoding="utf-8")


def ingested(corpus: Path, index: Path) -> int:
    """The exit code of the command."""
    return main(["ingest", "--corpus", str(corpus), "--index", str(index)])


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """What was told on stderr: one sentence."""
    told = capsys.readouterr().err
    assert told.endswith(".\n")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    return told


# --- a full disk


def _full(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Lets the `at`-th step that takes space fail, and only that one."""
    steps = 0

    def wrap(real: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            nonlocal steps
            steps += 1
            if steps == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*args, **kwargs)

        return step

    for owner, name in [
        (os, "fsync"),
        (np, "save"),
        (Path, "open"),
        (Path, "rename"),
        (Path, "replace"),
        (Path, "mkdir"),
    ]:
        monkeypatch.setattr(owner, name, wrap(getattr(owner, name)))


def test_a_disk_that_is_full_at_any_step_leaves_the_old_index_and_nothing_else(tmp_path: Path) -> None:
    old, new, told = made(1), made(2), []
    for at in range(1, 200):
        save(tmp_path, old)
        with pytest.MonkeyPatch.context() as patch:
            _full(patch, at)
            try:
                save(tmp_path, new)
            except AssistantError as error:
                told.append(str(error).partition(" cannot be written ")[2])
            else:
                break
        assert same(load(tmp_path), old) or same(load(tmp_path), new)
        names = {path.name for path in tmp_path.iterdir()} - LOCKS
        assert names == {"manifest.json", json.loads((tmp_path / "manifest.json").read_bytes())["build"]}
        save(tmp_path, new)
        assert same(load(tmp_path), new)
    assert len(told) > 30
    assert set(told) == {
        "(no space left on device); free some space and run it again; the index that was there is as it was."
    }


def told_by(*command: str) -> dict[str, set[str]]:
    """What `tests.faulty_disk` was told, each sentence once; there must have been several."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout)
    assert all(len(sentences) > 3 for sentences in told.values())
    return {name: set(sentences) for name, sentences in told.items()}


def test_files_that_may_not_grow_are_told_at_every_length(tmp_path: Path) -> None:
    told = told_by(sys.executable, "-m", "tests.faulty_disk", str(tmp_path))
    (sentence,) = told["ingest"]
    assert "cannot be written (file too large); free some space and run it again" in sentence
    assert all("feedback.sqlite cannot be used" in each and each.endswith(".") for each in told["vote"])


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    mounted = [
        "unshare",
        "--mount",
        "--",
        "/bin/sh",
        "-c",
        'mount -t tmpfs -o size=512k tmpfs "$1" && shift && exec "$@"',
        "-",
    ]
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can make a small disk here")
    probe = subprocess.run([*mounted, str(tmp_path), "true"], capture_output=True, check=False)
    if probe.returncode != 0:
        pytest.skip("this machine lets nobody make a small disk")
    told = told_by(*mounted, str(tmp_path), sys.executable, "-m", "tests.faulty_disk", str(tmp_path), "filled")
    (sentence,) = told["ingest"]
    assert "cannot be written (no space left on device); free some space and run it again" in sentence
    assert all("(database or disk is full)" in each or "disk I/O error" in each for each in told["vote"])


# --- what may not be read or written


@pytest.fixture
def ordinary(tmp_path: Path) -> None:
    """Skips where modes mean nothing to whoever runs this, as to root."""
    (tmp_path / "probe").mkdir(mode=0o500)
    if os.access(tmp_path / "probe", os.W_OK):
        pytest.skip("to root all is allowed; test_what_is_forbidden_is_forbidden_to_root runs this")


@pytest.mark.usefixtures("light", "ordinary")
@pytest.mark.parametrize("before", [True, False], ids=["an index is there", "none is there"])
def test_forbidden_an_index_folder(tmp_path: Path, before: bool, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop")
    index.mkdir()
    if before:
        ingest(corpus, index)
        write(corpus, 60, "Shop")
    index.chmod(0o500)
    names = sorted(index.iterdir())
    assert ingested(corpus, index) == 1
    told = sentence(capsys)
    assert "cannot be written (permission denied); give yourself permission to write there" in told
    assert sorted(index.iterdir()) == names
    if before:
        assert "30 days" in load(index).documents[0].text
    index.chmod(0o700)
    assert ingested(corpus, index) == 0


@pytest.mark.usefixtures("light", "ordinary")
@pytest.mark.parametrize("name", ["manifest.json", *sorted(NAMES)])
def test_forbidden_a_file_of_the_index(tmp_path: Path, name: str) -> None:
    save(tmp_path / "index", made())
    (path,) = (tmp_path / "index").rglob(name)
    path.chmod(0)
    with pytest.raises(IndexDamagedError, match=rf"{name} cannot be read \(permission denied\); mend that, or run"):
        load(tmp_path / "index")
    path.chmod(0o600)
    assert same(load(tmp_path / "index"), made())


@pytest.mark.usefixtures("light", "ordinary")
def test_forbidden_a_corpus_its_catalogue_and_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop", "Bank")
    (corpus / "policies.csv").write_text(CATALOGUE.format("Shop"), encoding="utf-8")
    (corpus / "bank.txt").chmod(0)
    assert ingested(corpus, index) == 1
    assert sentence(capsys).startswith("bank.txt: it cannot be opened (permission denied); ")
    assert [document.policy.id for document in load(index).documents] == ["shop"]
    (corpus / "policies.csv").chmod(0)
    assert ingested(corpus, index) == 1
    assert "policies.csv" in sentence(capsys)
    corpus.chmod(0)
    assert ingested(corpus, index) == 1
    assert "corpus cannot be read (permission denied); give yourself permission to read it." in sentence(capsys)
    corpus.chmod(0o700)
    (corpus / "policies.csv").chmod(0o600)
    (corpus / "bank.txt").chmod(0o600)
    assert ingested(corpus, index) == 0


@pytest.mark.usefixtures("ordinary")
def test_forbidden_a_file_of_feedback(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o500)
    store = FeedbackStore(folder / "feedback.sqlite")
    with pytest.raises(
        FeedbackError, match=r"feedback.sqlite cannot be used \(permission denied\); name another file with"
    ):
        store.vote(Vote(True))
    folder.chmod(0o700)
    store.vote(Vote(True))
    store.path.chmod(0o400)
    folder.chmod(0o500)
    with pytest.raises(FeedbackError, match=r"feedback.sqlite cannot be used .*; name another file with"):
        store.vote(Vote(True))
    folder.chmod(0o700)
    store.path.chmod(0o600)
    store.vote(Vote(True))
    assert len(store.votes()) == 2


def test_what_is_forbidden_is_forbidden_to_root(tmp_path: Path) -> None:
    """Root without its capabilities is asked for permission as everybody is."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("this is for root, and takes setpriv; others have run these tests already")
    command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", "--"]
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let root give up its capabilities")
    command += [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "test_forbidden"]
    command += ["--basetemp", str(tmp_path / "inner")]  # among the folders of other runs some are not its own to clear
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"{5 + len(NAMES)} passed" in done.stdout
    assert "skipped" not in done.stdout


# --- what is lost


class World(NamedTuple):
    """A running server over an index."""

    corpus: Path
    index: Path
    feedback: Path
    generations: Generations
    client: httpx.Client


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    from assistant.web.app import create_app

    folder = tmp_path_factory.mktemp("lost")
    corpus, index, feedback = folder / "corpus", folder / "index", folder / "feedback.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("assistant.ingest.Encoder", Light)
        patch.setattr("assistant.ask.Encoder", Light)
        patch.setattr("assistant.ingest.Reader", lambda _: Here())
        write(corpus, 1, "Shop", "Bank")
        ingest(corpus, index)
        generations = Generations(index, 2000)
        settings = Settings(rate_limit="100000/second", feedback=feedback, log="off")
        with (
            serving(lambda: create_app(generations, settings)) as url,
            httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
        ):
            yield World(corpus, index, feedback, generations, client)


def served(world: World) -> set[str]:
    """How many days the server says, by its API and its pages; every door must answer."""
    client = world.client
    assert client.post("/api/ask", json={"question": "How long are cookies kept?"}).status_code == 200
    assert client.get("/readyz").status_code == 200
    pages = [client.get(f"/api/clauses/{name}/1").raise_for_status().json()["citations"] for name in ("shop", "bank")]
    quotes = [cited["quote"] for page in pages for cited in page]
    quotes += [client.get(f"/policies/{name}").raise_for_status().text for name in ("shop", "bank")]
    return {quote.partition(" days")[0].rpartition("for ")[2] for quote in quotes}


def build_of(world: World) -> Path:
    (found,) = world.index.glob("build-*")
    return found


def become_a_file(path: Path) -> None:
    shutil.rmtree(path)
    path.write_text("")


LOST: dict[str, Callable[[World], object]] = {
    **{name: lambda world, name=name: (build_of(world) / name).unlink() for name in sorted(NAMES)},
    "the build": lambda world: shutil.rmtree(build_of(world)),
    "the manifest": lambda world: (world.index / "manifest.json").unlink(),
    "all of the manifest's words": lambda world: (world.index / "manifest.json").write_bytes(b"{}"),
    "the index": lambda world: shutil.rmtree(world.index),
    "the index, and a file is there": lambda world: become_a_file(world.index),
    "the corpus": lambda world: shutil.rmtree(world.corpus),
    "the feedback": lambda world: [path.unlink() for path in world.feedback.parent.glob("feedback.sqlite*")],
}


@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
def test_a_running_server_goes_on_without(
    world: World, lost: Callable[[World], object], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is lost, the server serves what it has; after the next ingest it serves that."""
    (days,) = served(world)
    lost(world)
    with caplog.at_level(logging.ERROR):
        assert not world.generations.refresh()
        assert not world.generations.refresh()
    assert len(caplog.records) <= 1
    assert served(world) == {days}
    assert (
        world.client.post("/api/feedback", json={"useful": True, "answer": {"status": "answered"}}).status_code == 204
    )
    if world.index.is_file():
        assert ingested(world.corpus, world.index) == 1
        assert "a file is in the way: remove it" in sentence(capsys)
        world.index.unlink()
    if not world.corpus.exists():
        assert ingested(world.corpus, world.index) == 1
        assert "corpus is no folder; name the folder that holds the policies." in sentence(capsys)
    write(world.corpus, int(days) + 1, "Shop", "Bank")
    assert ingested(world.corpus, world.index) == 0
    assert world.generations.refresh()
    assert served(world) == {str(int(days) + 1)}


BEFORE_START = [name for name in LOST if name not in ("the corpus", "the feedback")]


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("name", BEFORE_START)
def test_what_was_lost_before_the_start_is_told(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "index", made())
    LOST[name](SimpleNamespace(index=tmp_path / "index"))  # type: ignore[arg-type]
    monkeypatch.setenv("ASSISTANT_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("ASSISTANT_FEEDBACK", str(tmp_path / "feedback.sqlite"))
    assert app.main([]) == 1
    told = sentence(capsys)
    assert str(tmp_path / "index") in told
    assert "run python -m assistant ingest to build it" in told


@pytest.mark.usefixtures("light")
def test_policies_and_the_catalogue_that_go_are_gone_from_the_next_index(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop", "Bank")
    (corpus / "policies.csv").write_text(CATALOGUE.format("The Shop"), encoding="utf-8")
    ingest(corpus, index)
    assert {document.policy.company for document in load(index).documents} >= {"The Shop"}
    (corpus / "policies.csv").unlink()
    (corpus / "bank.txt").unlink()
    ingest(corpus, index)
    (left,) = load(index).documents
    assert left.policy.company != "The Shop"
    shutil.rmtree(corpus)
    with pytest.raises(CorpusError, match="is no folder; name the folder"):
        ingest(corpus, index)
    assert len(load(index).documents) == 1


# --- of another kind


def another(index: Path, **changed: object) -> None:
    """Writes the manifest as if the index had been made otherwise."""
    record = json.loads((index / "manifest.json").read_bytes()) | changed
    del record["sha256"]
    record["sha256"] = record_sha256(record)
    (index / "manifest.json").write_text(json.dumps(record), encoding="utf-8")


ANOTHER = {
    "format": ({"format": FORMAT + 1}, "it has another format than this version of the assistant reads; run python -m"),
    "encoder": ({"encoder": {"name": "other", "sha256": "0" * 64}}, "was built with another encoder; run `python -m"),
}


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize(("changed", "says"), ANOTHER.values(), ids=ANOTHER.keys())
def test_an_index_of_another_kind_is_refused_and_built_anew(
    tmp_path: Path,
    changed: dict[str, object],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop")
    ingest(corpus, index)
    generations = Generations(index, 2000)
    write(corpus, 60, "Shop")
    ingest(corpus, index)
    another(index, **changed)
    # A server that runs goes on with what it has; one that starts, and the command line, say what to do.
    with caplog.at_level(logging.ERROR):
        assert not generations.refresh()
    assert says in caplog.text
    assert "30 days" in generations.current().clause("shop", "1")[0].quote
    monkeypatch.setenv("ASSISTANT_INDEX", str(index))
    assert app.main([]) == 1
    assert says in sentence(capsys)
    assert main(["policies", "--index", str(index)]) == 1
    assert says in sentence(capsys)
    assert main(["ingest", "--check", "--corpus", str(corpus)]) == 1
    assert ("another format" if "format" in changed else "another encoder") in capsys.readouterr().out
    assert ingested(corpus, index) == 0
    assert generations.refresh()
    assert "60 days" in generations.current().clause("shop", "1")[0].quote


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("name", ["manifest.json", *sorted(NAMES)])
def test_nothing_of_a_damaged_index_is_taken_over(tmp_path: Path, name: str) -> None:
    """Each byte of one file in a hundred places flipped in turn: the next ingest is as one into an empty folder."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop", "Bank")
    ingest(corpus, index)
    (path,) = index.rglob(name)
    whole = path.read_bytes()
    # Large files are mapped into memory: what is compared with lies elsewhere.
    fresh = load(shutil.copytree(index, tmp_path / "copy"))
    for at in range(0, len(whole), max(1, len(whole) // 100)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        last = last_index(index, fresh.manifest).stored
        assert last is None or same(last, fresh)
        assert last is None or name == "manifest.json"
    ingest(corpus, index)
    assert same(load(index), fresh)


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("name", sorted(LOCKS))
def test_locks_hold_nothing_that_could_be_damaged(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write(corpus, 30, "Shop")
    ingest(corpus, index)
    (index / name).write_bytes(bytes(range(256)))
    assert ingested(corpus, index) == 0
    (index / name).unlink()
    assert ingested(corpus, index) == 0
    (index / name).unlink(missing_ok=True)
    (index / name).mkdir()
    capsys.readouterr()
    assert ingested(corpus, index) == 1
    assert "cannot be written (" in sentence(capsys)
    assert load(index).documents
    (index / name).rmdir()
    assert ingested(corpus, index) == 0


# --- odd places


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize(
    "name",
    [
        " ",
        "-",
        "--index",
        "two words",
        "line\nend",
        "'\"$(true)`;&|*?[]",
        "%20",
        "каталог-目录",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "b\udcff",
    ],
    ids=ascii,
)
def test_an_index_may_be_called_anything(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / name / "index"
    write(corpus, 30, "Shop")
    assert ingested(corpus, index) == 0
    generations = Generations(index, 2000)
    write(corpus, 60, "Shop")
    assert ingested(corpus, index) == 0
    assert generations.refresh()
    assert "60 days" in generations.current().clause("shop", "1")[0].quote
    (index / "manifest.json").write_bytes(b"")
    capsys.readouterr()
    assert main(["policies", "--index", str(index)]) == 1
    assert "manifest.json is no JSON; run python -m assistant ingest" in capsys.readouterr().err


# --- kills


def test_a_few_kills() -> None:
    """`make faults` does 200."""
    command = [sys.executable, "-m", "benchmarks.faults", "--kills", "6", "--light"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = dict(line.strip().split(": ") for line in done.stdout.splitlines() if ": " in line)
    assert figures["killed"] == "6"
    assert int(figures["answers meanwhile"]) > 0
    assert int(figures["indexes taken up by the server"]) > 0
