"""Citations → a PDF to hand out: each clause word for word with its marks, where it stands and where to read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

import fontpkg_pt_serif
import pylopdf_fonts_zh_cn
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from assistant.dates import date_text
from assistant.json_form import citation_url
from assistant.types import Citation
from assistant.web.desk.lines import Line, wrap

# PT Serif has Latin and Cyrillic, Noto Serif SC all else that is set here.
_SERIF, _HAN = "serif", "han"
# Millimetres, points, and colours as in tokens.css.
_MARGIN, _LEADING = 22.0, 5.6
_INK, _SOFT, _DEEP = (29, 32, 38), (87, 92, 104), (35, 74, 115)
_LINE, _MARK, _MARK_LINE = (227, 223, 213), (255, 238, 176), (227, 176, 33)
_ITEM = re.compile(r"\s*(?:[•●·▪◦‣*–—-]|\(?(?:\d{1,2}|[a-zа-я])[.)])\s+")
# Characters that are there for machines: they take no place on paper.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def handout(citations: Sequence[Citation], root: str, today: date) -> bytes:
    """The PDF.

    Args:
        citations: what is handed out, in order.
        root: address of the server with a final slash; links lead there.
        today: the day that the hand-out is dated.
    """
    sheet = _Sheet(f"Privacy clauses, {date_text(today.isoformat())}")
    sheet.opening(citations, today)
    for citation in citations:
        sheet.clause(citation, root + citation_url(citation))
    return bytes(sheet.output())


class _Sheet(FPDF):
    """A4 pages of one column."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        files = fontpkg_pt_serif.ROOT / "files"
        self.add_font(_SERIF, "", files / "PT_Serif-Web-Regular.ttf")
        self.add_font(_SERIF, "B", files / "PT_Serif-Web-Bold.ttf")
        self.add_font(_HAN, "", pylopdf_fonts_zh_cn.serif_path())
        self.set_fallback_fonts([_HAN], exact_match=False)
        self._known = {code for font in self.fonts.values() for code in getattr(font, "cmap", ())}
        self.set_margins(_MARGIN, _MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(True, _MARGIN + 4)
        self.set_title(title)
        self.set_lang("en")
        self.add_page()

    def footer(self) -> None:
        """What fpdf2 writes at the foot of every page."""
        self.set_y(-_MARGIN + 4)
        self._type(8.5, _SOFT)
        self.cell(self.epw / 2, 5, "Quoted word for word from the published policies")
        self.cell(self.epw / 2, 5, f"Page {self.page_no()} of {{nb}}", align="R")

    def opening(self, citations: Sequence[Citation], today: date) -> None:
        """The head of the first page."""
        names = dict.fromkeys(citation.policy.name for citation in citations)
        clauses = f"{len(citations)} clause{'s' if len(citations) > 1 else ''}"
        self._type(20, _INK, "B")
        self._flow("Privacy clauses", 9)
        self._type(10, _SOFT)
        self._flow(f"{clauses} from {', '.join(names)}. Put together on {date_text(today.isoformat())}.", 5)
        self.ln(3)

    def clause(self, citation: Citation, url: str) -> None:
        """One citation: where it stands, the quote, and the link."""
        if self.will_page_break(38):
            self.add_page()
        self.ln(2)
        self.set_draw_color(*_LINE)
        self.line(self.l_margin, self.y, self.l_margin + self.epw, self.y)
        self.ln(4)
        policy = citation.policy
        *above, own = citation.path or ("Opening text",)
        self._type(9, _SOFT)
        self._flow(" › ".join((policy.name, *above)), 4.5)
        self.ln(0.5)
        self._type(12.5, _INK, "B")
        self.start_section(_printable(f"{policy.name}: {own}"))
        self._flow(own, 6)
        self.ln(1.5)
        self._type(10.5, _INK)
        self._quote(citation)
        self.ln(1.5)
        self._type(9, _SOFT)
        self._flow(" · ".join(_facts(citation)), 4.5)
        self._type(9, _DEEP)
        self._flow(_short(url), 4.5, url)

    def _type(self, size: float, colour: tuple[int, int, int], style: str = "") -> None:
        self.set_font(_SERIF, style, size)
        self.set_text_color(*colour)

    def _flow(self, text: str, height: float, link: str = "") -> None:
        """A paragraph of one look."""
        text = _printable(text)
        for line in wrap(text, self.get_string_width, self.epw):
            self.cell(0, height, text[line.start : line.end].rstrip(), new_x=XPos.LMARGIN, new_y=YPos.NEXT, link=link)

    def _quote(self, citation: Citation) -> None:
        marked = [seen for text, seen in citation.pieces for _ in _printable(text)]
        text = "".join(_printable(text) for text, _ in citation.pieces)
        at = 0
        for paragraph in text.split("\n"):
            self._paragraph(paragraph, marked[at : at + len(paragraph)])
            at += len(paragraph) + 1
        if any(ord(character) not in self._known for character in text if not character.isspace()):
            self._type(9, _SOFT)
            self._flow("Some characters of this clause are not in the fonts of this hand-out: read it online.", 4.5)

    def _paragraph(self, text: str, marked: Sequence[bool]) -> None:
        """One line of the policy; what is wrapped of a list item hangs below its first word."""
        if not text.strip():
            self.ln(_LEADING / 2)
            return
        item = _ITEM.match(text)
        first = self.get_string_width(item.group()) if item and len(item.group()) < 20 else 0.0
        for line in wrap(text, self.get_string_width, self.epw - first):
            if self.will_page_break(_LEADING):
                self.add_page()
            self.set_x(self.l_margin + (first if line.start else 0.0))
            self._line(text, line, marked)
            self.ln(_LEADING)

    def _line(self, text: str, line: Line, marked: Sequence[bool]) -> None:
        """The runs of one line, each marked or not."""
        end = line.start + len(text[line.start : line.end].rstrip())
        at = line.start
        while at < end:
            upto = next((to for to in range(at, end) if marked[to] is not marked[at]), end)
            run = text[at:upto]
            width = self.get_string_width(run)
            if marked[at]:
                self._ground(width)
            self.cell(width, _LEADING, run)
            at = upto

    def _ground(self, width: float) -> None:
        self.set_fill_color(*_MARK)
        self.rect(self.x, self.y + 0.3, width, _LEADING - 0.6, style="F")
        self.set_fill_color(*_MARK_LINE)
        self.rect(self.x, self.y + _LEADING - 0.6, width, 0.35, style="F")


def _facts(citation: Citation) -> list[str]:
    """Date, version and page, as far as they are known."""
    policy = citation.policy
    dated = f"Dated {date_text(policy.effective_date)}" if policy.effective_date else "No date stated"
    version = f"Version {policy.version}" if policy.version else ""
    page = f"Page {citation.page}" if citation.page else ""
    return [fact for fact in (dated, version, page) if fact]


def _short(url: str) -> str:
    """An address as it stands on paper: without scheme and marks, which only matter to a browser."""
    parts = urlsplit(url)
    return parts.netloc + parts.path + (f"#{parts.fragment}" if parts.fragment else "")


def _printable(text: str) -> str:
    """`text` with tabs as spaces and without characters that no font shows."""
    return _CONTROL.sub("", _UNSEEN.sub("", text.replace("\t", "   ")))
