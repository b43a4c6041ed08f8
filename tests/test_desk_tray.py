"""The tray of the desk: collected citations, in the page's memory alone, and what they are exported as."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pypdf
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Dialog, expect

from tests.desk_world import DeskAssistant
from tests.test_desk import Desk, browser, url, visit
from tests.web_fixtures import serving

if TYPE_CHECKING:
    from assistant.ask import Assistant

__all__ = ["browser", "url", "visit"]

Visit = Callable[..., Desk]
LEFT_BEHIND = """async () => [
  localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
]"""


def collect(desk: Desk, *numbers: str) -> None:
    """Adds the first clause of each number."""
    for number in numbers:
        before = desk.tray.locator("li").count()
        desk.search(number)
        desk.press("a")
        expect(desk.tray.locator("li")).to_have_count(before + 1)


def labels(desk: Desk) -> list[str]:
    return desk.tray.locator("li b").all_inner_texts()


def test_clauses_are_collected_reordered_removed_cleared_and_brought_back_by_keys(visit: Visit) -> None:
    desk = visit()
    collect(desk, "1.1", "2.2", "3")
    assert labels(desk) == ["1.1 Your account", "2.2 Advertisers", "3 Retention"]
    desk.press("a")
    expect(desk.toast).to_have_text("This clause is in the tray already.")
    desk.press("v", "Alt+ArrowDown")
    assert labels(desk) == ["2.2 Advertisers", "1.1 Your account", "3 Retention"]
    desk.press("Alt+ArrowDown", "Alt+ArrowUp", "Alt+ArrowUp", "Alt+ArrowUp")
    assert labels(desk) == ["1.1 Your account", "2.2 Advertisers", "3 Retention"]
    desk.press("Delete")
    assert labels(desk) == ["2.2 Advertisers", "3 Retention"]
    desk.press("u")
    assert labels(desk) == ["1.1 Your account", "2.2 Advertisers", "3 Retention"]
    desk.tray.get_by_role("button", name="Clear").click()
    assert labels(desk) == []
    desk.toast.get_by_role("button", name="Undo").click()
    assert labels(desk) == ["1.1 Your account", "2.2 Advertisers", "3 Retention"]


def test_the_tray_works_by_mouse_and_says_what_it_did(visit: Visit) -> None:
    desk = visit()
    collect(desk, "1.1", "2.2")
    desk.tray.get_by_role("button", name="Move up: 2.2 Advertisers").click()
    assert labels(desk) == ["2.2 Advertisers", "1.1 Your account"]
    expect(desk.page.get_by_role("status")).to_have_text("Moved to place 1 of 2.")
    desk.tray.get_by_role("button", name="Remove: 2.2 Advertisers").click()
    assert labels(desk) == ["1.1 Your account"]
    expect(desk.page.get_by_role("status")).to_have_text("Removed from the tray.")


def test_the_tray_is_stored_nowhere_and_leaving_it_is_asked_about(visit: Visit) -> None:
    desk = visit()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    desk.page.on("dialog", answer)
    desk.page.reload()
    desk.page.locator("#_topics button").first.wait_for()
    assert asked == []
    collect(desk, "1.1")
    assert desk.page.evaluate(LEFT_BEHIND) == [0, 0, "", 0, 0, 0]
    assert desk.page.context.cookies() == []
    desk.page.reload()
    assert asked == ["beforeunload"]
    expect(desk.tray.locator("li")).to_have_count(0)


def export(desk: Desk, kind: str, folder: Path) -> bytes:
    with desk.page.expect_download() as made:
        desk.tray.get_by_role("button", name=kind, exact=True).click()
    assert made.value.suggested_filename.startswith("privacy-clauses-")
    path = folder / made.value.suggested_filename
    made.value.save_as(path)
    return path.read_bytes()


def test_markdown_shows_each_quote_as_it_is_with_its_citation(visit: Visit, url: str, tmp_path: Path) -> None:
    desk = visit()
    collect(desk, "1.2", "2.2")
    text = export(desk, "Markdown", tmp_path).decode()
    assert f"— [Shop Privacy Policy, 2.2 Advertisers, 7 May 2018]({url}/policies/shop#2.2)" in text
    html = MarkdownIt().render(text)
    assert html.count("<blockquote>") == 2
    assert "&lt;script&gt;window.hit = 1&lt;/script&gt; &amp; Co." in html
    assert "<ul>" not in html
    assert "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}• how you paid." in html


def test_csv_is_read_back_word_for_word_and_no_cell_is_a_formula(visit: Visit, url: str, tmp_path: Path) -> None:
    desk = visit()
    collect(desk, "1.2", "3")
    data = export(desk, "CSV", tmp_path)
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert data.startswith(b"\xef\xbb\xbfpolicy,version,date,clause,heading,page,quote,link\r\n")
    assert data.endswith(b"\r\n")
    orders, retention = (DeskAssistant().clauses(number)[0] for number in ("1.2", "3"))
    assert rows[0]["quote"] == orders.quote
    assert rows[0]["link"] == f"{url}/policies/shop#1.2"
    assert (rows[0]["policy"], rows[0]["date"], rows[0]["heading"]) == (
        "Shop Privacy Policy",
        "2018-05-07",
        "Your orders",
    )
    assert retention.quote.startswith("=SUM(A1)")
    assert rows[1]["quote"] == f"'{retention.quote}"
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for row in rows for cell in row.values())


def test_the_pdf_holds_the_clauses_in_the_order_of_the_tray(visit: Visit, tmp_path: Path) -> None:
    desk = visit()
    collect(desk, "1.1", "3")
    with desk.page.expect_request("**/agents/handout.pdf") as sent:
        data = export(desk, "PDF", tmp_path)
    wanted = sent.value.post_data_json["clauses"]
    assert [sorted(each) for each in wanted] == [["document_sha256", "marks", "policy", "span"]] * 2
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())
    first = text.index("We collect your name and your e-mail address. We collect nothing else.")
    assert first < text.index("We keep invoices for ten years.")
    expect(desk.toast).to_have_text("The PDF is made.")


def test_a_policy_that_changed_since_is_not_handed_out(visit: Visit) -> None:
    desk = visit()
    collect(desk, "1.1")
    sentence = "Shop Privacy Policy has changed since this was found; search again."
    problem = {"type": "about:blank", "title": "", "status": 422, "detail": sentence, "code": "invalid_request"}
    desk.page.route("**/agents/handout.pdf", lambda route: route.fulfill(status=422, json=problem))
    desk.tray.get_by_role("button", name="PDF").click()
    expect(desk.toast).to_have_text(sentence)
    expect(desk.tray.get_by_role("button", name="PDF")).to_be_enabled()


def test_the_real_policies_are_found_read_and_handed_out_word_for_word(
    browser: Browser, assistant: Assistant, tmp_path: Path
) -> None:
    from assistant.settings import Settings
    from assistant.web.app import create_app

    with serving(lambda: create_app(assistant, Settings(rate_limit="9999/second"))) as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{address}/agents")
        page.locator("#_topics button").first.wait_for()
        desk = Desk(page)
        for words in ("Who are your service providers?", '"cookie-files"', "5.8.3"):
            desk.search(words)
            expect(desk.pane.locator(".acts")).to_be_visible()
            desk.press("a")
            expect(desk.toast).to_contain_text("Added to the tray")
        count = desk.tray.locator("li").count()
        with page.expect_request("**/agents/handout.pdf") as sent:
            data = export(desk, "PDF", tmp_path)
        text = "".join("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages).split())
        wanted = sent.value.post_data_json["clauses"]
        assert len(wanted) == count >= 2
        for each in wanted:
            start, end = each["span"]
            assert "".join(assistant.document(each["policy"]).text[start:end].split())[:200] in text
        context.close()
