"""Takes the pictures of the chat in docs/screenshots/ over the built index: `make screenshots`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from assistant.ask import Assistant
from assistant.ingest import ingest
from assistant.settings import Settings
from assistant.web.app import create_app
from tests.conftest import CHROMIUM_NAMES
from tests.web_fixtures import launch, serving

ROOT = Path(__file__).resolve().parent.parent
SCREENS = {
    f"{screen}-{scheme}": {"viewport": viewport, "device_scale_factor": scale, "color_scheme": scheme}
    for screen, viewport, scale in (
        ("desktop", {"width": 1280, "height": 860}, 1),
        ("phone", {"width": 390, "height": 844}, 2),
    )
    for scheme in ("light", "dark")
}
# Question, the policy that is picked for it, and how it must come out.
SCENES = {
    "answer": ("Does italki share my data with advertisers?", "", "answered"),
    "not-covered": ("Is there a minimum age for signing up?", "Unistudy Privacy Policy", "not_covered"),
    "clause": ("What does clause 5.8.3 of the Unistudy policy say?", "", "answered"),
}


def main() -> None:
    """Every scene on every screen, as PNG files into the folder that is named, or docs/screenshots/."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    if chromium is None:
        sys.exit("There is no Chromium on PATH; `make browser` says how to get one.")
    with tempfile.TemporaryDirectory() as index:
        ingest(ROOT / "corpus", Path(index))
        assistant = Assistant.open(Path(index))
        settings = Settings(feedback=Path(index, "votes"))
        with serving(lambda: create_app(assistant, settings)) as url, sync_playwright() as playwright:
            browser = launch(playwright, chromium)
            for screen in SCREENS:
                _take(browser, url, screen, None, folder / f"welcome-{screen}.png")
                for scene in SCENES:
                    _take(browser, url, screen, scene, folder / f"{scene}-{screen}.png")
            browser.close()


def _take(browser: Browser, url: str, screen: str, scene: str | None, path: Path) -> None:
    """The first page or one question in a new profile; the answer must have the status that the picture is of."""
    context = browser.new_context(**SCREENS[screen], reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    box = page.get_by_label("Your question")
    page.get_by_role("button", name="Ask", exact=True).wait_for()
    if scene is not None:
        question, policy, status = SCENES[scene]
        if policy:
            page.get_by_role("combobox", name="Policy to search").click()
            page.get_by_role("option", name=policy).click()
        box.fill(question)
        box.press("Enter")
        turn = page.locator(".turn").first
        expect(turn).to_have_attribute("data-status", re.compile("."), timeout=30_000)
        if turn.get_attribute("data-status") != status:
            sys.exit(f"{question!r} came out as {turn.get_attribute('data-status')!r}; the picture is of {status!r}.")
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    context.close()


if __name__ == "__main__":
    main()
