"""The chat in a real browser: over an assistant that says what a test tells it, then over the real one."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Error, Locator, Page, Request, expect, sync_playwright

from assistant.errors import FeedbackError, QuestionError
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Reason
from assistant.json_form import citation_url
from assistant.settings import Settings
from assistant.types import Answer, Confidence, Policy, Status
from tests.web_fixtures import ITALKI, RUSSIAN, StubAssistant, answer, citation, launch, serving

if TYPE_CHECKING:
    from assistant.ask import Assistant

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 860}

# Markup of every kind that a page, Markdown, TeX, a template or a bidirectional text could act on.
HOSTILE = (
    "4. </blockquote></li></div><script>window.hit = 1</script><img src=x onerror='window.hit = 2'> "
    "<svg onload=window.hit=3> **bold** _it_ `code` [link](javascript:alert(1)) $$x^2$$ \\(y\\) ${window.hit = 4} "
    "{{7*7}} {% x %} `${window.hit = 5}` &lt;b&gt; \" ' \N{RIGHT-TO-LEFT OVERRIDE}abc\N{POP DIRECTIONAL FORMATTING} "
    "@children <!-- end\n\n  * item\tcell"
)
SHORT = citation("We keep it for a year.", clause="4.1", path=("4 Keeping", "4.1 How long"), marked=["for a year"])
LONG = "We keep every byte of it for reasons of our own. " * 40
LIST = citation("We need:\n\n  • a name\tor two;\n    1. a date.\n\nNo more.", marked=["need:\n\n  • a name"])
DEEP = citation(LONG + "After ten years it is deleted. " + LONG, marked=["After ten years it is deleted."])


def _refuse() -> Answer:
    raise QuestionError("That question cannot be asked; try another.")


def _break() -> Answer:
    raise RuntimeError("secret of the machine room")


def _hostile() -> Answer:
    policy = Policy("hostile", HOSTILE, HOSTILE, HOSTILE, HOSTILE, "en")
    cited = citation(HOSTILE, policy=policy, clause="4", path=(HOSTILE, f"4 {HOSTILE}"), marked=["<script>"])
    return Answer("", Status.ANSWERED, (cited,), (cited,), (policy, policy), HOSTILE, Confidence.LIKELY)


class Gate:
    """Holds an answer back until a test lets it go."""

    def __init__(self) -> None:
        self.open = threading.Event()

    def __call__(self) -> Answer:
        self.open.wait(20)
        return answer("slow", SHORT)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright, chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def stub(gate: Gate) -> StubAssistant:
    return StubAssistant(
        {
            "kept?": lambda: answer("kept?", SHORT, related=[SHORT]),
            "and why?": lambda: answer("and why?", citation("Because."), confidence=Confidence.LIKELY),
            "sold?": lambda: answer("sold?", related=[SHORT, citation("Near.")]),
            "pizza": lambda: answer("pizza", off_topic=True),
            "long": lambda: answer("long", DEEP),
            "list": lambda: answer("list", LIST),
            "данные": lambda: answer("данные", citation("Мы храним ваши данные.", policy=RUSSIAN, page=2)),
            "refuse": _refuse,
            "break": _break,
            "slow": gate,
            HOSTILE.strip(): _hostile,
        },
        suggested=["kept?", "sold?", HOSTILE],
    )


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> FeedbackStore:
    """What the server over the stub keeps of votes and questions."""
    return FeedbackStore(tmp_path_factory.mktemp("votes") / "feedback.sqlite")


@pytest.fixture(scope="module")
def stub_url(stub: StubAssistant, kept: FeedbackStore) -> Iterator[str]:
    from assistant.web.app import create_app

    settings = Settings(feedback=kept.path, store_questions=True, rate_limit="9999/second")
    with serving(lambda: create_app(stub, settings)) as url:  # type: ignore[arg-type]
        yield url


class Chat:
    """The page as a person uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.turns = page.locator(".turn")
        self.box = page.get_by_label("Your question")

    def ask(self, question: str) -> Locator:
        """Types and sends a question; its turn, once it is answered."""
        before = self.turns.count()
        self.box.fill(question)
        self.box.press("Enter")
        return self.answered(before)

    def answered(self, at: int) -> Locator:
        turn = self.turns.nth(at)
        expect(turn).to_have_attribute("data-status", re.compile("."))
        return turn

    def choose(self, label: str) -> None:
        self.page.get_by_role("combobox", name="Policy to search").click()
        self.page.get_by_role("option", name=label).click()


Open = Callable[..., Chat]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Chat]]:
    """Opens a page in a new profile; at the end no script of the page may have failed."""
    contexts = []
    failures: list[Error] = []

    def visit(url: str, **options: object) -> Chat:
        context = browser.new_context(**({"viewport": DESKTOP, "reduced_motion": "reduce"} | options))  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: failures.append(error))  # noqa: PLW0108 (a built-in method is refused)
        page.goto(url)
        page.get_by_label("Your question").wait_for()
        return Chat(page)

    yield visit
    for context in contexts:
        context.close()
    assert failures == []


@pytest.fixture
def open_stub(visit: Open, stub_url: str) -> Open:
    return lambda **options: visit(stub_url, **options)


# The conversation


def test_an_answer_has_a_first_line_and_a_card_for_each_clause(open_stub: Open) -> None:
    turn = open_stub().ask("kept?")
    expect(turn.locator(".question")).to_have_text("kept?")
    expect(turn.locator(".summary")).to_have_text("answered: 1 clauses")
    expect(turn.locator(".confidence")).to_have_text("Clear answer")
    card = turn.locator(".answer > .cards .card")
    expect(card).to_have_count(1)
    expect(card.locator(".title")).to_have_text("4.1 How long")
    expect(card.locator(".trail")).to_have_text("italki Privacy Policy › 4 Keeping")
    expect(card.locator("mark")).to_have_text("for a year")
    expect(card.locator(".facts")).to_contain_text("7 May 2018")
    expect(turn.locator(".related")).not_to_have_attribute("open", "")


def test_not_covered_says_so_and_lists_the_nearest_clauses(open_stub: Open) -> None:
    turn = open_stub().ask("sold?")
    expect(turn.locator(".scope")).to_contain_text("Silence in a policy means neither yes nor no.")
    expect(turn.locator(".related summary")).to_have_text("Closest, may not answer (2)")
    expect(turn.locator(".related .card .quote").first).to_be_visible()
    expect(turn.locator(".answer > .cards")).to_have_count(0)


def test_off_topic_offers_questions_that_can_be_asked(open_stub: Open) -> None:
    chat = open_stub()
    turn = chat.ask("pizza")
    turn.get_by_role("button", name="kept?", exact=True).click()
    expect(chat.answered(1).locator(".question")).to_have_text("kept?")


def test_earlier_questions_go_along_and_errors_do_not(open_stub: Open, stub: StubAssistant) -> None:
    chat = open_stub()
    for question in ("kept?", "refuse", "sold?", "and why?"):
        chat.ask(question)
    assert stub.asked[-1] == ("and why?", None, ("kept?", "sold?"))


def test_the_policy_can_change_between_questions(open_stub: Open, stub: StubAssistant) -> None:
    chat = open_stub()
    chat.ask("kept?")
    chat.choose("Политика конфиденциальности · May 2014")
    chat.ask("and why?")
    assert stub.asked[-1] == ("and why?", (RUSSIAN.id,), ("kept?",))
    chat.choose("All 2 policies")
    chat.ask("kept?")
    assert stub.asked[-1][1] is None


def test_a_suggestion_asks_itself_and_leaves_what_is_being_typed(open_stub: Open) -> None:
    chat = open_stub()
    chat.box.fill("half a que")
    chat.page.locator("#suggestions").get_by_role("button", name="kept?").click()
    expect(chat.answered(0).locator(".question")).to_have_text("kept?")
    expect(chat.box).to_have_value("half a que")
    # It is not offered again, and after a new conversation it is.
    asked = chat.page.locator("#suggestions .chip").first
    expect(asked).to_be_hidden()
    chat.page.get_by_role("button", name="New conversation").click()
    expect(asked).to_be_visible()


def test_a_new_conversation_forgets_the_old_one(open_stub: Open, stub: StubAssistant) -> None:
    chat = open_stub()
    chat.ask("kept?")
    chat.page.get_by_role("button", name="New conversation").click()
    expect(chat.turns).to_have_count(0)
    expect(chat.page.locator(".welcome")).to_be_visible()
    expect(chat.box).to_be_focused()
    chat.ask("sold?")
    assert stub.asked[-1] == ("sold?", None, ())


def test_an_answer_that_comes_after_a_new_conversation_is_dropped(open_stub: Open, gate: Gate) -> None:
    chat = open_stub()
    gate.open.clear()
    chat.box.fill("slow")
    chat.box.press("Enter")
    expect(chat.page.locator(".looking")).to_be_visible()
    chat.page.get_by_role("button", name="New conversation").click()
    gate.open.set()
    expect(chat.ask("kept?").locator(".summary")).to_have_text("answered: 1 clauses")
    expect(chat.turns).to_have_count(1)


def test_a_question_waits_for_the_one_before_and_is_not_lost(open_stub: Open, gate: Gate) -> None:
    chat = open_stub()
    gate.open.clear()
    chat.box.fill("slow")
    chat.box.press("Enter")
    expect(chat.page.locator(".looking")).to_be_visible()
    chat.box.fill("kept?")
    chat.box.press("Enter")
    expect(chat.box).to_have_value("kept?")
    gate.open.set()
    chat.answered(0)
    chat.box.press("Enter")
    expect(chat.answered(1).locator(".question")).to_have_text("kept?")


# What goes wrong


def test_an_error_is_one_sentence_in_the_chat_and_the_question_is_back_in_the_box(open_stub: Open) -> None:
    chat = open_stub()
    turn = chat.ask("refuse")
    expect(turn.locator(".answer")).to_have_text("That question cannot be asked; try another.")
    expect(chat.box).to_have_value("refuse")


def test_a_fault_of_the_server_tells_nothing_of_it_and_loses_nothing(open_stub: Open) -> None:
    chat = open_stub()
    turn = chat.ask("break")
    expect(turn.locator(".summary")).to_contain_text("please ask again")
    expect(chat.box).to_have_value("break")
    assert "secret" not in chat.page.content()
    chat.ask("kept?")


def test_a_lost_connection_is_said_and_nothing_is_lost(open_stub: Open) -> None:
    chat = open_stub()
    chat.ask("kept?")
    chat.page.route("**/gradio_api/component_server/", lambda route: route.abort())
    turn = chat.ask("and why?")
    expect(turn.locator(".summary")).to_contain_text("please ask again")
    expect(chat.box).to_have_value("and why?")
    chat.page.unroute("**/gradio_api/component_server/")
    chat.box.press("Enter")
    expect(chat.answered(2).locator(".quote")).to_have_text("Because.")


def test_an_empty_question_is_not_sent(open_stub: Open, stub: StubAssistant) -> None:
    chat = open_stub()
    before = len(stub.asked)
    chat.box.fill("  \n ")
    chat.page.get_by_role("button", name="Ask", exact=True).click()
    expect(chat.turns).to_have_count(0)
    chat.ask("kept?")
    assert len(stub.asked) == before + 1


# Text stays text


def test_hostile_markup_shows_as_text(open_stub: Open) -> None:
    chat = open_stub()
    requests: list[Request] = []
    chat.page.on("request", lambda request: requests.append(request))  # noqa: PLW0108
    chat.page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    expect(chat.page.locator("#suggestions .chip").nth(2)).to_have_text(re.compile(r"</blockquote>.*\{\{7\*7\}\}"))
    turn = chat.ask(HOSTILE)
    assert turn.locator(".question").text_content() == HOSTILE.strip()
    assert turn.locator(".quote").first.text_content() == HOSTILE
    assert turn.locator("mark").first.text_content() == "<script>"
    for shown in (".summary", ".trail bdi >> nth=0", ".title bdi >> nth=0"):
        assert "<img src=x onerror='window.hit = 2'>" in (turn.locator(shown).first.text_content() or "")
    assert (turn.locator(".place").first.get_attribute("href") or "").startswith("policies/hostile")
    assert turn.locator("script, img, svg, a:not(.place), strong, em, code, b, .katex").count() == 0
    assert chat.page.evaluate("window.hit") is None
    asked = {request.url.split("/", 3)[3] for request in requests}
    assert asked == {"gradio_api/component_server/", "ui/thumb.svg"}
    # Bidirectional controls in one card do not turn the line that follows.
    assert chat.page.evaluate("getComputedStyle(document.querySelector('.quote')).unicodeBidi") == "isolate"


def test_a_quote_says_its_language(open_stub: Open) -> None:
    quote = open_stub().ask("данные").locator(".quote")
    expect(quote).to_have_attribute("lang", "ru")


# Reading, keyboard, sizes and colours


def test_a_long_clause_is_folded_around_its_answer_and_opens(open_stub: Open) -> None:
    turn = open_stub().ask("long")
    quote = turn.locator(".quote")
    folded = quote.bounding_box()
    marked = turn.locator("mark").bounding_box()
    assert folded is not None
    assert marked is not None
    assert folded["y"] <= marked["y"]
    assert marked["y"] + marked["height"] <= folded["y"] + folded["height"]
    more = turn.locator(".whole summary")
    expect(more).to_have_text("Show whole clause", use_inner_text=True)
    more.focus()
    more.press("Enter")
    expect(more).to_have_text("Show less", use_inner_text=True)
    opened = quote.bounding_box()
    assert opened is not None
    assert opened["height"] > 2 * folded["height"]
    assert quote.text_content() == DEEP.quote


def test_a_clause_is_copied_as_it_is_written(open_stub: Open) -> None:
    turn = open_stub().ask("list")
    selected = turn.locator(".quote").evaluate(
        """(quote) => {
          getSelection().selectAllChildren(quote);
          return getSelection().toString();
        }"""
    )
    assert selected == LIST.quote


def test_what_a_person_opened_stays_open(open_stub: Open) -> None:
    chat = open_stub()
    first = chat.ask("long")
    first.locator(".whole summary").click()
    chat.ask("kept?")
    expect(first.locator(".whole")).to_have_attribute("open", "")


def test_keyboard(open_stub: Open) -> None:
    chat = open_stub()
    chat.box.focus()
    chat.page.keyboard.type("kept?")
    chat.page.keyboard.press("Shift+Enter")
    expect(chat.box).to_have_value("kept?\n")
    chat.page.keyboard.press("Backspace")
    chat.page.keyboard.press("Enter")
    chat.answered(0)
    expect(chat.box).to_be_focused()
    chat.page.keyboard.press("Tab")
    expect(chat.page.get_by_role("combobox", name="Policy to search")).to_be_focused()
    chat.page.keyboard.press("Tab")
    expect(chat.page.get_by_role("button", name="Ask", exact=True)).to_be_focused()


def test_focus_is_seen(open_stub: Open) -> None:
    chat = open_stub()
    chat.ask("kept?")
    seen = []
    for _ in range(12):
        chat.page.keyboard.press("Tab")
        seen.append(
            chat.page.evaluate(
                """() => {
                  const at = document.activeElement;
                  if (at === document.body) return null;
                  const drawn = (e) => {
                    const style = getComputedStyle(e);
                    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
                      || style.boxShadow !== "none" && e.matches(".wrap");
                  };
                  const frames = [...document.querySelectorAll("#composer, #policy .wrap")];
                  return [at.outerHTML.slice(0, 80), drawn(at) || frames.some((e) => e.contains(at) && drawn(e))];
                }"""
            )
        )
    names = [one for one in seen if one]
    assert len(names) >= 6
    assert [name for name, drawn in names if not drawn] == []


def test_an_answer_is_announced_in_one_line_and_scrolled_to_its_first_line(open_stub: Open) -> None:
    chat = open_stub()
    for question in ("long", "sold?", "kept?", "and why?"):
        turn = chat.ask(question)
        first = [turn.locator(".summary"), *turn.locator(".confidence").all()]
        expect(chat.page.locator("#said")).to_have_text(" ".join(line.text_content() or "" for line in first))
        expect(turn.locator(".question")).to_be_in_viewport(ratio=1)
        expect(turn.locator(".summary")).to_be_in_viewport(ratio=1)
        top = chat.page.locator("#top").bounding_box()
        asked = turn.bounding_box()
        assert top is not None
        assert asked is not None
        assert abs(asked["y"] - (top["y"] + top["height"])) <= 2
    assert chat.page.locator("#said").get_attribute("role") == "status"


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_nothing_overflows_and_everything_can_be_touched(open_stub: Open, width: int) -> None:
    chat = open_stub(viewport={"width": width, "height": 700})
    for question in ("", "kept?", "and why?", HOSTILE, "long", "sold?", "pizza", "refuse"):
        if question:
            chat.ask(question)
        assert chat.page.evaluate("document.documentElement.scrollWidth") <= width, question
        expect(chat.box).to_be_in_viewport(ratio=1)
        expect(chat.page.get_by_role("button", name="Ask", exact=True)).to_be_in_viewport(ratio=1)
        small = chat.page.evaluate(
            """[...document.querySelectorAll("a, button, summary, textarea, input")]
               .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.id !== "chosen")
               .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
               .filter(([, box]) => box.width < 43.9 || box.height < 43.9)
               .map(([html]) => html)"""
        )
        assert small == []


CONTRASTS = """() => {
  const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    if (!e) return [255, 255, 255];
    const colour = parse(getComputedStyle(e).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, ground(e.parentElement));
  };
  const out = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    const unseen = e.closest("script, style, noscript, .unseen, .sr-only") || !e.checkVisibility();
    if (unseen || !texts.currentNode.data.trim()) continue;
    const under = ground(e);
    const [a, b] = [light(over(parse(getComputedStyle(e).color), under)), light(under)];
    out.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className || e.tagName]);
  }
  return out;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(open_stub: Open, scheme: str) -> None:
    chat = open_stub(color_scheme=scheme)
    faint = []
    for question in ("", "kept?", "and why?", "sold?", "pizza", "refuse", "long"):
        if question:
            chat.ask(question)
        found = chat.page.evaluate(CONTRASTS)
        assert found
        faint += [one for one in found if one[0] < 4.5]
    assert faint == []
    chat.page.get_by_role("combobox", name="Policy to search").click()
    chat.page.get_by_role("option").first.wait_for()
    assert [one for one in chat.page.evaluate(CONTRASTS) if one[0] < 4.5] == []


def test_light_and_dark_follow_the_system_at_once(open_stub: Open) -> None:
    chat = open_stub(color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = chat.page.evaluate(ground)
    chat.page.emulate_media(color_scheme="dark")
    assert chat.page.evaluate(ground) != light


def test_headings_lead_through_a_conversation(open_stub: Open) -> None:
    chat = open_stub()
    chat.ask("kept?")
    levels = chat.page.evaluate("""[...document.querySelectorAll("h1, h2, h3")]
           .filter((h) => h.checkVisibility()).map((h) => [h.tagName, h.innerText])""")
    assert levels == [["H1", "Ask the privacy policy"], ["H2", "kept?"], ["H3", "4.1 How long"]]


def test_the_chooser_names_each_policy_with_its_date(open_stub: Open) -> None:
    chat = open_stub()
    chat.page.get_by_role("combobox", name="Policy to search").click()
    labels = chat.page.get_by_role("option").evaluate_all("found => found.map((one) => one.ariaLabel)")
    assert labels == ["All 2 policies", f"{ITALKI.name} · 7 May 2018", "Политика конфиденциальности · May 2014"]


# Votes


def test_a_thumb_up_is_kept_at_once_with_the_clauses_that_were_cited(open_stub: Open, kept: FeedbackStore) -> None:
    chat = open_stub()
    chat.choose(f"{ITALKI.name} · 7 May 2018")
    turn = chat.ask("kept?")
    expect(turn.locator(".place").first).to_have_text("Read in the policy")
    turn.get_by_role("button", name="Yes, useful").click()
    expect(turn.locator(".vote")).to_have_text("Thank you.")
    expect(turn.locator(".told")).to_be_focused()
    vote = kept.votes()[-1]
    assert (vote.useful, vote.reason, vote.note, vote.question, vote.status) == (True, "", "", "kept?", "answered")
    assert vote.policies == (ITALKI.id,)
    assert vote.clauses == (citation_url(SHORT),)


def test_a_thumb_down_asks_why_and_takes_a_reason_and_a_note(open_stub: Open, kept: FeedbackStore) -> None:
    chat = open_stub()
    before = len(kept.votes())
    turn = chat.ask("and why?")
    down = turn.get_by_role("button", name="No, not useful")
    expect(down).to_have_attribute("aria-expanded", "false")
    expect(turn.get_by_role("radio")).to_have_count(0)
    down.click()
    expect(down).to_have_attribute("aria-expanded", "true")
    reasons = [label.text_content() for label in turn.locator(".reason").all()]
    assert reasons == [reason.words for reason in Reason]
    turn.get_by_role("radio", name="Out of date").check()
    turn.get_by_role("textbox", name="Anything to add?").fill("Mail <b>me</b> at jane@example.com")
    assert len(kept.votes()) == before
    turn.get_by_role("button", name="Send", exact=True).click()
    expect(turn.locator(".vote")).to_have_text("Thank you.")
    vote = kept.votes()[-1]
    assert (vote.useful, vote.reason, vote.note) == (False, "out_of_date", "Mail <b>me</b> at [e-mail]")
    assert (vote.status, vote.policies, len(vote.clauses)) == ("answered", (), 1)


def test_what_is_not_covered_can_be_voted_on_too_and_cites_nothing(open_stub: Open, kept: FeedbackStore) -> None:
    chat = open_stub()
    turn = chat.ask("sold?")
    turn.get_by_role("button", name="No, not useful").click()
    turn.get_by_role("button", name="Send", exact=True).click()
    expect(turn.locator(".vote")).to_have_text("Thank you.")
    vote = kept.votes()[-1]
    assert (vote.useful, vote.reason, vote.status, vote.clauses) == (False, "", "not_covered", ())
    for question in ("pizza", "refuse"):
        expect(chat.ask(question).locator(".vote")).to_have_count(0)


def test_a_vote_by_keyboard(open_stub: Open, kept: FeedbackStore) -> None:
    chat = open_stub()
    turn = chat.ask("kept?")
    turn.get_by_role("button", name="No, not useful").focus()
    keyboard = chat.page.keyboard
    for key in ("Enter", "Tab", "ArrowDown", "Tab"):
        keyboard.press(key)
    keyboard.type("It is elsewhere.")
    expect(turn.get_by_role("textbox", name="Anything to add?")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(turn.locator(".told")).to_be_focused()
    vote = kept.votes()[-1]
    assert (vote.reason, vote.note) in {("wrong_policy", "It is elsewhere."), ("not_the_clause", "It is elsewhere.")}


def test_a_vote_that_does_not_get_through_is_said_and_nothing_is_lost(open_stub: Open, kept: FeedbackStore) -> None:
    chat = open_stub()
    turn = chat.ask("kept?")
    before = len(kept.votes())
    chat.page.route("**/gradio_api/component_server/", lambda route: route.abort())
    turn.get_by_role("button", name="No, not useful").click()
    turn.get_by_role("textbox", name="Anything to add?").fill("Still here.")
    turn.get_by_role("button", name="Send", exact=True).click()
    expect(turn.locator(".told")).to_have_text("That did not get through: please send it again.")
    expect(chat.page.locator("#said")).to_have_text("That did not get through: please send it again.")
    chat.page.unroute("**/gradio_api/component_server/")
    turn.get_by_role("button", name="Send", exact=True).click()
    expect(turn.locator(".vote")).to_have_text("Thank you.")
    assert [vote.note for vote in kept.votes()[before:]] == ["Still here."]


def test_every_question_is_counted_and_errors_are_not(open_stub: Open, kept: FeedbackStore) -> None:
    def counted() -> dict[str, int]:
        return {status: sum(t.questions for t in kept.tallies() if t.status == status) for status in Status}

    chat, before, asked = open_stub(), counted(), len(kept.uncovered())
    for question in ("kept?", "sold?", "pizza", "refuse", "break"):
        chat.ask(question)
    assert counted() == {status: count + 1 for status, count in before.items()}
    assert [one.question for one in kept.uncovered()[asked:]] == ["sold?"]


def test_an_answer_comes_where_nothing_can_be_kept(
    open_stub: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise FeedbackError("votes.sqlite is damaged; move it away.")

    monkeypatch.setattr(FeedbackStore, "count", refuse)
    monkeypatch.setattr(FeedbackStore, "vote", refuse)
    turn = open_stub().ask("kept?")
    expect(turn.locator(".summary")).to_have_text("answered: 1 clauses")
    turn.get_by_role("button", name="Yes, useful").click()
    expect(turn.locator(".told")).to_have_text("Feedback cannot be kept just now.")
    assert caplog.messages == ["votes.sqlite is damaged; move it away."] * 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_form_of_a_vote_fits_and_can_be_read_and_touched(open_stub: Open, width: int, scheme: str) -> None:
    chat = open_stub(viewport={"width": width, "height": 700}, color_scheme=scheme)
    turn = chat.ask("kept?")
    turn.get_by_role("button", name="No, not useful").click()
    turn.get_by_role("radio", name="Wrong policy").check()
    expect(turn.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)
    assert chat.page.evaluate("document.documentElement.scrollWidth") <= width
    small = turn.locator(".vote").evaluate(
        """(form) => [...form.querySelectorAll("button, textarea, input")].map((e) => e.getBoundingClientRect())
             .filter((box) => box.width < 43.9 || box.height < 43.9).length"""
    )
    assert small == 0
    assert [one for one in chat.page.evaluate(CONTRASTS) if one[0] < 4.5] == []


# The real assistant over the real policies


@pytest.fixture(scope="module")
def real_url(assistant: Assistant) -> Iterator[str]:
    from assistant.web.app import create_app

    with serving(lambda: create_app(assistant, Settings(rate_limit="9999/second"))) as url:
        yield url


LEFT_BEHIND = """async () => [
  localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
]"""


def test_a_whole_conversation_asks_no_other_host_and_leaves_nothing_behind(
    visit: Open, browser: Browser, real_url: str, assistant: Assistant
) -> None:
    requests: list[str] = []
    context = browser.new_context(viewport=PHONE)
    context.on("request", lambda request: requests.append(request.url))
    page = context.new_page()
    page.goto(real_url)
    page.get_by_label("Your question").wait_for()
    chat = Chat(page)
    page.locator("#suggestions .chip").first.click()
    expect(chat.answered(0)).to_have_attribute("data-status", "answered")
    chat.ask("and for how long?")
    chat.choose("italki Privacy Policy")
    chat.ask("Which planet does the company come from?")
    chat.ask("clause 1.2")
    page.locator(".related summary, .whole summary").first.click()
    page.get_by_role("button", name="New conversation").click()
    chat.ask("Can I refuse marketing messages?")
    assert len(requests) > 20
    assert [url for url in requests if not url.startswith(f"{real_url}/")] == []
    assert context.cookies() == []
    assert page.evaluate(LEFT_BEHIND) == [0, 0, "", 0, 0, 0]
    context.close()


def test_every_suggestion_is_answered_word_for_word(visit: Open, real_url: str, assistant: Assistant) -> None:
    chat = visit(real_url)
    for at, question in enumerate(assistant.suggestions()):
        turn = chat.ask(question)
        assert turn.get_attribute("data-status") == "answered", question
        said = assistant.ask(question, history=assistant.suggestions()[:at])
        expect(turn.locator(".summary")).to_have_text(said.summary)
        shown = turn.locator(".answer > .cards .quote").evaluate_all("found => found.map((one) => one.textContent)")
        assert shown == [cited.quote for cited in said.citations]
        for cited in said.citations:
            assert cited.span.of(assistant.document(cited.policy.id).text) == cited.quote


def test_a_clause_number_opens_that_clause(visit: Open, real_url: str) -> None:
    chat = visit(real_url)
    turn = chat.ask("clause 5.8.3 of the unistudy policy")
    expect(turn.locator(".answer > .cards .number").first).to_have_text("5.8.3")
    expect(turn.locator(".answer > .cards .quote").first).to_contain_text("must be terminated at any time")
