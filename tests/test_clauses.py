"""The clause trees of the five policies, written down by hand, and what belongs to which clause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.policies.clauses import clause_tree
from assistant.policies.parsed import Parsed
from assistant.policies.text import parse_text
from assistant.types import Block, BlockKind, Clause

DATA = Path(__file__).parent / "data"
POLICIES = sorted(path.name.removesuffix(".clauses.json") for path in DATA.glob("*.clauses.json"))
SILENT = (BlockKind.HEADING, BlockKind.DECORATION)


def read(corpus: Path, policy: str) -> tuple[Parsed, tuple[Clause, ...], tuple[int, ...]]:
    parsed = parse_text((corpus / f"{policy}.txt").read_text(encoding="utf-8"))
    clauses, owners = clause_tree(parsed.text, parsed.blocks, parsed.title)
    return parsed, clauses, owners


def blocks_of(corpus: Path, policy: str, number: str, title: str = "") -> list[Block]:
    parsed, clauses, owners = read(corpus, policy)
    (clause,) = [c for c in clauses if (c.number, c.title) == (number, title) or (number and c.number == number)]
    return [block for block, owner in zip(parsed.blocks, owners, strict=True) if owner == clause.id]


def test_there_is_a_golden_tree_for_every_policy(corpus: Path) -> None:
    assert [path.stem for path in sorted(corpus.glob("*.txt"))] == POLICIES


@pytest.mark.parametrize("policy", POLICIES)
def test_clause_tree_is_the_golden_one(corpus: Path, policy: str) -> None:
    parsed, clauses, owners = read(corpus, policy)
    found = []
    for clause in clauses[1:]:
        own = [b for b, owner in zip(parsed.blocks, owners, strict=True) if owner == clause.id and b.kind not in SILENT]
        words = own[0].span.of(parsed.text) if own else ""
        if own and own[0].number:
            words = words.split(None, 1)[1]
        first = " ".join(words.split()[:6])
        found.append({"number": clause.number, "title": clause.title, "first": first, "parent": clause.parent})
    assert found == json.loads((DATA / f"{policy}.clauses.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("policy", POLICIES)
def test_tree_is_nested_and_in_preorder(corpus: Path, policy: str) -> None:
    parsed, clauses, owners = read(corpus, policy)
    for clause in clauses[1:]:
        parent = clauses[clause.parent or 0]
        assert parent.id < clause.id
        assert parent.span.covers(clause.span)
        assert clause.depth == parent.depth + 1
    for block, owner in zip(parsed.blocks, owners, strict=True):
        assert clauses[owner].span.covers(block.span) or block.kind is BlockKind.DECORATION


def test_section_takes_the_number_that_its_clauses_carry(corpus: Path) -> None:
    _, clauses, _ = read(corpus, "unistudy-privacy-policy")
    by_title = {clause.title: clause.number for clause in clauses}
    assert by_title["Main rights and obligations of personal data subjects"] == "4"
    assert by_title["Conditions for processing personal data"] == "9"


def test_section_with_a_lost_heading_is_there_without_a_title(corpus: Path) -> None:
    _, clauses, _ = read(corpus, "unistudy-privacy-policy")
    (section,) = [clause for clause in clauses if clause.number == "3"]
    assert section.title == ""
    assert [c.number for c in clauses if c.parent == section.id] == ["3.1", "3.2"]


def test_bulleted_list_belongs_to_its_lead_in(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "unistudy-privacy-policy")
    blocks = blocks_of(corpus, "unistudy-privacy-policy", "4.1")
    items = [block for block in blocks if block.kind is BlockKind.ITEM]
    assert len(items) == 6
    assert {item.lead.of(parsed.text) for item in items} == {"4.1. Personal data subjects have the right to:"}


def test_unmarked_list_inside_a_list_is_nested_below_its_item(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "unistudy-privacy-policy")
    blocks = blocks_of(corpus, "unistudy-privacy-policy", "3.1")
    nested = [block.span.of(parsed.text) for block in blocks if block.depth == 2]
    assert nested[0] == "Java on/off;"
    assert nested[-1] == "Clicks on banners and links."
    server = [b for b in blocks if b.kind is BlockKind.ITEM and b.lead.of(parsed.text).startswith("Such data includes")]
    assert next(block.span.of(parsed.text) for block in server) == "The Website called;"
    assert len(server) == 4


def test_paragraph_that_leads_in_the_next_clauses_belongs_to_the_section(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "unistudy-privacy-policy")
    words = [block.span.of(parsed.text) for block in blocks_of(corpus, "unistudy-privacy-policy", "10")]
    assert any(word.startswith("In summary, paragraphs 10.5-10.9") for word in words)
    _, clauses, _ = read(corpus, "unistudy-privacy-policy")
    (before,) = [clause for clause in clauses if clause.number == "10.4"]
    assert "In summary" not in before.span.of(parsed.text)


def test_browser_steps_are_items_below_the_name_of_the_browser(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "italki-cookie-notice-2024")
    blocks = blocks_of(corpus, "italki-cookie-notice-2024", "1")
    steps: dict[str, int] = {}
    for block in blocks:
        if block.kind is BlockKind.ITEM:
            steps[block.lead.of(parsed.text)] = steps.get(block.lead.of(parsed.text), 0) + 1
    assert steps == {"Chrome": 7, "Safari": 4, "Edge": 3, "Firefox": 7}


def test_table_rows_stay_whole_and_know_their_header(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "italki-cookie-notice-2024")
    rows = [b for b in blocks_of(corpus, "italki-cookie-notice-2024", "1") if b.kind is BlockKind.ROW]
    assert [row.span.of(parsed.text).split("\t")[0] for row in rows] == [
        "App Tracking",
        "Advertising Preferences",
        "App Permissions",
        "Permissions Based on Type of Information",
        "Browser",
    ]
    assert {row.lead.of(parsed.text) for row in rows} == {"Permissions\tiOS\tAndroid"}
    assert rows[0].span.of(parsed.text).endswith("which may track your app usage.")
    places = [b for b in blocks_of(corpus, "italki-cookie-notice-2024", "5") if b.kind is BlockKind.ROW]
    assert places[1].span.of(parsed.text).startswith("United States\t\nFor California")
    assert places[1].span.of(parsed.text).endswith("attorney general.")


def test_cookie_names_know_their_category(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "italki-cookie-notice-2024")
    items = [b for b in blocks_of(corpus, "italki-cookie-notice-2024", "3") if b.kind is BlockKind.ITEM]
    leads = {b.span.of(parsed.text): b.lead.of(parsed.text) for b in items}
    assert len(items) == 7 + 2 + 1 + 9 + 16
    assert leads["Adjust"] == "We use the following functional cookies or similar technologies:"
    assert leads["Google Analytics"] == "We use the following statistic technology:"


def test_table_of_contents_is_no_section(corpus: Path) -> None:
    parsed, _, _ = read(corpus, "italki-privacy-policy-2018")
    (contents,) = [block for block in parsed.blocks if block.kind is BlockKind.CONTENTS]
    assert contents.span.of(parsed.text).startswith("Information We CollectHow We Use Information")
    assert contents.span.of(parsed.text).endswith("Contacting italki")
