"""Takes the pictures in docs/screenshots/ of every door over the built index: `make screenshots`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from assistant.ask import Assistant
from assistant.ingest import ingest
from assistant.settings import Settings
from assistant.web.app import create_app
from tests.conftest import CHROMIUM_NAMES
from tests.doors import boxed, launched
from tests.web_fixtures import launch, serving
from tests.widget_pages import Widget

ROOT = Path(__file__).resolve().parent.parent
SCREENS = {
    f"{screen}-{scheme}": {"viewport": viewport, "device_scale_factor": scale, "color_scheme": scheme}
    for screen, viewport, scale in (
        ("desktop", {"width": 1280, "height": 860}, 1),
        ("phone", {"width": 390, "height": 844}, 2),
    )
    for scheme in ("light", "dark")
}
ADVERTISERS = "Does italki share my data with advertisers?"
AGE = "Is there a minimum age for signing up?"
CLAUSE = "What does clause 5.8.3 of the Unistudy policy say?"
ITALKI, UNISTUDY, I2ISTUDY = "italki-privacy-policy-2018", "unistudy-privacy-policy", "i2istudy-privacy-policy"


def _status(turn: Locator, status: str) -> None:
    """A picture of another outcome than it says is none."""
    expect(turn).to_have_attribute("data-status", re.compile("."), timeout=30_000)
    if turn.get_attribute("data-status") != status:
        sys.exit(f"It came out as {turn.get_attribute('data-status')!r}; the picture is of {status!r}.")


def _welcome(page: Page) -> None:
    page.get_by_role("button", name="Ask", exact=True).wait_for()


def _chat(question: str, status: str, policy: str = "") -> Callable[[Page], None]:
    def steps(page: Page) -> None:
        _welcome(page)
        if policy:
            page.get_by_role("combobox", name="Policy to search").click()
            page.get_by_role("option", name=policy).click()
        page.get_by_label("Your question").fill(question)
        page.get_by_label("Your question").press("Enter")
        _status(page.locator(".turn").first, status)

    return steps


def _cited(page: Page) -> None:
    """The policy as a citation opens it."""
    _chat(ADVERTISERS, "answered")(page)
    link = page.get_by_role("link", name="Read in the policy").first.get_attribute("href")
    page.goto(page.url.rstrip("/") + "/" + (link or "").lstrip("/"))
    page.locator("mark").first.wait_for()


def _desk(query: str, *, side_by_side: bool = False) -> Callable[[Page], None]:
    def steps(page: Page) -> None:
        page.wait_for_load_state("networkidle")
        if side_by_side:
            page.locator("#_filters > summary").click()
            for policy in (ITALKI, UNISTUDY, I2ISTUDY):
                page.locator(f"[data-filter=policies] input[value={policy}]").check(force=True)
            page.keyboard.press("Escape")
            page.get_by_label("Side by side").click(force=True)
        page.locator("#_query").fill(query)
        page.locator("#_query").press("Enter")
        expect(page.locator("#_results")).not_to_have_attribute("aria-busy", "true", timeout=30_000)
        page.wait_for_load_state("networkidle")

    return steps


def _widget(of: Callable[[Page], Widget], question: str, status: str) -> Callable[[Page], None]:
    return lambda page: _status(of(page).ask(question), status)


def _still(page: Page) -> None:
    page.wait_for_load_state("networkidle")


@dataclass(frozen=True)
class Scene:
    """One picture on every screen."""

    name: str
    path: str
    # What a person does there.
    steps: Callable[[Page], object] = _still


SCENES = (
    Scene("welcome", "/", _welcome),
    Scene("answer", "/", _chat(ADVERTISERS, "answered")),
    Scene("not-covered", "/", _chat(AGE, "not_covered", "Unistudy Privacy Policy")),
    Scene("clause", "/", _chat(CLAUSE, "answered")),
    Scene("policies", "/policies"),
    Scene("policy", "/", _cited),
    Scene("compare", f"/policies/{I2ISTUDY}/compare/{UNISTUDY}"),
    Scene("desk", "/agents", _desk("how long is my data kept")),
    Scene("desk-side-by-side", "/agents", _desk("can I have my data deleted", side_by_side=True)),
    Scene("help-center", "/help-center"),
    Scene("widget-answer", "/help-center", _widget(launched, "do you share my data with advertisers?", "answered")),
    Scene("widget-not-covered", "/help-center", _widget(launched, "Do you scan my passport?", "not_covered")),
    Scene("embed", f"/embed?policy={UNISTUDY}", _widget(boxed, "can i have my data deleted", "answered")),
)


def main() -> None:
    """Every scene on every screen, as PNG files into the folder that is named, or docs/screenshots/."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("There is no Chromium on PATH; `make browser` says how to get one.")
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch) / "index"
        ingest(ROOT / "corpus", index)
        assistant = Assistant.open(index)
        settings = Settings(
            feedback=Path(scratch) / "feedback.sqlite", rate_limit="100000/second", contact="help@example.com"
        )
        with serving(lambda: create_app(assistant, settings)) as url, sync_playwright() as playwright:
            browser = launch(playwright, chromium)
            for screen in SCREENS:
                for scene in SCENES:
                    _take(browser, url, screen, scene, folder / f"{scene.name}-{screen}.png")
            browser.close()


def _take(browser: Browser, url: str, screen: str, scene: Scene, path: Path) -> None:
    """One scene in a new profile, in few colours, so that the pictures stay small."""
    context = browser.new_context(**SCREENS[screen], reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url + scene.path)
    scene.steps(page)
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    context.close()
    Image.open(path).convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
