"""The demo help centre, the form in a frame, a server below a path, and the widget over the real application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from assistant.settings import Settings
from tests.web_fixtures import ITALKI, StubAssistant, launch, serving
from tests.widget_pages import DESKTOP, PHONE, Api, Hosts, Widget, fresh, page_of, strict, stub, tag


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    visit = Visit(browser)
    yield visit
    for context in visit.contexts:
        assert context.cookies() == []
        context.close()
    assert visit.trouble == []


class Visit:
    """Opens pages in new profiles, and hears what goes wrong in them."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.contexts: list[BrowserContext] = []
        self.trouble: list[str] = []

    def __call__(self, url: str, **options: object) -> Page:
        """A page; requests to other origins count as trouble."""
        context = fresh(self.browser, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda said: self.trouble.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda request: self._heard(request.url))
        page.goto(url)
        return page

    def _heard(self, url: str) -> None:
        if urlsplit(url).hostname != "127.0.0.1":
            self.trouble.append(url)


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def hosts() -> Hosts:
    return Hosts()


@pytest.fixture(scope="module")
def site(hosts: Hosts) -> Iterator[str]:
    with serving(hosts.app) as site:
        yield site


@pytest.fixture(scope="module")
def url(api: Api, site: str) -> Iterator[str]:
    with serving(lambda: api.app(Settings(frame_ancestors=f"'self' {site}", contact="team@shop.example"))) as url:
        yield url


# The help centre


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
def test_the_help_centre_shows_the_launcher_and_a_box(visit: Visit, url: str, viewport: dict[str, int]) -> None:
    page = visit(f"{url}/help-center", viewport=viewport)
    expect(page.get_by_role("heading", level=1)).to_have_text("How can we help?")
    box = page.locator("policy-widget[data-mode=inline]")
    box.scroll_into_view_if_needed()
    box.locator("#question").fill("kept?")
    box.locator("#question").press("Enter")
    expect(box.locator("mark").first).to_have_text("for a year")
    page.locator("policy-widget[data-mode=launcher] .launcher").click()
    expect(page.get_by_role("dialog", name="Ask about privacy")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_help_centre_shows_the_very_lines(visit: Visit, url: str) -> None:
    page = visit(f"{url}/help-center")
    assert page.locator("pre").all_inner_texts() == [
        '<script src="https://HOST/widget.js" data-policy="italki" async></script>',
        '<script src="https://HOST/widget.js" data-policy="italki" data-mode="inline" async></script>',
    ]


def test_the_help_centre_is_about_the_policy_of_the_demo_where_it_is_there() -> None:
    class Real(StubAssistant):
        def policies(self):  # type: ignore[no-untyped-def]
            return ITALKI, replace(ITALKI, id="italki-privacy-policy-2018")

    with TestClient(Api(Real({})).app()) as client:
        assert client.get("/help-center").text.count('<script src="/widget.js"') == 2
        assert 'data-policy="italki"' not in client.get("/help-center").text


def test_pages_without_a_policy_say_so() -> None:
    class Empty(StubAssistant):
        def policies(self):  # type: ignore[no-untyped-def]
            return ()

    with TestClient(Api(Empty({})).app()) as client:
        for path in ("/help-center", "/embed"):
            response = client.get(path)
            assert response.status_code == 200
            assert "python -m assistant ingest" in response.text
            assert "<script" not in response.text


# The frame


def test_the_frame_answers_in_a_page_that_allows_no_script(visit: Visit, url: str, site: str, hosts: Hosts) -> None:
    source = f"{url}/embed?policy=italki&amp;lang=de&amp;theme=dark"
    frame = f'<iframe src="{source}" title="Ask" width="400" height="500"></iframe>'
    hosts.pages["frame"] = page_of(frame), {"content-security-policy": f"default-src 'none'; frame-src {url}"}
    inside = visit(f"{site}/frame").frame_locator("iframe")
    expect(inside.locator(".panel")).to_have_attribute("lang", "de")
    expect(inside.locator("html")).to_have_css("background-color", "rgb(20, 22, 26)")
    expect(inside.locator(".panel")).to_have_css("background-color", "rgb(20, 22, 26)")
    inside.locator("#question").fill("kept?")
    inside.locator("#question").press("Enter")
    expect(inside.locator("mark").first).to_have_text("for a year")
    expect(inside.locator("#question")).to_be_in_viewport()


def test_the_frame_works_in_a_sandbox(visit: Visit, url: str, site: str, hosts: Hosts) -> None:
    allowed = "allow-scripts allow-same-origin allow-forms allow-popups"
    hosts.pages["frame"] = page_of(f'<iframe src="{url}/embed" sandbox="{allowed}" title="Ask"></iframe>'), {}
    inside = visit(f"{site}/frame").frame_locator("iframe")
    inside.locator("#question").fill("kept?")
    inside.locator("#question").press("Enter")
    expect(inside.locator("mark").first).to_have_text("for a year")


def test_only_the_pages_that_the_setting_names_may_show_the_frame(url: str, site: str) -> None:
    with TestClient(Api().app(Settings(frame_ancestors="https://www.shop.example"))) as client:
        rules = client.get("/embed?policy=italki").headers["content-security-policy"]
        assert "frame-ancestors https://www.shop.example" in rules
        assert "https://www.shop.example" not in client.get("/help-center").headers["content-security-policy"]


@pytest.mark.parametrize("query", ["policy=nope", "policy=italki&policy=nope", "policy=italki,nope"])
def test_an_unknown_policy_is_named_in_the_frame(visit: Visit, url: str, query: str) -> None:
    page = visit(f"{url}/embed?{query}")
    expect(page.get_by_role("heading", level=1)).to_have_text("This policy is not here")
    expect(page.locator("b")).to_have_text("nope")
    expect(page.locator("policy-widget")).to_have_count(0)


def test_the_frame_takes_nothing_for_markup() -> None:
    with TestClient(Api().app()) as client:
        evil = '"><script>alert(1)</script>'
        for query in ({"policy": evil}, {"lang": evil, "theme": evil}):
            response = client.get("/embed", params=query)
            assert "<script>alert" not in response.text
        assert client.get("/embed", params={"policy": evil}).status_code == 404


def test_several_policies_in_the_frame(visit: Visit, url: str, api: Api) -> None:
    widget = Widget(visit(f"{url}/embed?policy=italki&policy=unistudy"))
    widget.ask("kept?")
    assert api.asked[-1]["policies"] == ["italki", "unistudy"]


# Below a path


def test_everything_holds_below_a_path(visit: Visit, site: str, hosts: Hosts) -> None:
    def below() -> FastAPI:
        outer = FastAPI()
        outer.mount("/privacy/help", Api().app())
        return outer

    with serving(below) as server:
        url = f"{server}/privacy/help"
        hosts.pages["below"] = page_of(tag(url, policy="italki")), {"content-security-policy": strict(server)}
        turn = Widget(visit(f"{site}/below")).open().ask("kept?")
        link = turn.get_by_role("link", name=re.compile("Read in the policy")).first
        assert (link.get_attribute("href") or "").startswith(f"{url}/policies/italki")
        for path in ("help-center", "embed?policy=italki"):
            page = visit(f"{url}/{path}")
            box = page.locator("policy-widget[data-mode=inline]")
            box.scroll_into_view_if_needed()
            expect(box.locator(".chip").first).to_be_visible()


# The real application


def test_over_the_real_application(visit: Visit, site: str, hosts: Hosts, tmp_path: Path) -> None:
    from assistant.web.app import create_app

    store = tmp_path / "feedback.sqlite"
    settings = Settings(cors_origins=site, contact="team@shop.example", feedback=store)
    known = stub()
    # The API looks up the policies of a vote.
    known.document = lambda policy: None  # type: ignore[attr-defined]
    with serving(lambda: create_app(known, settings)) as url:  # type: ignore[arg-type]
        hosts.pages["real"] = page_of(tag(url, policy="italki")), {"content-security-policy": strict(url)}
        widget = Widget(visit(f"{site}/real")).open()
        expect(widget.panel.get_by_role("button", name="kept?")).to_be_visible()
        turn = widget.ask("kept?")
        expect(turn.locator(".card mark").first).to_have_text("for a year")
        turn.get_by_role("button", name="Yes").click()
        expect(turn.get_by_text("Thank you")).to_be_visible()
        expect(widget.ask("sold?").get_by_role("link", name="Ask our team")).to_be_visible()
        expect(widget.ask("pizza").get_by_role("button", name="kept?")).to_be_visible()
        expect(widget.ask("refuse").locator(".summary")).to_have_text("That question cannot be asked; try another.")
        assert [each[2] for each in known.asked[-4:]][2] == ("kept?", "sold?")
    assert store.exists()


def test_a_page_that_the_server_does_not_know_is_told_that_nothing_gets_through(
    visit: Visit, site: str, hosts: Hosts, tmp_path: Path
) -> None:
    from assistant.web.app import create_app

    settings = Settings(cors_origins="https://www.shop.example", feedback=tmp_path / "feedback.sqlite")
    with serving(lambda: create_app(stub(), settings)) as url:  # type: ignore[arg-type]
        hosts.pages["real"] = page_of(tag(url, policy="italki")), {"content-security-policy": strict(url)}
        turn = Widget(visit(f"{site}/real")).open().ask("kept?")
        expect(turn.locator(".summary")).to_have_text("The question did not get through. Are you online?")
