"""A Milvus server behind the settings: the command line, workers, and new versions under a server that runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path

import httpx
import pytest
from pymilvus import MilvusClient, MilvusException

from assistant import upload
from assistant.ask import Assistant
from assistant.cli import main
from assistant.engines.milvus.client import Client, Server
from assistant.engines.milvus.engine import Milvus
from assistant.engines.milvus.schema import Names, make
from assistant.engines.milvus.store import Store
from assistant.errors import IndexMissingError, SettingsError
from assistant.remote import AnsweringRemotely, followed, opened
from assistant.retrieval.encoder import Encoder
from assistant.settings import Settings
from assistant.shards import Shard
from assistant.types import Status
from assistant.web.app import create_app
from assistant.workers import Workers
from tests.milvus_server import Lite, World
from tests.web_fixtures import serving

SECRET = "root:S3cret-Token"  # noqa: S105


def settings_of(world: World, tenant: str) -> Settings:
    # The prefix, without format and encoder.
    prefix = world.names.policies.rsplit("_", 3)[0]
    assert Names(prefix, world.encoder.sha256).all() == world.names.all()
    return Settings(engine=world.server.uri, engine_token=world.server.token, engine_prefix=prefix, tenant=tenant)


def environment(settings: Settings) -> dict[str, str]:
    return {
        "ASSISTANT_ENGINE": settings.engine,
        "ASSISTANT_ENGINE_TOKEN": settings.engine_token,
        "ASSISTANT_ENGINE_PREFIX": settings.engine_prefix,
        "ASSISTANT_TENANT": settings.tenant,
    }


def corpus_of(folder: Path, days: int) -> Path:
    folder.mkdir(exist_ok=True)
    text = f"Shop privacy policy\n\n1. Cookies\nCookies of our shop are deleted after {days} days.\n"
    (folder / "shop.txt").write_text(text, "utf-8")
    return folder


def items_of(folder: Path, policies: int = 7) -> Path:
    folder.mkdir()
    for at in range(policies):
        text = "\n\n".join(f"{number}. Part {number}\nWe keep item {at}.{number} for you." for number in range(1, 5))
        (folder / f"p{at}.txt").write_text(f"Policy {at}\n\n{text}\n", "utf-8")
    return folder


def is_the_same(here: Milvus, there: Milvus) -> None:
    assert here.policies() == there.policies()
    assert [[*here.passages(each.id)] for each in here.policies()] == [
        [*there.passages(each.id)] for each in there.policies()
    ]
    assert dict(here.words()) == dict(there.words())


# --- settings


@pytest.mark.parametrize(
    "value",
    [
        "",
        "milvus",
        "Embedded",
        "./milvus.db",
        "tcp://127.0.0.1:19530",
        "http://",
        f"http://{SECRET}@127.0.0.1:19530",
        f"http://127.0.0.1:19530/?token={SECRET}",
        "http://127.0.0.1:19530/other",
        "http://127.0.0.1:123456",
        "http://a b",
        "http://127.0.0.1:19530\n",
    ],
)
def test_an_engine_of_another_form_is_refused_without_a_word_of_it(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^ASSISTANT_ENGINE must be embedded or an address such as") as told:
        Settings.from_environment({"ASSISTANT_ENGINE": value})
    assert "S3cret" not in str(told.value)
    assert str(told.value).count(".\n") == 0


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:19530", "https://milvus.example.com", "http://[::1]:1/", "embedded"]
)
def test_engines_that_are_taken(value: str) -> None:
    assert Settings.from_environment({"ASSISTANT_ENGINE": value}).embedded is (value == "embedded")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE_TOKEN", "a b"),
        ("ENGINE_TOKEN", "a\n"),
        ("ENGINE_CA", "/nowhere/ca.pem"),
        ("ENGINE_PREFIX", ""),
        ("ENGINE_PREFIX", "1a"),
        ("ENGINE_PREFIX", "a-b"),
        ("ENGINE_PREFIX", "a" * 65),
        ("ENGINE_SECONDS", "0"),
        ("ENGINE_REPLICAS", "-1"),
        ("TENANT", ""),
        ("TENANT", "  "),
        ("TENANT", "a\nb"),
        ("TENANT", "a\0"),
        ("TENANT", "\ud800"),
        ("TENANT", "é" * 129),
    ],
)
def test_other_settings_of_another_form_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"ASSISTANT_{name}"):
        Settings.from_environment({f"ASSISTANT_{name}": value})


@pytest.mark.parametrize("tenant", ['acme" or tenant != "', "a" * 256, "租户", "O'Neil & Söhne", " a", "ACME", "acme"])
def test_tenants_that_are_taken(tenant: str) -> None:
    assert Settings.from_environment({"ASSISTANT_TENANT": tenant}).tenant == tenant


def test_the_token_is_not_shown() -> None:
    assert "S3cret" not in repr(Settings(engine_token=SECRET))


# --- the command line


def test_shards_are_refused_for_the_index_on_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["ingest", "--corpus", str(corpus_of(tmp_path / "c", 1)), "--index", str(tmp_path), "--shard", "1/2"]) == 1
    )
    assert capsys.readouterr().err == (
        "--shard is for several machines that fill one Milvus server, and an index on this machine has one writer; "
        "name the server with ASSISTANT_ENGINE, or leave --shard out.\n"
    )


def test_the_command_line_ingests_and_asks(
    milvus: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = str(corpus_of(tmp_path / "corpus", 30))
    for name, value in environment(settings_of(milvus, "command line")).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("assistant.retrieval.encoder.Encoder", lambda: milvus.encoder)
    monkeypatch.setattr("assistant.ask.Encoder", lambda: milvus.encoder)
    # Nothing is there yet.
    assert main(["ask", "When are cookies deleted?"]) == 1
    assert "has no policies of the tenant 'command line'" in capsys.readouterr().err
    assert main(["ingest", "--corpus", corpus, "--check"]) == 1
    assert capsys.readouterr().out == "added: shop.txt\n"
    assert main(["ingest", "--corpus", corpus, "--shard", "1/1"]) == 0
    assert capsys.readouterr().out.startswith("1 documents, ")
    assert main(["ingest", "--corpus", corpus, "--check"]) == 0
    assert main(["ingest", "--corpus", corpus, "--if-stale"]) == 0
    assert "(0 new)" in capsys.readouterr().out
    assert main(["ask", "When are cookies deleted?"]) == 0
    assert "Cookies of our shop are deleted after 30 days." in capsys.readouterr().out
    assert main(["policies"]) == 0
    assert main(["ingest", "--corpus", corpus, "--shard", "2/1"]) == 1
    assert "A shard is named such as 1/4" in capsys.readouterr().err


def test_an_ingest_that_is_killed_is_finished_by_the_next_one(milvus: World, tmp_path: Path) -> None:
    """A real process, by `kill -9`, once it has begun to write; the other shard is written after it."""
    settings = settings_of(milvus, "killed")
    corpus = items_of(tmp_path / "corpus")
    command = [sys.executable, "-m", "assistant", "--corpus", str(corpus), "ingest", "--shard"]
    given = {**os.environ, **environment(settings), "OMP_NUM_THREADS": "1"}
    store = milvus.store("killed")
    process = subprocess.Popen([*command, "1/2"], env=given, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not any(entry.generation for entry in store.entries()):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    cut = sum(bool(entry.generation) for entry in store.entries())
    done = subprocess.run([*command, "1/2"], env=given, capture_output=True, text=True, check=True, timeout=240)
    assert done.stderr == ""
    milvus.ingest("killed", corpus, Shard(2, 2))
    milvus.ingest("not killed", corpus)
    assert 0 < cut < 7
    is_the_same(milvus.engine("killed"), milvus.engine("not killed"))


def test_shards_begin_at_once_on_a_server_that_has_nothing(milvus: World, tmp_path: Path) -> None:
    """Real processes, which make the collections too, and then one that asks."""
    corpus = items_of(tmp_path / "corpus", 12)
    settings = replace(settings_of(milvus, "at once"), engine_prefix=f"test_{uuid.uuid4().hex[:12]}")
    names = Names(settings.engine_prefix, milvus.encoder.sha256)
    given = {**os.environ, **environment(settings), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "assistant", "--corpus", str(corpus), "ingest", "--shard"]
    shards = [
        subprocess.Popen([*command, f"{at}/2"], env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for at in (1, 2)
    ]
    try:
        said = [shard.communicate(timeout=240) for shard in shards]
        assert [shard.returncode for shard in shards] == [0, 0], said
        assert sum(int(out.split()[0]) for out, _ in said) == 12
        milvus.ingest("not at once", corpus)
        here = Milvus(store := Store(milvus.client, names, "at once"), store.entries())
        is_the_same(here, milvus.engine("not at once"))
        question = "Which items do you keep for me?"
        answers = [
            Assistant(each, encoder=milvus.encoder).ask(question) for each in (here, milvus.engine("not at once"))
        ]
        assert answers[0] == answers[1]
        assert answers[0].citations or answers[0].related
    finally:
        for shard in shards:
            shard.kill()
            shard.wait()
        for name in names.all():
            milvus.client.call("drop_collection", name)


def test_an_ingest_follows_the_folder(milvus: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.retrieval.encoder.Encoder", lambda: milvus.encoder)
    store, corpus = milvus.store("watched"), corpus_of(tmp_path / "corpus", 30)
    stop, out = threading.Event(), StringIO()
    following = threading.Thread(
        target=upload.watch, args=(settings_of(milvus, "watched"), corpus, Shard(), out, stop), daemon=True
    )
    following.start()
    try:
        seen = []
        for days in (30, 60):
            corpus_of(corpus, days)
            until = time.monotonic() + 60
            while not (entries := [entry for entry in store.entries() if entry.generation not in ("", *seen)]):
                assert time.monotonic() < until, out.getvalue()
                time.sleep(0.1)
            seen.append(entries[0].generation)
            assert f"{days} days" in milvus.engine("watched").document("shop").text
            while "Watching" not in out.getvalue():
                time.sleep(0.1)
    finally:
        stop.set()
        following.join(60)
    assert not following.is_alive()


# --- a server that runs


def test_a_server_takes_up_new_versions(milvus: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.ask.Encoder", lambda: milvus.encoder)
    settings = settings_of(milvus, "followed")
    with pytest.raises(IndexMissingError, match="run `python -m assistant ingest`"):
        followed(settings)
    milvus.ingest("followed", corpus_of(tmp_path, 30))
    generations = followed(settings)
    assert not generations.refresh()
    with generations.pinned() as before:
        assert "30 days" in before.ask("When are cookies deleted?").citations[0].quote
        milvus.ingest("followed", corpus_of(tmp_path, 60))
        assert generations.refresh()
        # What has begun with one version ends with it.
        assert "30 days" in generations.current().ask("When are cookies deleted?").citations[0].quote
    assert "60 days" in generations.current().ask("When are cookies deleted?").citations[0].quote
    assert not generations.refresh()
    (tmp_path / "shop.txt").rename(tmp_path / "other.txt")
    milvus.ingest("followed", tmp_path)
    assert generations.refresh()
    assert [policy.id for policy in generations.current().policies()] == ["other"]


def test_a_server_that_needs_further_tries_is_told(
    milvus: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    milvus.ingest("degraded", corpus_of(tmp_path / "corpus", 30))
    assistant = opened(settings_of(milvus, "degraded"))
    assert not assistant.degraded()
    usual, tries = MilvusClient.query, []

    def failing(*args: object, **more: object) -> object:
        tries.append(args)
        if len(tries) == 1:
            raise MilvusException(code=2, message="node is gone")
        return usual(*args, **more)

    monkeypatch.setattr(MilvusClient, "query", failing)
    assert assistant.document("shop").text
    assert len(tries) > 1
    assert assistant.degraded()


def test_a_server_that_is_away_is_told_and_answers_when_it_is_back(
    tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed and started again under a running assistant, with the collections of the product."""
    monkeypatch.setattr("assistant.ask.Encoder", lambda: encoder)
    (data := tmp_path / "milvus").mkdir()
    lite = Lite(data)
    lite.start()
    try:
        client, names = Client(Server(lite.uri, seconds=30.0)), Names("test_away", encoder.sha256)
        make(client, names, encoder.dim)
        made = World(Server(lite.uri), client, names, encoder)
        made.ingest("away", corpus_of(tmp_path / "corpus", 30))
        settings = replace(settings_of(made, "away"), engine_seconds=3)
        generations = followed(settings)
        body = {"question": "When are cookies deleted?"}
        with serving(lambda: create_app(generations, settings)) as url:
            before = httpx.post(f"{url}/api/ask", json=body, timeout=60)
            assert (before.status_code, before.json()["status"]) == (200, "answered")
            lite.kill()
            away = httpx.post(f"{url}/api/ask", json={"question": "Who reads my e-mail?"}, timeout=60)
            assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "busy", "5")
            # The versions that were seen last stay.
            assert not generations.refresh()
            assert [each["id"] for each in httpx.get(f"{url}/api/policies", timeout=60).json()["policies"]] == ["shop"]
            assert httpx.get(f"{url}/readyz", timeout=60).status_code == 503
            lite.start()
            generations = followed(settings_of(made, "away"))
            after = generations.current().ask(body["question"])
            assert after.citations[0].quote == before.json()["citations"][0]["quote"]
            again = httpx.post(f"{url}/api/ask", json={"question": "Who reads my e-mail?"}, timeout=60)
            assert again.status_code == 200
            assert httpx.get(f"{url}/readyz", timeout=60).json() == {"status": "degraded"}
    finally:
        lite.kill()


def test_workers_answer_over_the_server(milvus: World, tmp_path: Path) -> None:
    settings = replace(settings_of(milvus, "workers"), workers=1)
    milvus.ingest("workers", corpus_of(tmp_path, 30))
    question = "When are cookies deleted?"
    with Workers(tmp_path, 1, 2000, answering=partial(AnsweringRemotely, settings)) as workers:
        generations = followed(settings, workers)
        answer = generations.current().ask(question)
        assert answer == opened(settings, milvus.encoder).ask(question)
        assert answer.status is Status.ANSWERED
        milvus.ingest("workers", corpus_of(tmp_path, 60))
        assert generations.refresh()
        assert "60 days" in generations.current().ask(question).citations[0].quote
        assert generations.current().passage_count() == opened(settings, milvus.encoder).passage_count()
