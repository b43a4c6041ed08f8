from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_checks import CORPORA, READERS, as_json, check_blocks, expected, squeezed, unmarked

from assistant.policies.html import parse_html
from assistant.policies.parsed import Unreadable


def test_the_fixture_reads_as_expected() -> None:
    parsed = parse_html((READERS / "policy.html").read_text(encoding="utf-8"))
    check_blocks(parsed)
    assert as_json(parsed) == expected("policy.html")


def test_canonical_text_is_tidy() -> None:
    parsed = parse_html("<h1>Notice</h1><p>We keep:<ul><li>names<ul><li>first</ul><li>mail</ul><p>That is all.")
    assert parsed.text == "Notice\n\nWe keep:\n• names\n  • first\n• mail\n\nThat is all."


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>x()</script>",
        "<style>p{}</style>",
        "<template>x</template>",
        "<noscript>x</noscript>",
        "<nav>x</nav>",
        "<aside>x</aside>",
        "<footer>x</footer>",
        "<header>x</header>",
        "<button>x</button>",
        "<select><option>x</select>",
        "<textarea>x</textarea>",
        "<!-- x -->",
        "<p hidden>x</p>",
        '<div aria-hidden="true">x</div>',
        '<p style="color:red; DISPLAY : none">x</p>',
        '<p style="visibility:hidden">x</p>',
        '<div role="navigation">x</div>',
        '<div role="banner">x</div>',
        '<div role="contentinfo">x</div>',
        '<form role="search">x</form>',
        "<svg><text>x</text></svg>",
    ],
)
def test_what_a_browser_hides_or_a_site_adds_is_left_out(hidden: str) -> None:
    assert parse_html(f"<p>seen</p>{hidden}<p>too</p>").text == "seen\n\ntoo"


def test_a_header_with_the_main_heading_stays() -> None:
    assert (
        parse_html('<header role="banner"><p>May 2024</p><h1>Notice</h1></header><p>x').text
        == "May 2024\n\nNotice\n\nx"
    )


def test_inline_markup_keeps_words_together_and_blocks_keep_them_apart() -> None:
    assert parse_html("<p>pri<b>va</b>cy</p><div>one</div>two<div>three</div>").text == "privacy\n\none\n\ntwo\n\nthree"


def test_line_breaks() -> None:
    parsed = parse_html("<p>Bird<br/>\nAvenue 1<br>Brussels<br><br>Belgium</p><pre>a\n  b</pre>")
    assert parsed.text == "Bird\nAvenue 1\nBrussels\n\nBelgium\n\na\nb"


def test_numbers_of_lists_are_the_painted_ones() -> None:
    html = '<ol start="3"><li>x<li value="7">y<li>z</ol><ol type="a"><li>x</ol><ol type="I"><li>x<li>y</ol>'
    assert re.findall(r"(\w+)\. ", parse_html(html).text) == ["3", "7", "8", "a", "I", "II"]


def test_levels_have_no_gaps_and_the_title_stands_above() -> None:
    parsed = parse_html("<h1>Notice</h1><h3>A</h3><h5>B</h5><h3>C</h3><p>x")
    assert [(b.level, b.opens) for b in parsed.blocks[:-1]] == [(0, False), (1, True), (2, True), (1, True)]
    assert parsed.title == "Notice"


@pytest.mark.parametrize(
    ("html", "title", "opened"),
    [
        ("<h1>Privacy Policy</h1><h1>Data</h1><p>x", "Privacy Policy", ["Data"]),
        ("<h1>Data</h1><h1>Rights</h1><p>x", "", ["Data", "Rights"]),
        ("<title>Acme notice</title><h2>Data</h2><p>x<h2>Rights</h2><p>x", "Acme notice", ["Data", "Rights"]),
        ("<title>Acme notice</title><h2>Acme notice</h2><p>x<h2>Rights</h2><p>x", "Acme notice", ["Rights"]),
        ("<h1>1. Data</h1><p>x", "", ["Data"]),
        ("<p>no headings", "", []),
    ],
)
def test_which_heading_is_the_title(html: str, title: str, opened: list[str]) -> None:
    parsed = parse_html(html)
    assert parsed.title == title
    assert [b.title.of(parsed.text) for b in parsed.blocks if b.opens] == opened


@pytest.mark.parametrize(
    ("heading", "number", "title"),
    [
        ("5.8.3 Transfers", "5.8.3", "Transfers"),
        ("1. What we keep", "1", "What we keep"),
        ("Section 4 – Rights", "4", "Rights"),
        ("Annex II: Partners", "Annex II", "Partners"),
        ("24/7 support", "", "24/7 support"),
        ("2018 changes", "", "2018 changes"),
    ],
)
def test_numbers_of_headings(heading: str, number: str, title: str) -> None:
    parsed = parse_html(f"<h1>T policy</h1><h2>{heading}</h2><p>x")
    block = parsed.blocks[1]
    assert (block.number, block.title.of(parsed.text)) == (number, title)


@pytest.mark.parametrize("text", ["2.5 million people", "10.02 is late.", "5.8 applies", "Section 5.8 Applies"])
def test_figures_in_front_of_a_paragraph_open_no_clause(text: str) -> None:
    assert not any(block.opens for block in parse_html(f"<p>{text}</p>").blocks)


def test_bold_paragraphs_above_text_are_headings() -> None:
    parsed = parse_html(
        "<h2>Addenda</h2><h2>B</h2><p><b>Canada</b></p><p>x</p><p><b>Last updated 2024</b></p><p><b>All bold.</b>"
    )
    assert [b.title.of(parsed.text) for b in parsed.blocks if b.opens] == ["Addenda", "B", "Canada"]


def test_a_table_without_header_cells_belongs_to_its_lead_in() -> None:
    parsed = parse_html(
        "<p>We share. With these partners:</p><table><tr><td>Post<td>address<tr><td>Bank<td>sum</table>"
    )
    assert parsed.text.endswith("Post\taddress\nBank\tsum")
    assert {b.lead.of(parsed.text) for b in parsed.blocks[1:]} == {"With these partners:"}


def test_headings_in_lists_take_the_number_of_their_item() -> None:
    parsed = parse_html("<ol><li><h2>Data</h2><p>x</p><li><h2>Rights</h2><p>y</p></ol>")
    assert [(b.number, b.title.of(parsed.text)) for b in parsed.blocks if b.opens] == [("1", "Data"), ("2", "Rights")]


@pytest.mark.parametrize("html", ["", "<html></html>", "<script>x</script>", "<p hidden>x</p>", "<p>\u00ad \u200b</p>"])
def test_nothing_to_see_is_an_error(html: str) -> None:
    with pytest.raises(Unreadable, match="no text"):
        parse_html(html)


@pytest.mark.parametrize("nest", ["<div>", "<b>", "<ul><li>a", "<table><tr><td>", "<blockquote>", "<font><i>"])
def test_deep_nesting_does_no_harm(nest: str) -> None:
    parsed = parse_html(nest * 10_000 + "bottom")
    assert parsed.text.endswith("bottom")
    assert len(parsed.text) < 1_000_000


_WORDS = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="<>&"), min_size=1, max_size=12)
_TAGS = st.sampled_from("p div h1 h2 h3 ul ol li b em a table tr td th blockquote dl dt dd pre span section br".split())
_HTML = st.recursive(
    _WORDS,
    lambda inner: st.builds(lambda tag, parts: f"<{tag}>{' '.join(parts)}</{tag}>", _TAGS, st.lists(inner, max_size=4)),
    max_leaves=25,
)


@given(_HTML)
def test_no_character_is_lost_and_blocks_cover_the_text(html: str) -> None:
    try:
        parsed = parse_html(f"<body>{html}</body>")
    except Unreadable:
        assert not visible(html)
        return
    check_blocks(parsed)
    if "<table>" in html:
        # What stands in a table outside its cells is shown above it.
        assert not Counter(visible(html)) - Counter(squeezed(parsed.text))
        return
    seen = iter(squeezed(parsed.text))
    assert all(char in seen for char in visible(html)), "every visible character survives, in order"


class _Visible(HTMLParser):
    """Text of a document by the standard library's parser, for comparison."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data


def visible(html: str) -> str:
    reader = _Visible()
    reader.feed(html)
    reader.close()
    return squeezed(reader.text)


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the published policies of others are not here")
@pytest.mark.parametrize("name", ["mozilla-accounts-privacy-notice.html", "mozilla-accounts-privacy-notice.ru.html"])
def test_real_pages_lose_nothing(name: str) -> None:
    html = Path(CORPORA / name).read_text(encoding="utf-8")
    parsed = parse_html(html)
    check_blocks(parsed)
    assert unmarked(parsed) == visible(html)


def test_noscript_ends_where_a_browser_ends_it() -> None:
    assert parse_html("<noscript><p>x</noscript><p>seen</p><noscript><div><p>x</noscript><p>too").text == "seen\n\ntoo"


def test_cells_in_a_formula_end_no_cell_of_the_table() -> None:
    """Found by fuzzing: what followed them in the cell stood above the row."""
    html = "<table><tr><th>a<th><math>b<td>1<td>2</math><ul><li>c</ul><tr><td>d<td>e</table>"
    assert parse_html(html).text == "a\tb 1 2 • c\nd\te"
