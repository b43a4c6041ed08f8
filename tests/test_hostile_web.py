"""Hostile requests against the running server, byte for byte: paths, hosts, headers, methods, other sites."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

import pytest
from playwright.sync_api import sync_playwright

from assistant.settings import Settings
from tests.api_fixtures import ITALKI, WordAssistant
from tests.raw_http import JSON, ROOT, ask, refused
from tests.web_fixtures import launch, serving

EVIL = "evil.example"
PAGES = ("/", "/policies", f"/policies/{ITALKI}", "/agents", "/help-center", "/embed", "/policies/nobody")
POSTS = (
    "/api/ask",
    "/api/search",
    "/api/compare",
    "/api/feedback",
    "/agents/handout.pdf",
    "/gradio_api/component_server/",
    "/gradio_api/queue/join",
    "/gradio_api/call/ask",
    "/gradio_api/mcp/",
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from assistant.web.app import create_app

    votes = tmp_path_factory.mktemp("votes") / "feedback.sqlite"
    settings = Settings(feedback=votes, rate_limit="9999/second", mcp_hosts="a.example")
    with serving(lambda: create_app(WordAssistant(), settings)) as url:  # type: ignore[arg-type]
        yield url


@pytest.fixture(autouse=True)
def _still_there(url: str) -> Iterator[None]:
    """Whatever a test did, the next one is answered."""
    yield
    assert ask(url, "GET", "/healthz").status == 200


# --- paths

SECRETS = ("root:x:0", "Settings.from_environment", "def create_app", "supersedes", "class Blocks")


@pytest.mark.parametrize(
    "path",
    [
        "/ui/../app.py",
        "/ui/..%2f..%2fapp.py",
        "/ui/%2e%2e%2f%2e%2e%2fweb%2fapp.py",
        "/ui/..%252f..%252fapp.py",
        "/ui/%252e%252e/%252e%252e/app.py",
        "/ui/....//....//app.py",
        "/ui/..\\..\\app.py",
        "/ui/..%5c..%5capp.py",
        "/ui//etc/passwd",
        "/ui/%2fetc%2fpasswd",
        "/ui/%00",
        "/ui/base.css%00",
        "/ui/base.css%00.html",
        "/ui/%c0%ae%c0%ae/%c0%ae%c0%ae/app.py",
        "/ui/.",
        "/ui/desk",
        "/ui/" + "a" * 5000,
        "//etc/passwd",
        "/../../../../etc/passwd",
        "/policies/../../../etc/passwd",
        "/policies/..%2f..%2fcorpus%2fpolicies.csv",
        "/policies/%2e%2e",
        "/policies/..%5cpolicies.csv",
        f"/policies/{ITALKI}%00",
        f"/policies/{ITALKI}/compare/..%2f..%2fpolicies.csv",
        "/agents/code/x/..%2f..%2f..%2fapp.py.js",
        "/agents/code/../../app.js",
        "/agents/code/x/..%5c..%5cchat.js",
        "/agents/code/x/%2e%2e/chat.js",
        "/widget.js/../../app.py",
        "/assets/..%2f..%2f..%2fblocks.py",
        "/assets/%2e%2e/%2e%2e/%2e%2e/blocks.py",
        "/assets/..%5c..%5c..%5cblocks.py",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/index.html%00",
        "/assets/",
        "/static/..%2f..%2f..%2fblocks.py",
        "/static/%252e%252e/blocks.py",
        "/static/..\\..\\..\\blocks.py",
        "/static//etc/passwd",
        "/api/policies/..%2f..%2fpolicies.csv",
        "/api/clauses/..%2f..%2f/1",
        "/%2e%2e/app.py",
        "/app.py",
        "/corpus/policies.csv",
        "/index/manifest.json",
        "/feedback.sqlite",
        "/.git/config",
    ],
)
def test_no_path_leads_out_of_what_is_served(url: str, path: str) -> None:
    reply = ask(url, "GET", path)
    refused(reply, 400, 404)
    assert not any(secret in reply.text for secret in SECRETS)


@pytest.mark.parametrize(
    "target", ["http://evil.example/ui/../app.py", "file:///etc/passwd", "*", "etc/passwd", "/ui/../%", "/ui/%zz"]
)
def test_odd_targets_are_nothing(url: str, target: str) -> None:
    refused(ask(url, "GET", target), 400, 404)


# --- what Gradio serves beside the chat


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=app.py",
        "/gradio_api/file%3D/etc/passwd",
        "/gradio_api/file=..%2f..%2fapp.py",
        "/gradio_api/file=http://evil.example/",
        "/gradio_api/file/etc/passwd",
        "/file=/etc/passwd",
        "/file/etc/passwd",
        "/gradio_api/proxy=http://169.254.169.254/latest/meta-data/",
        "/proxy=http://evil.example/",
        "/gradio_api/stream/a",
        "/gradio_api/stream/a/1/2/playlist.m3u8",
        "/gradio_api/upload",
        "/upload",
        "/gradio_api/custom_component/1/client/component/index.js",
        "/custom_component/1/client/component/..%2f..%2findex.js",
        "/gradio_api/run/predict",
        "/gradio_api/run/ask",
        "/gradio_api/api/predict",
        "/gradio_api/api/ask",
        "/run/predict",
        "/gradio_api/call/nothing",
        "/gradio_api/call/__init__",
        "/gradio_api/call/turn",
        "/gradio_api/call/js_fn",
        "/gradio_api/call/ask/..%2f..%2fconfig",
        "/gradio_api/call/ask/",
        "/gradio_api/call/v2/ask",
        "/gradio_api/cancel",
        "/gradio_api/reset",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit",
        "/gradio_api/undo-vibe-edit",
        "/gradio_api/vibe-starter-queries",
        "/gradio_api/dev/reload",
        "/gradio_api/token",
        "/gradio_api/user",
        "/gradio_api/login_check",
        "/gradio_api/startup-events",
        "/gradio_api/run-history/records",
        "/gradio_api/profiling/summary",
        "/gradio_api/component_server",
        "/gradio_api/heartbeat/../config",
        "/gradio_api/heartbeat/a/b",
        "/config/",
        "/login_check",
        "/logout",
    ],
)
def test_nothing_of_gradios_own_is_served(url: str, method: str, path: str) -> None:
    kind = "Content-Type: multipart/form-data; boundary=x" if "upload" in path else JSON[0]
    refused(ask(url, method, path, [kind], b"{}" if method == "POST" else b""), 404)


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/theme.css", "/robots.txt", "/api/openapi.json"])
def test_nothing_tells_of_the_machine(url: str, path: str) -> None:
    reply = ask(url, "GET", path)
    assert reply.status == 200
    for told in (str(ROOT), sys.prefix, str(Path.home()) + "/", "site-packages", socket.gethostname(), gettempdir()):
        assert told not in reply.text


# --- the host that a request names


@pytest.mark.parametrize("path", [*PAGES, "/config", "/gradio_api/info", "/api/policies", "/nothing", "/?view=api"])
@pytest.mark.parametrize(
    "naming",
    [
        ("Host: evil.example",),
        ("Host: evil.example:8080",),
        ("Host: a.example", "X-Forwarded-Host: evil.example"),
        ("Host: a.example", "X-Forwarded-Host: evil.example", "X-Forwarded-Proto: https", "X-Forwarded-Port: 666"),
        ("Host: a.example", "Forwarded: host=evil.example;proto=https"),
        ("Host: a.example", "X-Gradio-Server: https://evil.example/"),
        ("Host: a.example", "X-Forwarded-Prefix: /evil.example", "X-Original-URL: /evil.example"),
        ("Host: a.example", "Origin: https://evil.example", "Referer: https://evil.example/"),
    ],
    ids=str,
)
def test_no_answer_repeats_the_host_that_a_request_names(url: str, path: str, naming: tuple[str, ...]) -> None:
    host, *more = naming
    reply = ask(url, "GET", path, more, host=host)
    assert reply.status < 500
    assert EVIL not in reply.text
    assert EVIL not in reply.head
    assert "a.example" not in reply.text + reply.head


@pytest.mark.parametrize(
    "host",
    [
        "Host: ",
        "Host: <script>alert(1)</script>",
        'Host: a"onload="alert(1)',
        "Host: a b",
        "Host: a.example/path",
        "Host: user@evil.example",
        "Host: a.example:port",
        "Host: a.example:123456",
        "Host: [::1",
        "Host: a.example\\evil",
        "Host: a.example?b",
        "Host: a.example, evil.example",
        "Host: " + "a" * 300,
        "Host: \xe9.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/policies", "/ui/base.css", "/healthz"])
def test_what_is_no_host_is_refused(url: str, path: str, host: str) -> None:
    refused(ask(url, "GET", path, host=host), 400)


@pytest.mark.parametrize("host", ["", "Host: a\r\nHost: b", "Host: a\r\n\tb", "Host : a", "Host: a\x00b"])
def test_no_host_two_hosts_and_broken_ones_are_no_request(url: str, host: str) -> None:
    refused(ask(url, "GET", "/", host=host), 400)


@pytest.mark.parametrize(
    "host", ["Host: [::1]:7860", "Host: 127.0.0.1", "Host: xn--e1afmkfd.example:1", "Host: my_box"]
)
def test_hosts_are_served(url: str, host: str) -> None:
    assert ask(url, "GET", "/", host=host).status == 200


# --- other sites

FOREIGN = "Origin: https://evil.example"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_form_of_another_site_does_nothing(url: str, path: str, kind: str) -> None:
    """What a page may send elsewhere without asking first."""
    sent = b'{"data": {}, "component_id": 2, "fn_name": "vote", "session_hash": "a", "question": "Why?"}'
    if path == "/agents/handout.pdf":
        sent = json.dumps({"clauses": [{"policy": ITALKI, "anchor": "1"}]}).encode()
        assert ask(url, "POST", path, JSON, sent).status in {200, 422}
    headers = [FOREIGN, "Sec-Fetch-Site: cross-site", *([f"Content-Type: {kind}"] if kind else [])]
    refused(ask(url, "POST", path, headers, sent), 400, 403, 422)


@pytest.mark.parametrize("path", [*POSTS, *PAGES, "/config", "/gradio_api/info", "/gradio_api/nothing"])
@pytest.mark.parametrize("origin", [FOREIGN, "Origin: null", "Origin: http://localhost:1"])
def test_no_other_site_may_send_or_read(url: str, path: str, origin: str) -> None:
    asked = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"]
    before = ask(url, "OPTIONS", path, [origin, *asked])
    assert before.status >= 400
    sent = ("POST", path, [origin, *JSON], b"{}") if path in POSTS else ("HEAD", path, [origin])
    after = ask(url, *sent)
    for reply in (before, after):
        assert not {"access-control-allow-origin", "access-control-allow-credentials"} & set(reply.headers)


# --- frames


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_who_may_frame_it(url: str, path: str) -> None:
    policy = ask(url, "GET", path).headers["content-security-policy"]
    allowed = "'self'" if path == "/embed" else "'none'"
    assert f"frame-ancestors {allowed}" in policy


def test_no_page_is_framed_in_a_browser(url: str, chromium: str) -> None:
    """Not by the server's own pages either."""
    framed = [page for page in PAGES if page != "/embed"]
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        page = browser.new_page(bypass_csp=True)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{url}/policies")
        page.evaluate(
            """(paths) => Promise.all(paths.map((path) => new Promise((done) => {
              const frame = Object.assign(document.createElement("iframe"), { src: path, onload: done });
              document.body.append(frame);
            })))""",
            [*framed, "/embed"],
        )
        inside = [frame.locator("main, gradio-app, #question").count() for frame in page.frames[1:]]
        browser.close()
    assert len([line for line in said if "frame-ancestors" in line]) == len(framed)
    assert (inside[:-1], inside[-1] > 0) == ([0] * len(framed), True)
