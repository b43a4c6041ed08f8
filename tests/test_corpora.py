"""Real policies by others, read where they lie: their clause trees, checked by eye against the published files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from reader_checks import CORPORA

from assistant.policies.parse import parse
from assistant.policies.source import list_sources, read_source

GOLDEN = Path(__file__).parent / "data" / "corpora"
NAMES = sorted(path.name.removesuffix(".clauses.json") for path in GOLDEN.glob("*.clauses.json"))

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="the published policies of others are not here")


def test_every_file_has_its_tree() -> None:
    paths, errors = list_sources(CORPORA)
    assert [path.name for path in paths] == NAMES
    assert errors == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_clause_tree_is_the_golden_one(name: str) -> None:
    document = parse(read_source(CORPORA / name))
    golden = json.loads((GOLDEN / f"{name}.clauses.json").read_text(encoding="utf-8"))
    found = [
        {"number": clause.number, "title": clause.title, "parent": clause.parent, "depth": clause.depth}
        for clause in document.clauses
    ]
    assert found == golden["clauses"]
    assert len(document.pages) == golden["pages"]
    assert Counter(block.kind.value for block in document.blocks) == golden["blocks"]
