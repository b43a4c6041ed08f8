"""The server below a path of another host: through Debian's nginx with the configuration that docs/ shows."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.api_fixtures import ITALKI
from tests.operated import PATIENCE, ROOT, Running, free_port, operated
from tests.web_fixtures import launch

CONFIGURATION = ROOT / "docs" / "nginx.conf"
LIMIT = 40
# What surrounds a file of conf.d/; nothing of the machine's own configuration is read or written.
FRAME = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxied:
    """A server behind a proxy."""

    server: Running
    # Address of the proxy without a path, and the one that it leads away from.
    host: str
    plain: str

    @property
    def url(self) -> str:
        """Address of the server, without a final slash."""
        return f"{self.host}/privacy"


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    openssl = shutil.which("openssl")
    if not program or not openssl:
        pytest.skip("no nginx or no openssl on PATH: `make browser` says how to get one")
    folder = tmp_path_factory.mktemp("nginx")
    plain, port = free_port(), free_port()
    command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    keys = {"-keyout": folder / "key.pem", "-out": folder / "certificate.pem"}
    subprocess.run(
        [openssl, *command, *(str(part) for pair in keys.items() for part in pair)], check=True, capture_output=True
    )
    with operated(folder, root_path="/privacy", rate_limit=f"{LIMIT}/minute") as server:
        changes = {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
            "/etc/ssl/certs/help.example.com.pem": str(folder / "certificate.pem"),
            "/etc/ssl/private/help.example.com.key": str(folder / "key.pem"),
            "http://127.0.0.1:7860/": f"{server.url}/",
            "https://$host$request_uri": f"https://$host:{port}$request_uri",
        }
        text = CONFIGURATION.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (folder / "site.conf").write_text(text, encoding="utf-8")
        (folder / "nginx.conf").write_text(FRAME.format(folder=folder), encoding="utf-8")
        # A master that is root would hand its workers to a user who may not enter the folder.
        folder.chmod(0o755)
        for parent in (folder.parent, folder.parent.parent):
            parent.chmod(parent.stat().st_mode | 0o011)
        nginx = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
        subprocess.run([*nginx, "-t"], check=True, capture_output=True)
        process = subprocess.Popen(nginx, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = Proxied(server, f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain}")
            _wait(found)
            yield found
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(proxied: Proxied) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with client(proxied, "127.0.0.1") as known:
                assert known.get("/healthz").status_code == 200
            return
        except httpx.TransportError:
            assert time.monotonic() < end
            time.sleep(0.1)


def client(proxied: Proxied, address: str, *, direct: bool = False) -> httpx.Client:
    """A client at one of this machine's own addresses, through the proxy or past it."""
    transport = httpx.HTTPTransport(local_address=address, verify=False)
    return httpx.Client(
        base_url=proxied.server.url if direct else proxied.url, transport=transport, trust_env=False, timeout=PATIENCE
    )


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, proxied: Proxied) -> Iterator[Page]:
    """A page, none of whose requests may leave the path of the server or fail."""
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    asked: list[str] = []
    wrong: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.on("response", lambda response: wrong.append(response.url) if response.status >= 400 else None)
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert asked
    assert [url for url in asked if not url.startswith((f"{proxied.url}/", "data:", "blob:"))] == []
    assert wrong == []


# --- pages


def test_the_chat_answers_and_its_links_lead_on(proxied: Proxied, page: Page) -> None:
    page.goto(f"{proxied.url}/")
    box = page.get_by_label("Your question")
    box.fill("What information is collected?")
    box.press("Enter")
    expect(page.locator(".turn[data-status]")).to_have_count(1, timeout=PATIENCE * 1000)
    address = page.locator(".turn a[href*='policies/']").first.evaluate("link => link.href")
    assert address.startswith(f"{proxied.url}/policies/")
    page.goto(address)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("mark").first).to_be_visible()


def test_the_list_of_policies_leads_to_each(proxied: Proxied, page: Page) -> None:
    page.goto(f"{proxied.url}/policies")
    page.locator(f"a[href*='{ITALKI}']").first.click()
    expect(page.locator("h1")).to_be_visible()
    assert page.url.startswith(f"{proxied.url}/policies/{ITALKI}")


def test_the_widget_answers_in_a_page(proxied: Proxied, page: Page) -> None:
    page.goto(f"{proxied.url}/help-center")
    page.get_by_role("button", name=re.compile("privacy", re.IGNORECASE)).first.click()
    # Shown by the panel's own script, which reads the box too.
    expect(page.get_by_role("button", name="Is my data sold?").last).to_be_visible(timeout=PATIENCE * 1000)
    box = page.get_by_role("textbox").last
    box.fill("What information is collected?")
    box.press("Enter")
    expect(page.get_by_text("These clauses answer.").first).to_be_visible(timeout=PATIENCE * 1000)


def test_the_desk_finds(proxied: Proxied, page: Page) -> None:
    page.goto(f"{proxied.url}/agents")
    # Shown by the page's own script, which reads the search box too.
    expect(page.get_by_role("button", name="Retention")).to_be_visible(timeout=PATIENCE * 1000)
    box = page.get_by_role("searchbox").first
    box.fill("information")
    box.press("Enter")
    expect(page.locator("table.clauses tbody tr").first).to_be_visible(timeout=PATIENCE * 1000)


# --- programs


def test_addresses_hold_below_the_path(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.1") as known:
        script = known.get("/widget.js")
        assert script.status_code == 200
        assert "javascript" in script.headers["content-type"]
        answer = known.post("/api/ask", json={"question": "What information is collected?"})
        (first, *_) = answer.json()["citations"]
        assert known.get(f"/{first['url'].partition('#')[0]}").status_code == 200
        # No answer repeats the name that it was asked by.
        assert known.get("/config").json()["root"] == ""
        assert '"root":"/privacy"' in known.get("/").text
        sent = known.get("/ui/tokens.css", headers={"accept-encoding": "gzip"})
        assert sent.headers["content-encoding"] == "gzip"
        tools = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"accept": "application/json, text/event-stream"}
        assert known.post("/gradio_api/mcp", json=tools, headers=accept).json()["result"]["tools"]


def test_a_stream_comes_through_as_it_is_sent(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.1") as known:
        # It never ends, so a proxy that waited for its end would give nothing.
        with known.stream("GET", "/gradio_api/heartbeat/abcdefghij") as stream:
            assert next(stream.iter_lines()) == "data: ALIVE"
        begun = known.post("/gradio_api/call/ask", json={"data": ["What information is collected?", "", []]})
        told = known.get(f"/gradio_api/call/ask/{begun.json()['event_id']}").text
        assert "event: complete" in told
        (answer,) = json.loads(told.rpartition("data: ")[2])
        assert answer["status"] == "answered"


def test_what_is_for_those_who_run_it_stays_inside(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.1") as known:
        for path in ("/metrics", "/readyz"):
            assert known.get(path).status_code == 404
        assert known.get("/healthz").status_code == 200
    with client(proxied, "127.0.0.1", direct=True) as known:
        assert known.get("/metrics").status_code == 200


def test_other_addresses_lead_there(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.1") as known:
        bare = known.get(proxied.url)
    assert (bare.status_code, bare.headers["location"]) == (308, f"{proxied.url}/")
    plain = httpx.get(f"{proxied.plain}/privacy/", trust_env=False)
    assert (plain.status_code, plain.headers["location"]) == (301, f"{proxied.url}/")


# --- who the client is


def statuses(known: httpx.Client, **headers: str) -> list[int]:
    """One request more than the limit allows."""
    return [known.get("/api/topics", headers=headers).status_code for _ in range(LIMIT + 1)]


def test_the_limit_counts_clients_and_not_the_proxy(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.2") as one, client(proxied, "127.0.0.3") as other:
        assert statuses(one) == [200] * LIMIT + [429]
        # What a client says of itself, the proxy does not hand on.
        assert one.get("/api/topics", headers={"x-forwarded-for": "127.0.0.4"}).status_code == 429
        assert other.get("/api/topics").status_code == 200


def test_who_is_no_proxy_is_not_believed(proxied: Proxied) -> None:
    with client(proxied, "127.0.0.5", direct=True) as one:
        given = [
            one.get("/api/topics", headers={"x-forwarded-for": f"127.0.1.{at}"}).status_code for at in range(LIMIT + 1)
        ]
    assert given == [200] * LIMIT + [429]
