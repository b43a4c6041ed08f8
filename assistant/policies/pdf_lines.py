"""One PDF page → its printed lines, with the place, size and weight of their type."""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject
from pypdf.generic._font import Font

from assistant.policies.parsed import Unreadable

# Bullets as fonts encode them, symbol fonts included.
BULLETS = "•●○◦▪■□◆◇➢➤✓·∙‣⁃\uf0b7\uf0a7\uf0d8\uf0fc\uf06f"
_BULLET = re.compile(rf"[{BULLETS}]")
_LETTERS = {
    "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st",
    "\u200b": "", "\ufeff": "", "\u2060": "", "\u00a0": " ",
    "\uf0b7": "•", "\uf0a7": "▪", "\uf0d8": "➢", "\uf0fc": "✓", "\uf06f": "○",
}  # fmt: skip
_MEND = str.maketrans(_LETTERS)
# A gap of so much of the type size is a space between words, of so much a tab between cells.
_SPACE = 0.15
_TAB = 1.8
# A number or bullet that hangs in front of its text.
_MARKER = re.compile(r"\s*(?:[\d.]+|\(?\w{1,4}[.)]|\W)\s*")
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.IGNORECASE)
_ITALIC = re.compile(r"italic|oblique", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line of type on a page; lengths in points, y upwards."""

    text: str
    left: float
    right: float
    # Baseline.
    y: float
    size: float
    # Share of its letters that are in bold type, in italics.
    bold: float
    italic: float
    # Characters at its start before the first letter that is not in bold type.
    head: int
    # Where each of its cells begins; one for running text, and `text` has a tab between cells.
    cells: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """Text that was painted at one place in one font."""

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    italic: bool


def page_lines(page: PageObject, deadline: float = math.inf) -> list[PageLine]:
    """The lines of `page` in the order in which they are read.

    Args:
        page: of pypdf.
        deadline: reading of `time.monotonic` after which the page is given up.

    Raises:
        Unreadable: the deadline has passed.
    """
    painter = _Painter(deadline)
    page.extract_text(visitor_operand_before=painter.operand, visitor_text=painter.text)
    lines = _lines(painter.runs)
    return _aligned(_placed_bullets([line for line in lines if line.text.strip()]))


def _aligned(lines: list[PageLine]) -> list[PageLine]:
    """Keep the tabs in front of cells that other lines of the page are in line with; other gaps are justified text."""
    starts = Counter(round(left) for line in lines for left in {line.left, *line.cells})
    out: list[PageLine] = []
    for line in lines:
        parts = line.text.split("\t")
        text, cells = parts[0], [line.left]
        for part, left in zip(parts[1:], line.cells[1:], strict=True):
            column = sum(starts[round(left) + step] for step in (-1, 0, 1)) > 1
            text += ("\t" if column else " ") + part
            cells += [left] if column else []
        out.append(replace(line, text=text, cells=tuple(cells)))
    return out


class _Painter:
    """Follows pypdf's extraction and measures where each run ends, which pypdf does not tell."""

    def __init__(self, deadline: float) -> None:
        self.runs: list[_Run] = []
        self._deadline = deadline
        # What was shown since the last text came, each with the text matrix and the spacing it was shown under.
        self._shown: list[tuple[list[Any], list[float], tuple[float, float, float]]] = []
        self._spacing = {b"Tc": 0.0, b"Tw": 0.0, b"Tz": 100.0}
        self._fonts: dict[int, Font | None] = {}

    def operand(self, operator: bytes, operands: list[Any], cm: list[float], tm: list[float]) -> None:
        """Take an operator of the content stream before it is carried out."""
        if time.monotonic() > self._deadline:
            raise Unreadable("reading it takes too long", "print it to a new PDF, or take the policy as text or HTML")
        if operator in self._spacing and operands and isinstance(operands[0], (int, float)):
            self._spacing[operator] = float(operands[0])
        elif operator in (b"Tj", b"TJ") and operands:
            parts = operands[0] if operator == b"TJ" and isinstance(operands[0], list) else operands[:1]
            spacing = (self._spacing[b"Tc"], self._spacing[b"Tw"], self._spacing[b"Tz"] / 100)
            self._shown.append((list(parts), list(tm), spacing))

    def text(self, text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        """Take text that pypdf has put together, up to a new line, font or text object."""
        words = " ".join(text.translate(_MEND).split("\n"))
        shown, self._shown = self._shown, []
        if not words.strip():
            if words.strip("\n") and self.runs and text.strip("\n"):
                self.runs[-1] = replace(self.runs[-1], text=self.runs[-1].text + " ")
            return
        across, along = tm[0] * cm[0] + tm[1] * cm[2], tm[0] * cm[1] + tm[1] * cm[3]
        if abs(along) > abs(across):
            # Turned by a quarter: a stamp along the margin.
            return
        height = abs(size) * math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
        left = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        right = self._end(shown, cm, font, size) or left + 0.5 * height * len(words)
        run = _Run(words, left, max(left, right), y, height or 1.0, _is(_BOLD, font), _is(_ITALIC, font))
        if not self.runs or not _same(run, self.runs[-1]):
            self.runs.append(run)

    def _end(self, shown: list[Any], cm: list[float], font: Any, size: float) -> float:
        """Where the last of what was shown ends, 0 where that cannot be told."""
        known = self._font(font)
        if not shown or known is None:
            return 0.0
        tm = shown[-1][1]
        pen = sum(_advance(parts, known, size, spacing) for parts, at, spacing in shown if at == tm)
        x, y = tm[4] + pen * tm[0], tm[5] + pen * tm[1]
        return float(x * cm[0] + y * cm[2] + cm[4])

    def _font(self, font: Any) -> Font | None:
        if id(font) not in self._fonts:
            try:
                self._fonts[id(font)] = Font.from_font_resource(font) if font is not None else None
            except (AttributeError, KeyError, TypeError, ValueError, IndexError):
                self._fonts[id(font)] = None
        return self._fonts[id(font)]


def _advance(parts: list[Any], font: Font, size: float, spacing: tuple[float, float, float]) -> float:
    """How far showing `parts` moves the pen, in text space."""
    between, word, scale = spacing
    moved = 0.0
    for part in parts:
        if isinstance(part, (int, float)):
            moved -= float(part) / 1000 * size
            continue
        if isinstance(part, bytes):
            by_name = isinstance(font.encoding, str)
            codes = part.decode(str(font.encoding), "replace") if by_name else "".join(map(chr, part))
        else:
            codes = str(part)
        for code in codes:
            width = font.space_width if code == font.space_char else font.get_text_width(code)
            moved += width / 1000 * size + between + (word if code == " " else 0.0)
    return moved * scale


def _same(run: _Run, other: _Run) -> bool:
    """Whether a run is painted over another one, as some programs do to make type bold."""
    return run.text == other.text and abs(run.left - other.left) < 1 and abs(run.y - other.y) < 1


def _is(style: re.Pattern[str], font: Any) -> bool:
    return bool(font is not None and style.search(str(font.get("/BaseFont", ""))))


def _lines(runs: list[_Run]) -> list[PageLine]:
    """Runs side by side on one baseline make a line; raised and lowered marks belong to it."""
    lines: list[PageLine] = []
    group: list[_Run] = []
    for run in runs:
        if group:
            main = max(group, key=lambda one: (one.size, len(one.text)))
            level = abs(run.y - main.y) <= 0.5 * max(run.size, main.size)
            if not level or run.left < group[-1].right - max(run.size, main.size):
                lines.append(_line(group))
                group = []
        group.append(run)
    if group:
        lines.append(_line(group))
    return lines


def _line(group: list[_Run]) -> PageLine:
    main = max(group, key=lambda run: (len(run.text), run.size))
    text = head = ""
    light = False
    cells = [group[0].left]
    for at, run in enumerate(group):
        gap = run.left - group[at - 1].right if at else 0.0
        size = min(main.size, run.size)
        if gap > _TAB * main.size and not _MARKER.fullmatch(text):
            text = text.rstrip() + "\t"
            cells.append(run.left)
        elif gap > _SPACE * size and not text.endswith(" ") and not run.text.startswith(" "):
            text += " "
        text += run.text
        light = light or (not run.bold and any(map(str.isalpha, run.text)))
        head = head if light else text
    letters = max(1, sum(char.isalpha() for run in group for char in run.text))
    bold = sum(char.isalpha() for run in group if run.bold for char in run.text) / letters
    italic = sum(char.isalpha() for run in group if run.italic for char in run.text) / letters
    folded = "\t".join(" ".join(cell.split()) for cell in text.split("\t"))
    size = len(" ".join(head.split()))
    return PageLine(folded, group[0].left, group[-1].right, main.y, main.size, bold, italic, size, tuple(cells))


def _placed_bullets(lines: list[PageLine]) -> list[PageLine]:
    """Put a bullet that was painted apart from its text in front of the text."""
    out = [line for line in lines if not (len(line.text) == 1 and _BULLET.match(line.text))]
    for bullet in lines:
        if len(bullet.text) > 1 or not _BULLET.match(bullet.text):
            continue
        level = 0.5 * bullet.size
        beside = [
            (one.left, at) for at, one in enumerate(out) if abs(one.y - bullet.y) < level and one.left >= bullet.left
        ]
        if beside:
            _, at = min(beside)
            cells = (bullet.left, *out[at].cells[1:])
            head = len(bullet.text) + 1 + out[at].head
            out[at] = replace(out[at], text=f"{bullet.text} {out[at].text}", left=bullet.left, cells=cells, head=head)
    return out
