"""What every reader must keep to, and how its output is compared with the expected one beside its input."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from assistant.policies.parsed import Parsed
from assistant.policies.passages import split
from assistant.types import BlockKind, Document

READERS = Path(__file__).parent / "data" / "readers"
_MARKER = re.compile(r"^(?:•|\d+\.|[a-z]+\.)\s")
CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"


def squeezed(text: str) -> str:
    """`text` without white space."""
    return "".join(text.split())


def unmarked(parsed: Parsed) -> str:
    """Canonical text without the markers that a browser paints before items, and without white space."""
    out = ""
    for block in parsed.blocks:
        text = block.span.of(parsed.text)
        listed = block.kind in (BlockKind.ITEM, BlockKind.CONTENTS)
        out += (_MARKER.sub("", text) if listed else text).replace("•", "")
    return squeezed(out)


def check_blocks(parsed: Parsed) -> None:
    """Blocks are ordered and disjoint, hold every character that is not white space, and point into the text."""
    at = 0
    outside = ""
    for block in parsed.blocks:
        assert at <= block.span.start <= block.span.end <= len(parsed.text)
        outside += parsed.text[at : block.span.start]
        at = block.span.end
        assert not block.title or block.span.start <= block.title.start <= block.title.end <= len(parsed.text)
        assert block.lead.end <= block.span.start
        assert block.opens == (block.level > 0 and block.opens)
        assert not block.number or block.opens
    assert not (outside + parsed.text[at:]).strip()
    assert list(parsed.pages) == sorted(parsed.pages)
    assert all(0 <= page <= len(parsed.text) for page in parsed.pages)


def check_passages(doc: Document) -> None:
    """Passages are ordered and disjoint, each within one clause and word for word; together they cover the text."""
    text = doc.text
    passages = split(doc)
    at = 0
    for passage in passages:
        assert passage.span.start >= at
        at = passage.span.end
        assert passage.text == passage.span.of(text)
        assert passage.text == passage.text.strip()
        assert passage.text
        inside = [o for b, o in zip(doc.blocks, doc.owners, strict=True) if b.span.overlap(passage.span)]
        assert set(inside) == {passage.clause}
        end = passage.span.start
        for sentence in passage.sentences:
            assert passage.span.covers(sentence)
            assert sentence.start >= end
            end = sentence.end
    decoration = [b.span for b in doc.blocks if b.kind is BlockKind.DECORATION]
    covered = bytearray(len(text))
    for span in [passage.span for passage in passages] + decoration:
        for offset in range(span.start, span.end):
            covered[offset] += 1
    for offset, char in enumerate(text):
        assert covered[offset] == 1 or (char.isspace() and covered[offset] == 0), (offset, char)
    for passage in passages:
        words = "".join(s.of(text) for s in passage.sentences)
        assert "".join(words.split()) == "".join(passage.text.split())


def as_json(parsed: Parsed) -> dict[str, Any]:
    """`parsed` as the files beside the fixtures have it: only what a block says of itself."""
    blocks = []
    for block in parsed.blocks:
        said = {
            "kind": block.kind.value,
            "text": block.span.of(parsed.text),
            "level": block.level,
            "opens": block.opens,
            "number": block.number,
            "title": block.title.of(parsed.text),
            "depth": block.depth,
            "lead": block.lead.of(parsed.text),
        }
        blocks.append({name: value for name, value in said.items() if value not in ("", 0, False)})
    return {"title": parsed.title, "pages": list(parsed.pages), "blocks": blocks}


def expected(name: str) -> dict[str, Any]:
    """The expected output of the fixture `name`."""
    found: dict[str, Any] = json.loads((READERS / f"{name}.json").read_text(encoding="utf-8"))
    return found
