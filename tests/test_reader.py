"""The reader in a real browser, over the policies of this repository and versions of a test's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from assistant.links import permalink
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.source import list_sources, read_source
from assistant.types import Document, Span
from assistant.web.reader.citation_text import CitationStyle, citation_text
from tests.reader_site import MAX_BYTES, build, read
from tests.test_reader_pages import NEW, OLD
from tests.web_fixtures import launch, serving

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}
UNISTUDY, ITALKI = "unistudy-privacy-policy", "italki-privacy-policy-2018"
SENTENCE = "italki does not share any personally identifiable information with advertisers."

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def documents(corpus_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    catalogue = read_catalogue(corpus_folder)
    found = [parse(read_source(path, MAX_BYTES), catalogue.get(path.stem)) for path in list_sources(corpus_folder)[0]]
    folder = tmp_path_factory.mktemp("policies")
    paged = replace(found[0], policy=replace(found[0].policy, id="paged", company="Paged"), pages=(0, 3000, 6000))
    table = "# Cookies\n\n## 1. List\n\n| Name | Purpose | Who | How long |\n|---|---|---|---|\n" + "".join(
        f"| _a_rather_long_cookie_name_{at} | remembers that you were here | us | one year |\n" for at in range(5)
    )
    found += [
        paged,
        read(folder, "v1.md", OLD, company="Shop", effective_date="2019-01"),
        read(folder, "v2.md", NEW, company="Shop", effective_date="2020-01", supersedes="v1"),
        read(folder, "table.md", table, company="Table"),
        read(folder, "arabic.md", "# سياسة الخصوصية\n\n## 1. البيانات\n\nنحتفظ باسمك.\n", company="", language="ar"),
    ]
    return {document.policy.id: document for document in found}


@pytest.fixture(scope="module")
def corpus_folder() -> Path:
    return Path(__file__).resolve().parent.parent / "corpus"


@pytest.fixture(scope="module")
def url(documents: dict[str, Document]) -> Iterator[str]:
    with serving(lambda: build(documents.values(), "/help")) as address:
        yield f"{address}/help"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, url: str) -> Iterator[Visit]:
    """Opens a page in a new profile; no script fails, no rule of the CSP is broken, no other host is asked."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def visit(path: str, **options: object) -> Page:
        settings = {"viewport": DESKTOP, "reduced_motion": "reduce"} | options
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        contexts.append(context)
        context.on("request", lambda request: None if request.url.startswith(url) else faults.append(request.url))
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None)
        page.goto(f"{url}/{path}")
        return page

    yield visit
    for context in contexts:
        assert context.cookies() == []
        context.close()
    assert faults == []


def marked_link(documents: dict[str, Document], policy: str, words: str, anchor: str) -> str:
    start = documents[policy].text.index(words)
    return permalink(policy, anchor, [(Span(start, start + len(words)), words)])


def on_screen(element: Locator) -> bool:
    return bool(
        element.evaluate("e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight }")
    )


# The list


def test_the_list_opens_a_policy(visit: Visit) -> None:
    page = visit("policies")
    page.get_by_role("link", name="Cookie Notice", exact=True).click()
    expect(page).to_have_title("italki Cookie Notice")
    page.get_by_role("navigation", name="Site").get_by_role("link", name="Policies").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Policies")


def test_any_two_are_compared_from_the_list(visit: Visit) -> None:
    page = visit("policies", java_script_enabled=False)
    page.locator("#_first-any").select_option(ITALKI)
    page.locator("#_second-any").select_option(UNISTUDY)
    page.get_by_role("button", name="Compare").last.click()
    expect(page).to_have_url(re.compile(f"/policies/{ITALKI}/compare/{UNISTUDY}$"))
    expect(page.locator(".notice")).to_contain_text("not known to be versions")


# Contents


def test_contents_stay_beside_the_text_and_follow_it(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}#5.8.3")
    contents = page.get_by_role("navigation", name="Contents")
    line = contents.locator("a[aria-current=location]")
    expect(line).to_contain_text("5.8.3")
    assert on_screen(line)
    page.mouse.move(800, 400)
    page.mouse.wheel(0, 20_000)
    expect(line).not_to_contain_text("5.8.3")
    assert on_screen(line)


def test_the_filter_takes_numbers_and_words_and_says_how_many(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}")
    box = page.get_by_role("searchbox", name="Filter clauses by number or words")
    lines = page.locator("#_contents li:visible > a:not(.passing)")
    total = lines.count()
    box.fill("5.8")
    expect(lines.locator(".number")).to_have_text(["5.8", "5.8.1", "5.8.2", "5.8.3", "5.8.4"])
    said = page.get_by_role("status").filter(has_text="clauses")
    expect(said).to_have_text(f"5 of {total} clauses")
    box.fill("PRINCIPLES data")
    expect(lines).to_have_count(1)
    box.press("Enter")
    expect(page).to_have_url(re.compile("#6$"))
    box.fill("zzz")
    expect(said).to_have_text(f"0 of {total} clauses")
    box.press("Escape")
    expect(lines).to_have_count(total)


def test_on_a_phone_contents_are_a_disclosure(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}", viewport=PHONE, has_touch=True)
    contents = page.locator("#_contents")
    expect(contents).to_be_hidden()
    button = page.get_by_role("button", name="Contents")
    button.tap()
    expect(contents).to_be_visible()
    page.keyboard.press("Escape")
    expect(contents).to_be_hidden()
    expect(button).to_be_focused()
    button.tap()
    contents.get_by_role("link", name="5.8.3").tap()
    expect(contents).to_be_hidden()
    expect(page).to_have_url(re.compile("#5.8.3$"))
    assert on_screen(page.locator('[id="5.8.3"] .number').first)


# Clauses


def test_links_and_keys_lead_to_the_next_and_the_previous_clause(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}#5.8.3")
    page.get_by_role("link", name="Next clause: 5.8.4").click()
    expect(page).to_have_url(re.compile("#5.8.4$"))
    expect(page.locator("#_here")).to_contain_text("5.8.4")
    page.keyboard.press("Alt+ArrowUp")
    expect(page).to_have_url(re.compile("#5.8.3$"))
    expect(page.locator("#_status")).to_contain_text("5.8.3")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(page).to_have_url(re.compile("#6$"))
    page.goto(page.url.split("#")[0])
    expect(page.locator("#_previous")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#_next")).not_to_have_attribute("aria-disabled", "true")


def test_pages_of_the_source_are_numbered(visit: Visit) -> None:
    page = visit("policies/paged")
    assert [each.get_attribute("aria-label") for each in page.locator("[role=separator]").all()] == [
        "Page 1",
        "Page 2",
        "Page 3",
    ]
    expect(page.locator(".facts").first).to_contain_text("3 pages")


# Permalinks


def test_a_permalink_opens_at_its_mark_and_says_so(visit: Visit, documents: dict[str, Document]) -> None:
    page = visit(marked_link(documents, ITALKI, SENTENCE, "2.4"))
    mark = page.locator("mark")
    expect(mark).to_have_text(SENTENCE)
    expect(mark).to_be_focused()
    assert on_screen(mark)
    expect(page.locator("#_status")).to_have_text("Marked sentence in 2.4 Advertising")
    assert "Marked sentence" in str(mark.evaluate("e => getComputedStyle(e, '::before').content"))
    expect(page.locator("#_here")).to_have_text("2.4 Advertising")
    page.get_by_role("link", name="Remove the mark").click()
    expect(mark).to_have_count(0)


def test_without_a_script_a_permalink_leads_to_its_clause(visit: Visit, documents: dict[str, Document]) -> None:
    page = visit(marked_link(documents, ITALKI, SENTENCE, "2.4"), java_script_enabled=False)
    expect(page.locator("mark")).to_have_text(SENTENCE)
    expect(page.locator("#_notice")).to_contain_text("One sentence is marked.")
    expect(page.locator("#_filter")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Contents").get_by_role("link", name="2.4")).to_be_visible()
    expect(page.locator('[id="2.4"]')).to_be_in_viewport()


def test_a_mark_and_an_anchor_that_are_gone_are_said_and_the_page_opens(visit: Visit) -> None:
    page = visit(f"policies/{ITALKI}?mark=10-20-00000000#2.4")
    expect(page.locator("#_notice")).to_contain_text("not in this text any more")
    assert on_screen(page.locator('[id="2.4"] h3'))
    page = visit(f"policies/{ITALKI}#99.9")
    expect(page.locator("#_notice")).to_have_text("This policy has no clause “99.9”. Here it is from its beginning.")
    expect(page.locator("#_notice")).to_be_focused()
    page = visit(f"policies/{ITALKI}#%E0%A4%A")
    expect(page.locator("#_notice")).to_be_visible()


# Cross-references


def test_a_reference_shows_its_clause_and_focus_comes_back(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}#5.8.4")
    link = page.get_by_role("link", name="clause 5.8.3", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    peek = page.get_by_role("dialog", name="Clause 5.8.3")
    expect(peek).to_be_visible()
    expect(peek).to_contain_text("The transfer (distribution, provision, access) of personal data")
    expect(peek).not_to_contain_text("5.8.4")
    expect(peek.get_by_role("heading", level=2)).to_be_focused()
    page.keyboard.press("Escape")
    expect(peek).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    peek.get_by_role("button", name="Close").click()
    expect(link).to_be_focused()
    link.click()
    peek.get_by_role("link", name="Go to the clause").click()
    expect(peek).to_be_hidden()
    expect(page).to_have_url(re.compile("#5.8.3$"))


def test_a_reference_to_a_heading_shows_all_below_it(visit: Visit) -> None:
    page = visit(f"policies/{ITALKI}#1.3")
    page.locator("a.ref", has_text="Cookie Policy").first.click()
    peek = page.get_by_role("dialog", name="4 Cookie Policy")
    expect(peek).to_contain_text("A cookie is a small amount of data")
    expect(peek).not_to_contain_text("Protecting the privacy of young children")


def test_a_reference_to_another_document_shows_it_by_touch(visit: Visit) -> None:
    page = visit("policies/italki-cookie-notice-2024", viewport=PHONE, has_touch=True)
    page.locator("a.ref").first.tap()
    peek = page.get_by_role("dialog", name="italki Privacy Policy")
    expect(peek).to_contain_text("Dated 7 May 2018")
    expect(peek).to_contain_text("Last Updated May 7, 2018")
    assert peek.evaluate("e => e.getBoundingClientRect().bottom <= innerHeight + 1")
    peek.get_by_role("link", name="Open this policy").tap()
    expect(page).to_have_title("italki Privacy Policy")


def test_without_a_script_a_reference_is_a_link(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}#5.8.4", java_script_enabled=False)
    page.get_by_role("link", name="clause 5.8.3", exact=True).click()
    expect(page).to_have_url(re.compile("#5.8.3$"))


# Citations


def cite(page: Page, anchor: str) -> Locator:
    page.locator(f'[id="{anchor}"] > .tool').click()
    return page.get_by_role("dialog", name="Cite this clause")


@pytest.mark.parametrize("style", CitationStyle)
def test_a_citation_is_copied_as_the_server_would_write_it(
    visit: Visit, url: str, documents: dict[str, Document], style: CitationStyle
) -> None:
    page = visit(f"policies/{ITALKI}?mark=1-2-00000000", permissions=["clipboard-read", "clipboard-write"])
    box = cite(page, "3.2")
    expect(box.locator(".citation")).to_have_text("italki Privacy Policy, 3.2 Service providers, 7 May 2018")
    names = {CitationStyle.PLAIN: "Copy text", CitationStyle.MARKDOWN: "Copy Markdown", CitationStyle.HTML: "Copy HTML"}
    box.get_by_role("button", name=names[style]).click()
    expect(box.get_by_role("status")).to_contain_text("Citation copied")
    expected = citation_text(
        documents[ITALKI].policy, "3.2", "Service providers", f"{url}/policies/{ITALKI}#3.2", style
    )
    assert page.evaluate("navigator.clipboard.readText()") == expected
    types = page.evaluate("navigator.clipboard.read().then(items => items[0].types)")
    assert ("text/html" in types) == (style is CitationStyle.HTML)
    if style is CitationStyle.HTML:
        script = "navigator.clipboard.read().then(i => i[0].getType('text/html')).then(b => b.text())"
        assert "italki Privacy Policy, 3.2 Service providers, 7 May 2018</a>" in page.evaluate(script)


def test_a_citation_is_copied_the_older_way_and_at_last_by_hand(visit: Visit) -> None:
    page = visit(f"policies/{ITALKI}", permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("() => { navigator.clipboard.write = () => Promise.reject(new Error('no')); }")
    box = cite(page, "3.2")
    box.get_by_role("button", name="Copy Markdown").click()
    expect(box.get_by_role("status")).to_have_text("Citation copied as Markdown.")
    assert page.evaluate("navigator.clipboard.readText()").startswith("[italki Privacy Policy, 3.2")
    page.evaluate("() => { document.execCommand = () => false; }")
    box.get_by_role("button", name="Copy text").click()
    expect(box.get_by_label("Citation, to be copied by hand")).to_be_focused()
    assert page.evaluate("getSelection().toString()").startswith(
        "italki Privacy Policy, 3.2 Service providers, 7 May 2018"
    )


def test_the_link_of_a_clause_is_in_the_address_and_focus_comes_back(visit: Visit) -> None:
    page = visit(f"policies/{UNISTUDY}")
    tool = page.locator('[id="5.8.3"] > .tool')
    assert "5.8.3" in str(tool.get_attribute("aria-label"))
    tool.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Cite this clause")).to_be_visible()
    expect(page).to_have_url(re.compile("#5.8.3$"))
    page.keyboard.press("Escape")
    expect(tool).to_be_focused()


# Print


def test_on_paper_there_is_the_text_alone_with_the_addresses_of_links(visit: Visit, url: str) -> None:
    page = visit("policies/italki-cookie-notice-2024")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in (".contents", ".bar", ".tool", ".site"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".printed")).to_have_text(f"{url}/policies/italki-cookie-notice-2024")
    shown = page.locator("a.ref").first.evaluate("e => getComputedStyle(e, '::after').content")
    assert urlsplit(url).netloc in shown
    assert "attr" not in shown
    assert page.locator(".text h2").first.evaluate("e => getComputedStyle(e).breakAfter") == "avoid"
    assert page.pdf()[:4] == b"%PDF"


# Two versions


def test_versions_stand_side_by_side_with_what_changed(visit: Visit) -> None:
    page = visit("policies/v1/compare/v2")
    row = page.get_by_role("region", name="Changed: 1 Data")
    sides = [side.bounding_box() for side in row.locator(".side").all()]
    assert sides[0]
    assert sides[1]
    assert sides[0]["y"] == sides[1]["y"]
    expect(row.locator("del")).to_have_text("telephone number for ten years")
    expect(row.locator("ins")).to_have_text("address for one year")
    assert "removed" in row.locator("del").evaluate("e => getComputedStyle(e, '::before').content")
    assert "added" in row.locator("ins").evaluate("e => getComputedStyle(e, '::before').content")
    expect(page.get_by_role("region", name="Added: 3 Children")).to_contain_text("Not in the first document")
    same = page.locator("details.same").first
    expect(same.locator(".row")).to_be_hidden()
    same.locator("summary").click()
    expect(same.locator(".row")).to_be_visible()


def test_keys_and_buttons_lead_from_change_to_change(visit: Visit) -> None:
    page = visit("policies/v1/compare/v2")
    count = page.locator("[data-change]").count()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("status")).to_have_text(f"Change 1 of {count}")
    expect(page.locator("[data-change]").first).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("status")).to_have_text(f"Change 2 of {count}")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("status")).to_have_text(f"Change 1 of {count}")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_role("status")).to_have_text("No change before this one")


def test_on_a_phone_the_versions_are_stacked(visit: Visit) -> None:
    page = visit("policies/v1/compare/v2", viewport=PHONE)
    first, second = (side.bounding_box() for side in page.locator(".row.changed").first.locator(".side").all())
    assert first
    assert second
    assert second["y"] >= first["y"] + first["height"]


# Every screen


@pytest.mark.parametrize(
    "path",
    [
        "policies",
        f"policies/{UNISTUDY}",
        "policies/table",
        "policies/arabic",
        "policies/v1/compare/v2",
        "policies/none",
    ],
)
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_is_wider_than_the_window(visit: Visit, path: str, width: int) -> None:
    page = visit(path, viewport={"width": width, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.body.scrollWidth") <= width


@pytest.mark.parametrize("path", ["policies", f"policies/{UNISTUDY}", "policies/v1/compare/v2"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_what_is_pressed_is_large_enough(visit: Visit, path: str, viewport: dict[str, int]) -> None:
    page = visit(path, viewport=viewport)
    small = page.evaluate(
        """() => [...document.querySelectorAll('main a:not(.ref), main button, main input, main select, main summary')]
            .filter(e => e.checkVisibility() && !e.closest('.skip'))
            .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
            .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
            .map(([name, box]) => `${name} ${box.width}x${box.height}`)"""
    )
    assert small == []


def test_a_script_from_right_to_left_is_set_so(visit: Visit) -> None:
    page = visit("policies/arabic")
    assert page.locator(".text h2").evaluate("e => getComputedStyle(e).direction") == "rtl"
    contents, text = page.locator("#_contents").bounding_box(), page.locator(".text").bounding_box()
    assert contents
    assert text
    assert contents["x"] < text["x"]
