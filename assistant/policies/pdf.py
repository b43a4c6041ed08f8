"""PDF → canonical text: one paragraph a line, page furniture out, with the offset at which each page starts."""

from __future__ import annotations

import io
import logging
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError

from assistant.policies.dates import has_date
from assistant.policies.outline import outline, title_of
from assistant.policies.parsed import Line, Parsed, Unreadable
from assistant.policies.pdf_flow import SOFT_HYPHEN, Measure, Paragraph, added, flow, joined, measure
from assistant.policies.pdf_furniture import Page, without_furniture
from assistant.policies.pdf_lines import PageLine, page_lines
from assistant.types import Span, fold

# What pypdf says of small faults in a file concerns nobody who asks a policy.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_MOST_PAGES = 3000
# Seconds that one file may take; a policy of a hundred pages takes five.
_LONGEST = 120.0
_WORD = re.compile(r"\w[\w’'-]*\w")
_HEADING_MAX = 200
_HEADING_LINES = 4
_ITALIC_MAX = 120
_NO_HEADING = re.compile(r"[,;]$|[^\W\d_].*[.]$")
_FILE_TITLE = re.compile(r"^(?:microsoft\s+word\s*-\s*)?(.*?)(?:\.(?:docx?|pdf|odt|rtf|indd))?$", re.IGNORECASE)


_Lines = tuple[str, tuple[Line, ...], tuple[int, ...]]


def parse_pdf(data: bytes) -> Parsed:
    """The text of a PDF with its blocks and pages.

    Raises:
        Unreadable: the file is broken or encrypted, or its pages are pictures.
    """
    text, lines, pages = pdf_lines(data)
    blocks = outline(text, lines)
    title = title_of(text, blocks) or _stated_title(data)
    return Parsed(text, blocks, pages, title)


def pdf_lines(data: bytes) -> _Lines:
    """Canonical text, its lines with the heading levels that the type shows, and the offset of each page.

    Raises:
        Unreadable: as `parse_pdf`.
    """
    read = _read(data)
    whole = [list(page.lines) for page in read]
    pages = without_furniture(read, measure(whole).size)
    # Pages that are all alike are no furniture of anything.
    pages = pages if any(pages) else whole
    if not any(pages):
        remedy = "run text recognition (OCR) over it, or take the policy as text or HTML"
        raise Unreadable("its pages are pictures without text", remedy)
    usual = measure(pages)
    paragraphs = flow(pages, usual)
    return _write(paragraphs, _heading_levels(paragraphs, usual), len(pages))


def _read(data: bytes) -> list[Page]:
    broken = Unreadable("it is no PDF, or it is damaged", "export or download it again")
    if b"%PDF-" not in data[:1024]:
        raise broken
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileNotDecryptedError
        count = len(reader.pages)
        if count > _MOST_PAGES:
            raise Unreadable(f"it has {count} pages, and the limit is {_MOST_PAGES}", "split it")
        deadline = time.monotonic() + _LONGEST
        pages = [_page(page, deadline) for page in reader.pages]
    except (FileNotDecryptedError, DependencyError, NotImplementedError):
        raise Unreadable("it is encrypted", "save a copy without a password") from None
    except LimitReachedError:
        wrong = "it unpacks to more than a policy holds, or goes round in circles"
        raise Unreadable(wrong, "print it to a new PDF, or take the policy as text or HTML") from None
    except (Unreadable, MemoryError):
        raise
    except Exception:
        # Whatever a damaged file makes pypdf stumble over, it is the file that is damaged.
        raise broken from None
    if not pages:
        raise broken
    return pages


def _page(page: PageObject, deadline: float) -> Page:
    return Page(tuple(page_lines(page, deadline)), float(page.cropbox.bottom), float(page.cropbox.top))


def _heading_levels(paragraphs: Sequence[Paragraph], usual: Measure) -> list[int]:
    """Per paragraph its outline level as the type shows it, 0 for text: the larger the type, the higher it stands."""
    lines = [line for one in paragraphs for line in one.lines]
    total = sum(len(line.text) for line in lines)
    # Weight and slant set a heading off only where most of the text has neither.
    light = 2 * sum(len(line.text) for line in lines if line.bold >= 0.5) < total
    upright = 2 * sum(len(line.text) for line in lines if line.italic >= 0.5) < total
    styles = [_style(one, usual, light, upright) for one in paragraphs]
    ranks = {style: rank for rank, style in enumerate(sorted({s for s in styles if s}, reverse=True), start=1)}
    return [ranks[style] if style else 0 for style in styles]


def _style(one: Paragraph, usual: Measure, light: bool, upright: bool) -> tuple[float, bool, bool] | None:
    """Size, weight and uprightness of a heading, None for what is none."""
    text = " ".join(line.text for line in one.lines)
    short = len(text) <= _HEADING_MAX and len(one.lines) <= _HEADING_LINES
    if one.is_row or one.note or one.bullet or not short or not any(map(str.isalpha, text)) or has_date(text):
        return None
    size = round(one.first.size * 2) / 2
    if size < 1.2 * usual.size and _NO_HEADING.search(text):
        return None
    bold, italic = one.is_bold(), one.is_italic()
    set_off = (light and bold) or (upright and italic and len(text) <= _ITALIC_MAX)
    large = size > 1.08 * usual.size
    # Set-off headings of a part in smaller type still head it; they stand level with those of the text.
    return (size if large else usual.size, bold, not italic) if large or set_off else None


@dataclass(slots=True)
class _Writer:
    """Canonical text while it is put together."""

    words: Counter[str]
    parts: list[str] = field(default_factory=list)
    length: int = 0
    lines: list[Line] = field(default_factory=list)
    # Offset of the first character of each page that has text.
    starts: dict[int, int] = field(default_factory=dict)

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def put_cell(self, cell: Sequence[tuple[int, PageLine]]) -> None:
        """Write the lines of a paragraph or cell as one, noting where a page begins within."""
        text = ""
        before: dict[int, int] = {}
        for page, line in cell:
            if page not in self.starts:
                before.setdefault(page, len(text.replace(SOFT_HYPHEN, "")))
            text = added(text, line.text, self.words)
        text = text.replace(SOFT_HYPHEN, "")
        for page, length in before.items():
            rest = text[length:]
            self.starts[page] = self.length + min(length + len(rest) - len(rest.lstrip()), len(text))
        self.put(text)


def _write(paragraphs: Sequence[Paragraph], levels: Sequence[int], count: int) -> _Lines:
    """The canonical text of `paragraphs`, its lines, and where each of `count` pages starts."""
    texts = (line.text for one in paragraphs for line in one.lines)
    writer = _Writer(Counter(word.casefold() for text in texts for word in _WORD.findall(text)))
    before: Paragraph | None = None
    for one, level in zip(paragraphs, levels, strict=True):
        close = before is not None and one.is_row == before.is_row and (one.is_row or (one.is_item and before.is_item))
        indent = 2 * min(one.depth, 8)
        writer.put("" if before is None else "\n" if close else "\n\n")
        writer.put(" " * indent)
        start = writer.length
        for at, cell in enumerate(one.cells):
            writer.put("\t" if at else "")
            writer.put_cell(cell)
        blanks = 0 if close or before is None else 1
        run_in = 0 if level or one.is_row else _run_in(one, writer.words)
        writer.lines.append(Line(Span(start, writer.length), indent, blanks, level, run_in))
        before = one
    return "".join(writer.parts), tuple(writer.lines), _page_starts(writer.starts, count, writer.length)


def _run_in(one: Paragraph, words: Counter[str]) -> int:
    """Length of the title in bold type that a paragraph begins with, 0 for none."""
    heads: list[str] = []
    for line in one.lines:
        heads.append(line.text[: line.head])
        if line.head < len(line.text):
            break
    head = joined([text for text in heads if text], words).rstrip()
    return len(head) if any(map(str.isalpha, head)) else 0


def _page_starts(starts: dict[int, int], count: int, length: int) -> tuple[int, ...]:
    """Offsets of all pages; a page without text starts where the next one does."""
    out: list[int] = []
    following = length
    for page in range(count - 1, -1, -1):
        following = min(following, starts.get(page, following))
        out.append(following)
    return tuple(reversed(out))


def _stated_title(data: bytes) -> str:
    """The title that the file states for itself, "" for none and for a mere file name."""
    try:
        metadata = PdfReader(io.BytesIO(data)).metadata
        title = fold(str(metadata.title or "")) if metadata else ""
    except Exception:
        return ""
    found = _FILE_TITLE.match(title)
    return found.group(1) if found and " " in found.group(1) else ""
