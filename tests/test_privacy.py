"""A walk through every page and state that fails on the first request to another host, and on anything left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from tests import doors
from tests.doors import Servers, State
from tests.web_fixtures import CHROMIUM_ARGS, launch

# A frame of another site is given no storage at all: asking for it fails, and nothing can be there.
LEFT_BEHIND = """async () => {
  const found = {};
  const look = async (name, read, nothing) => {
    try {
      found[name] = await read();
    } catch (error) {
      found[name] = error.name === "SecurityError" || /denied/.test(error) ? nothing : String(error);
    }
  };
  await look("cookies", () => document.cookie, "");
  await look("local storage", () => Object.keys(localStorage), []);
  await look("session storage", () => Object.keys(sessionStorage), []);
  await look("databases", async () => (await indexedDB.databases()).map((one) => one.name), []);
  await look("caches", () => caches.keys(), []);
  await look("workers", async () => (await navigator.serviceWorker.getRegistrations()).length, 0);
  return found;
}"""
NOTHING = {
    "cookies": "",
    "local storage": [],
    "session storage": [],
    "databases": [],
    "caches": [],
    "workers": 0,
}
# Whom Chromium asks of its own, whatever it shows: about accounts, and about forms that it could fill in.
OF_THE_BROWSER = frozenset({"accounts.google.com", "content-autofill.googleapis.com"})


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with doors.open_doors(tmp_path_factory.mktemp("doors")) as servers:
        yield servers


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    browser = launch(playwright, chromium)
    yield browser
    browser.close()


class Watch:
    """Every request of a profile, as Playwright sees it and as Chromium's own protocol does."""

    def __init__(self, context: BrowserContext) -> None:
        self.urls: list[str] = []
        context.on("request", lambda request: self.urls.append(request.url))
        context.on("page", self._listen)

    def _listen(self, page: Page) -> None:
        page.on("websocket", lambda socket: self.urls.append(socket.url))
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", lambda event: self.urls.append(event["request"]["url"]))
        session.on("Network.webSocketCreated", lambda event: self.urls.append(event["url"]))
        session.on("Network.webTransportCreated", lambda event: self.urls.append(event["url"]))
        session.send("Network.enable")

    def outside(self, *known: str) -> set[str]:
        """Addresses of other servers than these; what a page makes itself goes nowhere."""
        return {url for url in self.urls if urlsplit(url).scheme not in {"data", "blob"} and _origin(url) not in known}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("state", doors.ALL, ids=doors.named)
def test_asks_no_other_host_and_leaves_nothing_behind(browser: Browser, servers: Servers, state: State) -> None:
    context = browser.new_context(viewport=doors.PHONE if state.phone else doors.DESKTOP, locale="en-GB")  # type: ignore[arg-type]
    watch = Watch(context)
    page = context.new_page()
    page.set_default_timeout(15_000)
    state.open(page, servers)
    page.wait_for_load_state("networkidle")
    assert watch.urls
    also = servers.host if state.elsewhere else servers.locked if state.locked else servers.own
    assert watch.outside(servers.own, also) == set()
    assert context.cookies() == []
    for frame in page.frames:
        assert frame.evaluate(LEFT_BEHIND) == NOTHING, frame.url
    assert context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    context.close()


def test_the_watch_sees_what_it_must_see(browser: Browser, servers: Servers) -> None:
    """Or else the test above could not fail."""
    context = browser.new_context()
    watch = Watch(context)
    page = context.new_page()
    page.goto(f"{servers.host}/none")
    assert watch.outside(servers.host) == set()
    assert page.evaluate(LEFT_BEHIND) == NOTHING
    page.evaluate(
        """async (elsewhere) => {
          await fetch(elsewhere, { mode: "no-cors" }).catch(() => {});
          new WebSocket(elsewhere.replace("http", "ws"));
          document.cookie = "a=b";
          localStorage.setItem("c", "d");
          sessionStorage.setItem("e", "f");
          await new Promise((done) => { indexedDB.open("g").onsuccess = done; });
        }""",
        f"{servers.own}/elsewhere",
    )
    page.wait_for_timeout(200)
    assert {urlsplit(url).scheme for url in watch.outside(servers.host)} == {"http", "ws"}
    left = page.evaluate(LEFT_BEHIND)
    assert left == NOTHING | {"cookies": "a=b", "local storage": ["c"], "session storage": ["e"], "databases": ["g"]}
    assert [cookie["name"] for cookie in context.cookies()] == ["a"]
    context.close()


def test_a_browser_that_visits_every_page_looks_up_no_other_name(
    playwright: Playwright, chromium: str, servers: Servers, tmp_path: Path
) -> None:
    """Chromium's own log of its network holds look-ups and connections made ahead, which no page event tells of."""
    log = tmp_path / "net.json"
    # A profile of one's own, for a private window looks nothing up ahead.
    context = playwright.chromium.launch_persistent_context(
        tmp_path / "profile",
        executable_path=chromium,
        headless=True,
        args=[*CHROMIUM_ARGS, f"--log-net-log={log}"],
        viewport=doors.DESKTOP,  # type: ignore[arg-type]
    )
    for state in (*doors.OPENED, *doors.ELSEWHERE):
        page = context.new_page()
        page.set_default_timeout(15_000)
        state.open(page, servers)
        page.wait_for_load_state("networkidle")
        page.close()
    # What the log must not miss.
    page = context.new_page()
    page.goto(f"{servers.host}/ahead")
    page.wait_for_timeout(500)
    context.close()
    hosts = _hosts(json.loads(log.read_text(encoding="utf-8")))
    known = {"127.0.0.1", "localhost", "ahead.invalid"}
    assert known <= hosts
    assert hosts - known <= OF_THE_BROWSER


def _hosts(log: dict[str, object]) -> set[str]:
    """Names in the parameters of a network log that say where something goes."""
    events = log["events"]
    assert isinstance(events, list)
    hosts: set[str] = set()
    for event in events:
        for name, value in (event.get("params") or {}).items():
            if name in {"url", "host", "hostname", "qname", "location"} and isinstance(value, str):
                hosts.add(urlsplit(value if "//" in value else f"//{value}").hostname or "")
    return hosts - {""}
