"""The comparison in docs/features.md: what is said of ours can be looked up, what is said of others has a page."""

from __future__ import annotations

import re
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "docs" / "features.md"
OTHERS = ("AnythingLLM embed", "Onyx widget", "DocSearch", "kapa.ai", "eCFR")
UNSAID = {"not documented", "not its purpose"}
MARK = re.compile(r"\[([A-Z]\d+)\]")


def rows(head: str) -> list[list[str]]:
    """The cells of all tables whose first column is called `head`, their heads left out."""
    found: list[list[str]] = []
    inside = False
    for line in FILE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        inside = line.startswith("|") and (inside or cells[0] == head)
        if inside and cells[0] != head and set(cells[0]) != {"-"}:
            found.append(cells)
    return found


def test_each_feature_of_ours_names_files_that_exist(root: Path) -> None:
    features = rows("feature")
    assert len(features) > 25
    missing = []
    for feature, ours, *_ in features:
        named = re.findall(r"`((?:tests|docs)/[^`]+|README\.md)`", ours)
        assert named or ours == "none", f"{feature}: where is this tested or told?"
        missing += [f"{feature}: {name}" for name in named if not any(root.glob(name))]
    assert missing == []


def test_each_statement_about_others_has_a_page() -> None:
    for feature, _, *others in rows("feature"):
        assert len(others) == len(OTHERS), feature
        for product, said in zip(OTHERS, others, strict=True):
            assert said in UNSAID or MARK.search(said), f"{feature}, {product}: {said!r} needs a source"


def test_sources_are_pages_and_each_is_used() -> None:
    sources = dict(rows("mark"))
    text = FILE.read_text(encoding="utf-8")
    assert set(MARK.findall(text)) == set(sources)
    assert all(re.fullmatch(r"<https://[^>]+>(?: and <https://[^>]+>)*", page) for page in sources.values())
    assert len(set(sources.values())) == len(sources)
