"""Every page and state that a person can see, over the real policies and without a model; one list for all tests."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from playwright.sync_api import Locator, Page, expect

from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Vote
from assistant.settings import Settings
from tests.api_fixtures import ITALKI, UNISTUDY, WordAssistant
from tests.web_fixtures import serving
from tests.widget_pages import Hosts, Widget, page_of, strict, tag

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
COOKIES = "italki-cookie-notice-2024"

ANSWERED = "What information is collected?"
NOT_COVERED = "Is a dinosaur mentioned?"
OFF_TOPIC = "pizza"
BROKEN = "break"
AGENT = ("agent", "correct horse battery")
NOTE = "<img src=x onerror=alert(1)> " + "a" * 200


@dataclass(frozen=True)
class Servers:
    """The server, and one of another site with the widget in its pages."""

    # Address of the server, without a final slash.
    own: str
    # Address of the other site's, by another host name.
    host: str
    # Address of a server whose desk is behind a login, and which keeps votes and questions.
    locked: str


@contextlib.contextmanager
def open_doors(folder: Path) -> Iterator[Servers]:
    """All doors over the real policies, and pages of another site; feedback goes into `folder`."""
    from assistant.web.app import create_app

    hosts = Hosts()
    with serving(hosts.app) as host_url:
        host = host_url.replace("127.0.0.1", "localhost")
        settings = Settings(
            feedback=folder / "feedback.sqlite",
            rate_limit="100000/second",
            cors_origins=host,
            frame_ancestors=f"'self' {host}",
            contact="privacy@example.com",
        )
        with serving(lambda: create_app(WordAssistant(), settings)) as own:  # type: ignore[arg-type]
            tight = {"content-security-policy": strict(own)}
            frame = f'<iframe src="{own}/embed?policy={ITALKI}" title="Ask" width="300" height="600"></iframe>'
            hosts.pages |= {
                "widget": (page_of("<main>", tag(own, policy=ITALKI), "</main>"), tight),
                "box": (page_of("<main>", tag(own, policy=ITALKI, mode="inline"), "</main>"), tight),
                "frame": (page_of("<main>", frame, "</main>"), {"content-security-policy": f"frame-src {own}"}),
            }
            # What a page must not have: a host that the browser gets ready for.
            ahead = '<link rel="preconnect" href="https://ahead.invalid">'
            hosts.pages["ahead"] = page_of(head=ahead), {}
            with _locked(folder) as locked:
                yield Servers(own, host, locked)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[str]:
    """The doors with a login before the desk, over what people said and asked in a month."""
    from assistant.web.app import create_app

    settings = Settings(
        feedback=folder / "report.sqlite",
        store_questions=True,
        agents_login=f"{AGENT[0]}:{PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(AGENT[1])}",
    )
    keep_a_month(settings.feedback)
    with serving(lambda: create_app(WordAssistant(), settings)) as url:  # type: ignore[arg-type]
        yield url


def keep_a_month(file: Path) -> None:
    """Votes and questions of people, up to now, with one who means harm."""
    today = datetime.now(UTC)
    at = [today]
    store = FeedbackStore(file, store_questions=True, now=lambda: at[0])
    asked = (
        "Is there a minimum age?",
        "is there a minimum age",
        "Who is the DPO?",
        "<script>alert(1)</script>?",
        "Кто вы?",
    )
    for day in range(30):
        at[0] = today - timedelta(days=day)
        for question in asked[: 1 + day % len(asked)]:
            store.count("not_covered", "ru" if question[0] == "К" else "en", (ITALKI,) if day % 2 else (), question)
        store.count("answered", "en", (), ANSWERED)
        store.count("off_topic", "", (), OFF_TOPIC)
    link = f"policies/{UNISTUDY}#5.8.3"
    for reason, note in (
        ("not_the_clause", "It is in 5.9.\nPlease look."),
        ("other", NOTE),
        ("", ""),
        ("out_of_date", ""),
    ):
        store.vote(Vote(False, reason, note, clauses=(link,), status="answered"))
    store.vote(Vote(True, status="answered"))


@dataclass(frozen=True)
class State:
    """A page with something done in it."""

    name: str
    path: str
    # What a person does after the page is there, until nothing moves.
    steps: Callable[[Page], object] = lambda page: page.wait_for_load_state("networkidle")
    # On the other site.
    elsewhere: bool = False
    # Only where the window is as narrow as a phone's.
    phone: bool = False
    # Behind the login.
    locked: bool = False

    def open(self, page: Page, servers: Servers) -> None:
        """Goes there and does it."""
        if self.locked:
            said = base64.b64encode(":".join(AGENT).encode()).decode()
            page.set_extra_http_headers({"authorization": f"Basic {said}"})
        page.goto((servers.host if self.elsewhere else servers.locked if self.locked else servers.own) + self.path)
        self.steps(page)


# The chat


def ask_chat(*questions: str) -> Callable[[Page], object]:
    """Asks one question after another."""

    def steps(page: Page) -> None:
        box = page.get_by_label("Your question")
        for at, question in enumerate(questions):
            box.fill(question)
            box.press("Enter")
            expect(page.locator(".turn[data-status]")).to_have_count(at + 1)

    return steps


def _chooser(page: Page) -> None:
    page.get_by_role("combobox", name="Policy to search").click()
    page.get_by_role("option").first.wait_for()


def _chosen(page: Page) -> None:
    _chooser(page)
    page.get_by_role("option").nth(1).click()
    expect(page.get_by_role("option")).to_have_count(0)


def _unfolded(page: Page) -> None:
    ask_chat(ANSWERED)(page)
    for summary in page.locator(".turn summary:visible").all():
        summary.click()


def _fresh(page: Page) -> None:
    ask_chat(ANSWERED)(page)
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)


def _loaded(page: Page) -> None:
    page.get_by_label("Your question").wait_for()
    # Gradio's own word while its parts arrive.
    expect(page.locator(".loading")).to_have_count(0)


CHAT = (
    State("chat", "/", _loaded),
    State("chat, answer", "/", ask_chat(ANSWERED)),
    State("chat, not covered", "/", ask_chat(NOT_COVERED)),
    State("chat, off topic", "/", ask_chat(OFF_TOPIC)),
    State("chat, error", "/", ask_chat(BROKEN)),
    State("chat, several turns", "/", ask_chat(ANSWERED, NOT_COVERED, OFF_TOPIC)),
    State("chat, choosing a policy", "/", _chooser),
    State("chat, policy chosen", "/", _chosen),
    State("chat, clause unfolded", "/", _unfolded),
    State("chat, new conversation", "/", _fresh),
)


# The reader


def _filtered(page: Page) -> None:
    button = page.get_by_role("button", name="Contents")
    if button.is_visible():
        button.click()
    page.get_by_label("Filter").fill("cook")
    expect(page.locator("#_found")).not_to_be_empty()


def _contents(page: Page) -> None:
    page.get_by_role("button", name="Contents").click()
    expect(page.locator("#_contents")).to_be_visible()


def _cited(page: Page) -> None:
    page.locator(".clause .tool").nth(3).click()
    expect(page.locator("#_cite")).to_be_visible()
    page.get_by_role("button", name="Copy text").click()
    expect(page.locator("#_copied")).not_to_be_empty()


def _peeked(page: Page) -> None:
    page.locator("a.ref").first.click()
    expect(page.locator("#_peek")).to_be_visible()


def _changes(page: Page) -> None:
    page.locator("#_next").click()
    for same in page.locator("details.same > summary").all()[:2]:
        same.click()


READER = (
    State("policies", "/policies"),
    State("policy", f"/policies/{ITALKI}"),
    State("policy at a clause", f"/policies/{UNISTUDY}#5.8.3"),
    State("policy with a mark that is lost", f"/policies/{ITALKI}?mark=1-9-00000000"),
    State("policy, contents filtered", f"/policies/{ITALKI}", _filtered),
    State("policy, contents on a phone", f"/policies/{ITALKI}", _contents, phone=True),
    State("policy, citation", f"/policies/{ITALKI}", _cited),
    State("policy, reference", f"/policies/{UNISTUDY}", _peeked),
    State("policy that is not there", "/policies/nobody"),
    State("comparison", f"/policies/i2istudy-privacy-policy/compare/{UNISTUDY}", _changes),
)


# The desk


def _search(query: str, then: Callable[[Page], object] = lambda _: None) -> Callable[[Page], object]:
    def steps(page: Page) -> None:
        page.wait_for_load_state("networkidle")
        page.locator("#_query").fill(query)
        page.locator("#_query").press("Enter")
        expect(page.locator("#_results")).not_to_have_attribute("aria-busy", "true")
        page.wait_for_load_state("networkidle")
        then(page)

    return steps


def _side_by_side(page: Page) -> None:
    filters(page)
    for box in page.locator("[data-filter=policies] input").all()[:2]:
        box.check(force=True)
    page.keyboard.press("Escape")
    # Not by force: the list of filters may still be closing above it.
    page.locator("label", has_text="Side by side").click()
    expect(page.locator("#_found")).to_contain_text("Stated in")


def filters(page: Page) -> None:
    """Opens the desk's filters."""
    page.wait_for_load_state("networkidle")
    page.locator("#_filters > summary").click()


def _keys(page: Page) -> None:
    page.locator("#_help").click()
    expect(page.locator("#_keys")).to_be_visible()


def _topic(page: Page) -> None:
    page.locator("#_topics button").nth(2).click()
    page.wait_for_load_state("networkidle")


def _collected(page: Page) -> None:
    add = page.get_by_role("button", name="Add to tray")
    if not add.is_visible():
        _sheet(page)
    add.click()
    expect(page.locator("#_tray li")).to_have_count(1)


def _sheet(page: Page) -> None:
    page.locator("#_list .open").first.click()
    expect(page.locator("#_sheet")).to_be_visible()


DESK = (
    State("desk", "/agents"),
    State("desk, table", "/agents", _search(ANSWERED)),
    State("desk, phrase", "/agents", _search('"third parties"')),
    State("desk, nothing found", "/agents", _search('"no such words anywhere"')),
    State("desk, side by side", "/agents", _search(ANSWERED, _side_by_side)),
    State("desk, filters", "/agents", filters),
    State("desk, keys", "/agents", _keys),
    State("desk, topic", "/agents", _topic),
    State("desk, tray", "/agents", _search(ANSWERED, _collected)),
    State("desk, clause on a phone", "/agents", _search(ANSWERED, _sheet), phone=True),
    State("report", "/agents/report", locked=True),
    State("report without a login", "/agents/report"),
)


# The widget


def launched(page: Page) -> Widget:
    """The widget behind the launcher, opened."""
    widget = next(
        each for each in (Widget(page, at) for at in range(2)) if each.host.get_attribute("data-mode") == "launcher"
    )
    widget.open()
    page.wait_for_load_state("networkidle")
    return widget


def boxed(page: Page) -> Widget:
    """The widget that stands in the page."""
    page.locator("policy-widget[data-mode=inline]").scroll_into_view_if_needed()
    widget = Widget(page)
    expect(widget.panel).to_be_visible()
    page.wait_for_load_state("networkidle")
    return widget


def _asked(of: Callable[[Page], Widget], question: str, then: Callable[[Locator], object] = lambda _: None):  # type: ignore[no-untyped-def]
    def steps(page: Page) -> None:
        then(of(page).ask(question))

    return steps


def _closed(page: Page) -> None:
    launched(page)
    page.keyboard.press("Escape")


def _why(turn: Locator) -> None:
    turn.locator(".thumb.down").click()
    turn.locator("form input").first.check()


def _voted(turn: Locator) -> None:
    _why(turn)
    turn.locator("form button.main").click()
    expect(turn.locator("form")).to_have_count(0)


def _framed(page: Page) -> None:
    frame = page.frame_locator("iframe")
    frame.locator("#question").fill(ANSWERED)
    frame.locator("#question").press("Enter")
    expect(frame.locator(".turn[data-status]")).to_have_count(1)


WIDGET = (
    State("help centre", "/help-center"),
    State("help centre, launcher opened", "/help-center", launched),
    State("help centre, launcher closed", "/help-center", _closed),
    State("help centre, answer", "/help-center", _asked(launched, ANSWERED)),
    State("help centre, not covered", "/help-center", _asked(launched, NOT_COVERED)),
    State("help centre, off topic", "/help-center", _asked(launched, OFF_TOPIC)),
    State("help centre, error", "/help-center", _asked(launched, BROKEN)),
    State("help centre, why not useful", "/help-center", _asked(launched, ANSWERED, _why)),
    State("help centre, vote sent", "/help-center", _asked(launched, ANSWERED, _voted)),
    State("help centre, box, answer", "/help-center", _asked(boxed, ANSWERED)),
    State("help centre, another language", "/help-center?lang=ru", _asked(launched, NOT_COVERED)),
    State("frame", f"/embed?policy={ITALKI}", boxed),
    State("frame, answer", f"/embed?policy={ITALKI}", _asked(boxed, ANSWERED)),
    State("frame, not covered", "/embed", _asked(boxed, NOT_COVERED)),
    State("frame of no policy", "/embed?policy=nobody"),
)
ELSEWHERE = (
    State("another site", "/widget", elsewhere=True),
    State("another site, opened", "/widget", launched, elsewhere=True),
    State("another site, answer", "/widget", _asked(launched, ANSWERED), elsewhere=True),
    State("another site, not covered", "/widget", _asked(launched, NOT_COVERED), elsewhere=True),
    State("another site, vote sent", "/widget", _asked(launched, ANSWERED, _voted), elsewhere=True),
    State("another site, box, answer", "/box", _asked(boxed, ANSWERED), elsewhere=True),
    State("another site, frame, answer", "/frame", _framed, elsewhere=True),
)

OWN = (*READER, *DESK, *WIDGET)
ALL = (*CHAT, *OWN, *ELSEWHERE)
# One of each page, with an answer where it gives any.
_OPENED = (
    "chat, answer",
    "policies",
    "policy",
    "comparison",
    "desk, table",
    "report",
    "help centre, answer",
    "frame, answer",
)
OPENED = tuple(state for state in ALL if state.name in _OPENED)


def named(state: State) -> str:
    """For the id of a parametrised test."""
    return state.name
