"""What the server answers to the network, without a browser."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from assistant.errors import QuestionError
from assistant.settings import Settings
from assistant.types import Answer
from assistant.web.page import GradioDoor, own_page
from assistant.web.posted import Posts
from tests.web_fixtures import StubAssistant, answer, citation, serving

CROWD = 3


class Outside:
    """Addresses other than this machine's that the process asked for while the server ran."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.watching = True
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[object, ...]) -> None:
        if not self.watching or event not in {"socket.connect", "socket.getaddrinfo"}:
            return
        address = args[1] if event == "socket.connect" else args
        host = address[0] if isinstance(address, tuple) else address
        if host not in {"127.0.0.1", "localhost", "::1", None, ""}:
            self.asked.append(address)


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    outside = Outside()
    yield outside
    outside.watching = False


@pytest.fixture(scope="module")
def meeting() -> threading.Barrier:
    """Nobody passes before everybody has come."""
    return threading.Barrier(CROWD, timeout=20)


def _refuse() -> Answer:
    raise QuestionError("There is no such policy.")


def _break() -> Answer:
    raise RuntimeError("secret of the machine room")


@pytest.fixture(scope="module")
def url(outside: Outside, meeting: threading.Barrier) -> Iterator[str]:
    from assistant.web.app import create_app

    def meet() -> Answer:
        meeting.wait()
        return answer("together")

    stub = StubAssistant(
        {
            "kept?": lambda: answer("kept?", citation("For a year.", clause="4", path=("4 Keeping",))),
            "refuse": _refuse,
            "break": _break,
            "together": meet,
        }
    )
    with serving(lambda: create_app(stub, Settings(concurrency=CROWD, rate_limit="9999/second"))) as url:  # type: ignore[arg-type]
        yield url


def test_health(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}


def test_programs_can_ask(url: str) -> None:
    from gradio_client import Client

    client = Client(url, verbose=False)
    said = client.predict("kept?", "", api_name="/ask")
    assert said["status"] == "answered"
    assert [(c["clause"], c["quote"]) for c in said["citations"]] == [("4", "For a year.")]
    client.close()


def test_programs_are_told_what_is_wrong_with_a_question_and_nothing_of_the_machine(url: str) -> None:
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(url, verbose=False)
    with pytest.raises(AppError, match=re.escape("There is no such policy.")):
        client.predict("refuse", "", api_name="/ask")
    with pytest.raises(AppError) as broken:
        client.predict("break", "", api_name="/ask")
    assert "secret" not in str(broken.value)
    with pytest.raises(AppError, match="knows no such question"):
        client.predict("something else", "", api_name="/ask")
    client.close()


def test_several_questions_are_answered_at_once(url: str) -> None:
    """Each of them waits until all of them have arrived, so they are answered together or not at all."""
    from gradio_client import Client

    clients = [Client(url, verbose=False) for _ in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as pool:
        said = list(pool.map(lambda client: client.predict("together", "", api_name="/ask"), clients))
    assert [one["status"] for one in said] == ["not_covered"] * CROWD
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/docs"),
        ("GET", "/redoc"),
        ("GET", "/openapi.json"),
        ("GET", "/manifest.json"),
        ("GET", "/pwa_icon"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("GET", "/gradio_api/runs"),
        ("GET", "/gradio_api/deep_link?session_hash=a"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://example.com/"),
        ("GET", "/gradio_api/app_id"),
        ("GET", "/gradio_api/vibe-code"),
        ("GET", "/gradio_api/upload_progress?upload_id=a"),
        ("POST", "/gradio_api/upload"),
        ("POST", "/gradio_api/run/ask"),
        ("POST", "/login"),
        ("GET", "/svelte/a.js"),
        ("GET", "/ui/../app.py"),
        ("GET", "/ui/%2e%2e/app.py"),
        ("GET", "/assets/../../../../etc/passwd"),
    ],
)
def test_what_the_chat_does_not_need_is_closed(url: str, method: str, path: str) -> None:
    assert httpx.request(method, url + path).status_code == 404


def test_gradio_is_told_to_keep_and_tell_nothing(url: str) -> None:
    config = httpx.get(f"{url}/config").json()
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False
    assert config["footer_links"] == []
    assert config["enable_queue"] is True
    assert config["show_error"] is False
    assert (config["pwa"], config["mcp_server"], config["dev_mode"], config["space_id"]) == (False, True, False, None)
    public = {one["api_name"] for one in config["dependencies"] if one["api_visibility"] != "private"}
    assert public == {"ask", "get_clause", "list_policies", "compare"}


def test_the_page_names_no_third_party(url: str) -> None:
    page = httpx.get(url).text
    hosts = set(re.findall(r"https?://([\w.-]+)", page))
    assert hosts <= {"127.0.0.1", "www.w3.org"}
    assert "<title>Ask the privacy policy</title>" in page
    assert "og:" not in page
    assert "manifest" not in page
    assert page.count('name="viewport"') == 1
    assert page.index('href="ui/chat.css') < page.index("</head>")
    assert "<noscript>" in page


def test_the_page_sets_no_cookie(url: str) -> None:
    assert "set-cookie" not in httpx.get(url).headers


@pytest.mark.parametrize("query", ["?view=api", "?a=b&view=settings", "?deep_link=abc"])
def test_views_of_gradios_own_lead_to_the_chat(url: str, query: str) -> None:
    said = httpx.get(f"{url}/{query}")
    assert (said.status_code, said.headers["location"]) == (307, "/")


def test_style_and_script_are_asked_for_again_when_they_change(url: str) -> None:
    page = httpx.get(url).text
    for name in ("chat.css", "chat.js", "icon.svg"):
        link = re.search(rf"ui/{re.escape(name)}\?v=[0-9a-f]{{12}}", page)
        assert link is not None
        assert httpx.get(f"{url}/{link[0]}").status_code == 200


def test_the_server_asks_nobody_outside(url: str, outside: Outside) -> None:
    httpx.get(url)
    assert outside.asked == []


def test_the_door_reads_paths_below_a_prefix() -> None:
    async def gradio(scope, receive, send):  # type: ignore[no-untyped-def]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"<head></head><gradio-app>"})

    def status(path: str, root: str) -> int:
        sent: list[dict[str, object]] = []

        async def send(message: dict[str, object]) -> None:
            sent.append(message)

        scope = {"type": "http", "path": path, "root_path": root, "query_string": b"", "headers": [], "method": "GET"}
        asyncio.run(GradioDoor(gradio, "", "", Posts((), ()))(scope, None, send))  # type: ignore[arg-type]
        return sent[0]["status"]  # type: ignore[return-value]

    assert status("/x/config", "/x") == 200
    assert status("/x/", "/x") == 200
    assert status("/x", "/x") == 200
    assert status("/x/gradio_api/upload", "/x") == 404


def test_social_tags_and_styles_of_tags_go_and_everything_else_stays() -> None:
    page = (
        '<head><meta name="viewport" content="a"><meta\n\tproperty="og:image"\n\tcontent="https://x"\n/>'
        '<meta name="twitter:card" content="b"/><link rel="manifest" href="/m"><base href="./" /><style>a</style>'
        "<script>b = 'style=\\u003cscript'</script></head>"
        '<body\n\tclass="c"\n\tstyle="\n\tmargin: 0;\n"\n><gradio-app a style="b"></gradio-app><styled></styled></body>'
    )
    assert own_page(page, "<title>T</title>", "No.", "n") == (
        '<head><title>T</title><style nonce="n">a</style>'
        "<script nonce=\"n\">b = 'style=\\u003cscript'</script></head>"
        '<body\n\tclass="c"\n><noscript>No.</noscript><gradio-app a></gradio-app><styled></styled></body>'
    )


def test_the_first_question_is_answered_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    from assistant.web import app

    stub = StubAssistant({"kept?": lambda: answer("kept?")}, ["kept?"])
    asked_before_listening: list[str] = []
    monkeypatch.setattr(app, "create_app", lambda *_: None)
    monkeypatch.setattr(app, "run", lambda *_, **__: asked_before_listening.extend(q for q, *_ in stub.asked))
    kept = SimpleNamespace(current=lambda: stub, watch=lambda _: None)
    app.serve(kept, Settings())  # type: ignore[arg-type]
    assert asked_before_listening == ["kept?"]


def _start(root: Path, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=root,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ASSISTANT_INDEX": "/nowhere"}, "/nowhere"),
        ({"ASSISTANT_PORT": "soon"}, "ASSISTANT_PORT must be a whole number"),
    ],
)
def test_a_start_that_cannot_succeed_says_why_in_one_sentence(
    root: Path, environment: dict[str, str], said: str
) -> None:
    server = _start(root, **environment)
    out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (1, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_server_starts_from_an_index_and_ends_when_it_is_told_to(root: Path, index_dir: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = _start(root, ASSISTANT_INDEX=str(index_dir), ASSISTANT_PORT=str(port))
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                assert httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
                break
            except httpx.TransportError:
                assert server.poll() is None, server.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        server.terminate()
        _, err = server.communicate(timeout=60)
    assert "Traceback" not in err
