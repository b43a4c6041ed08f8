"""The desk of support agents in a real browser, over the real API and an assistant that knows invented policies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request, Route, expect, sync_playwright

from assistant.settings import Settings
from tests.desk_world import TEXTS, DeskAssistant
from tests.web_fixtures import launch, serving

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}
SHARE = "we share nothing"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from fastapi import FastAPI

    from assistant.web.app import create_app

    def build() -> FastAPI:
        outer = FastAPI()
        # Every address of the desk holds below any path.
        outer.mount("/help", create_app(DeskAssistant(), Settings(rate_limit="9999/minute")))  # type: ignore[arg-type]
        return outer

    with serving(build) as address:
        yield f"{address}/help"


class Desk:
    """The page as an agent uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.box = page.get_by_role("searchbox", name="Question, “exact phrase” or clause number")
        self.found = page.locator("#_found")
        self.rows = page.locator("table.clauses tbody tr")
        self.pane = page.locator("#_pane")
        self.tray = page.locator("#_tray")
        self.toast = page.locator("#_toast")

    def search(self, words: str) -> None:
        self.box.fill(words)
        self.box.press("Enter")
        self.wait()

    def wait(self) -> None:
        expect(self.found).not_to_have_text("Searching…")
        expect(self.page.locator("#_results")).not_to_have_attribute("aria-busy", "true")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def cells(self, row: int) -> list[str]:
        return self.rows.nth(row).locator("td, th").all_inner_texts()

    def choose(self, *labels: str) -> None:
        """Chooses filters by their labels, and closes them."""
        self.page.locator("#_filters summary").click()
        for label in labels:
            self.page.get_by_role("checkbox", name=label, exact=True).check()
        self.page.locator("#_filters summary").click()
        self.wait()

    def focused(self) -> str:
        return str(self.page.evaluate("document.activeElement.innerText || document.activeElement.id"))


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Callable[..., Desk]]:
    """Opens the desk in a new profile; at the end no script may have failed and nothing been refused by the CSP."""
    contexts = []
    failures: list[object] = []

    def failed(error: Error) -> None:
        failures.append(error)

    def logged(message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            failures.append(message.text)

    def visit(fragment: str = "", **options: object) -> Desk:
        context = browser.new_context(**({"viewport": DESKTOP, "reduced_motion": "reduce"} | options))  # type: ignore[arg-type]
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", failed)
        page.on("console", logged)
        page.goto(f"{url}/agents{fragment}")
        page.locator("#_topics button").first.wait_for()
        desk = Desk(page)
        desk.wait()
        return desk

    yield visit
    for context in contexts:
        context.close()
    assert failures == []


Visit = Callable[..., Desk]


# One box: meaning, exact phrase, clause number


def test_a_question_finds_clauses_in_a_table_with_the_sentence_that_matches(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    expect(desk.found).to_have_text("7 clauses by meaning")
    table = desk.page.get_by_role("table", name="7 clauses by meaning")
    assert table.get_by_role("columnheader").all_inner_texts() == ["Policy", "Clause", "Heading", "Sentence", "Date"]
    shown = desk.rows.filter(has_text="Передача данных")
    expect(shown.get_by_role("rowheader")).to_have_text("Передача данных")
    assert shown.locator("td").all_inner_texts()[:2] == ["Школа Политика конфиденциальности", "2"]
    assert shown.locator("mark").all_inner_texts() == ["We share nothing with advertisers."]
    expect(shown.locator("td.date time")).to_have_attribute("datetime", "2014-05")
    expect(shown.locator("td.date")).to_have_text("May 2014")


@pytest.mark.parametrize(
    ("typed", "shown", "found"),
    [
        (SHARE, "Auto: meaning", "7 clauses by meaning"),
        ('"we share"', "Auto: exact phrase", "3 clauses with this exact phrase"),
        ("1.1", "Auto: clause number", "1 clause by number"),
    ],
)
def test_what_is_typed_says_how_it_is_meant_and_the_page_shows_that(
    visit: Visit, typed: str, shown: str, found: str
) -> None:
    desk = visit()
    desk.search(typed)
    expect(desk.page.locator("#_modes label").first).to_have_text(shown)
    expect(desk.found).to_have_text(found)


def test_the_way_to_search_can_be_switched_by_mouse_and_by_key(visit: Visit) -> None:
    desk = visit()
    desk.search("We share nothing with")
    desk.page.get_by_role("radio", name="Exact phrase").check()
    expect(desk.found).to_have_text("2 clauses with this exact phrase")
    assert desk.rows.locator("mark").all_inner_texts() == ["We share nothing with"] * 2
    desk.press("4")
    expect(desk.found).to_have_text("Nothing found")
    desk.press("2")
    expect(desk.found).to_have_text("7 clauses by meaning")
    expect(desk.page.get_by_role("radio", name="Meaning")).to_be_checked()


# Filters


def asked(request: Request) -> dict[str, object]:
    return dict(request.post_data_json)


def test_filters_by_policy_company_language_and_date_are_asked_for(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    desk.choose("Shop Privacy Policy · 7 May 2018", "Shop Cookie Notice · 14 October 2024", "Shop", "English")
    expect(desk.page.locator("#_chosen")).to_have_text("4 on")
    expect(desk.rows.filter(has_text="Школа")).to_have_count(0)
    desk.page.locator("#_filters summary").click()
    desk.page.get_by_label("From", exact=True).fill("2018-05")
    desk.page.get_by_label("To", exact=True).fill("2019")
    with desk.page.expect_request("**/api/search") as sent:
        desk.page.get_by_label("To", exact=True).press("Enter")
    assert asked(sent.value) == {
        "query": SHARE,
        "mode": "auto",
        "policies": ["shop", "shop-cookies"],
        "companies": ["Shop"],
        "languages": ["en"],
        "from": "2018-05",
        "to": "2019",
        "top_k": 20,
    }
    desk.wait()
    assert {desk.cells(row)[0] for row in range(desk.rows.count())} == {"Shop Privacy Policy"}
    desk.page.locator("#_filters summary").click()
    desk.page.get_by_role("button", name="Clear filters").click()
    desk.page.locator("#_filters summary").click()
    expect(desk.found).to_have_text("7 clauses by meaning")


def test_a_date_that_is_none_is_marked_and_left_out(visit: Visit) -> None:
    desk = visit()
    desk.page.locator("#_filters summary").click()
    desk.page.get_by_label("From", exact=True).fill("May 2018")
    expect(desk.page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "")
    with desk.page.expect_request("**/api/search") as sent:
        desk.search(SHARE)
    assert asked(sent.value)["from"] is None


# The list and the reading pane


def test_arrow_keys_and_letters_move_the_selection_and_the_pane_reads_along(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    current = desk.rows.locator("[aria-current=true]")
    expect(current).to_have_text("Your account")
    assert desk.focused() == "Your account"
    for key, heading in (("j", "Your orders"), ("ArrowDown", "Service providers"), ("k", "Your orders")):
        desk.press(key)
        expect(current).to_have_text(heading)
        expect(desk.pane.get_by_role("heading")).to_contain_text(heading)
        assert desk.focused() == heading
    desk.press("ArrowUp", "ArrowUp", "ArrowUp")
    expect(current).to_have_text("Your account")
    assert desk.rows.locator("button:not([tabindex='-1'])").count() == 1


def test_the_pane_reads_the_whole_clause_with_marks_path_and_its_neighbours(visit: Visit) -> None:
    desk = visit()
    desk.search('"the address"')
    expect(desk.pane.locator(".trail")).to_have_text("Shop Privacy Policy › 1 Data we collect")
    expect(desk.pane.get_by_role("heading")).to_have_text("1.2 Your orders")
    quote = desk.pane.locator(".quote")
    expect(quote.locator("mark")).to_have_text("the address")
    shown = quote.evaluate("element => element.textContent")
    assert shown == "When you order, we collect:\n  • the address that we deliver to;\n  • how you paid."
    assert shown in TEXTS["shop"]
    link = desk.pane.get_by_role("link", name="Read in policy")
    assert re.search(r"/help/policies/shop\?mark=\d+-\d+-[0-9a-f]{8}#1\.2$", str(link.evaluate("a => a.href")))
    seen = []
    for key in ("n", "n", "p", "p", "p", "p"):
        desk.press(key)
        seen.append(desk.pane.get_by_role("heading").inner_text())
    assert seen == [
        "2 Sharing",
        "3 Retention",
        "2 Sharing",
        "1 Data we collect",
        "1 Data we collect",
        "1 Data we collect",
    ]
    expect(desk.pane.get_by_role("button", name="Previous clause")).to_be_disabled()
    desk.pane.get_by_role("button", name="Next clause").click()
    expect(desk.pane.get_by_role("heading")).to_have_text("2 Sharing")


def test_a_click_on_a_row_reads_it_and_enter_goes_into_the_pane(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    desk.rows.nth(3).locator("td.sentence").click()
    expect(desk.pane.get_by_role("heading")).to_have_text("2.2 Advertisers")
    desk.press("j", "Enter")
    assert desk.focused() == desk.pane.inner_text()
    desk.press("Escape")
    assert desk.focused() == "Передача данных"


def test_more_than_the_first_clauses_are_shown_when_asked_for(visit: Visit) -> None:
    desk = visit()
    sizes: list[object] = []

    def many(route: Route) -> None:
        size = asked(route.request)["top_k"]
        sizes.append(size)
        found = desk.page.request.post(route.request.url, data=asked(route.request)).json()
        found["citations"] = (found["citations"] * 10)[: int(str(size))]
        route.fulfill(json=found)

    desk.page.route("**/api/search", many)
    desk.search(SHARE)
    expect(desk.found).to_have_text("First 20 clauses by meaning")
    desk.page.get_by_role("button", name="Show more").click()
    expect(desk.rows).to_have_count(50)
    expect(desk.rows.nth(20).locator(".open")).to_be_focused()
    expect(desk.page.get_by_role("button", name="Show more")).to_have_count(0)
    assert sizes == [20, 50]


def test_text_of_a_policy_is_text(visit: Visit) -> None:
    desk = visit()
    desk.search("advertisers")
    expect(desk.pane.locator(".quote").or_(desk.rows).filter(has_text="<script>").first).to_be_visible()
    assert desk.page.evaluate("window.hit") is None


# Side by side, topics


def test_side_by_side_asks_each_policy_alone_and_writes_out_what_is_not_stated(visit: Visit) -> None:
    desk = visit()
    desk.choose("Shop Privacy Policy · 7 May 2018", "Shop Cookie Notice · 14 October 2024")
    desk.page.get_by_role("radio", name="Side by side").check()
    with desk.page.expect_request("**/api/compare") as sent:
        desk.search("never sell")
    assert asked(sent.value) == {"question": "never sell", "policies": ["shop", "shop-cookies"]}
    columns = desk.page.locator(".column")
    expect(desk.found).to_have_text("Stated in 1 of 2 policies")
    assert columns.get_by_role("heading", level=3).all_inner_texts() == ["Shop Privacy Policy", "Shop Cookie Notice"]
    expect(columns.nth(0).locator(".verdict")).to_have_text("Stated")
    expect(columns.nth(0).locator("mark")).to_have_text("We never sell personal data.")
    expect(columns.nth(1).locator(".verdict")).to_have_text("Not stated")
    expect(desk.pane.get_by_role("heading")).to_have_text("2.2 Advertisers")
    nearest = columns.nth(1).locator("details")
    expect(nearest.locator("summary")).to_have_text("Nearest clauses, may not answer (2)")
    expect(nearest.locator(".card").first).to_be_hidden()
    nearest.locator("summary").click()
    nearest.locator(".open").first.click()
    expect(desk.pane.get_by_role("heading")).to_have_text("1 What cookies are")
    desk.press("ArrowLeft")
    expect(desk.pane.get_by_role("heading")).to_have_text("2.2 Advertisers")
    desk.press("ArrowRight", "j")
    expect(desk.pane.get_by_role("heading")).to_have_text("2 How long")


def test_side_by_side_asks_to_choose_where_one_policy_is_left(visit: Visit) -> None:
    desk = visit("#view=side&q=never+sell&policy=shop")
    expect(desk.page.locator(".words .lead")).to_have_text("Choose 2 to 6 policies to set side by side.")
    desk.page.get_by_role("button", name="Choose policies").click()
    expect(desk.page.get_by_role("checkbox", name="Shop Privacy Policy · 7 May 2018")).to_be_visible()


def test_topics_browse_clauses_without_a_question(visit: Visit) -> None:
    desk = visit()
    topics = desk.page.locator("#_topics button")
    assert {"Data collected", "Use", "Sharing", "Cookies", "Retention", "Security"} <= set(topics.all_inner_texts())
    desk.page.get_by_role("button", name="Cookies", exact=True).click()
    expect(desk.found).to_have_text("Cookies: 2 clauses")
    expect(desk.page.get_by_role("button", name="Cookies", exact=True)).to_have_attribute("aria-pressed", "true")
    desk.choose("Школа")
    expect(desk.page.locator(".words .lead")).to_have_text("No clause here is about this topic.")
    desk.page.get_by_role("button", name="Clear the filters").click()
    expect(desk.found).to_have_text("Cookies: 2 clauses")


# Copy


def copied(desk: Desk) -> str:
    return str(desk.page.evaluate("navigator.clipboard.readText()"))


def test_one_key_copies_the_citation_with_its_link(visit: Visit, url: str) -> None:
    desk = visit()
    desk.search("2.2")
    desk.press("c")
    expect(desk.toast).to_have_text("Copied the citation.")
    assert copied(desk) == f"Shop Privacy Policy, 2.2 Advertisers, 7 May 2018\n{url}/policies/shop#2.2"
    desk.press("Shift+C")
    expect(desk.toast).to_have_text("Copied the citation as Markdown.")
    assert copied(desk) == f"[Shop Privacy Policy, 2.2 Advertisers, 7 May 2018]({url}/policies/shop#2.2)"


def test_the_words_of_a_citation_are_those_of_the_reader(visit: Visit) -> None:
    from assistant.web.reader.citation_text import citation_text

    desk = visit()
    desk.search("2")
    assistant = DeskAssistant()
    for at, citation in enumerate(assistant.clauses("2")):
        if at:
            desk.press("j")
        desk.press("c")
        title = citation.path[-1].removeprefix(citation.clause).strip()
        expect(desk.toast).to_be_visible()
        link = copied(desk).partition("\n")[2]
        assert copied(desk) == citation_text(citation.policy, citation.clause, title, link)


# Keys


def test_the_key_table_is_written_out_and_its_keys_do_nothing_in_a_field(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    desk.press("?")
    dialog = desk.page.get_by_role("dialog", name="Keys")
    expect(dialog.get_by_role("table")).to_have_count(3)
    written = dialog.locator("td kbd").all_inner_texts()
    assert set("/jkcanpost?vu1234f") <= set(written)
    assert {"Esc", "Enter", "↓", "↑", "Shift", "Alt", "Delete"} <= set(written)
    desk.press("c", "Escape")
    expect(dialog).to_be_hidden()
    expect(desk.toast).to_be_hidden()
    desk.press("/")
    assert desk.focused() == "_query"
    desk.page.keyboard.type("jac?/")
    expect(desk.box).to_have_value("jac?/")
    expect(desk.tray.locator("li")).to_have_count(0)
    desk.press("Escape")
    assert desk.focused() == "Your account"
    desk.press("a")
    expect(desk.tray.locator("li")).to_have_count(1)


def test_single_keys_can_be_turned_off(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    desk.press("?")
    desk.page.get_by_role("checkbox", name="Single keys are on").uncheck()
    desk.press("Escape", "a", "j", "ArrowDown")
    expect(desk.rows.locator("[aria-current=true]")).to_have_text("Your orders")
    expect(desk.tray.locator("li")).to_have_count(0)
    desk.press("?")
    expect(desk.page.get_by_role("dialog", name="Keys")).to_be_visible()


def test_everything_is_reached_by_keys_alone(visit: Visit) -> None:
    desk = visit()
    desk.press("/")
    desk.page.keyboard.type("never sell")
    desk.press("Enter")
    desk.wait()
    desk.press("f")
    assert desk.page.evaluate("document.activeElement.value") == "school"
    desk.press("Escape", "t")
    assert desk.focused() == "Data collected"
    desk.press("s")
    expect(desk.page.locator(".column")).to_have_count(4)
    desk.press("s")
    expect(desk.rows.first).to_be_visible()
    with desk.page.context.expect_page() as opened:
        desk.press("j", "o")
    assert "/help/policies/" in opened.value.url


# States


def test_nothing_found_says_what_to_try(visit: Visit) -> None:
    desk = visit()
    desk.search("9.9")
    expect(desk.page.locator(".words .lead")).to_have_text("No policy here has a clause 9.9.")
    expect(desk.found).to_have_text("Nothing found")
    ways = desk.page.locator(".ways button").all_inner_texts()
    assert ways == ["Search by meaning", "Search for the exact phrase", "Browse a topic"]
    desk.page.get_by_role("button", name="Browse a topic").click()
    assert desk.focused() == "Data collected"


def test_an_error_shows_the_sentence_of_the_server_and_a_way_to_try_again(visit: Visit) -> None:
    desk = visit()
    desk.search("refuse")
    expect(desk.page.get_by_role("alert")).to_contain_text("That cannot be searched; try another.")
    desk.box.fill(SHARE)
    desk.page.get_by_role("button", name="Search", exact=True).click()
    expect(desk.found).to_have_text("7 clauses by meaning")


def test_offline_keeps_the_search_and_runs_it_again(visit: Visit) -> None:
    desk = visit()
    desk.page.context.set_offline(True)
    desk.search(SHARE)
    expect(desk.page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    desk.page.context.set_offline(False)
    expect(desk.found).to_have_text("7 clauses by meaning")


def test_a_search_that_takes_its_time_is_said_and_the_last_one_counts(visit: Visit) -> None:
    desk = visit()
    held: list[object] = []
    desk.page.route("**/api/search", lambda route: held.append(route))  # noqa: PLW0108
    desk.box.fill("slow")
    desk.box.press("Enter")
    expect(desk.found).to_have_text("Searching…")
    expect(desk.page.locator("#_results")).to_have_attribute("aria-busy", "true")
    expect(desk.page.get_by_role("status")).to_have_text("Searching…")
    desk.page.unroute("**/api/search")
    desk.search("2.2")
    expect(desk.found).to_have_text("1 clause by number")
    expect(desk.page.get_by_role("status")).to_have_text("1 clause by number")


# The address


def test_a_search_is_shared_by_its_address_and_no_question_is_in_a_request_line(visit: Visit, url: str) -> None:
    desk = visit()
    lines: list[str] = []
    desk.page.on("request", lambda request: lines.append(request.url))
    desk.choose("Shop", "English")
    desk.page.get_by_role("radio", name="Exact phrase").check()
    desk.search("we share")
    shared = desk.page.url
    assert shared == f"{url}/agents#q=we+share&mode=phrase&company=Shop&language=en"
    desk.page.get_by_role("button", name="Copy link").click()
    expect(desk.toast).to_have_text("Copied the link to this search.")
    assert copied(desk) == shared
    desk.search("1.1")
    desk.page.go_back()
    expect(desk.found).to_have_text("2 clauses with this exact phrase")
    expect(desk.box).to_have_value("we share")
    assert lines
    assert [line for line in lines if "share" in line or not line.startswith(url)] == []
    other = visit(f"#{shared.partition('#')[2]}")
    expect(other.found).to_have_text("2 clauses with this exact phrase")
    expect(other.page.get_by_role("radio", name="Exact phrase")).to_be_checked()
    expect(other.page.locator("#_chosen")).to_have_text("Shop, English")


def test_an_address_that_says_nonsense_is_an_empty_desk(visit: Visit) -> None:
    desk = visit("#mode=x&view=y&from=yesterday&policy=none&%")
    expect(desk.page.locator(".words .lead")).to_have_text("What does the customer want to know?")


# Phones, and what every screen must have


SIDEWAYS = """[...document.querySelectorAll("body *")]
  .filter((e) => document.documentElement.scrollWidth > document.documentElement.clientWidth)
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((e) => e.outerHTML.slice(0, 80))"""


def sideways(desk: Desk) -> list[str]:
    """What makes the page wider than its window."""
    return list(desk.page.evaluate(SIDEWAYS))


SMALL = """[...document.querySelectorAll("a, button, summary, input, [role=button]")]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest(".site, .skip"))
  .map((e) => [e, (e.matches("input") ? e.closest("label") ?? e : e)])
  .map(([e, box]) => [e.outerHTML.slice(0, 80), box.getBoundingClientRect(), getComputedStyle(e, "::after")])
  .filter(([, box, after]) => Math.min(box.width, box.height) < 43.9 && !(parseFloat(after.minHeight) >= 43.9))
  .map(([html, box]) => [html, box.width, box.height])"""


@pytest.mark.parametrize("width", [320, 390, 640, 1280])
def test_no_width_scrolls_sideways_and_targets_are_large_enough(visit: Visit, width: int) -> None:
    desk = visit(viewport={"width": width, "height": 844})
    for fragment in ("", f"#q={SHARE}", "#q=never+sell&view=side", "#topic=cookies", "#q=9.9&mode=clause"):
        desk.page.evaluate("to => { location.hash = to }", fragment)
        desk.wait()
        desk.page.locator("#_filters summary").click()
        assert sideways(desk) == [], fragment
        assert desk.page.evaluate(SMALL) == [], fragment
        desk.press("Escape")


def test_on_a_phone_a_clause_opens_over_the_list_and_goes_back_to_it(visit: Visit) -> None:
    desk = visit(viewport=PHONE, has_touch=True)
    desk.search(SHARE)
    expect(desk.pane).to_be_hidden()
    desk.rows.nth(3).tap()
    sheet = desk.page.get_by_role("dialog", name="Reading pane")
    expect(sheet.get_by_role("heading", name="2.2 Advertisers")).to_be_visible()
    sheet.get_by_role("button", name="Add to tray").tap()
    sheet.get_by_role("button", name="Back to the list").tap()
    expect(desk.pane).to_be_hidden()
    assert desk.focused() == "Advertisers"
    desk.page.get_by_role("button", name="Tray: 1 clause").tap()
    expect(desk.page.get_by_role("dialog", name="Tray").locator("li")).to_have_count(1)
    desk.press("Escape")
    expect(desk.tray).to_be_hidden()


def test_the_table_stays_a_table_where_its_rows_are_cards(visit: Visit) -> None:
    desk = visit(viewport=PHONE)
    desk.search(SHARE)
    table: Locator = desk.page.get_by_role("table")
    expect(table.get_by_role("row")).to_have_count(8)
    expect(table.get_by_role("rowheader")).to_have_count(7)


def test_headings_and_landmarks_lead_through_the_page(visit: Visit) -> None:
    desk = visit()
    desk.search(SHARE)
    assert desk.page.locator("h1").all_inner_texts() == ["Agent desk"]
    levels = desk.page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((h) => h.innerText)")
    assert levels == ["Agent desk", "Topics", "7 clauses by meaning", "1.1 Your account", "Tray"]
    for role, name in (("search", "Clauses"), ("region", "Topics"), ("region", "Reading pane"), ("region", "Tray")):
        expect(desk.page.get_by_role(role, name=name)).to_have_count(1)  # type: ignore[arg-type]
