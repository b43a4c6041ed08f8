from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from reader_checks import CORPORA, READERS, as_json, check_blocks, expected, squeezed

from assistant.policies.parsed import Unreadable
from assistant.policies.pdf import parse_pdf, pdf_lines
from assistant.policies.pdf_flow import flow, joined, measure
from assistant.policies.pdf_furniture import Page, without_furniture
from assistant.policies.pdf_lines import PageLine, page_lines

REAL = sorted(CORPORA.glob("*.pdf"))
LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})


@pytest.mark.parametrize("name", ["policy.pdf", "table.pdf", "notes.pdf"])
def test_fixtures_read_as_expected(name: str) -> None:
    parsed = parse_pdf((READERS / name).read_bytes())
    check_blocks(parsed)
    assert as_json(parsed) == expected(name)


def test_pages_start_where_their_first_word_stands() -> None:
    text, _, pages = pdf_lines((READERS / "notes.pdf").read_bytes())
    assert pages[0] == 0
    assert text[pages[1] :].startswith("archive, where they stay for a year.")
    assert text[: pages[1]].endswith("put into the ")


def test_ligatures_and_kerned_spaces_are_mended() -> None:
    assert pdf_lines((READERS / "kerned.pdf").read_bytes())[0] == "All confidential data stays with us."


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("encrypted.pdf", "encrypted"), ("scanned.pdf", "pictures"), ("broken.pdf", "damaged"), ("loop.pdf", "damaged")],
)
def test_faulty_files(name: str, wrong: str) -> None:
    with pytest.raises(Unreadable, match=wrong):
        parse_pdf((READERS / name).read_bytes())


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"%PDF-1.7\n%%EOF", b"plain text", b"\x00" * 500])
def test_what_is_no_pdf(data: bytes) -> None:
    with pytest.raises(Unreadable, match="damaged"):
        parse_pdf(data)


@given(st.integers(0, 3500), st.integers(0, 255))
def test_damage_gives_text_or_one_error(at: int, value: int) -> None:
    data = bytearray((READERS / "notes.pdf").read_bytes())
    data[at % len(data)] = value
    with contextlib.suppress(Unreadable):
        check_blocks(parse_pdf(bytes(data)))


def test_small_faults_say_nothing(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    data = (READERS / "kerned.pdf").read_bytes()
    with caplog.at_level(logging.WARNING):
        parse_pdf(data.replace(b"startxref\n", b"startxref\n9"))
    assert capsys.readouterr() == ("", "")


def test_a_page_that_takes_too_long_is_given_up() -> None:
    page = PdfReader(READERS / "policy.pdf").pages[0]
    with pytest.raises(Unreadable, match="too long"):
        page_lines(page, deadline=0.0)


def line(
    text: str, y: float, left: float = 70.0, right: float = 520.0, size: float = 11.0, bold: float = 0.0
) -> PageLine:
    return PageLine(text, left, right, y, size, bold, 0.0, 0, (left,))


def paragraphs(*pages: list[PageLine]) -> list[str]:
    usual = measure([*pages, [line("x" * 90, 700 - 13 * at) for at in range(40)]])
    return [
        " | ".join(joined([one.text for _, one in cell], Counter()) for cell in p.cells) for p in flow(pages, usual)
    ]


def test_lines_join_until_one_ends_early() -> None:
    found = paragraphs(
        [
            line("The first line is", 700),
            line("followed by an end.", 687, right=300),
            line("Another one.", 674, right=130),
        ]
    )
    assert found == ["The first line is followed by an end.", "Another one."]


def test_a_gap_ends_a_paragraph() -> None:
    assert paragraphs([line("One.", 700), line("Two.", 680)]) == ["One.", "Two."]


def test_a_letter_in_the_middle_of_a_sentence_starts_nothing() -> None:
    hanging = line("(ii) Clause 8.1(b), 8.9(a), (c),", 700, left=88), line("(d) and (e); Module Three", 687, left=115)
    assert paragraphs(list(hanging)) == ["(ii) Clause 8.1(b), 8.9(a), (c), (d) and (e); Module Three"]


def test_items_without_gaps_start_by_their_letters() -> None:
    items = [
        line("(a) to the court;", 700),
        line("(b) to the mediator, an independent", 687),
        line("person.", 674, left=88, right=150),
    ]
    assert paragraphs(items) == ["(a) to the court;", "(b) to the mediator, an independent person."]


def test_a_paragraph_goes_on_over_a_page_break_but_a_new_one_does_not() -> None:
    assert paragraphs([line("It goes on", 60)], [line("over the page.", 700)]) == ["It goes on over the page."]
    assert paragraphs([line("It ends.", 60, right=200)], [line("Another.", 700, right=115)]) == ["It ends.", "Another."]
    assert paragraphs([line("It goes on", 60)], [line("2.1 New clause.", 700)]) == ["It goes on", "2.1 New clause."]


def test_notes_stand_before_the_paragraph_that_they_would_cut() -> None:
    first = [line("Whole.", 700, right=120), line("It goes on", 100), line("1 A note.", 60, size=8.5, right=200)]
    assert paragraphs(first, [line("over the page.", 700)]) == ["Whole.", "1 A note.", "It goes on over the page."]


def test_cells_beside_one_another_make_a_row() -> None:
    cells = [
        line("Orders", 600, left=70, right=110),
        line("Because the tax law", 600, left=180, right=340),
        line("asks for it", 587, left=180, right=260),
        line("Ten years", 600, left=360, right=420),
        line("Letters", 560, left=70, right=110),
        line("To answer", 560, left=180, right=240),
    ]
    assert paragraphs(cells) == ["Orders | Because the tax law asks for it | Ten years", "Letters | To answer"]


@pytest.mark.parametrize(
    ("lines", "elsewhere", "text"),
    [
        (["infor-", "mation"], "information", "information"),
        (["third-", "party data"], "third-party", "third-party data"),
        (["Sub-", "processor(s)"], "", "Sub-processor(s)"),
        (["see https://a.example/", "privacy"], "", "see https://a.example/privacy"),
        (["one", "two"], "", "one two"),
        (["soft\u00ad", "ware in\u00adside"], "", "software inside"),
        (["a –", "b"], "", "a – b"),
        (["隐私", "政策"], "", "隐私政策"),
        (["2020-", "2021"], "", "2020- 2021"),
    ],
)
def test_words_broken_at_a_line_end(lines: list[str], elsewhere: str, text: str) -> None:
    assert joined(lines, Counter(elsewhere.split())) == text


def test_running_heads_and_page_numbers_go_the_title_stays() -> None:
    def page(number: int) -> Page:
        head, foot = line("Security Overview", 800, size=19), line(f"Page {number} of 3", 30)
        return Page((head, line(f"Text {number}", 400), line("1", 390), foot), 0, 842)

    found = without_furniture([page(1), page(2), page(3)], 11)
    assert [[one.text for one in lines] for lines in found] == [
        ["Security Overview", "Text 1", "1"],
        ["Text 2", "1"],
        ["Text 3", "1"],
    ]


def test_a_number_at_the_edge_is_a_page_number_only_where_it_counts_pages() -> None:
    assert without_furniture([Page((line("Text", 400), line("1", 30)), 0, 842)], 11) == [[line("Text", 400)]]
    assert len(without_furniture([Page((line("Text", 400), line("12", 30)), 0, 842)], 11)[0]) == 2


class FakePage:
    """A page that paints what it is told, as pypdf hands it to visitors."""

    def __init__(self, *painted: tuple[str, float, float]) -> None:
        self.painted = painted

    def extract_text(self, visitor_operand_before: Callable[..., None], visitor_text: Callable[..., None]) -> str:
        for text, x, y in self.painted:
            visitor_text(text, [1, 0, 0, 1, 0, 0], [1, 0, 0, 1, x, y], None, 10.0)
        return ""


def read(*painted: tuple[str, float, float]) -> list[str]:
    page: Any = FakePage(*painted)
    return [one.text for one in page_lines(page)]


def test_bullets_painted_after_their_texts_come_before_them() -> None:
    assert read(("First", 90, 700), ("Second", 90, 680), ("\uf0b7", 80, 700), ("•", 80, 680)) == ["• First", "• Second"]


def test_raised_marks_stay_in_their_line() -> None:
    assert read(("Clauses", 70, 700), ("1", 105, 704), (" apply", 110, 700)) == ["Clauses1 apply"]


def test_type_painted_twice_is_read_once() -> None:
    assert read(("Bold", 70, 700), ("Bold", 70.3, 700)) == ["Bold"]


def test_gaps_are_tabs_only_in_line_with_other_lines() -> None:
    assert read(("Justified", 70, 700), ("text", 300, 700), ("on", 70, 680)) == ["Justified text", "on"]
    assert read(("Data", 70, 700), ("Years", 300, 700), ("Mail", 70, 680), ("Ten", 300, 680)) == [
        "Data\tYears",
        "Mail\tTen",
    ]


@pytest.mark.skipif(not REAL, reason="the published policies of others are not here")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_files_lose_only_heads_and_page_numbers(path: Path) -> None:
    data = path.read_bytes()
    parsed = parse_pdf(data)
    check_blocks(parsed)
    reader = PdfReader(path)
    assert len(parsed.pages) == len(reader.pages)
    ends = (*parsed.pages[1:], len(parsed.text))
    for number, page in enumerate(reader.pages):
        plain = Counter(squeezed(page.extract_text().translate(LIGATURES)))
        ours = Counter(squeezed(parsed.text[parsed.pages[number] : ends[number]]))
        assert not ours - plain, f"page {number + 1} has text that is not on it"
        lost = "".join((plain - ours).elements())
        assert len(lost) <= len("SecurityOverview") + 2, f"page {number + 1} lost {lost!r}"


@pytest.mark.skipif(not REAL, reason="the published policies of others are not here")
def test_real_files_read_as_they_are_printed() -> None:
    text = parse_pdf((CORPORA / "37signals-data-processing-addendum-2022-12.pdf").read_bytes()).text
    assert "between 37signals LLC (“37signals”) and the customer (“Customer”) identified in such agreement" in text
    assert (
        "\n\n2.2.1 Process Personal Data in accordance with the requirements of Data Protection Laws and Regulations."
        in text
    )
    assert "engage third-party Subprocessors" in text
    assert "(General Data Protection Regulation)1 for the transfer" in text
    assert "The data importer shall notify the data exporter of any failure by the sub-processor" in text
    assert "\nICO\tThe Information Commissioner.\nRestricted Transfer\tA transfer" in text


def test_pages_that_are_all_alike_are_read() -> None:
    """What comes again on each page, but for its numbers, is a header or a footer only where something else is left."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for page in range(1, 13):
        pdf.add_page()
        pdf.multi_cell(0, 8, f"{page}. Part {page}\nWe keep record number {page} of your visits for {page} days.")
    text = parse_pdf(bytes(pdf.output())).text
    assert "We keep record number 1 of your visits" in text
    assert "We keep record number 12 of your visits" in text


def test_a_paragraph_that_runs_over_thousands_of_pages_is_read() -> None:
    """Time grew with the cube of the pages that one paragraph runs over: 3,000 of them took minutes."""
    from tests.raw_pdf import raw_pdf

    count = 1_500
    data = raw_pdf({2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (b"3 0 R " * count, count)})
    code = (
        "import sys; from assistant.policies.pdf import parse_pdf; print(len(parse_pdf(sys.stdin.buffer.read()).pages))"
    )
    found = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, timeout=60, check=True)
    assert int(found.stdout) == count
