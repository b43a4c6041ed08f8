"""Draws the PDF fixtures beside it: `pip install fpdf2==2.8.9`, then `python tests/data/readers/make_pdfs.py`."""

from __future__ import annotations

import datetime
import zlib
from pathlib import Path

from fpdf import FPDF

HERE = Path(__file__).parent
LONG = (
    "We keep the data of an order for ten years, because the tax law asks for it, and we keep the letters that you "
    "write to us for as long as we need them to answer you. "
)


class Document(FPDF):
    """A4 with margins of 25 mm, a running head and numbered pages."""

    def __init__(self, head: str = "Larkspur Data Agreement") -> None:
        super().__init__()
        self.head = head
        self.set_creation_date(datetime.datetime(2024, 5, 3, tzinfo=datetime.UTC))
        self.set_margins(25, 25, 25)
        self.set_auto_page_break(True, 25)
        self.set_title(head)
        self.alias_nb_pages()

    def header(self) -> None:
        if self.head:
            self.set_font("Helvetica", size=8)
            self.set_y(12)
            self.cell(0, 5, self.head, align="R")
            self.set_y(25)

    def footer(self) -> None:
        if self.head:
            self.set_y(-15)
            self.set_font("Helvetica", size=8)
            self.cell(0, 5, f"Page {self.page_no()} of {{nb}}", align="C")

    def words(self, text: str, size: float = 11, style: str = "", left: float = 25, gap: float = 3) -> None:
        self.set_font("Times", style, size)
        self.set_x(left)
        self.multi_cell(self.w - 25 - left, size * 0.42, text, align="J" if size == 11 and not style else "L")
        self.ln(gap)

    def lines(self, *lines: str, ends: bool = True) -> None:
        """Lines broken by hand and stretched to the full width, the last one only where the paragraph goes on."""
        self.set_font("Times", size=11)
        for line in lines:
            self.set_x(25)
            stretch = self.w - 50 - self.get_string_width(line)
            self.set_char_spacing(0 if ends and line is lines[-1] else stretch / len(line) * self.k)
            self.cell(0, 11 * 0.42, line)
            self.set_char_spacing(0)
            self.ln(11 * 0.42)
        self.ln(3)

    def bullet(self, text: str) -> None:
        """The text first and its bullet after it, as some programs paint them."""
        top = self.get_y()
        page = self.page
        self.words(text, left=35, gap=0)
        if self.page == page:
            after = self.get_y()
            self.set_xy(30, top)
            self.cell(5, 11 * 0.42, "\x95")
            self.set_xy(25, after)
        self.ln(1)

    def save(self, name: str) -> None:
        self.output(str(HERE / name))


def policy() -> None:
    pdf = Document()
    pdf.add_page()
    pdf.words("Larkspur Data\nAgreement", 20, "B", gap=2)
    pdf.words("Effective as of May 3, 2024", 11)
    pdf.words("What we keep", 15, "B")
    pdf.words(LONG * 2)
    pdf.lines(
        "Some of it we share with third-",
        "party partners, and with nobody else; every piece of infor-",
        "mation that they get is listed here, and all other information stays with us.",
    )
    pdf.words("These partners are:", gap=1)
    pdf.bullet("the post, which needs your address and the weight of the parcel to bring it to your door in time;")
    pdf.bullet("our bank.")
    pdf.ln(2)
    pdf.words("2. YOUR RIGHTS", 11, "B")
    pdf.words("2.1 Access. You may ask what we keep. " + LONG)
    pdf.words("2.2 Deletion. You may ask us to delete it:", gap=1)
    pdf.words(
        "(a) in writing, to the address that is printed at the end of this agreement and on every invoice;",
        left=32,
        gap=1,
    )
    pdf.words("(b) by telephone.", left=32)
    for _ in range(7):
        pdf.words(LONG * 3)
    pdf.words("Changes", 15, "B")
    for _ in range(9):
        pdf.words(LONG * 2)
    pdf.words("The end", 15, "B")
    pdf.words("Write to us.")
    pdf.save("policy.pdf")


def table() -> None:
    pdf = Document("")
    pdf.add_page()
    pdf.words("Larkspur Retention Table", 20, "B")
    pdf.words("This is how long we keep what.")
    pdf.set_font("Times", size=11)
    with pdf.table(col_widths=(40, 70, 50), text_align="LEFT", line_height=5) as grid:
        for cells in (
            ("Data", "Why we keep it", "How long"),
            ("Orders", "Because the tax law asks every shop to keep its books, and the letters with them", "Ten years"),
            ("Letters", "To answer you", "As long as it takes to answer them, at most a year"),
        ):
            row = grid.row()
            for cell in cells:
                row.cell(cell)
    pdf.ln(6)
    pdf.words("That is all.")
    pdf.save("table.pdf")


def notes() -> None:
    pdf = Document("")
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.words("Larkspur Notes", 20, "B")
    pdf.words("Who reads your letters", 15, "B")
    for _ in range(3):
        pdf.words(LONG)
    pdf.set_y(240)
    pdf.lines("Your letters are read by one of us, and by nobody else, before all of them are put into the", ends=False)
    pdf.set_y(262)
    pdf.words("1 A letter is anything that you write to us, on paper or not.", 8)
    pdf.add_page()
    pdf.lines("archive, where they stay for a year.")
    pdf.words("After that they are burnt.")
    pdf.save("notes.pdf")


def faults() -> None:
    locked = Document()
    locked.add_page()
    locked.words("Nobody may read this.")
    locked.set_encryption(owner_password="owner", user_password="user")  # noqa: S106
    locked.save("encrypted.pdf")
    scanned = Document("")
    scanned.add_page()
    scanned.rect(30, 30, 100, 60, style="F")
    scanned.save("scanned.pdf")
    whole = (HERE / "policy.pdf").read_bytes()
    (HERE / "broken.pdf").write_bytes(whole[:700])


def kerned() -> None:
    """A hand-made file: a ligature by its ToUnicode map, words apart by kerning; a page tree that names itself."""
    cmap = b"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def
1 begincodespacerange <00> <FF> endcodespacerange
1 beginbfchar <01> <FB01> endbfchar 1 beginbfrange <20> <7E> <0020> endbfrange endcmap end end"""
    content = zlib.compress(
        b"BT /F1 11 Tf 72 700 Td [(All) -300 (con) 20 (\x01dential) -300 (data)] TJ 0 -14 Td (stays with us.) Tj ET"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        b"<< /Font << /F1 5 0 R >> >>",
    ]
    _assemble("kerned.pdf", objects)
    objects[1] = b"<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>"
    _assemble("loop.pdf", objects)


def _assemble(name: str, objects: list[bytes]) -> None:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    (HERE / name).write_bytes(out)


if __name__ == "__main__":
    policy()
    table()
    notes()
    faults()
    kerned()
