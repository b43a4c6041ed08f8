"""Structure guessed from plain text: input and expected outline side by side."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.policies.clauses import clause_tree
from assistant.policies.text import parse_text
from assistant.types import BlockKind

LONG = "We keep what you tell us for as long as the law asks us to, and not a day longer than that, as a rule."


def tree(text: str) -> list[tuple[int, str, str]]:
    parsed = parse_text(text)
    clauses, _ = clause_tree(parsed.text, parsed.blocks, parsed.title)
    return [(clause.depth, clause.number, clause.title) for clause in clauses[1:]]


def kinds(text: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.span.of(text)) for block in parse_text(text).blocks]


def test_headings_stand_alone_between_blank_lines() -> None:
    text = f"Privacy Policy\n\n{LONG}\n\nYour rights\n\n{LONG}\n\nContact\n\n{LONG}"
    assert tree(text) == [(1, "", "Your rights"), (1, "", "Contact")]
    assert parse_text(text).title == "Privacy Policy"


def test_heading_directly_above_its_paragraph() -> None:
    text = f"Policy\n{LONG}\nYour Rights\n{LONG}\nOur Duties\n{LONG}"
    assert [title for _, _, title in tree(text)] == ["Your Rights", "Our Duties"]


def test_dates_and_addresses_are_no_headings() -> None:
    text = f"Policy\n\nLast updated: May 2014\n\nhelp@acme.example\n\n{LONG}"
    assert tree(text) == []


def test_last_line_is_no_heading() -> None:
    assert tree(f"Policy\n\n{LONG}\n\nAcme tech support") == []


def test_gap_where_a_heading_was_lost_starts_a_clause() -> None:
    text = f"P\n\n{LONG}\n\nYour rights\n\n{LONG}\n\n{LONG}\n\n\n{LONG} Cookies.\n\n{LONG}\n\nChildren\n\n{LONG}"
    assert tree(text) == [(1, "", "Your rights"), (1, "", ""), (1, "", "Children")]


def test_question_headings_with_nothing_below_stay() -> None:
    text = f"P\n\nWhat do we collect?\n\nWhy do we do it?\n\n{LONG} And so on. Who sees your data?\n\n{LONG}"
    assert [title for _, _, title in tree(text)] == ["What do we collect?", "Why do we do it?", "Who sees your data?"]


def test_sections_with_decimal_clauses() -> None:
    text = f"Terms\n1. Scope\n1.1. {LONG}\n1.2. {LONG}\n1. Data\n2.1. {LONG}\n2.1.1 {LONG}\n2.2. {LONG}"
    assert [(depth, number) for depth, number, _ in tree(text)] == [
        (1, "1"),
        (2, "1.1"),
        (2, "1.2"),
        (1, "2"),
        (2, "2.1"),
        (3, "2.1.1"),
        (2, "2.2"),
    ]


def test_title_in_front_of_the_text_of_a_clause() -> None:
    text = f"P\n1. STAFF\n1.1 Confidentiality. Acme shall see to it. {LONG}\n1.2 Limits of Access. Acme shall {LONG}"
    assert tree(text) == [(1, "1", "STAFF"), (2, "1.1", "Confidentiality"), (2, "1.2", "Limits of Access")]


def test_numbered_steps_below_a_caption_are_items() -> None:
    text = f"P\n1. Cookies\n{LONG}\nFirefox\n1. Open the menu.\n2. Click Settings\n3. Click OK.\n2. Contact\n{LONG}"
    assert [(number, title) for _, number, title in tree(text)] == [("1", "Cookies"), ("2", "Contact")]
    items = [block for block in parse_text(text).blocks if block.kind is BlockKind.ITEM]
    assert [item.lead.of(text) for item in items] == ["Firefox"] * 3


def test_numbered_list_after_a_lead_in_is_a_list() -> None:
    text = f"P\n\nWe collect these data:\n\n  1. your name;\n  2. your address.\n\nContact\n\n{LONG}"
    assert tree(text) == [(1, "", "Contact")]


def test_parts_stand_above_numbered_sections() -> None:
    text = f"Addendum\n1. Scope\n{LONG}\n2. Terms\n{LONG}\nSCHEDULE 1\n1. Details\n{LONG}\n2. Measures\n{LONG}"
    assert [(depth, number, title) for depth, number, title in tree(text)] == [
        (1, "1", "Scope"),
        (1, "2", "Terms"),
        (1, "SCHEDULE 1", ""),
        (2, "1", "Details"),
        (2, "2", "Measures"),
    ]


def test_glued_headings_come_apart() -> None:
    body = "We may log data when you visit. Our services help you. This policy covers cookies and messages we send."
    text = (
        f"{body} Questions are fine.1.\nInformation We Collect1.1 Service UseWe may log it.1.2 CookiesWe use cookies "
        f"and a service.1.3 MessagesOur messages are short.2.\n=====\nOur ServicesThis is what services do."
    )
    assert tree(text) == [
        (1, "1", "Information We Collect"),
        (2, "1.1", "Service Use"),
        (2, "1.2", "Cookies"),
        (2, "1.3", "Messages"),
        (1, "2", "Our Services"),
    ]
    assert (BlockKind.DECORATION, "=====") in kinds(text)


def test_version_numbers_and_brands_are_not_cut() -> None:
    text = f"Policy\n\nWe use YouTube and version 2018.5.7Beta of it.\n\n{LONG}"
    assert kinds(text)[1] == (BlockKind.PARAGRAPH, "We use YouTube and version 2018.5.7Beta of it.")


def test_lines_broken_at_a_fixed_width_are_joined() -> None:
    words = ("we keep what you tell us for as long as the law asks us to and not a day longer than that " * 3).split()
    lines = [" ".join(words[at : at + 14]) for at in range(0, len(words) - 14, 14)]
    text = "Policy\n\n" + "\n".join(["We say so.", *lines]) + "\n\nYour rights\n\n" + "\n".join(lines) + "\n"
    assert [title for _, _, title in tree(text)] == ["Your rights"]
    paragraphs = [words for kind, words in kinds(text) if kind is BlockKind.PARAGRAPH]
    assert paragraphs[-1].count("\n") == len(lines) - 1


@pytest.mark.parametrize("ending", [".", ";", ""])
def test_unmarked_list_ends_where_its_punctuation_does(ending: str) -> None:
    text = f"P\n\nWe log the following:\nyour browser;\nyour system{ending or ';'}\n\n{LONG}"
    assert [words for kind, words in kinds(text) if kind is BlockKind.ITEM] == [
        "your browser;",
        f"your system{ending or ';'}",
    ]


@given(st.text(alphabet="1.2 \nAb•\t:;?=-(a)“é数", max_size=200))
def test_blocks_are_disjoint_and_hold_every_character(text: str) -> None:
    blocks = parse_text(text).blocks
    assert all(a.span.end <= b.span.start for a, b in itertools.pairwise(blocks))
    assert "".join("".join(b.span.of(text).split()) for b in blocks) == "".join(text.split())
