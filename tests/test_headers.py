"""Security headers of every door and of every error, and that no page trips over them in a real browser."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from assistant.errors import SettingsError
from assistant.settings import Settings
from assistant.web.headers import SecurityHeaders, gradio_policy
from tests import doors
from tests.api_fixtures import ITALKI, UNISTUDY
from tests.doors import Servers, State
from tests.waiting import until
from tests.web_fixtures import launch

OWN_PAGES = (
    "/policies",
    f"/policies/{ITALKI}",
    f"/policies/i2istudy-privacy-policy/compare/{UNISTUDY}",
    "/policies/nobody",
    "/agents",
    "/agents/report",
    "/help-center",
    "/embed",
    "/embed?policy=nobody",
)
NO_PAGES = (
    "/api/policies",
    "/api/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/widget.js",
    "/ui/base.css",
    "/ui/icon.svg",
    "/config",
    "/theme.css",
    "/favicon.ico",
    "/gradio_api/info",
)
# Each is refused in another part of the server.
ERRORS = (
    ("GET", "/nothing", 404),
    ("GET", "/api/nothing", 404),
    ("GET", "/ui/nothing", 404),
    ("GET", "/gradio_api/nothing", 404),
    ("GET", "/gradio_api/mcp/", 405),
    ("POST", "/gradio_api/mcp/", 400),
    ("POST", "/policies", 404),
    ("GET", "/api/ask", 405),
    ("POST", "/api/ask", 422),
    ("POST", "/gradio_api/queue/join", 422),
    ("POST", "/agents/handout.pdf", 422),
    ("GET", "/?view=api", 307),
)
EVERY = ("/", *OWN_PAGES, *NO_PAGES)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with doors.open_doors(tmp_path_factory.mktemp("doors")) as servers:
        yield servers


def policy(response: httpx.Response) -> dict[str, str]:
    """The content security policy, by directive."""
    parts = [part.strip().partition(" ") for part in response.headers["content-security-policy"].split(";")]
    assert len({name for name, _, _ in parts}) == len(parts)
    return {name: value for name, _, value in parts}


def assert_hardened(response: httpx.Response) -> None:
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] in {"same-origin", "cross-origin"}
    assert headers["x-dns-prefetch-control"] == "off"
    for unused in ("camera", "microphone", "geolocation", "browsing-topics"):
        assert f"{unused}=()" in headers["permissions-policy"]
    said = policy(response)
    assert said["default-src"] == "'none'"
    assert said["base-uri"] == "'none'"
    assert "frame-ancestors" in said
    assert "unsafe-inline" not in str(said)
    assert "server" not in headers or "/" not in headers["server"]
    assert "set-cookie" not in headers


# What the headers say


@pytest.mark.parametrize("path", EVERY)
def test_every_door_sends_them(servers: Servers, path: str) -> None:
    response = httpx.get(servers.own + path)
    assert response.status_code == (404 if "nobody" in path else 403 if "report" in path else 200)
    assert_hardened(response)


@pytest.mark.parametrize(("method", "path", "status"), ERRORS)
def test_every_error_has_them(servers: Servers, method: str, path: str, status: int) -> None:
    response = httpx.request(method, servers.own + path)
    assert response.status_code == status
    assert_hardened(response)


def test_a_fault_of_the_server_has_them(servers: Servers) -> None:
    asked = {"question": doors.BROKEN, "policies": None}
    response = httpx.post(f"{servers.own}/api/ask", json=asked)
    assert response.status_code == 500
    assert_hardened(response)


def test_what_breaks_outside_of_every_door_has_them(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starlette's own outermost layer answers then, so the headers lie around it."""

    def broken(*_: object) -> str:
        raise RuntimeError("the page cannot be made")

    monkeypatch.setattr("assistant.web.page.own_page", broken)
    response = httpx.get(servers.own)
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert_hardened(response)


@pytest.mark.parametrize("path", OWN_PAGES)
def test_our_own_pages_run_only_files_of_the_server(servers: Servers, path: str) -> None:
    response = httpx.get(servers.own + path)
    said = policy(response)
    assert (said["script-src"], said["style-src"], said["connect-src"]) == ("'self'",) * 3
    assert re.findall(r"<script(?![^>]*\bsrc=)", response.text) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", response.text) == []


@pytest.mark.parametrize("path", NO_PAGES)
def test_what_is_no_page_runs_nothing(servers: Servers, path: str) -> None:
    response = httpx.get(servers.own + path)
    assert not response.headers["content-type"].startswith("text/html")
    assert policy(response) == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_gradios_page_runs_files_of_the_server_and_what_the_server_wrote_into_it(servers: Servers) -> None:
    pages = [httpx.get(servers.own) for _ in range(2)]
    nonces = []
    for page in pages:
        said = policy(page)
        (nonce,) = re.findall(r"'nonce-([\w-]+)'", said["script-src"])
        nonces.append(nonce)
        assert said == dict(part.split(" ", 1) for part in gradio_policy(nonce).split("; "))
        assert said["script-src"] == f"'self' 'nonce-{nonce}' 'unsafe-eval'"
        inline = re.findall(r"<(?:script|style)(?![^>]*\bsrc=)([^>]*)>", page.text)
        assert len(inline) >= 4
        assert all(f'nonce="{nonce}"' in attributes for attributes in inline)
        assert "style=" not in re.sub(r"<script.*?</script>", "", page.text, flags=re.DOTALL)
    assert len(set(nonces)) == 2
    assert all(len(nonce) >= 22 for nonce in nonces)


def test_only_the_frame_may_be_framed_and_only_by_whom_the_setting_names(servers: Servers) -> None:
    for path in EVERY:
        ancestors = policy(httpx.get(servers.own + path))["frame-ancestors"]
        assert ancestors == (f"'self' {servers.host}" if path.startswith("/embed") else "'none'"), path


@pytest.mark.parametrize("path", EVERY)
def test_only_the_widget_is_for_pages_of_other_origins(servers: Servers, path: str) -> None:
    shared = path.startswith(("/widget.js", "/ui/", "/embed"))
    readers = httpx.get(servers.own + path).headers["cross-origin-resource-policy"]
    assert readers == ("cross-origin" if shared else "same-origin")


def test_not_modified_leaves_the_policy_that_a_page_came_with(servers: Servers) -> None:
    page = httpx.get(f"{servers.own}/policies")
    again = httpx.get(f"{servers.own}/policies", headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" not in again.headers
    assert again.headers["x-content-type-options"] == "nosniff"


def test_white_space_of_the_setting_does_not_break_the_header() -> None:
    headers = SecurityHeaders(lambda *_: None, " 'self'\n https://a.example\t")  # type: ignore[arg-type, return-value]
    assert headers._ancestors == "'self' https://a.example"


@pytest.mark.parametrize(
    "value",
    [
        "'self'",
        "'none'",
        "*",
        "https:",
        "https://help.example.com",
        "'self' https://*.example.com http://localhost:8080 example.com:*",
    ],
)
def test_origins_that_may_frame(value: str) -> None:
    assert Settings.from_environment({"ASSISTANT_FRAME_ANCESTORS": value}).frame_ancestors == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        "  ",
        "https://a.example; script-src *",
        "https://a.example\r\nset-cookie: a=b",
        "https://a.example,https://b.example",
        "'none' https://a.example",
        "'unsafe-inline'",
        "javascript:",
        "https://a.example/path",
        "https://é.example",
        '"https://a.example"',
    ],
)
def test_what_is_no_origin_is_refused_in_one_sentence(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^ASSISTANT_FRAME_ANCESTORS must be origins such as .*\.$"):
        Settings.from_environment({"ASSISTANT_FRAME_ANCESTORS": value})


# What a browser says of them

WATCH = """
  window.violations = [];
  document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push([event.effectiveDirective, event.blockedURI, event.sourceFile, event.sample].join(" ")));
"""
# Failures that a state is about, as Chromium says them in its console.
EXPECTED = {
    "chat, error": ("status of 500", "Could not connect to component server"),
    "policy that is not there": ("status of 404",),
    "report without a login": ("status of 403",),
    "help centre, error": ("status of 500",),
    "frame of no policy": ("status of 404",),
}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.mark.parametrize("state", doors.ALL, ids=doors.named)
def test_the_browser_has_nothing_to_complain_of(browser: Browser, servers: Servers, state: State) -> None:
    with watched(browser, phone=state.phone) as (page, said):
        state.open(page, servers)
        assert [line for frame in page.frames for line in frame.evaluate("window.violations")] == []
        assert [line for line in said if not any(known in line for known in EXPECTED.get(state.name, ()))] == []


def test_a_page_that_was_kept_still_works(browser: Browser, servers: Servers) -> None:
    with watched(browser) as (page, said):
        page.goto(f"{servers.own}/policies")
        with page.expect_response(f"{servers.own}/policies") as again:
            page.reload()
        assert again.value.request.headers.get("if-none-match") or again.value.status in {200, 304}
        assert page.evaluate("window.violations") == []
        assert page.evaluate("getComputedStyle(document.querySelector('.skip')).position") == "absolute"
        assert said == []


def test_the_browser_would_complain_of_what_is_forbidden(browser: Browser, servers: Servers) -> None:
    """Or else the tests above could not fail."""
    inline = "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hit = 1'}))"
    handler = "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.hit=2>')"
    elsewhere = "fetch('http://127.0.0.1:9/').catch(() => {})"
    for path in ("/", "/policies"):
        with watched(browser) as (page, said):
            page.goto(servers.own + path)
            page.wait_for_load_state("networkidle")
            for attempt in (inline, handler, elsewhere):
                page.evaluate(attempt)
            until(lambda: page.evaluate("window.violations.length") >= 3 and len(said) >= 3)
            assert page.evaluate("window.hit") is None


def test_no_other_site_frames_the_chat(browser: Browser, servers: Servers) -> None:
    with watched(browser) as (page, said):
        page.goto(f"{servers.host}/none")
        page.evaluate(
            """(url) => new Promise((done) => {
              const frame = Object.assign(document.createElement("iframe"), { src: url, onload: done });
              document.body.append(frame);
            })""",
            servers.own,
        )
        assert any("frame-ancestors" in line for line in said)


@contextlib.contextmanager
def watched(browser: Browser, *, phone: bool = False) -> Iterator[tuple[Page, list[str]]]:
    """A page of a new profile, and what the browser says in its console of errors and warnings."""
    said: list[str] = []
    viewport = doors.PHONE if phone else doors.DESKTOP
    context = browser.new_context(viewport=viewport, reduced_motion="reduce", locale="en-GB")  # type: ignore[arg-type]
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page, said
    context.close()
