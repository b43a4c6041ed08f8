"""WCAG 2.2 AA on every page in every state: axe-core, keyboard alone, reading order, announcements, motion, targets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import doors
from tests.api_fixtures import ITALKI, UNISTUDY
from tests.axe import announced, listen, moving, outline, small_targets, too_wide, violations
from tests.doors import Servers, State, boxed, launched
from tests.waiting import until
from tests.web_fixtures import launch

PHONE = {"viewport": doors.PHONE, "has_touch": True, "is_mobile": True}
# A window at 200 % shows half the CSS pixels.
ZOOMED = {"width": doors.DESKTOP["width"] // 2, "height": doors.DESKTOP["height"] // 2}
# A window of 320 CSS pixels stands for 400 % zoom (WCAG 2.2, 1.4.10).
NARROW = {"viewport": {"width": 320, "height": 600}}
STATES = (*doors.CHAT, *doors.OWN, *(state for state in doors.ELSEWHERE if "frame" not in state.name))
# Text of this length is read out in about ten seconds.
SHORT = 160


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with doors.open_doors(tmp_path_factory.mktemp("doors")) as servers:
        yield servers


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """A page of a new profile."""
    contexts = []

    def visit(**options: object) -> Page:
        known = {"viewport": doors.DESKTOP, "reduced_motion": "reduce", "locale": "en-GB"} | options
        contexts.append(browser.new_context(**known))  # type: ignore[arg-type]
        page = contexts[-1].new_page()
        page.set_default_timeout(15_000)
        return page

    yield visit
    for context in contexts:
        context.close()


# Every state


def _own(state: State) -> str | None:
    """Of another site's page only the widget is ours."""
    return "policy-widget" if state.elsewhere else None


def assert_accessible(page: Page, state: State) -> None:
    """Gradio's page included: axe-core finds nothing there either, so there is no list of exceptions."""
    assert violations(page, _own(state)) == []
    assert too_wide(page) == []
    assert small_targets(page, _own(state)) == []


@pytest.mark.parametrize("state", [state for state in STATES if not state.phone], ids=doors.named)
def test_every_state_in_light_and_dark_and_at_200_percent(visit: Visit, servers: Servers, state: State) -> None:
    page = visit()
    state.open(page, servers)
    assert_accessible(page, state)
    page.emulate_media(color_scheme="dark")
    assert violations(page, _own(state), ("color-contrast", "link-in-text-block")) == []
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    assert_accessible(page, state)


@pytest.mark.parametrize("state", STATES, ids=doors.named)
def test_every_state_on_a_phone(visit: Visit, servers: Servers, state: State) -> None:
    page = visit(**PHONE, color_scheme="dark")
    state.open(page, servers)
    assert_accessible(page, state)


def test_axe_finds_what_is_wrong(visit: Visit, servers: Servers) -> None:
    """Or else the test above could not fail: in the page, in a shadow root, in the dark."""
    page = visit()
    launched_state = next(state for state in doors.WIDGET if state.name == "help centre, launcher opened")
    launched_state.open(page, servers)
    assert violations(page) == []
    page.evaluate("""() => {
      const root = document.querySelector("policy-widget[data-mode=launcher]").shadowRoot;
      root.querySelector(".panel").append(document.createElement("button"));
      const faint = Object.assign(document.createElement("p"), { textContent: "faint" });
      faint.style.color = "#999";
      document.querySelector("main").append(faint, document.createElement("input"));
      const wide = Object.assign(document.createElement("p"), { textContent: "wide" });
      wide.style.width = "3000px";
      document.querySelector("main").append(wide);
    }""")
    assert {line.split(" | ")[0] for line in violations(page)} == {"button-name", "color-contrast", "label"}
    assert len(small_targets(page)) == 2
    assert len(too_wide(page)) == 1


@pytest.mark.parametrize("state", doors.OPENED, ids=doors.named)
def test_nothing_is_lost_at_400_percent_or_with_larger_letters(visit: Visit, servers: Servers, state: State) -> None:
    page = visit(**NARROW)
    state.open(page, servers)
    assert too_wide(page) == []
    page = visit()
    state.open(page, servers)
    # Letters of twice the size, then the distances that people may need (WCAG 2.2, 1.4.4 and 1.4.12).
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert too_wide(page) == []
    page.evaluate("""() => {
      document.documentElement.style.fontSize = "";
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }`);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    }""")
    assert too_wide(page) == []


@pytest.mark.parametrize("state", [*doors.OPENED, doors.ELSEWHERE[2]], ids=doors.named)
def test_nothing_moves_where_that_is_asked_for(visit: Visit, servers: Servers, state: State) -> None:
    page = visit(reduced_motion="reduce")
    state.open(page, servers)
    assert moving(page) == []
    # And what tells so can tell the difference.
    page.evaluate("document.body.style.setProperty('transition', 'color 1s', 'important')")
    assert len(moving(page)) == 1


# What is said aloud


def _ask_chat(page: Page, question: str) -> None:
    before = page.locator(".turn").count()
    page.get_by_label("Your question").fill(question)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator(".turn[data-status]")).to_have_count(before + 1)


def _search_desk(page: Page, question: str) -> None:
    page.locator("#_query").fill(question)
    page.locator("#_query").press("Enter")
    expect(page.locator("#_found")).not_to_have_text(re.compile("Searching|^Clauses$"))
    page.wait_for_load_state("networkidle")


ASKING: dict[str, tuple[str, Callable[[Page, str], object]]] = {
    "chat": ("/", _ask_chat),
    "desk": ("/agents", _search_desk),
    "launcher": ("/help-center", lambda page, question: launched(page).ask(question)),
    "frame": (f"/embed?policy={ITALKI}", lambda page, question: boxed(page).ask(question)),
}


@pytest.mark.parametrize("door", ASKING)
@pytest.mark.parametrize("question", [doors.ANSWERED, doors.NOT_COVERED])
def test_an_answer_is_announced_in_one_short_line(visit: Visit, servers: Servers, door: str, question: str) -> None:
    path, ask = ASKING[door]
    page = visit()
    page.goto(servers.own + path)
    page.wait_for_load_state("networkidle")
    if door == "launcher":
        launched(page)
        page.keyboard.press("Escape")
    listen(page)
    ask(page, question)
    until(lambda: page.evaluate("window.announced.length"))
    page.wait_for_timeout(300)
    said = [line for line in announced(page) if not line.startswith(("Searching", "Looking"))]
    assert len(said) == 1, said
    assert 3 < len(said[0]) <= SHORT
    assert "\n" not in said[0]
    # Not a word of a clause.
    assert not any(word in said[0] for word in ("italki", "personal information", "Last updated"))


# Keyboard alone


def focused(page: Page) -> str:
    """Name of what has the focus, in the page or in a shadow root; "" for the page itself."""
    name: str = page.evaluate("""() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      if (!at || at === document.body) return "";
      const name = at.getAttribute("aria-label") || at.labels?.[0]?.textContent || at.textContent || at.id;
      return name.trim().replace(/\\s+/g, " ");
    }""")
    return name


def tab_to(page: Page, name: str, most: int = 60, key: str = "Tab") -> None:
    """Presses Tab until what is so called has the focus, which must be seen."""
    passed = []
    for _ in range(most):
        page.keyboard.press(key)
        passed.append(focused(page))
        if passed[-1].startswith(name):
            assert _ring(page), f"the focus on {name} is not seen"
            return
    pytest.fail(f"{name} was not reached: {passed}")


def _ring(page: Page) -> bool:
    """Whether the focus is drawn, at the element or at a frame around it."""
    drawn: bool = page.evaluate("""() => {
      let at = document.activeElement;
      while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
      for (let each = at; each; each = each.parentElement) {
        const style = getComputedStyle(each);
        if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return true;
        // Gradio's chooser draws it as a shadow of its frame.
        if (each.matches("#policy .wrap") && style.boxShadow !== "none") return true;
        if (each !== at && !each.matches(":focus-within")) return false;
      }
      return false;
    }""")
    return drawn


def test_keyboard_alone_in_the_chat(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(servers.own)
    page.get_by_label("Your question").wait_for()
    tab_to(page, "Your question")
    page.keyboard.type(doors.NOT_COVERED)
    page.keyboard.press("Enter")
    expect(page.locator(".turn[data-status]")).to_have_count(1)
    assert focused(page).startswith("Your question")
    tab_to(page, "Closest, may not answer", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".related")).not_to_have_attribute("open", "")
    tab_to(page, "Policy to search")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    tab_to(page, "Ask")
    tab_to(page, "New conversation", key="Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(0)
    assert focused(page).startswith("Your question")


def test_keyboard_alone_in_the_reader(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(f"{servers.own}/policies")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the content"
    page.keyboard.press("Enter")
    tab_to(page, "Privacy Policy")
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies/*")
    page.goto(f"{servers.own}/policies/{UNISTUDY}")
    tab_to(page, "Filter")
    page.keyboard.type("5.8.3")
    page.keyboard.press("Tab")
    tab_to(page, "5.8.3", most=8)
    page.keyboard.press("Enter")
    expect(page.locator("[id='5.8.3']")).to_be_in_viewport()
    # The citation of a clause, and back to where it was asked for.
    tool = page.locator("[id='5.8.3'] > .tool")
    tool.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#_cite")).to_be_visible()
    tab_to(page, "Copy text", most=6)
    page.keyboard.press("Escape")
    expect(page.locator("#_cite")).to_be_hidden()
    expect(tool).to_be_focused()
    # The clause that another one refers to, and back.
    reference = page.locator("a.ref").first
    reference.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#_peek")).to_be_visible()
    tab_to(page, "Go to the clause", most=6)
    page.keyboard.press("Escape")
    expect(reference).to_be_focused()


def test_keyboard_alone_on_the_desk(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(f"{servers.own}/agents")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    page.keyboard.type(doors.ANSWERED)
    page.keyboard.press("Enter")
    expect(page.locator("#_list .open").first).to_be_focused()
    first = focused(page)
    page.keyboard.press("j")
    assert focused(page) != first
    page.keyboard.press("a")
    expect(page.locator("#_tray li")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("#_keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#_keys")).to_be_hidden()
    # Without single keys as well: everything can be reached by Tab.
    page.keyboard.press("/")
    for name in (
        "Search",
        "Auto",
        "Table",
        "Filters",
        "Data collected",
        "Copy link",
        "Add to tray",
        "Next clause",
        "PDF",
    ):
        tab_to(page, name)


@pytest.mark.parametrize("where", ["help centre", "another site"])
def test_keyboard_alone_in_the_widget_and_back(visit: Visit, servers: Servers, where: str) -> None:
    page = visit()
    page.goto(f"{servers.own}/help-center" if where == "help centre" else f"{servers.host}/widget")
    page.wait_for_load_state("networkidle")
    tab_to(page, "Ask about privacy")
    page.keyboard.press("Enter")
    expect(launcher_panel(page)).to_be_visible()
    expect(launcher_panel(page).locator("#question")).to_be_focused()
    page.keyboard.type(doors.ANSWERED)
    page.keyboard.press("Enter")
    expect(launcher_panel(page).locator(".turn[data-status=answered]")).to_be_visible()
    expect(launcher_panel(page).locator("#question")).to_be_focused()
    for name in ("Close", "New conversation"):
        tab_to(page, name, key="Shift+Tab")
    tab_to(page, "Read in the policy")
    page.keyboard.press("Escape")
    expect(launcher_panel(page)).to_be_hidden()
    assert focused(page) == "Ask about privacy"


def launcher_panel(page: Page):  # type: ignore[no-untyped-def]
    return page.locator("policy-widget[data-mode=launcher] .panel")


# Reading order


def in_order(found: list[str], *wanted: str) -> None:
    """Each of `wanted` begins one of `found`, in this order."""
    left = iter(found)
    for start in wanted:
        assert any(line.startswith(start) for line in left), f"{start} is not in its place in {found}"


def test_reading_order_of_the_chat(visit: Visit, servers: Servers) -> None:
    page = visit()
    doors.CHAT[0].open(page, servers)
    _ask_chat(page, doors.NOT_COVERED)
    in_order(
        outline(page),
        "RootWebArea Ask the privacy policy",
        "main",
        "heading Ask the privacy policy",
        "button New conversation",
        f"heading {doors.NOT_COVERED}",
        "No clause answers this.",
        "Searched 5 policies. Silence in a policy means neither yes nor no.",
        "DisclosureTriangle Closest, may not answer (3)",
        "list",
        "listitem",
        "i2istudy Privacy Policy",
        "heading Opening text",
        "blockquote",
        "Last updated: May 2014",
        "status",
        "No clause answers this.",
        "textbox Your question",
        "combobox Policy to search",
        "button Ask",
    )


def test_reading_order_of_a_policy(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(f"{servers.own}/policies/{UNISTUDY}")
    page.wait_for_load_state("networkidle")
    in_order(
        outline(page),
        "link Skip to the content",
        "banner",
        "link Ask the privacy policy",
        "navigation Site",
        "main",
        "navigation Contents",
        "searchbox",
        "link 1 ",
        "article",
        "heading ",
        "navigation Clauses",
        "link Link and citation: 5.8.3",
        "5.8.3",
        "link Link and citation: 5.8.4",
        "link clause 5.8.3",
    )


def test_reading_order_of_the_desk(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(f"{servers.own}/agents")
    page.wait_for_load_state("networkidle")
    _search_desk(page, '"third parties"')
    in_order(
        outline(page),
        "main",
        "heading Agent desk",
        "search Clauses",
        "searchbox",
        "button Search",
        "group Search by",
        "radio",
        "heading Topics",
        "button Data collected",
        "region",
        "heading",
        "table",
        "columnheader Policy",
        "columnheader Date",
        "row",
        "rowheader",
        "mark",
        "region Reading pane",
        "heading",
        "blockquote",
        "button Add to tray",
        "region Tray",
    )


def test_reading_order_of_the_widget(visit: Visit, servers: Servers) -> None:
    page = visit()
    page.goto(f"{servers.host}/widget")
    launched(page).ask(doors.ANSWERED)
    in_order(
        outline(page),
        "heading A shop",
        "main",
        "dialog Ask about privacy",
        "heading Ask about privacy",
        "button New conversation",
        "button Close",
        f"heading {doors.ANSWERED}",
        "These clauses answer.",
        "Likely answer",
        "list",
        "listitem",
        "italki Privacy Policy",
        "heading Opening text",
        "blockquote",
        "mark",
        "Dated 7 May 2018",
        "link Read in the policy",
        "textbox Your question",
        "button Ask",
        "status",
        "These clauses answer.",
    )


@pytest.mark.parametrize("state", doors.OPENED, ids=doors.named)
def test_every_page_has_one_title_one_main_heading_and_a_language(visit: Visit, servers: Servers, state: State) -> None:
    page = visit()
    state.open(page, servers)
    assert page.title()
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
