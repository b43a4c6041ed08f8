"""Anchors are unique and stable; a permalink marks the characters that it was made for, or nothing."""

from __future__ import annotations

from itertools import pairwise
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.ask import Assistant
from assistant.json_form import citation_url
from assistant.links import anchors, marked, permalink
from assistant.types import Clause, Document, Policy, Span

TEXT = "We keep your name. We never sell data. We keep it for a year."


def document(*clauses: tuple[str, str, int | None]) -> Document:
    tree = [Clause(0, "", "Policy", None, Span(0, 9), 0)]
    for at, (number, title, parent) in enumerate(clauses, 1):
        tree.append(Clause(at, number, title, parent, Span(at, at + 1), 1))
    return Document(Policy("p", "", "P"), "x" * 9, (), tuple(tree), ())


def test_numbers_headings_and_repeated_ones() -> None:
    found = anchors(
        document(
            ("5", "Data", 0), ("5.1", "", 1), ("(a)", "", 2), ("", "Third party cookie-files", 0),
            ("(a)", "", 0), ("5", "Again", 0), ("", "Данные", 0), ("", "", 0), ("", "Data", 0), ("", "Data", 0),
        )
    )  # fmt: skip
    assert found == (
        "",
        "5",
        "5.1",
        "5.1(a)",
        "third-party-cookie-files",
        "(a)",
        "5-2",
        "данные",
        "c8",
        "data",
        "data-2",
    )


def test_anchors_of_real_policies_are_unique(assistant: Assistant) -> None:
    for policy in assistant.policies():
        found = anchors(assistant.document(policy.id))
        assert found[0] == ""
        assert len(set(found)) == len(found)
        assert all(found[1:])


def test_a_link_marks_what_it_was_made_for(assistant: Assistant) -> None:
    answer = assistant.ask("Does italki share my data with advertisers?")
    cited = next(citation for citation in answer.citations if citation.marks)
    url = urlsplit(citation_url(cited))
    assert unquote(url.path) == f"policies/{cited.policy.id}"
    assert unquote(url.fragment) == cited.anchor
    assert marked(assistant.document(cited.policy.id).text, parse_qs(url.query)["mark"][0]) == cited.marks


def test_marked_words_that_moved_are_found_and_others_never_marked() -> None:
    span = Span(19, 38)
    assert span.of(TEXT) == "We never sell data."
    link = permalink("p", "2", [(span, span.of(TEXT))])
    parameter = parse_qs(urlsplit(link).query)["mark"][0]
    assert marked(TEXT, parameter) == (span,)
    assert marked("New words. " + TEXT, parameter) == (Span(30, 49),)
    assert marked(TEXT.replace("never", "often"), parameter) == ()
    assert marked("", parameter) == ()


@pytest.mark.parametrize("parameter", ["", "x", "5-1-00000000", "999999999-999999999-00000000", "1-2-zzzzzzzz", "-,-"])
def test_a_link_that_nobody_made_marks_nothing(parameter: str) -> None:
    assert marked(TEXT, parameter) == ()


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(1, 9)), max_size=6))
def test_marks_come_back_in_order_and_disjoint(wanted: list[tuple[int, int]]) -> None:
    spans = [Span(start, min(start + length, len(TEXT))) for start, length in wanted if start < len(TEXT)]
    parameter = parse_qs(urlsplit(permalink("p", "", [(span, span.of(TEXT)) for span in spans])).query).get(
        "mark", [""]
    )
    found = marked(TEXT, parameter[0])
    assert set(found) <= set(spans)
    assert bool(found) == bool(spans)
    assert all(one.end <= other.start for one, other in pairwise(found))
