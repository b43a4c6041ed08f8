"""The server as it is run: what it writes about itself, how it ends, and what docs/operations.md says about it."""

from __future__ import annotations

import json
import logging
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml

from assistant.errors import SettingsError
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
from assistant.settings import Settings
from assistant.web.log import SafeFormatter
from tests.operated import BREAK, PATIENCE, ROOT, SLOW, Running, operated
from tests.waiting import until

# In every question that is sent; nothing of it may be found in the log.
MARKER = "zebrafinch"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with operated(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=PATIENCE, trust_env=False) as client:
        yield client


def entries(server: Running) -> list[dict[str, Any]]:
    """What the server has written, of which every line must be JSON."""
    return [json.loads(line) for line in server.lines()]


def entry(server: Running, response: httpx.Response) -> dict[str, Any]:
    """The line of the request that was answered by `response`; it is written after the answer."""
    request = response.headers["x-request-id"]
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [line for line in entries(server) if line.get("request") == request and "route" in line]
        return bool(found)

    until(there)
    (line,) = found
    return line


# --- one line for each request


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/", "/", 200),
        ("/healthz?" + MARKER, "/healthz", 200),
        ("/ui/tokens.css", "/ui", 200),
        (f"/ui/{MARKER}", "/ui", 404),
        (f"/{MARKER}", "none", 404),
        (f"/policies/{MARKER}?q={MARKER}", "/policies/{policy}", 404),
        (f"/api/policies/{MARKER}", "/api/policies/{policy}", 404),
        (f"/api/clauses/{MARKER}/{MARKER}", "/api/clauses/{policy}/{number}", 404),
        (f"/api/{MARKER}", "none", 404),
        ("/gradio_api/mcp", "/gradio_api/mcp", 405),
    ],
)
def test_a_request_leaves_one_line(server: Running, client: httpx.Client, path: str, route: str, status: int) -> None:
    response = client.get(path)
    line = entry(server, response)
    assert list(line) == ["time", "level", "method", "route", "status", "ms", "request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert line["ms"] > 0
    assert re.fullmatch("[0-9a-f]{32}", line["request"])


def test_the_log_tells_how_long_an_answer_took_and_not_how_long_to_count_it(
    server: Running, client: httpx.Client
) -> None:
    response = client.post("/api/ask", json={"question": "What information is collected?"})
    assert 0 < entry(server, response)["ms"] < 1000 * response.elapsed.total_seconds() + 1


def test_a_request_is_not_numbered_by_who_sends_it(client: httpx.Client) -> None:
    response = client.get("/healthz", headers={"x-request-id": MARKER})
    assert response.headers.get_list("x-request-id") != [MARKER]
    assert len(response.headers.get_list("x-request-id")) == 1


# --- no word of a question


def ask_mcp(client: httpx.Client, method: str, **params: object) -> httpx.Response:
    message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    accept = {"accept": "application/json, text/event-stream"}
    return client.post("/gradio_api/mcp", json=message, headers=accept)


def ask_chat(client: httpx.Client, data: object) -> httpx.Response:
    """As the chat's script asks."""
    components = client.get("/config").json()["components"]
    (transcript,) = (each["id"] for each in components if "turn" in str(each["props"].get("server_fns")))
    body = {"data": data, "component_id": transcript, "fn_name": "turn", "session_hash": "abcdefghij"}
    return client.post("/gradio_api/component_server/", json=body)


def call_gradio(client: httpx.Client, *data: object) -> str:
    """As Gradio's own client asks: by a queue and a stream."""
    begun = client.post("/gradio_api/call/ask", json={"data": list(data)})
    if begun.status_code != 200:
        return begun.text
    return client.get(f"/gradio_api/call/ask/{begun.json()['event_id']}").text


def test_no_word_of_a_question_is_in_the_log(server: Running, client: httpx.Client) -> None:
    question = f"What information about a {MARKER} is collected?"
    bad = f"{BREAK} {MARKER}"
    for asked in (question, bad, f"{MARKER} " * 400, "\N{RIGHT-TO-LEFT OVERRIDE}" + MARKER, f"pizza {MARKER}"):
        client.post("/api/ask", json={"question": asked, "history": [asked]})
        client.post("/api/search", json={"query": asked, "policies": [asked], "from": asked})
        client.post("/api/compare", json={"question": asked, "policies": [asked, MARKER]})
        client.post("/api/ask", json={"question": asked, MARKER: asked})
        client.post("/api/feedback", json={"useful": True, "note": asked, "question": asked, "answer": asked})
        client.get("/api/suggestions", params={"policy": asked})
        client.get("/policies", params={"q": asked})
        client.get("/compare", params={"left": asked})
        ask_chat(client, {"turn": "t1", "question": asked, "policy": "", "history": [asked]})
        ask_chat(client, {"turn": asked, "question": [asked], "policy": asked, "history": asked})
        ask_mcp(client, "tools/call", name="ask", arguments={"question": asked})
        ask_mcp(client, "tools/call", name="ask", arguments={"question": asked, "history": asked, MARKER: asked})
        ask_mcp(client, "tools/call", name=MARKER, arguments={"question": asked})
        ask_mcp(client, asked, name=asked)
        call_gradio(client, asked, "", [asked])
        call_gradio(client, asked)
        call_gradio(client, {"question": asked}, asked, {MARKER: asked}, asked)
    client.post("/api/ask", content=f'{{"question": "{MARKER}', headers={"content-type": "application/json"})
    client.post("/gradio_api/mcp", content=f'{{"method": "{MARKER}')
    client.post("/gradio_api/queue/join", json={"data": [MARKER], "fn_index": 0, "session_hash": MARKER})
    client.post("/gradio_api/queue/join", json={"data": MARKER, "fn_index": MARKER})
    client.request(MARKER.upper(), f"/api/{MARKER}", headers={"origin": MARKER, "cookie": MARKER, "referer": MARKER})
    entry(server, client.get("/healthz"))
    said = server.log.read_text(encoding="utf-8").casefold()
    assert said.count('"/api/ask"') > 5
    assert MARKER not in said
    assert all(isinstance(line, dict) for line in entries(server))


def test_an_error_is_told_by_its_places(server: Running, client: httpx.Client) -> None:
    for response in (
        client.post("/api/ask", json={"question": f"{BREAK} {MARKER}"}),
        ask_chat(client, {"turn": "t1", "question": f"{BREAK} {MARKER}", "policy": "", "history": []}),
    ):
        assert response.status_code == 500
        assert MARKER not in response.text
        entry(server, response)
    errors = [line for line in server.lines() if '"level":"error"' in line]
    assert any("RuntimeError" in line and "operated.py" in line for line in errors)


def test_text_and_off() -> None:
    record = logging.LogRecord("assistant.requests", logging.INFO, "", 1, "", (), None)
    record.facts = {"method": "GET", "route": "/", "status": 200, "ms": 1.5, "request": "ab"}
    line = SafeFormatter("text").format(record)
    assert re.fullmatch(r"\S+Z info GET / 200 1\.5 ab", line)
    try:
        raise ValueError(MARKER)
    except ValueError as error:
        record = logging.LogRecord("assistant", logging.ERROR, "", 1, "%s", ("known",), (ValueError, error, None))
        text = SafeFormatter("off").format(record)
    assert "known" in text
    assert "ValueError" in text
    assert "test_operations.py" in text
    assert MARKER not in text


def test_what_a_library_says_is_not_repeated() -> None:
    for name in ("gradio", "mcp.server", "root", "py.warnings", "assistants"):
        record = logging.LogRecord(name, logging.WARNING, "some.py", 7, f"failed on {MARKER}", (), None)
        for form in ("json", "text"):
            line = SafeFormatter(form).format(record)
            assert MARKER not in line
            assert f"{name} reports something at line 7 of some." in line


# --- the end


def test_a_stopped_server_finishes_its_answers(tmp_path: Path) -> None:
    # So long that the test would not see the end if an open page of the chat held it.
    with operated(tmp_path, grace_seconds="3600") as running, ThreadPoolExecutor(2) as threads:
        opened = threading.Event()

        def open_page() -> str:
            with httpx.stream("GET", f"{running.url}/gradio_api/heartbeat/abcdefghij", trust_env=False) as stream:
                for line in stream.iter_lines():
                    opened.set()
                    assert line in ("data: ALIVE", "")
            return "ended"

        def ask() -> httpx.Response:
            return httpx.post(f"{running.url}/api/ask", json={"question": SLOW}, timeout=PATIENCE, trust_env=False)

        page, answer = threads.submit(open_page), threads.submit(ask)
        assert opened.wait(PATIENCE)
        until(lambda: "asked" in running.lines())
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "Shutting down" in running.log.read_text())
        assert not answer.done()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{running.url}/healthz", trust_env=False)
        assert answer.result(PATIENCE).json()["status"] == "answered"
        assert page.result(PATIENCE) == "ended"
        assert running.process.wait(PATIENCE) == 0


def test_a_connection_that_stays_open_does_not_hold_the_end(tmp_path: Path) -> None:
    with (
        operated(tmp_path, grace_seconds="1") as running,
        httpx.Client(base_url=running.url, trust_env=False) as client,
    ):
        address = "/gradio_api/queue/data?session_hash=abcdefghij"
        with client.stream("GET", address, timeout=PATIENCE) as stream:
            assert stream.status_code == 200
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(PATIENCE) == 0


def test_a_signal_before_the_server_listens_ends_it_too(tmp_path: Path) -> None:
    script = "import os, signal, app; from assistant.settings import Settings\n"
    script += "Settings.from_environment = lambda: os.kill(os.getpid(), signal.SIGTERM)\n"
    script += "raise SystemExit(app.main() or 7)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=PATIENCE, check=False)
    assert done.returncode == 0


# --- settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ROOT_PATH", "privacy"),
        ("ROOT_PATH", "/privacy/"),
        ("ROOT_PATH", "/a//b"),
        ("ROOT_PATH", "/a?b"),
        ("ROOT_PATH", "https://example.com/a"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", "10.0.0.1/24"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("TRUSTED_PROXIES", "127.0.0.1,10.0.0.1"),
        ("LOG", "loud"),
        ("GRACE_SECONDS", "0"),
        ("GRACE_SECONDS", "soon"),
        ("ROOTPATH", "/a"),
    ],
)
def test_settings_that_would_not_work_are_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^ASSISTANT_{name}"):
        Settings.from_environment({f"ASSISTANT_{name}": value})


def test_settings_of_operation_are_taken() -> None:
    given = {"ROOT_PATH": "/a/b-c.d", "TRUSTED_PROXIES": "::1 10.0.0.0/8", "LOG": "off", "GRACE_SECONDS": "5"}
    known = Settings.from_environment({f"ASSISTANT_{name}": value for name, value in given.items()})
    assert (known.root_path, known.trusted_proxies, known.log, known.grace_seconds) == (
        "/a/b-c.d",
        "::1 10.0.0.0/8",
        "off",
        5,
    )
    assert Settings.from_environment({"ASSISTANT_TRUSTED_PROXIES": ""}).trusted_proxies == ""


# --- what docs/operations.md and SECURITY.md say

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
UNIT = ROOT / "docs" / "policy-assistant.service"


def shown(beginning: str) -> list[str]:
    """Commands of the page that begin so."""
    return re.findall(rf"^    ({re.escape(beginning)}.*)$", OPERATIONS, re.MULTILINE)


def run(command: str, folder: Path) -> str:
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_variable_in_the_documents_is_a_setting() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    nginx = (ROOT / "docs" / "nginx.conf").read_text(encoding="utf-8")
    unit = UNIT.read_text(encoding="utf-8")
    named = set(re.findall(r"ASSISTANT_([A-Z_]*[A-Z])", OPERATIONS + SECURITY + compose + nginx + unit))
    assert len(named) > 8
    assert named <= {field.name.upper() for field in fields(Settings)}


def test_files_in_the_security_page_are_there() -> None:
    tests = re.findall(r"`((?:tests|tools)/[\w*/.]+)", SECURITY)
    assert len(tests) > 10
    for pattern in tests:
        assert list(ROOT.glob(pattern)), pattern
    for target in re.findall(r"\]\(([^)#:]+)", SECURITY):
        assert (ROOT / target).exists(), target


def test_the_server_is_watched_as_the_page_says(server: Running, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("no curl on PATH")
    commands = shown("curl ")
    assert [command.rpartition("/")[2] for command in commands] == ["healthz", "readyz", "metrics"]
    told = [run(command.replace("http://127.0.0.1:7860", server.url), tmp_path) for command in commands]
    assert '"ok"' in told[0]
    assert '"ok"' in told[1]
    assert "assistant_policies 5.0" in told[2]


def test_a_line_of_the_log_is_as_the_page_says(server: Running, client: httpx.Client) -> None:
    (example,) = re.findall(r'^(\{"time".*\})$', OPERATIONS, re.MULTILINE)
    table = re.search(r"\| field \| meaning \|\n\|---\|---\|\n((?:\|.*\n)+)", OPERATIONS)
    assert table
    documented = re.findall(r"^\| `(\w+)`", table[1], re.MULTILINE)
    assert list(json.loads(example)) == documented == list(entry(server, client.get("/healthz")))


def test_votes_are_backed_up_while_the_server_runs(tmp_path: Path) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    store.vote(Vote(True, "", "", "", "answered", (), ()))
    (command,) = shown("python -c")
    run(command.replace("python", sys.executable, 1), tmp_path)
    copy = FeedbackStore(tmp_path / "feedback.backup.sqlite")
    assert len(list(copy.votes())) == len(list(store.votes())) == 1


def test_sizes_are_measured_as_the_page_says(server: Running, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (memory,) = shown("ps ")
    assert int(run(memory.replace("PID", str(server.process.pid)), tmp_path)) > 10_000
    (disk,) = shown("du ")
    assert int(run(disk, tmp_path).split()[0]) > 0


def test_alerts_name_what_the_server_counts(client: httpx.Client) -> None:
    client.post("/api/ask", json={"question": "What information is collected?"})
    counted = set(re.findall(r"^(assistant_\w+)", client.get("/metrics").text, re.MULTILINE))
    (group,) = yaml.safe_load((ROOT / "docs" / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]:
        assert promql_parser.parse(rule["expr"])
        assert set(re.findall(r"assistant_\w+", rule["expr"])) <= counted
        assert rule["annotations"]["summary"]
    (example,) = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", OPERATIONS, re.DOTALL)[0])
    (there,) = (rule for rule in group["rules"] if rule["alert"] == example["alert"])
    assert example.items() <= there.items()


# --- the service of systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a Python that is on this machine, or systemd would find none; skips where there is no systemd."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on PATH")
    text = UNIT.read_text(encoding="utf-8")
    assert text.count("/srv/policy-assistant/.venv/bin/python ") == 2
    changed = tmp_path / UNIT.name
    changed.write_text(text.replace("/srv/policy-assistant/.venv/bin/python", sys.executable), encoding="utf-8")
    return changed


def test_systemd_takes_the_unit(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert unit.name not in done.stderr, done.stderr


def test_the_unit_may_do_little(unit: Path) -> None:
    bounded = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", unit]
    done = subprocess.run(bounded, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:]


def test_the_unit_names_what_is_there() -> None:
    text = UNIT.read_text(encoding="utf-8")
    set_there = dict(re.findall(r"(ASSISTANT_\w+)=(\S+)", text.replace("ASSISTANT_GRACE_SECONDS,", "")))
    Settings.from_environment(set_there)
    assert int(re.findall(r"TimeoutStopSec=(\d+)s", text)[0]) > Settings().grace_seconds
    assert set(re.findall(r"^Exec\w+=-?\S+ (.*)$", text, re.MULTILINE)) == {
        "-m assistant ingest --if-stale",
        "app.py",
    }


def test_answers_need_no_memory_that_is_written_and_executed(index_dir: Path) -> None:
    # PR_SET_MDWE of Linux 6.3, which is what systemd's MemoryDenyWriteExecute= asks for.
    code = (
        "import ctypes, mmap, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"
        "try: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)\n"
        "except PermissionError: pass\n"
        "else: sys.exit(1)\n"
        "from assistant.cli import main\n"
        "sys.exit(main(['ask', 'How long are cookies kept?', '--index', sys.argv[1]]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, index_dir], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this kernel does not deny such memory to one process")
    assert done.returncode == 0, done.stderr
    assert "cookie" in done.stdout
