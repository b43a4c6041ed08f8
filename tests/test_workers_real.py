"""The server with two workers over the real corpus: the answers of one process, through kills, a new index and the end.

One server for all tests; the last one stops it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import orjson
import pytest

from assistant.errors import SettingsError
from assistant.index import IndexData, Stored, load, save
from assistant.json_form import answer_form
from assistant.retrieval.late import gather
from assistant.settings import Settings
from assistant.web.api.forms import answer_cards, cards, column
from tests.api_fixtures import ITALKI
from tests.operated import ROOT, Running, free_port, listening
from tests.waiting import until

if TYPE_CHECKING:
    from assistant.ask import Assistant

# Each of two workers loads the encoder, on a machine that may have other work.
PATIENCE = 300
QUESTIONS = (
    "How long is my data kept?",
    "Does italki give advertisers access to my account information?",
    "Do they sell my data?",
    "What is said of cookies?",
    "Как долго хранятся мои данные?",
    "Which dinosaurs are insured?",
    "What is a good recipe for pancakes?",
    "5.8.3",
    '"third parties"',
    "How can I delete my acount?",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, index_dir: Path) -> Path:
    made = tmp_path_factory.mktemp("workers")
    shutil.copytree(index_dir, made / "index")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASSISTANT_")}
    environment |= {
        "ASSISTANT_INDEX": str(folder / "index"),
        "ASSISTANT_FEEDBACK": str(folder / "feedback.sqlite"),
        "ASSISTANT_PORT": str(port),
        "ASSISTANT_RATE_LIMIT": "9999/second",
        "ASSISTANT_GRACE_SECONDS": str(PATIENCE),
        # What stands in the command goes before it.
        "ASSISTANT_WORKERS": "7",
    }
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py", "--workers", "2"], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    running = Running(process, f"http://127.0.0.1:{port}", log)
    try:
        listening(process, running.url, log, PATIENCE)
        until(lambda: len(workers(running)) == 2)
        yield running
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False) as client:
        yield client


def processes() -> dict[int, tuple[int, str]]:
    """Of every process that runs its parent and its command."""
    told = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 3) for line in told.stdout.splitlines()]
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if len(row) == 4 and "Z" not in row[2]}


def workers(server: Running) -> set[int]:
    """The processes that answer: forked from one that the front has started, or started by it."""
    known, front = processes(), server.process.pid
    nurseries = {pid for pid, (parent, command) in known.items() if parent == front and "forkserver" in command}
    forked = {pid for pid, (parent, _) in known.items() if parent in nurseries}
    return forked or {pid for pid, (parent, line) in known.items() if parent == front and "spawn_main" in line}


def asked(client: httpx.Client, question: str) -> Any:
    return client.post("/api/ask", json={"question": question}).json()


def expected(assistant: Assistant, question: str) -> Any:
    answer = assistant.ask(question)
    language = "ru" if re.search("[а-я]", question) else "en"
    suggestions = assistant.suggestions(language=language) if answer.status == "off_topic" else ()
    return orjson.loads(orjson.dumps(answer_cards(answer, suggestions)))


# --- the same answers


def test_the_api_answers_as_one_process_does(client: httpx.Client, assistant: Assistant) -> None:
    with ThreadPoolExecutor(len(QUESTIONS)) as people:
        together = list(people.map(lambda question: asked(client, question), QUESTIONS))
    for question, said in zip(QUESTIONS, together, strict=True):
        assert said == expected(assistant, question)
    history = ["Which cookies does italki set?"]
    said = client.post("/api/ask", json={"question": "And for how long?", "history": history}).json()
    assert said["summary"] == assistant.ask("And for how long?", history=history).summary


def test_the_other_routes_do(client: httpx.Client, assistant: Assistant) -> None:
    ids = [policy.id for policy in assistant.policies()]
    found = client.post("/api/search", json={"query": "advertising", "top_k": 10}).json()
    assert found["citations"] == orjson.loads(orjson.dumps(cards(assistant.search("advertising", top_k=10))))
    compared = client.post("/api/compare", json={"question": QUESTIONS[0], "policies": ids[:2]}).json()
    columns = [column(answer) for answer in assistant.compare(QUESTIONS[0], ids[:2])]
    assert compared["columns"] == orjson.loads(orjson.dumps(columns))
    topic = client.get("/api/topics/cookies", params={"policy": ids[0]}).json()
    assert topic["citations"] == orjson.loads(orjson.dumps(cards(assistant.topic("cookies", ids[:1]))))
    assert client.get("/api/suggestions").json()["questions"] == list(assistant.suggestions())
    clause = client.get(f"/api/clauses/{ITALKI}/2.1").json()
    assert clause["citations"] == orjson.loads(orjson.dumps(cards(assistant.clause(ITALKI, "2.1"))))


def test_the_chats_endpoint_and_the_tools_do(server: Running, client: httpx.Client, assistant: Assistant) -> None:
    from gradio_client import Client

    gradio = Client(server.url, verbose=False, httpx_kwargs={"trust_env": False, "timeout": PATIENCE})
    for at, question in enumerate(QUESTIONS[:4]):
        form = orjson.loads(orjson.dumps(answer_form(assistant.ask(question))))
        assert gradio.predict(question, "", [], api_name="/ask") == form
        call = {"name": "ask", "arguments": {"question": question}}
        told = client.post(
            "/gradio_api/mcp/",
            json={"jsonrpc": "2.0", "id": at, "method": "tools/call", "params": call},
            headers={"accept": "application/json, text/event-stream"},
        ).json()
        assert json.loads(told["result"]["content"][0]["text"]) == form


def test_what_is_wrong_with_a_question_is_told_as_by_one_process(client: httpx.Client) -> None:
    for body, status, code in (
        ({"question": " "}, 422, "question_empty"),
        ({"question": "x" * 2001}, 422, "question_too_long"),
        ({"question": "Cookies?", "policies": ["nowhere"]}, 404, "unknown_policy"),
    ):
        response = client.post("/api/ask", json=body)
        assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.skipif(sys.platform != "linux", reason="what a process has in memory is read from /proc")
def test_the_encoder_is_in_memory_once_and_not_in_front(server: Running) -> None:
    assert "onnxruntime" not in Path(f"/proc/{server.process.pid}/maps").read_text()
    for worker in workers(server):
        told = Path(f"/proc/{worker}/smaps_rollup").read_text()
        sizes = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB$", told, re.MULTILINE)}
        assert sizes["Private_Dirty"] < sizes["Rss"] / 4
        assert "onnxruntime" in Path(f"/proc/{worker}/maps").read_text()


# --- through what happens meanwhile


def test_a_killed_worker_costs_no_answer_and_is_replaced(
    server: Running, client: httpx.Client, assistant: Assistant
) -> None:
    right = {question: expected(assistant, question) for question in QUESTIONS[:3]}
    before, over = workers(server), threading.Event()

    def ask() -> int:
        answers = 0
        while not over.is_set():
            for question, answer in right.items():
                assert asked(client, question) == answer
                answers += 1
        return answers

    with ThreadPoolExecutor(4) as people:
        asking = [people.submit(ask) for _ in range(4)]
        try:
            time.sleep(0.5)
            killed = min(before)
            os.kill(killed, signal.SIGKILL)
            until(lambda: killed not in workers(server) and len(workers(server)) == 2)
        finally:
            over.set()
        assert all(each.result(PATIENCE) for each in asking)
    assert "another is started" in server.log.read_text()


def test_a_new_index_is_taken_up_and_each_answer_is_of_one(
    server: Running, client: httpx.Client, assistant: Assistant, folder: Path
) -> None:
    from assistant.ask import Assistant

    index = folder / "index"
    whole = load(index)
    save(folder / "small", without(whole, ITALKI))
    small = Assistant.open(folder / "small", encoder=assistant.encoder)
    right = {question: [expected(each, question) for each in (assistant, small)] for question in QUESTIONS[:3]}
    assert all(one != other for one, other in right.values())
    over = threading.Event()
    seen: set[int] = set()

    def ask() -> None:
        while not over.is_set():
            for question, answers in right.items():
                seen.add(answers.index(asked(client, question)))
            # The list of policies is looked up by the process in front, and the clauses are found by another.
            found = client.post("/api/search", json={"query": QUESTIONS[1], "top_k": 50}).json()
            searched = {policy["id"] for policy in found["policies"]}
            assert (ITALKI in searched) == (ITALKI in {citation["policy"] for citation in found["citations"]})

    with ThreadPoolExecutor(3) as people:
        asking = [people.submit(ask) for _ in range(3)]
        try:
            for data, policies in ((without(whole, ITALKI), 4), (without(whole, ""), 5)):
                save(index, data)
                until(lambda: len(client.get("/api/policies").json()["policies"]) == policies)  # noqa: B023 -- waited for
        finally:
            over.set()
        for each in asking:
            each.result(PATIENCE)
    assert seen == {0, 1}


def without(data: Stored, policy: str) -> IndexData:
    """What an index holds but for one policy, where it has that."""
    rows = [passage.id for passage in data.passages if passage.policy != policy]
    tokens = gather((data.tokens.pieces(row) for row in rows), data.tokens.frequencies, data.tokens.values.shape[1])
    return IndexData(
        data.manifest,
        documents=tuple(document for document in data.documents if document.policy.id != policy),
        passages=tuple(replace(data.passages[row], id=at) for at, row in enumerate(rows)),
        vectors=np.ascontiguousarray(data.vectors[rows]),
        tokens=tokens,
    )


def test_a_stopped_server_finishes_its_answers_and_leaves_nobody(
    server: Running, client: httpx.Client, assistant: Assistant
) -> None:
    pids = workers(server)
    asked = {"question": QUESTIONS[0], "policies": [policy.id for policy in assistant.policies()][:2]}
    right = [column(answer) for answer in assistant.compare(asked["question"], asked["policies"])]  # type: ignore[arg-type]
    with ThreadPoolExecutor(8) as people:
        answers = [people.submit(client.post, "/api/compare", json=asked) for _ in range(8)]
        until(lambda: any(each.done() for each in answers))
        server.process.send_signal(signal.SIGTERM)
        for each in answers:
            assert each.result(PATIENCE).json()["columns"] == orjson.loads(orjson.dumps(right))
    assert server.process.wait(PATIENCE) == 0
    until(lambda: not pids & processes().keys())


# --- the command


@pytest.mark.parametrize("value", ["-1", "65", "two"])
def test_numbers_of_workers_that_would_not_work_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^ASSISTANT_WORKERS must be"):
        Settings.from_environment({"ASSISTANT_WORKERS": value})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--workers", "65"], 1, "ASSISTANT_WORKERS must be from 0 to 64, not 65."),
        (["--workers", "two"], 2, "argument --workers: invalid int value: 'two'"),
        (["--help"], 0, "processes that answer"),
    ],
)
def test_the_command_says_what_is_wrong(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import app

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    try:
        ended = app.main(arguments)
    except SystemExit as end:
        ended = end.code
    assert ended == code
    out, err = capsys.readouterr()
    assert said in out + err


def test_without_an_index_nothing_is_started(folder: Path) -> None:
    environment = {**os.environ, "ASSISTANT_INDEX": str(folder / "nowhere")}
    command = [sys.executable, "app.py", "--workers", "2"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "nowhere" in done.stderr
