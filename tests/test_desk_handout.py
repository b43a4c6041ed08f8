"""The hand-out of the desk: cut from the server's own policies, set in Latin, Cyrillic and Chinese."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from datetime import date

import httpx
import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from assistant.errors import QuestionError, UnknownPolicyError
from assistant.settings import Settings
from assistant.types import Citation
from assistant.web.desk.cut import MOST_CLAUSES, Handout, Wanted, cut
from assistant.web.desk.handout import handout
from assistant.web.desk.lines import wrap
from tests.desk_world import EXAMPLE, POLICIES, SCHOOL, SHOP, DeskAssistant
from tests.web_fixtures import citation, serving

TODAY = date(2026, 11, 22)
ROOT = "https://help.example/desk/"
ASSISTANT = DeskAssistant()


def taken(**wanted: object) -> Citation:
    (found,) = cut(ASSISTANT, [Wanted(**wanted)])  # type: ignore[arg-type]
    return found


def span_of(text: str, words: str) -> tuple[int, int]:
    return text.index(words), text.index(words) + len(words)


def text_of(data: bytes) -> str:
    """The words of a PDF without spaces, which a reader guesses from gaps.

    Where a font names its glyphs by a table of its own, pypdf puts the upper byte of a code, which is 0, into the text.
    """
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return "".join("".join(page.extract_text() for page in pages).replace("\0", "").split())


# What is cut


def test_a_clause_is_cut_by_its_span_with_its_marks_and_place() -> None:
    words = "We never sell personal data. We share nothing"
    mark = span_of(SHOP, "We never sell personal data.")
    found = taken(policy="shop", span=span_of(SHOP, f"{words} "), marks=[mark, span_of(SHOP, "Retention")])
    assert found.quote == words
    assert found.pieces == (("We never sell personal data.", True), (" We share nothing", False))
    assert (found.clause, found.path, found.anchor) == ("2.2", ("2 Sharing", "2.2 Advertisers"), "2.2")
    assert (found.policy.id, found.document_sha256) == ("shop", ASSISTANT.document("shop").sha256)


def test_a_whole_clause_is_cut_by_its_anchor() -> None:
    found = taken(policy="shop", anchor="1")
    assert found.quote.startswith("1. Data we collect")
    assert found.quote.endswith("• how you paid.")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"policy": "shop", "span": (0, 10**9)}, "Shop Privacy Policy has no text at 0 to 1000000000; search again."),
        ({"policy": "shop", "span": (9, 9)}, "has no text at 9 to 9"),
        ({"policy": "shop", "anchor": "9.9"}, "has no clause at '9.9'"),
        ({"policy": "shop"}, "has no clause at ''"),
        ({"policy": "shop", "span": (0, 9), "document_sha256": "0" * 64}, "has changed since this was found"),
    ],
)
def test_what_cannot_be_cut_is_said_in_one_sentence(wanted: dict[str, object], said: str) -> None:
    with pytest.raises(QuestionError, match=re.escape(said)):
        taken(**wanted)


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(UnknownPolicyError):
        taken(policy="none", anchor="1")


@pytest.mark.parametrize(
    "clause",
    [
        {"policy": "shop", "quote": "We sell everything."},
        {"policy": "shop", "span": [-1, 5]},
        {"policy": "shop", "span": [1]},
        {"anchor": "1"},
    ],
)
def test_a_request_holds_places_and_never_words(clause: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Handout.model_validate({"clauses": [clause]})


@given(start=st.integers(0, 600), length=st.integers(1, 600), marks=st.lists(st.tuples(*[st.integers(0, 600)] * 2)))
def test_whatever_is_asked_for_is_verbatim_or_refused(start: int, length: int, marks: list[tuple[int, int]]) -> None:
    try:
        found = taken(policy="shop", span=(start, start + length), marks=marks[:50])
    except QuestionError:
        return
    assert found.quote == found.span.of(ASSISTANT.document("shop").text)
    assert "".join(text for text, _ in found.pieces) == found.quote


# How it is set


def width(text: str) -> float:
    return sum(2.0 if unicodedata.east_asian_width(character) in "WF" else 1.0 for character in text)


PIECES = st.sampled_from([*"ab 。，“「）Ж中文個", "word ", "long-word-of-many-letters", "  ", "条款", "a" * 40])


@given(st.lists(PIECES, max_size=60).map("".join), st.integers(4, 40))
def test_lines_fit_and_joined_are_the_text(text: str, room: int) -> None:
    lines = wrap(text, width, room)
    assert "".join(text[line.start : line.end] for line in lines) == text
    for line in lines:
        shown = text[line.start : line.end].rstrip()
        assert width(shown) <= room or len(shown) <= 1 or shown[1:].strip("。，）") == "", shown


def test_chinese_breaks_anywhere_but_before_a_closing_mark() -> None:
    text = "我们不会出售您的个人信息。我们会保护。"
    lines = [text[line.start : line.end] for line in wrap(text, width, 24)]
    assert lines == ["我们不会出售您的个人信", "息。我们会保护。"]


def test_quotation_marks_stay_with_their_words() -> None:
    assert [("one “two”"[line.start : line.end]) for line in wrap("one “two”", width, 6)] == ["one ", "“two”"]
    assert [("你好“我们”"[line.start : line.end]) for line in wrap("你好“我们”", width, 6)] == ["你好", "“我们”"]


def test_a_hand_out_holds_latin_cyrillic_and_chinese_word_for_word() -> None:
    found = cut(
        ASSISTANT,
        [
            Wanted(policy="shop", anchor="1.2"),
            Wanted(policy="school", span=span_of(SCHOOL, "Мы не передаём персональные данные рекламодателям.")),
            Wanted(policy="zh", span=span_of(EXAMPLE, "我们会收集您的姓名和电子邮件地址。我们不会出售您的个人信息。")),
        ],
    )
    data = handout(found, ROOT, TODAY)
    text = text_of(data)
    for each in found:
        assert "".join(each.quote.split()) in text
    assert "3clausesfromShopPrivacyPolicy,ШколаПолитикаконфиденциальности,隐私政策.Puttogetheron22November2026." in text
    assert "Dated7May2018·Version2" in text
    assert "ShopPrivacyPolicy›1Datawecollect" in text
    assert "help.example/desk/policies/shop#1.2" in text
    assert "Page1of1" in text
    assert "notinthefonts" not in text
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert reader.metadata is not None
    assert reader.metadata.title == "Privacy clauses, 22 November 2026"
    assert reader.outline[0].title == "Shop Privacy Policy: 1.2 Your orders"  # type: ignore[union-attr]
    links = [note.get_object()["/A"]["/URI"] for note in reader.pages[0]["/Annots"]]  # type: ignore[index]
    assert links[0] == f"{ROOT}policies/shop#1.2"


def test_marks_are_drawn_and_only_where_there_are_any() -> None:
    mark = span_of(SHOP, "We never sell personal data.")
    ground = b"1 0.9333 0.6902 rg"

    def drawn(**more: object) -> int:
        data = handout([taken(policy="shop", anchor="2.2", **more)], ROOT, TODAY)
        contents = pypdf.PdfReader(io.BytesIO(data)).pages[0].get_contents()
        assert contents is not None
        return bytes(contents.get_data()).count(ground)

    assert drawn() == 0
    assert drawn(marks=[mark]) == 1


def test_a_long_clause_runs_over_pages_and_loses_nothing() -> None:
    quote = "\n".join(f"{at}. Условие number {at} — with words that are wrapped over more than one line of the page, "
                      "https://example.org/" + "x" * 120 for at in range(1, 120))  # fmt: skip
    data = handout([citation(quote, policy=POLICIES[1], marked=[quote[40:3000]])], ROOT, TODAY)
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    assert len(pages) > 5
    body = re.sub(rf"QuotedwordforwordfromthepublishedpoliciesPage\d+of{len(pages)}", "", text_of(data))
    assert "".join(quote.split()) in body


def test_what_no_font_has_is_said_and_what_nobody_sees_is_left_out() -> None:
    data = handout([citation("We keep it.\N{ZERO WIDTH SPACE}\tالعربية", policy=POLICIES[1])], ROOT, TODAY)
    assert "Somecharactersofthisclausearenotinthefontsofthishand-out:readitonline." in text_of(data)
    plain = handout([citation("We\N{SOFT HYPHEN} keep\x07 it.\N{ZERO WIDTH SPACE}", policy=POLICIES[1])], ROOT, TODAY)
    assert "notinthefonts" not in text_of(plain)
    assert "Wekeepit." in text_of(plain)


# The routes


@pytest.fixture(scope="module")
def desk() -> Iterator[httpx.Client]:
    from assistant.web.app import create_app

    with (
        serving(lambda: create_app(ASSISTANT, Settings(rate_limit="9999/second"))) as url,  # type: ignore[arg-type]
        httpx.Client(base_url=f"{url}/agents", timeout=20) as client,
    ):
        yield client


def test_the_route_gives_a_pdf_to_keep(desk: httpx.Client) -> None:
    wanted = {"policy": "shop", "anchor": "2.2", "marks": [list(span_of(SHOP, "We never sell personal data."))]}
    got = desk.post("/handout.pdf", json={"clauses": [wanted]})
    assert got.status_code == 200
    assert got.headers["content-type"] == "application/pdf"
    assert re.fullmatch(r'attachment; filename="privacy-clauses-[\d-]{10}\.pdf"', got.headers["content-disposition"])
    assert got.headers["cache-control"] == "no-store"
    assert "Weneversellpersonaldata." in text_of(got.content)
    assert f"{desk.base_url.host}:{desk.base_url.port}/policies/shop#2.2" in text_of(got.content)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"clauses": []}, 422, "invalid_request"),
        ({"clauses": [{"policy": "shop", "anchor": "1"}] * (MOST_CLAUSES + 1)}, 422, "invalid_request"),
        ({"clauses": [{"policy": "none", "anchor": "1"}]}, 404, "unknown_policy"),
        ({"clauses": [{"policy": "shop", "anchor": "none"}]}, 422, "invalid_request"),
        ({"clauses": [{"policy": "shop", "anchor": "1", "more": "x" * 200_000}]}, 422, "invalid_request"),
        ({"clauses": [{"policy": "shop", "anchor": "1", "more": "x" * 300_000}]}, 413, "invalid_request"),
        ([], 422, "invalid_request"),
    ],
)
def test_what_the_route_refuses_is_said_as_the_api_says_it(
    desk: httpx.Client, body: object, status: int, code: str
) -> None:
    got = desk.post("/handout.pdf", json=body)
    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"
    assert got.json()["code"] == code
    assert re.fullmatch(r"[^.]+.*\.", got.json()["detail"])


def test_modules_are_kept_for_ever_below_a_path_that_changes_with_them(desk: httpx.Client) -> None:
    source = re.search(r'src="(/agents/code/[0-9a-f]{12}/)main\.js"', desk.get("").text)
    assert source
    script = httpx.get(str(desk.base_url.join(f"{source[1]}main.js")))
    assert script.status_code == 200
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].split(";")[0].endswith("/javascript")
    for name in re.findall(r'from "\./(\w+)\.js"', script.text):
        assert httpx.get(str(desk.base_url.join(f"{source[1]}{name}.js"))).status_code == 200
    assert httpx.get(str(desk.base_url.join(f"{source[1]}none.js"))).status_code == 404
