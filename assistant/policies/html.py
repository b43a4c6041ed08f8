"""HTML → canonical text and blocks. What a browser does not show, and what is furniture of the site, is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from assistant.policies.compose import Piece, compose
from assistant.policies.dom import CELLS, HEADINGS, Survey, survey_of, walk
from assistant.policies.parsed import Parsed, Unreadable
from assistant.types import BlockKind, fold

_BLOCKS = frozenset(
    "address article blockquote body caption center dd details dir div dl dt fieldset figcaption figure form h1 h2 "
    "h3 h4 h5 h6 header hgroup html legend li main menu ol p pre section summary table tbody td tfoot th thead "
    "tr ul".split()
)
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_BOLD = frozenset({"b", "strong"})
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|bolder|[6-9]00)", re.IGNORECASE)
# Soft hyphen, zero-width space, word joiner, byte order mark: hints for line breaking, no text.
_UNSEEN = dict.fromkeys((0x00AD, 0x200B, 0x2060, 0xFEFF))
_BREAK = "\x00"


def parse_html(text: str, title: str = "") -> Parsed:
    """The visible text of an HTML document with its headings, paragraphs, lists and tables.

    Args:
        text: the markup, decoded.
        title: title of the document where its own headings name none; the `<title>` element when empty.

    Raises:
        Unreadable: nothing of it would be visible.
    """
    # As a browser that runs scripts reads <noscript>: to its end tag, whatever stands in it.
    tree = LexborHTMLParser(text, scripting=True)
    root = tree.root
    if root is None:
        raise _empty()
    survey = survey_of(root)
    reader = _Reader(survey)
    for event, node in walk(root, survey):
        if event == "text":
            reader.text(node.text_content or "")
        elif event == "open":
            reader.open(node)
        else:
            reader.close(node)
    reader.flush()
    element = tree.css_first("title")
    parsed = compose(reader.pieces, title or fold(element.text() if element else ""))
    if not parsed.text:
        raise _empty()
    return parsed


def _empty() -> Unreadable:
    return Unreadable("there is no text in it", "save it with its text, or remove the file")


def _is_inner_link(node: LexborNode) -> bool:
    """Whether `node` is a link to another place of the same document."""
    return node.tag == "a" and (node.attributes.get("href") or "").startswith("#")


@dataclass(slots=True)
class _List:
    """A list that is open while its items are read."""

    group: int
    ordered: bool
    style: str
    next: int = 1
    # Marker of the item that is open, "" once it is written.
    marker: str = ""
    # Whether the item that is open has its first text.
    begun: bool = False


class _Reader:
    """Collects the pieces of a document from its events."""

    def __init__(self, survey: Survey) -> None:
        self.pieces: list[Piece] = []
        self._survey = survey
        self._groups = 0
        self._raw: list[str] = []
        self._count = self._count_bold = self._count_linked = 0
        self._bold = self._linked = 0
        self._pre = 0
        self._rank = 0
        self._lists: list[_List] = []
        self._term = False
        self._table = 0
        self._head = 0
        self._cells: list[tuple[bool, str]] | None = None
        self._cell: str | None = None
        # Cells that lie in the open one: formulas may hold elements of any name.
        self._inner = 0

    def text(self, text: str) -> None:
        """Take a text node."""
        text = text.translate(_UNSEEN).replace(_BREAK, "")
        count = len("".join(text.split()))
        self._count += count
        self._count_bold += count if self._bold else 0
        self._count_linked += count if self._linked else 0
        self._raw.append(text.replace("\n", _BREAK) if self._pre else text)

    def open(self, node: LexborNode) -> None:
        """Take the start of an element."""
        tag = node.tag or ""
        self._bold += _is_bold(node)
        self._linked += _is_inner_link(node)
        if tag == "br":
            self._raw.append(_BREAK)
        elif self._cell is not None:
            self._open_in_cell(tag, node)
        elif tag in _BLOCKS or tag == "hr":
            self.flush()
            self._open_block(tag, node)

    def close(self, node: LexborNode) -> None:
        """Take the end of an element."""
        tag = node.tag or ""
        self._bold -= _is_bold(node)
        self._linked -= _is_inner_link(node)
        if self._cell is not None and (self._inner or tag not in CELLS):
            self._inner -= tag in CELLS
            self._raw.append(" " if tag in _BLOCKS else "")
            self._lists = self._lists[: len(self._lists) - (tag in _LISTS)]
        elif tag in CELLS and self._cells is not None:
            self._cells.append((self._cell == "th", self._take()[0].replace("\n", " ")))
            self._cell = None
        elif tag in _BLOCKS:
            self.flush()
            self._close_block(tag)

    def flush(self) -> None:
        """End the paragraph, item or heading that is being read."""
        text, bold, linked = self._take()
        if not text:
            return
        inner = self._lists[-1] if self._lists else None
        depth = len(self._lists)
        if self._rank:
            marker = inner.marker if inner and inner.ordered and not inner.begun else ""
            self.pieces.append(Piece(BlockKind.HEADING, fold(text), self._rank, marker))
            if inner:
                inner.begun = True
            return
        for part in re.split(r"\n{2,}", text):
            if inner is None:
                self.pieces.append(Piece(BlockKind.PARAGRAPH, part, bold=bold, linked=linked, defines=self._term))
                self._term = False
                continue
            kind = BlockKind.PARAGRAPH if inner.begun else BlockKind.ITEM
            marker = "" if inner.begun else inner.marker
            self.pieces.append(Piece(kind, part, 0, marker, depth, inner.group, bold, linked))
            inner.begun = True

    def _take(self) -> tuple[str, bool, bool]:
        """The text read since the last call, folded as a browser does; whether all of it is bold, is inner links."""
        lines = [" ".join(line.split()) for line in "".join(self._raw).split(_BREAK)]
        bold = 0 < self._count == self._count_bold
        linked = 0 < self._count == self._count_linked
        self._raw.clear()
        self._count = self._count_bold = self._count_linked = 0
        return "\n".join(lines).strip("\n"), bold, linked

    def _open_block(self, tag: str, node: LexborNode) -> None:
        self._rank = HEADINGS.get(tag, self._rank)
        self._pre += tag == "pre"
        if tag in _LISTS:
            self._lists.append(self._new_list(tag, node))
        elif tag == "li":
            if not self._lists:
                self._lists.append(self._new_list("", node))
            self._next_item(node)
        elif tag == "dd":
            self._term = bool(self.pieces)
        elif tag == "table" and node.mem_id not in self._survey.layout:
            self._groups += 1
            self._table = self._groups
        elif tag == "thead":
            self._head = 1
        elif tag == "tr" and self._table:
            self._cells = []
        elif tag in CELLS and self._cells is not None:
            self._cell = tag

    def _close_block(self, tag: str) -> None:
        self._rank = 0 if tag in HEADINGS else self._rank
        self._pre -= tag == "pre"
        if (tag in _LISTS or (tag == "li" and self._lists and self._lists[-1].style == "alone")) and self._lists:
            self._lists.pop()
        elif tag in ("dd", "dl"):
            self._term = False
        elif tag == "tr" and self._cells is not None:
            self._row(self._cells)
            self._cells = None
        elif tag == "thead":
            self._head = 0
        elif tag == "table":
            self._table = 0

    def _open_in_cell(self, tag: str, node: LexborNode) -> None:
        self._inner += tag in CELLS
        if tag in _LISTS:
            self._lists.append(self._new_list(tag, node))
        elif tag == "li" and self._lists:
            self._raw.append(" " + self._next_item(node))
        elif tag in _BLOCKS:
            self._raw.append(" ")

    def _row(self, cells: list[tuple[bool, str]]) -> None:
        text = "\t".join(cell for _, cell in cells).rstrip("\t")
        heads = all(head for head, _ in cells) and len(cells) > 1
        kind = BlockKind.HEADER if heads or self._head else BlockKind.ROW
        if text.strip():
            self.pieces.append(Piece(kind, text, group=self._table))

    def _new_list(self, tag: str, node: LexborNode) -> _List:
        self._groups += 1
        start = node.attributes.get("start") or ""
        style = "alone" if not tag else node.attributes.get("type") or "1"
        first = int(start) if re.fullmatch(r"-?\d{1,9}", start) else 1
        return _List(self._groups, tag == "ol", style, first)

    def _next_item(self, node: LexborNode) -> str:
        """Open the next item of the innermost list, and its marker."""
        inner = self._lists[-1]
        value = node.attributes.get("value") or ""
        if re.fullmatch(r"\d{1,9}", value):
            inner.next = int(value)
        inner.marker = f"{_ordinal(inner.next, inner.style)}. " if inner.ordered else "• "
        inner.next += 1
        inner.begun = False
        return inner.marker


def _is_bold(node: LexborNode) -> bool:
    return node.tag in _BOLD or bool(_BOLD_STYLE.search(node.attributes.get("style") or ""))


def _ordinal(value: int, style: str) -> str:
    """`value` as the list counts: "3", "c", "iii"."""
    if style in ("a", "A") and 0 < value <= 26:
        return chr(ord(style) + value - 1)
    if style in ("i", "I") and 0 < value < 40:
        roman = "x" * (value // 10) + ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"][value % 10]
        return roman.upper() if style == "I" else roman
    return str(value)
