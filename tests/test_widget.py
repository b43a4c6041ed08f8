"""The widget in a real browser, in a page of another origin that allows it no more than docs/widget.md asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

from assistant.settings import Settings
from tests.waiting import until
from tests.web_fixtures import launch, serving
from tests.widget_pages import BEFORE, DEEP, HOSTILE, PHONE, Api, Hosts, Widget, fresh, page_of, strict, tag

LANGUAGES = ("en", "ru", "es", "zh", "de", "fr")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    with serving(lambda: api.app(Settings(contact="team@shop.example"))) as url:
        yield url


@pytest.fixture(scope="module")
def hosts() -> Hosts:
    return Hosts()


@pytest.fixture(scope="module")
def site(hosts: Hosts) -> Iterator[str]:
    with serving(hosts.app) as site:
        yield site


class Visits:
    """Pages of another site, each in a new profile; what they asked of the network."""

    def __init__(self, browser: Browser, hosts: Hosts, site: str, url: str) -> None:
        self.browser, self.hosts, self.site, self.url = browser, hosts, site, url
        self.contexts: list[BrowserContext] = []
        self.requests: list[Request] = []
        self.trouble: list[str] = []

    def __call__(
        self, *body: str, lang: str = "en", html: str = "", headers: dict[str, str] | None = None, **options: object
    ) -> Page:
        """Opens a page with this body, or with the one line for the policy italki."""
        sent = {"content-security-policy": strict(self.url)} | (headers or {})
        self.hosts.pages["page"] = page_of(*(body or (tag(self.url, policy="italki"),)), lang=lang, html=html), sent
        context = fresh(self.browser, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("request", lambda request: self.requests.append(request))  # noqa: PLW0108 (a built-in method is refused)
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda said: self.trouble.append(said.text) if "Content Security" in said.text else None)
        page.goto(f"{self.site}/page")
        return page

    def widget(self, *body: str, **options: Any) -> Widget:
        """The widget of a page, its launcher there."""
        widget = Widget(self(*body, **options))
        expect(widget.launcher).to_be_visible()
        return widget

    def asked_of_server(self) -> list[str]:
        return [urlsplit(request.url).path for request in self.requests if request.url.startswith(self.url)]

    def check(self) -> None:
        """No script failed, nobody else was asked anything, and nothing stays in the browser."""
        assert self.trouble == []
        assert {"{0.scheme}://{0.netloc}".format(urlsplit(each.url)) for each in self.requests} <= {self.site, self.url}
        for context in self.contexts:
            assert context.cookies() == []
            for page in context.pages:
                assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
            context.close()


@pytest.fixture
def visit(browser: Browser, hosts: Hosts, site: str, url: str, api: Api) -> Iterator[Visits]:
    visits = Visits(browser, hosts, site, url)
    for kept in (api.asked, api.votes, api.suggested_for, api.instead):
        kept.clear()
    yield visits
    visits.check()


# Closed, open, closed


def test_closed_it_is_one_element_one_name_and_one_request(visit: Visits) -> None:
    bare = visit("<p>Nothing</p>")
    names = bare.evaluate("Object.getOwnPropertyNames(window)")
    visit.requests.clear()
    widget = visit.widget()
    widget.page.wait_for_load_state("networkidle")
    assert visit.asked_of_server() == ["/widget.js"]
    assert widget.page.evaluate("[...document.body.children].map(e => e.localName)") == [
        "h1",
        "p",
        "script",
        "policy-widget",
    ]
    assert widget.page.evaluate("document.head.querySelectorAll('script, style, link').length") == 0
    assert widget.page.evaluate("document.adoptedStyleSheets.length") == 0
    assert set(widget.page.evaluate("Object.getOwnPropertyNames(window)")) - set(names) == {"PolicyWidget"}


def test_what_is_needed_is_loaded_when_it_is_opened_first(visit: Visits) -> None:
    widget = visit.widget().open()
    expect(widget.panel.get_by_role("button", name="kept?")).to_be_visible()
    asked = visit.asked_of_server()
    assert [path for path in asked if path.endswith("/panel.css")]
    assert asked.count("/api/suggestions") == 1
    again = len(asked)
    widget.page.keyboard.press("Escape")
    widget.open()
    assert len(visit.asked_of_server()) == again
    # The page itself got nothing.
    assert widget.page.evaluate("document.querySelectorAll('link, script').length") == 1


def test_focus_goes_into_the_panel_and_back_to_the_launcher(visit: Visits) -> None:
    widget = visit.widget()
    widget.launcher.press("Enter")
    expect(widget.box).to_be_focused()
    expect(widget.launcher).to_be_hidden()
    widget.page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(widget.launcher).to_be_focused()
    widget.open().panel.get_by_role("button", name="Close").click()
    expect(widget.launcher).to_be_focused()


def test_focus_goes_back_to_what_opened_it(visit: Visits) -> None:
    widget = visit.widget()
    widget.page.locator("#before").focus()
    widget.page.evaluate("PolicyWidget.open()")
    expect(widget.box).to_be_focused()
    widget.page.keyboard.press("Escape")
    expect(widget.page.locator("#before")).to_be_focused()


def test_on_a_desktop_the_page_behind_can_be_reached(visit: Visits) -> None:
    widget = visit.widget().open()
    widget.page.locator("#before").click()
    expect(widget.page.locator("#before")).to_be_focused()
    widget.page.keyboard.press("Escape")
    expect(widget.panel).to_be_visible()


def test_a_conversation_is_there_when_it_is_opened_again(visit: Visits) -> None:
    widget = visit.widget().open()
    widget.ask("kept?")
    widget.page.keyboard.press("Escape")
    expect(widget.open().turns).to_have_count(1)
    widget.panel.get_by_role("button", name="New conversation").click()
    expect(widget.turns).to_have_count(0)
    expect(widget.box).to_be_focused()


# Answers


def test_an_answer_has_a_first_line_and_a_card_for_each_clause(visit: Visits, url: str) -> None:
    turn = visit.widget().open().ask("kept?")
    expect(turn.locator(".question")).to_have_text("kept?")
    expect(turn.locator(".summary")).to_have_text("answered: 1 clauses")
    expect(turn.locator(".confidence")).to_have_text("Clear answer")
    card = turn.locator(".answer > .cards .card")
    expect(card).to_have_count(1)
    expect(card.locator(".trail")).to_have_text("italki Privacy Policy › 4 Keeping")
    expect(card.locator(".title")).to_have_text("4.1 How long")
    expect(card.locator(".number")).to_have_text("4.1")
    expect(card.locator("mark")).to_have_text("for a year")
    expect(card.locator("time")).to_have_attribute("datetime", "2018-05-07")
    expect(card.locator(".facts")).to_have_text("Dated 7 May 2018Version 2018.5.7")
    expect(turn.locator(".related")).not_to_have_attribute("open", "")
    link = card.get_by_role("link", name=re.compile(r"Read in the policy.*4\.1 How long.*new tab"))
    expect(link).to_have_attribute("href", re.compile(rf"^{re.escape(url)}/policies/italki\?mark=\d+-\d+-\w+$"))
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener")


def test_the_newest_question_stands_at_the_top(visit: Visits) -> None:
    widget = visit.widget().open()
    for question in ("long", "kept?", "many"):
        turn = widget.ask(question)
        asked, body = turn.locator(".question").bounding_box(), widget.panel.locator(".body").bounding_box()
        assert asked
        assert body
        assert 0 < asked["y"] - body["y"] < 50
        expect(turn.locator(".summary")).to_be_in_viewport()


def test_a_likely_answer_says_so(visit: Visits) -> None:
    turn = visit.widget().open().ask("and why?")
    expect(turn.locator(".confidence")).to_have_text("Likely answer: read the clause before you rely on it")


def test_a_quote_is_word_for_word_whatever_it_holds(visit: Visits) -> None:
    widget = visit.widget().open()
    turn = widget.ask("odd")
    for quote in turn.locator(".quote").all():
        assert quote.text_content() == HOSTILE
    assert turn.locator("mark").first.text_content() == "<script>"
    assert turn.locator("script, img, svg[onload]").count() == 0
    assert widget.page.evaluate("window.hit") is None
    expect(turn.locator(".quote").first).to_have_css("white-space", re.compile("pre-wrap"))


def test_a_long_clause_is_folded_around_what_answers(visit: Visits) -> None:
    turn = visit.widget().open().ask("long")
    quote = turn.locator(".quote")
    assert quote.text_content() == DEEP.quote
    expect(turn.locator("mark")).to_be_in_viewport()
    folded = quote.bounding_box()
    assert folded
    assert BEFORE not in quote.inner_text().split("After ten years")[0]
    turn.get_by_role("button", name="Show whole clause").click()
    unfolded = quote.bounding_box()
    assert unfolded
    assert unfolded["height"] > 2 * folded["height"]
    less = turn.get_by_role("button", name="Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    less.click()
    again = quote.bounding_box()
    assert again
    assert again["height"] == folded["height"]
    expect(turn.get_by_role("button", name="Show whole clause")).to_be_in_viewport()


def test_the_policy_and_earlier_questions_go_along_but_not_errors(visit: Visits, api: Api) -> None:
    widget = visit.widget().open()
    for question in ("kept?", "refuse", "sold?"):
        widget.ask(question)
        widget.box.fill("")
    widget.ask("and why?")
    assert api.asked[-1] == {"question": "and why?", "policies": ["italki"], "history": ["kept?", "sold?"]}
    assert api.suggested_for == [["italki"]]


def test_without_a_policy_all_are_asked(visit: Visits, url: str, api: Api) -> None:
    visit.widget(tag(url)).open().ask("kept?")
    assert api.asked[-1]["policies"] is None
    visit.widget(tag(url, policy="italki, unistudy")).open().ask("kept?")
    assert api.asked[-1]["policies"] == ["italki", "unistudy"]


def test_a_suggested_question_asks_itself(visit: Visits) -> None:
    widget = visit.widget().open()
    widget.panel.get_by_role("button", name="kept?").click()
    expect(widget.turns.first).to_have_attribute("data-status", "answered")
    expect(widget.box).to_be_focused()
    expect(widget.panel.locator(".welcome")).to_be_hidden()


def test_off_topic_offers_questions(visit: Visits) -> None:
    widget = visit.widget().open()
    turn = widget.ask("pizza")
    expect(turn.locator(".feedback")).to_have_count(0)
    turn.get_by_role("button", name="sold?").click()
    expect(widget.turns.nth(1)).to_have_attribute("data-status", "not_covered")


# Not covered


def test_not_covered_shows_the_nearest_clauses_and_the_way_to_people(visit: Visits, url: str) -> None:
    turn = visit.widget().open().ask("sold?")
    expect(turn.locator(".related summary")).to_have_text("Closest, may not answer (2)")
    expect(turn.locator(".related .quote").first).to_be_visible()
    expect(turn.locator(".answer > .cards")).to_have_count(0)
    href = turn.get_by_role("link", name="Ask our team").get_attribute("href") or ""
    parts = urlsplit(href)
    told = parse_qs(parts.query)
    assert (parts.scheme, parts.path) == ("mailto", "team@shop.example")
    assert told["subject"] == ["A question about privacy"]
    assert "sold?" in told["body"][0]
    assert "italki Privacy Policy, 7 Silence" in told["body"][0]
    assert f"{url}/policies/italki" in told["body"][0]


@pytest.mark.parametrize(
    ("contact", "start"),
    [
        ("https://shop.example/help?from=widget", "https://shop.example/help?from=widget&question=sold%3F&clause="),
        ("/contact", "SITE/contact?question=sold%3F&clause="),
        ("help@shop.example", "mailto:help@shop.example?subject="),
        ("mailto:help@shop.example?cc=legal@shop.example", "mailto:help@shop.example?cc=legal@shop.example&subject="),
    ],
)
def test_the_page_names_whom_to_ask(visit: Visits, url: str, site: str, contact: str, start: str) -> None:
    turn = visit.widget(tag(url, policy="italki", contact=contact)).open().ask("sold?")
    link = turn.get_by_role("link", name="Ask our team")
    assert (link.get_attribute("href") or "").startswith(start.replace("SITE", site))
    assert (link.get_attribute("target") == "_blank") is not start.startswith("mailto")


@pytest.mark.parametrize("contact", ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "https://"])
def test_an_address_that_is_neither_mail_nor_web_is_refused(visit: Visits, url: str, contact: str) -> None:
    turn = visit.widget(tag(url, policy="italki", contact=contact)).open().ask("sold?")
    expect(turn.locator(".related")).to_be_visible()
    expect(turn.get_by_role("link", name="Ask our team")).to_have_count(0)


# Feedback


def test_a_vote_for_an_answer(visit: Visits, api: Api) -> None:
    widget = visit.widget().open()
    turn = widget.ask("kept?")
    turn.get_by_role("button", name="Yes").click()
    expect(turn.get_by_text("Thank you for telling us.")).to_be_focused()
    (vote,) = api.votes
    clauses = vote["answer"].pop("clauses")
    assert vote == {
        "useful": True,
        "reason": None,
        "note": "",
        "question": "kept?",
        "answer": {"status": "answered"},
        "policies": ["italki"],
    }
    assert len(clauses) == 1, "what is only near was not said to answer"
    assert clauses[0].startswith("policies/italki")


def test_a_vote_against_has_a_reason_a_note_and_the_way_to_people(visit: Visits, api: Api) -> None:
    turn = visit.widget().open().ask("kept?")
    turn.get_by_role("button", name="No").click()
    expect(turn.get_by_role("radio", name="Wrong policy")).to_be_focused()
    turn.get_by_role("button", name="Cancel").click()
    expect(turn.get_by_role("button", name="No")).to_be_focused()
    turn.get_by_role("button", name="No").click()
    turn.get_by_role("radio", name="Not the right clause").check()
    turn.get_by_label("Note").fill("It is clause 5.")
    turn.get_by_role("button", name="Send").click()
    expect(turn.get_by_role("link", name="Ask our team")).to_be_visible()
    assert (api.votes[0]["useful"], api.votes[0]["reason"], api.votes[0]["note"]) == (
        False,
        "not_the_clause",
        "It is clause 5.",
    )


def test_a_vote_that_does_not_get_through_can_be_cast_again(visit: Visits, api: Api) -> None:
    turn = visit.widget().open().ask("kept?")
    api.problem(429, "too_many_requests", "Slow down.")
    turn.get_by_role("button", name="Yes").click()
    expect(turn.get_by_role("alert")).to_have_text("That did not get through. Please try again.")
    turn.get_by_role("button", name="Yes").click()
    expect(turn.get_by_text("Thank you")).to_be_visible()
    assert len(api.votes) == 1


# What goes wrong


def test_what_is_wrong_with_a_question_is_said_and_the_question_put_back(visit: Visits) -> None:
    widget = visit.widget().open()
    turn = widget.ask("refuse")
    expect(turn.locator(".summary")).to_have_text("That question cannot be asked; try another.")
    expect(turn.get_by_role("button")).to_have_count(0)
    expect(widget.box).to_have_value("refuse")


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (429, "too_many_requests", "You have asked a lot in a short time. Please wait a minute and try again."),
        (503, "busy", "Many people are asking just now. Please try again in a moment."),
        (500, "internal", "Something went wrong on the server. Please try again."),
    ],
)
def test_what_may_pass_can_be_tried_again(visit: Visits, api: Api, status: int, code: str, words: str) -> None:
    widget = visit.widget().open()
    api.problem(status, code, "Whatever.")
    turn = widget.ask("kept?")
    expect(turn.locator(".summary")).to_have_text(words)
    turn.get_by_role("button", name="Try again").click()
    expect(turn).to_have_attribute("data-status", "answered")
    expect(widget.turns).to_have_count(1)
    assert api.asked[-1]["history"] == []


def test_offline_can_be_tried_again(visit: Visits) -> None:
    widget = visit.widget().open()
    widget.page.context.set_offline(True)
    turn = widget.ask("kept?")
    expect(turn.locator(".summary")).to_have_text("The question did not get through. Are you online?")
    widget.page.context.set_offline(False)
    turn.get_by_role("button", name="Try again").click()
    expect(turn).to_have_attribute("data-status", "answered")


def test_a_server_that_answers_no_json_is_a_server_that_failed(visit: Visits, url: str) -> None:
    widget = visit.widget().open()
    widget.page.route(
        f"{url}/api/ask",
        lambda route: route.fulfill(
            status=502, body="<h1>Bad Gateway</h1>", headers={"access-control-allow-origin": "*"}
        ),
    )
    expect(widget.ask("kept?").locator(".summary")).to_have_text(
        "Something went wrong on the server. Please try again."
    )


def test_a_panel_that_could_not_be_loaded_is_loaded_on_the_next_press(visit: Visits, url: str) -> None:
    widget = visit.widget()
    widget.page.evaluate("PolicyWidget.on('error', (event) => { window.told = event.detail.code; })")
    widget.page.context.set_offline(True)
    widget.launcher.click()
    expect(widget.launcher).to_have_text("Could not load. Try again")
    assert widget.page.evaluate("told") == "not_loaded"
    widget.page.context.set_offline(False)
    widget.open()
    expect(widget.ask("kept?").locator(".summary")).to_have_text("answered: 1 clauses")
    widget.page.keyboard.press("Escape")
    expect(widget.launcher).to_have_text("Ask about privacy")


# Language, theme, place


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_speaks_the_language_that_it_is_told(visit: Visits, url: str, language: str) -> None:
    widget = visit.widget(tag(url, policy="italki", lang=language)).open()
    expect(widget.panel).to_have_attribute("lang", language)
    words = {widget.panel.locator(name).first.inner_text() for name in ("h2", ".main", ".welcome .soft")}
    turn = widget.ask("kept?")
    words |= {
        turn.locator(name).first.inner_text() for name in (".summary", ".confidence", ".facts", "summary", ".thumb")
    }
    if language != "en":
        # Names, dates in figures and the server's own line apart, nothing of it is English.
        assert not words & {"Ask", "Ask about privacy", "Clear answer", "Yes"}
        assert "italki Privacy Policy" in turn.locator(".summary").inner_text()
        assert "1" in turn.locator(".summary").inner_text()
        expect(turn.locator(".soft[lang=en]")).to_have_text("answered: 1 clauses")


@pytest.mark.parametrize(
    ("page", "person", "expected"),
    [("de-AT", "fr-FR", "de"), ("pl", "es-MX", "es"), ("pl", "pl-PL", "en"), ("zh-Hant", "en-GB", "zh")],
)
def test_by_itself_it_speaks_the_language_of_the_page_or_the_person(
    visit: Visits, page: str, person: str, expected: str
) -> None:
    widget = visit.widget(lang=page, locale=person)
    expect(widget.launcher).to_have_attribute("lang", expected)
    expect(widget.open().panel).to_have_attribute("lang", expected)


def test_a_date_is_written_as_in_its_language(visit: Visits, url: str) -> None:
    turn = visit.widget(tag(url, policy="italki", lang="de")).open().ask("kept?")
    expect(turn.locator("time").first).to_have_text("Vom 7. Mai 2018")
    turn = visit.widget(tag(url, lang="de")).open().ask("данные")
    expect(turn.locator("time")).to_have_text("Vom Mai 2014")
    expect(turn.locator(".quote")).to_have_attribute("lang", "ru")
    expect(turn.locator(".quote")).to_have_attribute("dir", "auto")


LIGHT, DARK = "rgb(248, 246, 241)", "rgb(20, 22, 26)"


@pytest.mark.parametrize(
    ("theme", "person", "paper"),
    [("auto", "light", LIGHT), ("auto", "dark", DARK), ("dark", "light", DARK), ("light", "dark", LIGHT)],
)
def test_themes(visit: Visits, url: str, theme: str, person: str, paper: str) -> None:
    widget = visit.widget(tag(url, policy="italki", theme=theme), color_scheme=person)
    on_launcher = "rgb(35, 74, 115)" if paper == LIGHT else "rgb(156, 194, 238)"
    expect(widget.launcher).to_have_css("background-color", on_launcher)
    expect(widget.open().panel).to_have_css("background-color", paper)


def test_colours_and_fonts_of_the_page_by_custom_properties(visit: Visits) -> None:
    widget = visit.widget()
    widget.page.evaluate(
        """() => { const style = document.documentElement.style;
        const own = { accent: "rgb(1, 2, 3)", font: "monospace", radius: "3px", width: "300px" };
        for (const name in own) style.setProperty(`--policy-widget-${name}`, own[name]); }"""
    )
    expect(widget.launcher).to_have_css("background-color", "rgb(1, 2, 3)")
    panel = widget.open().panel
    expect(panel).to_have_css("font-family", "monospace")
    expect(panel).to_have_css("border-radius", "3px")
    expect(panel).to_have_css("width", "300px")
    expect(panel.locator(".main").first).to_have_css("background-color", "rgb(1, 2, 3)")


def test_styles_of_the_page_do_not_get_in(visit: Visits, url: str, site: str, hosts: Hosts) -> None:
    widget = visit.widget()
    before = widget.launcher.bounding_box()
    sheet = (
        "* { font-size: 9px !important; margin: 40px; } html { font-size: 3px } "
        "div, policy-widget { display: none; opacity: 0.1 }"
    )
    widget.page.evaluate(
        "(css) => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", sheet
    )
    assert widget.launcher.bounding_box() == before
    panel = widget.open().panel
    expect(panel).to_have_css("font-size", "16px")
    expect(panel.locator("h2")).to_have_css("margin", "0px")
    expect(widget.host).to_have_css("opacity", "1")


def test_where_it_stands(visit: Visits, url: str) -> None:
    widget = visit.widget(tag(url, policy="italki", position="bottom-left", z_index="77"))
    box = widget.launcher.bounding_box()
    assert box
    assert box["x"] == 20
    expect(widget.launcher).to_have_css("z-index", "77")
    panel = widget.open().panel
    expect(panel).to_have_css("z-index", "77")
    place = panel.bounding_box()
    assert place
    assert place["x"] == 20
    right = visit.widget().open().panel.bounding_box()
    assert right
    assert right["x"] + right["width"] == 1280 - 20


def test_the_label_can_be_chosen(visit: Visits, url: str) -> None:
    widget = visit.widget(tag(url, policy="italki", label="Fragen & Antworten"))
    expect(widget.launcher).to_have_text("Fragen & Antworten")
    expect(widget.open().page.get_by_role("dialog", name="Fragen & Antworten")).to_be_visible()


def test_in_a_page_from_right_to_left_it_is_laid_out_that_way(visit: Visits) -> None:
    widget = visit.widget(lang="ar", html='dir="rtl"').open()
    title, close = (widget.panel.locator(name).bounding_box() for name in ("h2", ".close"))
    assert title
    assert close
    assert close["x"] < title["x"]
    turn = widget.ask("kept?")
    expect(turn.locator(".quote").first).to_have_css("direction", "ltr")
    assert widget.panel.evaluate("e => e.querySelector('.body').scrollWidth <= e.querySelector('.body').clientWidth")


# The page's scripts


def test_a_page_can_open_ask_listen_and_close(visit: Visits) -> None:
    page = visit.widget().page
    page.evaluate(
        """() => { window.told = [];
        window.tell = ({ type, detail: { name, policies, question } }) =>
          told.push([type, name, policies.join(), question ?? null]);
        for (const name of ["open", "close", "ask", "answer", "error"]) PolicyWidget.on(name, tell); }"""
    )
    page.evaluate(
        "async () => { await PolicyWidget.ask('kept?'); await PolicyWidget.ask('refuse'); await PolicyWidget.close(); }"
    )
    told = page.evaluate("told")
    assert [f"{name.removeprefix('policy-widget:')} {question or ''}".strip() for name, _, _, question in told] == [
        "open",
        "ask kept?",
        "answer kept?",
        "ask refuse",
        "error refuse",
        "close",
    ]
    assert {(name, policies) for _, name, policies, _ in told} == {("", "italki")}
    page.evaluate("async () => { PolicyWidget.off('open', tell); await PolicyWidget.open(); }")
    assert len(page.evaluate("told")) == len(told)


def test_events_are_custom_events_of_the_element(visit: Visits) -> None:
    page = visit.widget().page
    page.evaluate(
        "document.querySelector('policy-widget')"
        ".addEventListener('policy-widget:answer', (event) => { window.got = event; })"
    )
    page.evaluate("PolicyWidget.ask('kept?')")
    until(lambda: page.evaluate("Boolean(window.got)"))
    assert (
        page.evaluate("got instanceof CustomEvent && got.detail.answer.citations[0].quote") == "We keep it for a year."
    )


def test_the_script_may_be_loaded_twice(visit: Visits, url: str) -> None:
    line = tag(url, policy="italki")
    widget = visit.widget(line, line)
    widget.page.wait_for_load_state("networkidle")
    expect(widget.page.locator("policy-widget")).to_have_count(1)
    widget.open()
    expect(widget.ask("kept?").locator(".card").first).to_be_visible()


def test_several_widgets_in_a_page(visit: Visits, url: str, api: Api) -> None:
    page = visit(
        tag(url, policy="italki"),
        tag(url, policy="unistudy", name="second"),
        tag(url, policy="italki", mode="inline", name="box"),
    )
    expect(page.locator("policy-widget")).to_have_count(3)
    boxes = [page.locator("policy-widget[data-mode=launcher] .launcher").nth(at).bounding_box() for at in range(2)]
    assert boxes[0]
    assert boxes[1]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) >= boxes[0]["height"]
    page.evaluate("async () => { await PolicyWidget.ask('kept?', 'second'); await PolicyWidget.ask('sold?', 'box'); }")
    assert [(each["question"], each["policies"], each["history"]) for each in api.asked] == [
        ("kept?", ["unistudy"], []),
        ("sold?", ["italki"], []),
    ]


# In the page


def test_a_box_stands_where_its_line_stands(visit: Visits, url: str) -> None:
    page = visit("<main><p id=a>Above</p>", tag(url, policy="italki", mode="inline"), "<p id=b>Below</p></main>")
    widget = Widget(page)
    expect(page.get_by_role("region", name="Ask about privacy")).to_be_visible()
    above, box, below = (page.locator(name).bounding_box() for name in ("#a", ".panel", "#b"))
    assert above
    assert box
    assert below
    assert above["y"] < box["y"] < below["y"]
    assert page.evaluate("document.activeElement === document.body")
    turn = widget.ask("kept?")
    expect(turn.locator(".card").first).to_be_in_viewport()
    expect(widget.panel.get_by_role("button", name="Close")).to_have_count(0)


def test_a_box_stands_in_the_element_that_is_named(visit: Visits, url: str) -> None:
    page = visit(tag(url, policy="italki", mode="inline", target="#place"), "<div id=place></div>")
    expect(page.locator("#place > policy-widget .panel")).to_be_visible()


def test_a_box_far_below_loads_nothing_until_it_is_near(visit: Visits, url: str) -> None:
    page = visit("<p>Line</p>" * 300, tag(url, policy="italki", mode="inline"))
    page.wait_for_load_state("networkidle")
    assert visit.asked_of_server() == ["/widget.js"]
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".panel")).to_be_visible()


# Phones


def test_on_a_phone_it_fills_the_screen_and_keeps_the_focus(visit: Visits) -> None:
    widget = visit.widget(viewport=PHONE, has_touch=True).open()
    assert widget.panel.bounding_box() == {"x": 0, "y": 0, **PHONE}
    # The box would call the keyboard over what is to be read.
    expect(widget.panel.locator("h2")).to_be_focused()
    expect(widget.panel.get_by_role("button", name="kept?")).to_be_visible()
    for _ in range(12):
        widget.page.keyboard.press("Tab")
        assert widget.page.evaluate("document.activeElement.localName") in {"policy-widget", "body"}
        assert widget.page.evaluate("document.activeElement.id") != "before"
    widget.page.keyboard.press("Escape")
    expect(widget.launcher).to_be_focused()


def test_nothing_zooms_and_everything_can_be_hit(visit: Visits) -> None:
    widget = visit.widget(viewport=PHONE, has_touch=True).open()
    for question in ("kept?", "sold?", "long", "pizza"):
        widget.ask(question)
    widget.turns.nth(0).get_by_role("button", name="No").click()
    sizes = widget.panel.evaluate(
        "e => [...e.querySelectorAll('textarea, input[type=text]')].map(f => parseFloat(getComputedStyle(f).fontSize))"
    )
    assert min(sizes) >= 16
    small = widget.panel.evaluate(
        """e => [...e.querySelectorAll('button, a, summary, label.choice, .composer textarea')]
        .map(t => [t.textContent, t.getBoundingClientRect().width, t.getBoundingClientRect().height])
        .filter(([, width, height]) => width && (width < 44 || height < 44))"""
    )
    assert small == []


def test_the_keyboard_on_the_screen_leaves_the_box_in_sight(visit: Visits) -> None:
    widget = visit.widget(viewport=PHONE, has_touch=True).open()
    widget.page.evaluate(
        """() => { Object.defineProperties(visualViewport, { height: { value: 400 }, offsetTop: { value: 30 } });
        visualViewport.dispatchEvent(new Event("resize")); }"""
    )
    box = widget.panel.bounding_box()
    foot = widget.panel.locator(".foot").bounding_box()
    assert box
    assert foot
    assert (box["y"], box["height"]) == (30, 400)
    assert foot["y"] + foot["height"] == 430


def test_a_turned_phone_keeps_the_conversation(visit: Visits) -> None:
    widget = visit.widget(viewport=PHONE).open()
    widget.ask("kept?")
    widget.page.set_viewport_size({"width": 1000, "height": 800})
    expect(widget.panel).to_have_css("width", "420px")
    expect(widget.turns).to_have_count(1)
    assert not widget.panel.evaluate("e => e.matches(':modal')")
    widget.page.set_viewport_size(PHONE)
    expect(widget.panel).to_have_css("width", "390px")
    assert widget.panel.evaluate("e => e.matches(':modal')")


@pytest.mark.parametrize("question", ["kept?", "sold?", "odd", "pizza"])
def test_the_narrowest_screen_needs_no_sideways_scrolling(visit: Visits, question: str) -> None:
    widget = visit.widget(viewport={"width": 320, "height": 600}).open()
    widget.ask(question)
    wide = widget.panel.evaluate(
        """e => [e, ...e.querySelectorAll(":not(.unseen)")].filter(x => x.scrollWidth > x.clientWidth + 1
        && getComputedStyle(x).overflowX !== "visible").map(x => x.className)"""
    )
    assert wide == []


# People who listen, and people whom motion disturbs


def test_the_first_line_alone_is_announced(visit: Visits) -> None:
    widget = visit.widget().open()
    expect(widget.said).to_have_text("")
    widget.ask("kept?")
    expect(widget.said).to_have_text("answered: 1 clauses")
    expect(widget.said).not_to_contain_text("We keep it")
    assert widget.panel.locator("[role=status], [aria-live]").count() == 1


def test_there_is_no_motion_for_those_who_want_none(visit: Visits) -> None:
    calm = visit.widget(reduced_motion="reduce").open().panel
    expect(calm).to_have_css("animation-name", "none")
    lively = visit.widget(reduced_motion="no-preference").open().panel
    expect(lively).to_have_css("animation-name", "rise")


def test_everything_can_be_done_by_keyboard(visit: Visits, api: Api) -> None:
    widget = visit.widget()
    page = widget.page
    page.locator("#before").focus()
    page.keyboard.press("Tab")
    expect(widget.launcher).to_be_focused()
    page.keyboard.press("Enter")
    expect(widget.box).to_be_focused()
    page.keyboard.type("kept?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("\b")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(widget.turns.first).to_have_attribute("data-status", "answered")
    reached = []
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        reached.append(widget.host.evaluate("e => e.shadowRoot.activeElement?.textContent ?? ''"))
    assert reached[:4] == ["No", "Yes", "Other clauses nearby, may not answer (1)", reached[3]]
    assert reached[3].startswith("Read in the policy")


# Pages with stricter rules


def test_a_page_that_allows_only_trusted_scripts_and_isolated_resources(visit: Visits, url: str) -> None:
    rules = {
        "content-security-policy": strict(url) + "; require-trusted-types-for 'script'; trusted-types 'none'",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-opener-policy": "same-origin",
    }
    widget = visit.widget(tag(url, policy="italki"), headers=rules).open()
    expect(widget.ask("kept?").locator("mark")).to_have_text("for a year")
    assert widget.page.evaluate("crossOriginIsolated")
