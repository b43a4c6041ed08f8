"""Printed lines of all pages → the paragraphs, items and table rows that they were broken from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from assistant.policies.pdf_lines import BULLETS, PageLine

_BULLET = re.compile(rf"[{BULLETS}–*-]\s")
_LETTERED = re.compile(r"\((?:[a-zа-я]{1,2}|[A-ZА-Я]|[ivx]{1,5}|[IVX]{1,5}|\d{1,2})\)\s|(?:[a-zа-я]|[ivx]{1,5})[.)]\s")
_NUMBERED = re.compile(
    r"(?:\d{1,3}(?:\.\d{1,3})*[.)]|\d{1,3}(?:\.\d{1,3})+|[IVX]{1,5}\.|[A-Z]\.|(?:Clause|Section|Article|Schedule|Annex)\s+\w+)(?:\s|$)"
)
_NOTE = re.compile(r"(?:\d{1,3}|[*†‡])\s?\S")
_TERMINAL = re.compile(r"[.!?:;。！？：；][\"”’)\]]*$")
_OPEN_URL = re.compile(r"://\S*[/_?=&%-]$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")
SOFT_HYPHEN = "\u00ad"
# Most lines of one table cell; more is a column of the page.
_CELL_LINES = 25
_MARGIN_SLACK = 2.0
# Type so much larger than the text is a title.
_LARGE = 1.3


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together: one cell for running text, several for a row of a table."""

    cells: list[list[tuple[int, PageLine]]]
    # Where the last cell begins.
    left: float
    note: bool = False
    # Nesting depth of an item among the items around it, 0 = outermost.
    depth: int = 0

    @property
    def first(self) -> PageLine:
        """Its first line."""
        return self.cells[0][0][1]

    @property
    def last(self) -> PageLine:
        """Its last line."""
        return self.cells[-1][-1][1]

    @property
    def lines(self) -> list[PageLine]:
        """All its lines, cell by cell."""
        return list(self._each_line())

    def _each_line(self) -> Iterator[PageLine]:
        return (line for cell in self.cells for _, line in cell)

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table."""
        return len(self.cells) > 1

    @property
    def is_item(self) -> bool:
        """Whether it starts with a bullet or a letter."""
        return bool(_BULLET.match(self.first.text) or _LETTERED.match(self.first.text))

    @property
    def bullet(self) -> bool:
        """Whether it starts with a bullet."""
        return bool(_BULLET.match(self.first.text))

    def is_bold(self) -> bool:
        """Whether all of it is in bold type."""
        return all(line.bold > 0.95 for line in self._each_line() if any(map(str.isalpha, line.text)))

    def is_italic(self) -> bool:
        """Whether all of it is in italics."""
        return all(line.italic > 0.95 for line in self._each_line() if any(map(str.isalpha, line.text)))


@dataclass(frozen=True, slots=True)
class Measure:
    """What is usual in the document, in points."""

    # Type size of most of its text.
    size: float
    # Distance of two lines of a paragraph, as a multiple of their size.
    pitch: float
    # Right edge of the text on each page.
    margins: tuple[float, ...] = field(default=())


def measure(pages: Sequence[Sequence[PageLine]]) -> Measure:
    """Size, pitch and margins that most of the text has."""
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[round(line.size * 2) / 2] += len(line.text)
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    gaps = [
        round((a.y - b.y) / a.size, 2)
        for page in pages
        for a, b in pairwise(page)
        if abs(a.size - b.size) < 0.5 and 0.9 < (a.y - b.y) / a.size < 2.2 and abs(a.size - size) < 1
    ]
    common = Counter(round(gap, 1) for gap in gaps).most_common(1)
    near = [gap for gap in gaps if common and abs(gap - common[0][0]) <= 0.1]
    edges = tuple(max((line.right for line in page), default=0.0) for page in pages)
    widest = max(edges, default=0.0)
    usual = median(edge for edge in edges if edge > 0.6 * widest) if widest else 0.0
    margins = tuple(edge if edge > 0.85 * usual else usual for edge in edges)
    return Measure(size, median(near) if near else 1.2, margins)


def flow(pages: Sequence[Sequence[PageLine]], usual: Measure) -> list[Paragraph]:
    """The paragraphs of a document, those that a page break cut in two joined again."""
    out: list[Paragraph] = []
    for number, lines in enumerate(pages):
        body, notes = _without_notes(lines, usual)
        page = _paragraphs(number, _cells(number, body), usual)
        if out and page and _goes_on(out[-1], page[0], usual, number):
            out[-1].cells[-1].extend(page.pop(0).cells[0])
        # A note stands at the foot of the page; it must not cut the paragraph or the heading that the page ends with.
        out.extend(page[:-1])
        out.extend(_paragraphs(number, _cells(number, notes), usual, note=True))
        out.extend(page[-1:])
    _nest(out)
    return out


def joined(lines: Iterable[str], words: Counter[str]) -> str:
    """The text of lines that follow one another, words that were broken at a line end mended.

    Args:
        lines: without surrounding white space.
        words: how often each word stands unbroken in the document, hyphens included.
    """
    text = ""
    for line in lines:
        text = added(text, line, words)
    return text.replace(SOFT_HYPHEN, "")


def added(text: str, line: str, words: Counter[str]) -> str:
    """`text` and the line that follows it, as `joined` joins them; soft hyphens stay."""
    if not text:
        return line
    if text.endswith(SOFT_HYPHEN):
        return text[:-1] + line
    # Only the last word is looked at: a paragraph may run over thousands of pages.
    last = text[text.rfind(" ") + 1 :]
    if last.endswith(("-", "\u2010")) and last[-2:-1].isalnum() and line[:1].isalpha():
        head = re.split(r"[\s(“\"]", last[:-1])[-1]
        tail = re.split(r"[^\w’'-]", line, maxsplit=1)[0]
        whole = words[(head + tail).casefold()] > 0 and not words[f"{head}-{tail}".casefold()]
        return (text[:-1] if whole else text) + line
    if _OPEN_URL.search(last) or (_CJK.match(text[-1:]) and _CJK.match(line[:1])):
        return text + line
    return f"{text} {line}"


def _without_notes(lines: Sequence[PageLine], usual: Measure) -> tuple[list[PageLine], list[PageLine]]:
    """The lines of a page, and the footnotes at its foot: smaller type behind a number."""
    at = len(lines)
    while at and lines[at - 1].size < 0.95 * usual.size:
        at -= 1
    small = at < len(lines) and at and _NOTE.match(lines[at].text) and lines[at].y < lines[at - 1].y
    return (list(lines[:at]), list(lines[at:])) if small else (list(lines), [])


def _cells(number: int, lines: Sequence[PageLine]) -> list[Paragraph]:
    """Single lines, and rows of tables: a line that starts level with or above the one before begins the next cell."""
    out: list[Paragraph] = []
    for line in lines:
        last = out[-1] if out else None
        if last and last.is_row and _in_cell(last, line):
            last.cells[-1].append((number, line))
            continue
        beside = last is not None and line.y > last.last.y - 0.3 * line.size and line.left > last.left + line.size
        start = len(out)
        while (
            beside and start and out[start - 1].first.y <= line.y + 0.6 * line.size and len(out) - start < _CELL_LINES
        ):
            start -= 1
        if start < len(out) and len(out) - start < _CELL_LINES:
            row = out[start]
            row.cells[-1].extend(part for more in out[start + 1 :] for cell in more.cells for part in cell)
            del out[start + 1 :]
            row.cells.append([(number, line)])
            row.left = line.left
        else:
            parts = line.text.split("\t")
            cells = [[(number, _part(line, part))] for part in parts]
            out.append(Paragraph(cells, line.cells[-1] if len(parts) > 1 else line.left))
    return out


def _part(line: PageLine, text: str) -> PageLine:
    return replace(line, text=text)


def _in_cell(row: Paragraph, line: PageLine) -> bool:
    """Whether `line` stands below the last line of the last cell of `row`."""
    below = 0 < row.last.y - line.y < 2.2 * line.size
    return below and line.left > row.left - 1.5 * line.size and len(line.cells) < 2 and row.left > row.first.left


def _paragraphs(number: int, parts: Sequence[Paragraph], usual: Measure, note: bool = False) -> list[Paragraph]:
    """Lines joined into paragraphs; rows stay as they are."""
    out: list[Paragraph] = []
    for part in parts:
        part.note = note
        if (
            out
            and not part.is_row
            and not out[-1].is_row
            and not _starts(out[-1], part.first, usual, usual.margins[number])
        ):
            out[-1].cells[0].extend(part.cells[0])
        else:
            out.append(part)
    return out


def _starts(before: Paragraph, line: PageLine, usual: Measure, margin: float) -> bool:
    """Whether `line`, below the last line of `before`, starts a paragraph of its own."""
    last = before.last
    near = 0 < last.y - line.y < 1.22 * usual.pitch * max(last.size, line.size)
    if not near or abs(last.size - line.size) > 0.06 * line.size or _BULLET.match(line.text):
        return True
    if min(last.size, line.size) > _LARGE * usual.size:
        # A title is broken where it looks well.
        return False
    return _fits(last, line, margin - 0.3 * line.size) or _starts_by_place(before, line)


def _starts_by_place(before: Paragraph, line: PageLine) -> bool:
    """Whether the weight, number or indent of a line that could go on shows that it does not."""
    last = before.last
    ended = bool(_TERMINAL.search(last.text))
    hanging = before.is_item or bool(_NUMBERED.match(before.first.text))
    alone = len(before.cells[0]) == 1
    if max(last.bold, line.bold) > 0.95 and min(last.bold, line.bold) < 0.05:
        return ended and not hanging
    further_in = line.left > last.left + _MARGIN_SLACK
    further_out = line.left < last.left - _MARGIN_SLACK
    if _LETTERED.match(line.text) or _NUMBERED.match(line.text):
        # Further in stands an item of its own, or the hanging lines of the item above.
        return (ended or not (hanging and alone)) if further_in else further_out or (hanging and alone)
    if further_in:
        return ended and line.left > last.left + line.size and not (hanging and alone)
    return ended and not alone and line.left < last.left - 2 * _MARGIN_SLACK


def _fits(last: PageLine, line: PageLine, margin: float) -> bool:
    """Whether the first word of `line` had room on the line before: then that line ended on purpose."""
    word = line.text.split(maxsplit=1)[0]
    wide = (line.right - line.left) / max(1, len(line.text)) * len(word) + 0.25 * line.size
    return last.right + 1.1 * wide < margin - 1


def _goes_on(before: Paragraph, after: Paragraph, usual: Measure, number: int) -> bool:
    """Whether the paragraph that ends a page goes on in the one that begins page `number`."""
    last, line = before.last, after.first
    if before.is_row or after.is_row or before.note or abs(last.size - line.size) > 0.06 * line.size:
        return False
    if after.is_item or (_NUMBERED.match(line.text) and not line.text[:1].islower()):
        return False
    if before.is_bold() != after.is_bold() or _fits(last, line, usual.margins[number - 1]):
        return False
    same = abs(line.left - last.left) < line.size or (before.is_item and len(before.cells[0]) == 1)
    return line.text[:1].islower() or not _TERMINAL.search(last.text) or same


def _nest(paragraphs: Sequence[Paragraph]) -> None:
    """Give items their depth by how far they are indented among the items around them."""
    lefts: list[float] = []
    for one in paragraphs:
        if one.note:
            continue
        if one.is_row or not one.is_item:
            if not lefts or one.first.left <= lefts[0] + _MARGIN_SLACK:
                lefts.clear()
            continue
        while lefts and lefts[-1] > one.first.left + 2 * _MARGIN_SLACK:
            lefts.pop()
        if not lefts or lefts[-1] < one.first.left - 2 * _MARGIN_SLACK:
            lefts.append(one.first.left)
        one.depth = len(lefts) - 1
