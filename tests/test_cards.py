"""Cards: what is quoted stays as it is, and nothing that a policy or a person writes becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Confidence, Policy, Span
from assistant.web.cards import answer_html, card, chips_html, choices, error_html
from assistant.web.quote import fold, lines
from tests.web_fixtures import ITALKI, RUSSIAN, answer, citation

# Text as policies hold it, much of it markup. The parser of this test, like a browser's, reads a carriage return as a
# line feed and drops NUL; canonical text holds neither.
_CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00")
_MARKUP = st.sampled_from(
    ["<b>", "</b>", "<", ">", "&", "&lt;", "&amp", '"', "'", "</span>", "{{", "}}", "\n", " ", "• "]
)
TEXT = st.lists(_MARKUP | _CHARACTERS, min_size=1, max_size=40).map("".join)


class Page(HTMLParser):
    """Collects the text inside elements of one class, the marked text, and every tag."""

    def __init__(self, html: str, wanted: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted, self.depth = wanted, 0
        self.texts: list[str] = []
        self.marked: list[str] = []
        self.tags: list[str] = []
        self.in_mark = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if self.depth:
            self.depth += 1
        elif self.wanted in (dict(attrs).get("class") or "").split():
            self.depth = 1
            self.texts.append("")
        if tag == "mark":
            self.in_mark = True
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        self.depth = max(0, self.depth - 1)
        if tag == "mark":
            self.in_mark = False

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.texts[-1] += data
        if self.in_mark:
            self.marked[-1] += data


@given(TEXT, st.data())
def test_a_quote_is_shown_character_by_character_with_its_marks(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True)))
    pairs = [(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False) if start < end]
    shown = citation(text)
    marks = tuple(Span(100 + start, 100 + end) for start, end in pairs)
    shown = type(shown)(**{name: getattr(shown, name) for name in shown.__slots__} | {"marks": marks})
    page = Page(answer_html("t1", "?", answer("?", shown)), "quote")
    assert page.texts == [text]
    # A mark that runs over a line end is marked in each line.
    assert "".join(page.marked) == "".join(text[start:end] for start, end in pairs)
    assert [piece for piece in page.marked if "\n" in piece[:-1]] == []


@given(TEXT)
def test_nothing_that_is_written_becomes_an_element(text: str) -> None:
    known = Policy("id", "a", "a", "a", "", "en")
    plain = answer_html("t1", "a", answer("a", citation("a", policy=known, clause="1", path=("1 a",))))
    policy = Policy("id", text, text, text, "", "en")
    hostile = answer_html("t1", text, answer(text, citation(text, policy=policy, clause="1", path=(f"1 {text}",))))
    expected = Page(plain, "quote").tags
    # A long quote is folded, which adds its own button.
    folding = {"details", "summary", "span"}
    found = [tag for tag in Page(hostile, "quote").tags if tag not in folding]
    assert found == [tag for tag in expected if tag not in folding]
    assert set(Page(error_html("t1", text, text), "x").tags) == {"article", "h2", "span", "div", "p"}
    assert set(Page(chips_html([text]), "x").tags) == {"div", "button"}


def test_a_lone_surrogate_can_be_sent() -> None:
    assert "Is \N{QUESTION MARK}" in error_html("t1", "Is \ud800", "no").replace("�", "?")


@pytest.mark.parametrize(
    ("clause", "path", "number", "title", "trail"),
    [
        ("3.2", ("3 Sharing", "3.2 Service providers"), "3.2", "Service providers", ("3 Sharing",)),
        ("5.8.3", ("5 Data", "5.8", "5.8.3"), "5.8.3", "", ("5 Data", "5.8")),
        ("", ("Cookies", "How to refuse"), "", "How to refuse", ("Cookies",)),
        ("", (), "", "", ()),
    ],
)
def test_a_card_names_its_clause(
    clause: str, path: tuple[str, ...], number: str, title: str, trail: tuple[str, ...]
) -> None:
    shown = card(citation("Text.", clause=clause, path=path))
    assert (shown.number, shown.title, shown.trail) == (number, title, trail)


def test_what_is_known_of_a_policy_is_shown_and_nothing_else() -> None:
    full = answer_html("t1", "?", answer("?", citation("Text.", page=3)))
    facts = " ".join(Page(full, "facts").texts[0].split())
    assert facts == "Dated 7 May 2018Version 2018.5.7Page 3Read in the policyPublished at www.italki.com"
    assert 'datetime="2018-05-07"' in full
    assert 'href="https://www.italki.com/privacy"' in full
    bare = answer_html("t1", "?", answer("?", citation("Text.", policy=Policy("a", "", "Notice"))))
    assert Page(bare, "facts").texts[0].strip() == "No date statedRead in the policy"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://[", "ftp://a.example/", "a.example", "https:///path"])
def test_a_source_that_is_no_web_address_is_no_link(url: str) -> None:
    policy = Policy("a", "", "Notice", source_url=url)
    shown = answer_html("t1", "?", answer("?", citation("Text.", policy=policy)))
    assert re.findall('href="([^"]*)"', shown) == ["policies/a"]


def test_the_language_of_a_quote_is_said() -> None:
    assert '<blockquote class="quote" lang="ru" dir="auto">' in answer_html(
        "t1", "?", answer("?", citation("Текст.", policy=RUSSIAN))
    )


@pytest.mark.parametrize(
    ("confidence", "words"),
    [
        (Confidence.CLEAR, "Clear answer"),
        (Confidence.LIKELY, "Likely answer: read the clause before you rely on it"),
    ],
)
def test_an_answer_says_how_sure_it_is(confidence: Confidence, words: str) -> None:
    html = answer_html("t1", "?", answer("?", citation("Text."), confidence=confidence))
    assert Page(html, "confidence").texts == [words]
    assert f'data-confidence="{confidence}"' in html


def test_what_is_no_answer_is_not_sure_of_anything() -> None:
    for html in (
        answer_html("t1", "?", answer("?", related=[citation("Near.")])),
        answer_html("t1", "?", answer("?", off_topic=True)),
        error_html("t1", "?", "No."),
    ):
        assert "confidence" not in html


def test_nearest_clauses_are_open_where_nothing_answers_and_folded_where_something_does() -> None:
    near = citation("Near.")
    assert '<details class="related" open>' in answer_html("t1", "?", answer("?", related=[near]))
    assert '<details class="related">' in answer_html("t1", "?", answer("?", citation("It."), related=[near]))
    assert "related" not in answer_html("t1", "?", answer("?", related=[near], off_topic=True))


def test_suggestions_are_offered_where_a_question_is_off_topic() -> None:
    assert "data-ask" in answer_html("t1", "?", answer("?", off_topic=True), ["How long?"])
    assert "data-ask" not in answer_html("t1", "?", answer("?"), ["How long?"])


def test_the_chooser_tells_policies_of_one_name_apart() -> None:
    twin = Policy("italki-2", "italki", "Privacy Policy", effective_date="2018-05-07")
    assert choices([ITALKI, twin, RUSSIAN]) == [
        ("italki Privacy Policy · 7 May 2018 · italki", "italki"),
        ("italki Privacy Policy · 7 May 2018 · italki-2", "italki-2"),
        ("Политика конфиденциальности · May 2014", "unistudy"),
    ]


LONG = "We keep it. " * 150


def test_short_clauses_are_not_folded() -> None:
    assert fold(citation("We keep it. " * 30)) == ("", 0)


def test_long_clauses_are_folded_earlier_on_a_phone() -> None:
    assert fold(citation(LONG)).where == "all"
    assert fold(citation("We keep it. " * 70)).where == "phone"


def test_wide_characters_take_two_columns() -> None:
    assert fold(citation("我们收集" * 100)).where == "phone"


def test_an_answer_deep_in_a_clause_is_seen_while_it_is_folded() -> None:
    shown = citation(LONG + "For ten years. " + LONG, marked=["For ten years."])
    where, early = fold(shown)
    assert where == "all"
    assert early == len(LONG)
    (line,) = lines(shown, early)
    assert [piece.early for piece in line.pieces] == [True, False, False]
    assert line.pieces[1] == ("For ten years.", True, False)
    assert line.resumes


def test_the_line_before_an_answer_is_kept_with_it() -> None:
    shown = citation(LONG + "\nAs a rule: for ten years. " + LONG, marked=["for ten years."])
    assert fold(shown).early == len(LONG) + 1


def test_a_clause_whose_answers_lie_far_apart_is_not_folded() -> None:
    assert fold(citation("First. " + LONG + "Last.", marked=["First.", "Last."])) == ("", 0)


def test_lines_know_what_hangs_and_what_is_empty() -> None:
    shown = lines(citation("We need:\n\n  • a name;\n  (a) a date;\n1. a place\n- and\n1990 was long ago"), 0)
    assert [line.item for line in shown] == [False, False, True, True, True, True, False]
    assert [line.blank for line in shown] == [False, True] + [False] * 5


@given(TEXT, st.integers(0, 40))
def test_lines_and_hidden_parts_lose_nothing(text: str, early: int) -> None:
    shown = lines(citation(text), early)
    pieces = [piece for line in shown for piece in line.pieces]
    assert "".join(piece.text for piece in pieces) == text
    assert "".join(piece.text for piece in pieces if piece.early) == text[:early]
    assert [line.resumes for line in shown].count(True) == (0 < early < len(text))
    assert all("\n" not in "".join(piece.text for piece in line.pieces)[:-1] for line in shown)
