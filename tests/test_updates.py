"""A running server takes up a new index; ingest says what is stale, and follows the folder."""

from __future__ import annotations

import io
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from assistant.cli import main
from assistant.generations import Generations
from assistant.index import alone
from assistant.ingest import ingest
from assistant.settings import Settings
from assistant.upkeep import build, watch
from tests.web_fixtures import serving

QUESTION = "How long are cookies kept?"
TEXT = "{} Cookie Notice\n\n1. Cookies\nOur cookies are kept for {} days."

pytestmark = pytest.mark.usefixtures("one_encoder")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    write(folder, 30, "Shop", "Bank")
    return folder


def write(corpus: Path, days: int, *names: str) -> None:
    for old in corpus.iterdir():
        old.unlink()
    for name in names:
        (corpus / f"{name.lower()}.txt").write_text(TEXT.format(name, days), encoding="utf-8")


def test_a_running_server_takes_up_a_new_index_without_a_failed_or_mixed_answer(corpus: Path, tmp_path: Path) -> None:
    from assistant.web.app import create_app

    index = tmp_path / "index"
    ingest(corpus, index)
    generations = Generations(index, 2000)
    settings = Settings(rate_limit="100000/second", feedback=tmp_path / "feedback.sqlite", log="off")
    over, seen = threading.Event(), set()
    with serving(lambda: create_app(generations, settings)) as url:

        def ask() -> int:
            count = 0
            with httpx.Client(base_url=url, timeout=60) as client:
                while not over.is_set():
                    answer = client.post("/api/ask", json={"question": QUESTION}).raise_for_status().json()
                    kept = {cited["quote"].rpartition("for ")[2] for cited in answer["citations"]}
                    assert len(kept) == 1, kept
                    seen.update(kept)
                    count += 1
            return count

        with ThreadPoolExecutor(3) as people:
            asking = [people.submit(ask) for _ in range(3)]
            try:
                for days, names in ((60, ("Shop", "Bank")), (90, ("Shop", "School"))):
                    write(corpus, days, *names)
                    ingest(corpus, index)
                    assert generations.refresh()
                    httpx.post(f"{url}/api/ask", json={"question": QUESTION}, timeout=60).raise_for_status()
            finally:
                over.set()
            assert all(each.result(60) for each in asking)
        assert "90 days." in seen | {
            cited["quote"].rpartition("for ")[2]
            for cited in httpx.post(f"{url}/api/ask", json={"question": QUESTION}, timeout=60).json()["citations"]
        }
        listed = httpx.get(f"{url}/api/policies").json()["policies"]
        assert sorted(policy["id"] for policy in listed) == ["school", "shop"]
        assert "School" in httpx.get(f"{url}/policies").text
        assert httpx.get(f"{url}/policies/bank").status_code == 404
        assert "90 days" in httpx.get(f"{url}/policies/shop").text
        (chooser,) = (
            part["props"]["choices"]
            for part in httpx.get(f"{url}/config").json()["components"]
            if part["props"].get("elem_id") == "policy"
        )
        assert [value for _, value in chooser] == ["", "school", "shop"]
        assert re.search(r"assistant_policies 2\.0", httpx.get(f"{url}/metrics").text)


def test_check_names_what_is_stale(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["ingest", "--check", "--corpus", str(corpus), "--index", str(tmp_path / "index")]
    assert main(argv) == 1
    assert capsys.readouterr().out.startswith("There is no index in ")
    ingest(corpus, tmp_path / "index")
    assert main(argv) == 0
    assert capsys.readouterr().out == f"The index of {corpus}/ is up to date.\n"
    (corpus / "shop.txt").write_text("We keep nothing.", encoding="utf-8")
    (corpus / "bank.txt").unlink()
    (corpus / "school.txt").write_text("We keep nothing.", encoding="utf-8")
    assert main(argv) == 1
    assert capsys.readouterr().out == "changed: shop.txt\nadded: school.txt\nremoved: bank.txt\n"


def test_who_waits_for_another_ingest_is_told_beside_the_answer_and_not_in_it(corpus: Path, tmp_path: Path) -> None:
    index, out = tmp_path / "index", io.StringIO()
    builder = threading.Thread(target=build, args=(corpus, index, out))
    with alone(index):
        builder.start()
        wait(lambda: "Waiting for another ingest" in out.getvalue())
    builder.join(60)
    assert "2 documents" in out.getvalue()


def test_watch_follows_the_folder_and_outlives_a_bad_state(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index, out, stop = tmp_path / "index", io.StringIO(), threading.Event()
    follower = threading.Thread(target=watch, args=(corpus, index, out, stop))
    follower.start()
    try:
        wait(lambda: "Watching" in out.getvalue())
        for old in corpus.iterdir():
            old.unlink()
        wait(lambda: "No policy in" in capsys.readouterr().err)
        write(corpus, 60, "Shop")
        wait(lambda: "1 documents" in out.getvalue())
        assert [policy.id for policy in Generations(index, 2000).current().policies()] == ["shop"]
    finally:
        stop.set()
        follower.join(60)
    assert not follower.is_alive()


def test_watch_outlives_a_folder_that_goes_away_and_a_place_that_cannot_be_written(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.upkeep.AGAIN", 3600.0)
    monkeypatch.setattr("assistant.upkeep._TURN", 0.1)
    index, out, stop, told = tmp_path / "index", io.StringIO(), threading.Event(), []

    def heard(words: str) -> bool:
        told.append(capsys.readouterr().err)
        return words in "".join(told)

    follower = threading.Thread(target=watch, args=(corpus, index, out, stop))
    follower.start()
    try:
        wait(lambda: "Watching" in out.getvalue())
        corpus.rename(tmp_path / "elsewhere")
        wait(lambda: heard("is no folder"))
        corpus.mkdir()
        write(corpus, 60, "School")
        wait(lambda: "1 documents" in out.getvalue())
        # What failed is done without another change of the folder.
        monkeypatch.setattr("assistant.upkeep.AGAIN", 0.1)
        index.rename(tmp_path / "aside")
        index.write_text("")
        write(corpus, 90, "School")
        wait(lambda: heard("a file is in the way"))
        index.unlink()
        wait(lambda: out.getvalue().count("1 documents") == 2)
    finally:
        stop.set()
        follower.join(60)
    assert not follower.is_alive()
    assert "".join(told).count("is no folder") == "".join(told).count("a file is in the way") == 1


def wait(true: object) -> None:
    for _ in range(600):
        if true():  # type: ignore[operator]
            return
        threading.Event().wait(0.1)
    pytest.fail("it did not happen within a minute")
