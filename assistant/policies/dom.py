"""The tree of an HTML document as events, without the parts that are no text of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

CELLS = frozenset({"td", "th"})
HEADINGS = {f"h{rank}": rank for rank in range(1, 7)}
_DROPPED = frozenset(
    "head title script style template noscript nav aside footer button input select textarea option optgroup datalist "
    "meter progress svg canvas iframe object embed audio video map dialog".split()
)
_DROPPED_ROLES = frozenset({"navigation", "banner", "contentinfo", "search"})
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.IGNORECASE)


@dataclass(slots=True)
class Survey:
    """What must be known of an element before it is read, by `mem_id`."""

    # Headers that hold the main heading.
    titled: set[int] = field(default_factory=set)
    # Tables that only lay out the page.
    layout: set[int] = field(default_factory=set)


def walk(root: LexborNode, survey: Survey | None) -> Iterator[tuple[str, LexborNode]]:
    """Open, text and close events in document order, hidden parts left out; no recursion, however deep the tree is."""
    node: LexborNode | None = root
    depth = 0
    while node is not None:
        if node.is_text_node:
            yield "text", node
        elif node.is_element_node and not _is_hidden(node, survey):
            yield "open", node
            if node.child is not None:
                node = node.child
                depth += 1
                continue
            yield "close", node
        while depth and node.next is None and node.parent is not None:
            node = node.parent
            depth -= 1
            yield "close", node
        node = node.next if depth else None


def _is_hidden(node: LexborNode, survey: Survey | None) -> bool:
    """Whether neither `node` nor anything in it is text of the document; headers are let through to be surveyed."""
    tag, attributes = node.tag or "", node.attributes
    if tag in _DROPPED or "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    if _HIDING.search(attributes.get("style") or ""):
        return True
    if tag == "header":
        return survey is not None and node.mem_id not in survey.titled
    return (attributes.get("role") or "").lower() in _DROPPED_ROLES


@dataclass(slots=True)
class _Table:
    """Counts of one table while it is surveyed."""

    layout: bool
    row: int = 0
    widest: int = 0
    headed: bool = False
    titled: bool = False

    def count(self, tag: str) -> None:
        """Take the start of an element inside the table."""
        self.row = 0 if tag == "tr" else self.row + (tag in CELLS)
        self.widest = max(self.widest, self.row)
        self.headed |= tag == "th"
        self.titled |= tag in HEADINGS

    @property
    def is_layout(self) -> bool:
        """Whether the table only lays out the page: by its role, others inside, one column, or headings in it."""
        return self.layout or self.widest < 2 or (self.titled and not self.headed)


def survey_of(root: LexborNode) -> Survey:
    """One pass over the tree, linear in its size."""
    found = Survey()
    headers: list[int] = []
    tables: list[_Table] = []
    for event, node in walk(root, None):
        tag = node.tag or ""
        if event == "open":
            if tag == "h1":
                found.titled.update(headers)
            headers.extend([node.mem_id] if tag == "header" else ())
            if tag == "table":
                tables.append(_Table((node.attributes.get("role") or "").lower() in ("presentation", "none")))
            if tables:
                tables[-1].count(tag)
        elif (event, tag) == ("close", "header"):
            headers.pop()
        elif (event, tag) == ("close", "table"):
            found.layout.update({node.mem_id} if tables.pop().is_layout else ())
            if tables:
                tables[-1].layout = True
    return found
