from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_checks import CORPORA, READERS, as_json, check_blocks, expected, unmarked

from assistant.policies.markdown import parse_markdown
from assistant.policies.parsed import Unreadable

REAL = sorted(CORPORA.glob("*-*.md"))


def test_the_fixture_reads_as_expected() -> None:
    parsed = parse_markdown((READERS / "policy.md").read_text(encoding="utf-8"))
    check_blocks(parsed)
    assert as_json(parsed) == expected("policy.md")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            '# T policy\n\nA [link](https://a.example "t") and <https://b.example>.',
            "T policy\n\nA link and https://b.example.",
        ),
        ('Text\n{: #id .class }\n\nmore {: datetime="2024-01-01" }', "Text\n\nmore"),
        ("![alt *text*](x.png) `code` ~~gone~~ **b**", "alt text code gone b"),
        ("a <br/>\nb<!-- c -->", "a\nb"),
        ("[a][r]\n\n[r]: https://a.example", "a"),
        ("Bird & Bird &amp; Co &copy;", "Bird & Bird & Co ©"),
        ("Set {: it } inside", "Set {: it } inside"),
    ],
)
def test_markup_leaves_no_text(source: str, text: str) -> None:
    assert parse_markdown(source).text == text


@pytest.mark.parametrize("matter", ["title: Our Notice", "title: 'Our Notice'", 'x: 1\ntitle:   "Our Notice"  '])
def test_front_matter_names_a_document_without_main_heading(matter: str) -> None:
    parsed = parse_markdown(f"---\n{matter}\n---\n\n## Data\n\nx\n\n## Rights\n\ny\n")
    assert parsed.title == "Our Notice"
    assert "Our Notice" not in parsed.text


def test_the_main_heading_comes_before_front_matter() -> None:
    assert parse_markdown("---\ntitle: File\n---\n# Privacy Notice\n\nx").title == "Privacy Notice"


def test_cells_beyond_the_header_are_kept() -> None:
    assert parse_markdown("a | b\n--|--\n1 | 2 | 3 | 4\n5").text == "a\tb\n1\t2\t3\t4\n5"


@pytest.mark.parametrize("source", ["", "---\ntitle: x\n---\n", "<!-- x -->", "[r]: https://a.example"])
def test_nothing_to_see_is_an_error(source: str) -> None:
    with pytest.raises(Unreadable):
        parse_markdown(source)


@given(st.lists(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=30), min_size=1, max_size=8))
def test_paragraphs_survive_word_for_word(words: list[str]) -> None:
    parsed = parse_markdown("\n\n".join(words))
    assert parsed.text.split("\n\n") == words
    check_blocks(parsed)


def letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())


def stripped(source: str) -> str:
    """Letters and digits of Markdown without its markup, by regular expressions and nothing else."""
    source = re.sub(r"\A---.*?^---\s*$", "", source, flags=re.DOTALL | re.MULTILINE)
    source = re.sub(r"<!--.*?-->|\{:[^}]*\}", "", source, flags=re.DOTALL)
    source = re.sub(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", "", source)
    source = re.sub(r"\]\((?:[^()]|\([^()]*\))*\)", "]", source)
    return letters(re.sub(r"^\s*\d+\.\s", "", source, flags=re.MULTILINE))


@pytest.mark.skipif(not REAL, reason="the published policies of others are not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_policies_lose_nothing(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    parsed = parse_markdown(source)
    check_blocks(parsed)
    assert letters(unmarked(parsed)) == stripped(source)


def test_links_to_any_address_leave_their_text() -> None:
    assert parse_markdown("[Write](javascript:x()) or [call](data:text/html,x) us").text == "Write or call us"


def test_text_that_lies_too_deep_is_refused_and_not_left_out() -> None:
    assert parse_markdown("> " * 99 + "We keep it.").text == "We keep it."
    assert parse_markdown("".join(f"{'  ' * at}- a\n" for at in range(49)) + "\nWe keep it.").text.endswith(
        "We keep it."
    )
    for source in ("> " * 100 + "We keep it.", "".join(f"{'  ' * at}- a\n" for at in range(50)) + "\nWe keep it."):
        with pytest.raises(Unreadable, match="too deep"):
            parse_markdown(source)
