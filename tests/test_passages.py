"""Laws on passages: they cover the text, in order, each within one clause, and read at a bearable length."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reader_checks import check_passages

from assistant.policies.clauses import clause_tree
from assistant.policies.parse import parse
from assistant.policies.passages import LONGEST, split
from assistant.policies.source import list_sources, read_source
from assistant.policies.text import parse_text
from assistant.types import Document, Policy

POLICY = Policy("sample", "Sample", "Privacy Policy")
# Text as policies are made of: headings, numbers, bullets, tabs, glued words, other scripts, white space.
PIECES = st.sampled_from(
    [
        "1. ",
        "1.1 ",
        "2.",
        "5.8.3 ",
        "• ",
        "(a) ",
        "- ",
        "\t",
        "\n",
        "\n\n",
        "\n\n\n",
        "  ",
        "=====",
        "Cookies",
        "We use data.",
        "Your rights",
        "What do we collect?",
        "including:",
        "name;",
        "italki",
        "данные",
        "。",
        "数据",
        "A",
        "z",
        "…",
        "\u00a0",
        "Mr. ",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=400))


def document(text: str) -> Document:
    parsed = parse_text(text)
    clauses, owners = clause_tree(parsed.text, parsed.blocks, parsed.title)
    return Document(POLICY, parsed.text, parsed.blocks, clauses, owners)


@given(TEXTS)
def test_laws_hold_for_any_text(text: str) -> None:
    check_passages(document(text.replace("\r", " ")))


@pytest.mark.parametrize(
    "policy",
    [
        "i2istudy-privacy-policy",
        "italki-cookie-notice-2024",
        "italki-privacy-policy-2018",
        "unistudy-privacy-policy",
        "unnamed-privacy-policy",
    ],
)
def test_laws_hold_for_the_policies(corpus: Path, policy: str) -> None:
    check_passages(document((corpus / f"{policy}.txt").read_text(encoding="utf-8")))


def test_laws_hold_for_policies_of_others(shared: Path) -> None:
    files = sorted((shared / "eval" / "policyqa-dev" / "corpus").glob("*.txt"))
    assert files
    for file in files:
        check_passages(document(file.read_text(encoding="utf-8")))


def test_laws_hold_for_published_policies_of_every_format(shared: Path) -> None:
    paths, errors = list_sources(shared / "corpora")
    assert paths
    assert errors == ()
    for path in paths:
        doc = parse(read_source(path))
        check_passages(doc)
        assert max(len(passage.text) for passage in split(doc)) <= LONGEST


def test_lengths_read_well(corpus: Path) -> None:
    lengths = [
        len(passage.text)
        for file in corpus.glob("*.txt")
        for passage in split(document(file.read_text(encoding="utf-8")))
        if passage.citable
    ]
    assert statistics.median(lengths) <= 600
    assert statistics.quantiles(lengths, n=20)[-1] <= 1200
    assert max(lengths) <= 1600


def test_headings_and_contents_are_never_cited(corpus: Path) -> None:
    doc = document((corpus / "unnamed-privacy-policy.txt").read_text(encoding="utf-8"))
    silent = [passage.text for passage in split(doc) if not passage.citable]
    assert "When do we transmit your information to other persons?" in silent


def test_unbreakable_text_is_cut() -> None:
    doc = document("x" * (3 * LONGEST))
    assert [len(passage.text) for passage in split(doc)] == [LONGEST, LONGEST, LONGEST]


def test_item_in_another_passage_than_its_lead_in_knows_it() -> None:
    items = "\n".join(f"• item number {n} {'and so on ' * 12}" for n in range(30))
    doc = document(f"Your data\n\nWe collect the following data:\n{items}")
    last = split(doc)[-1]
    assert "We collect the following data:" in last.context
    assert "We collect" not in last.text
