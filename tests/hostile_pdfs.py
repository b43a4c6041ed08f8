"""PDFs that no program writes by accident: loops, bombs, code, files in files, and far too many pages."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import cache

from tests.raw_pdf import ONE_PAGE, WORDS, raw_pdf, stream
from tests.reader_checks import READERS

_PAGE = ONE_PAGE[3]


def pages(count: int) -> bytes:
    """`count` pages, each with a line of its own."""
    objects = {
        2: b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % (10 + at) for at in range(count)), count)
    }
    for at in range(count):
        objects[10 + at] = _PAGE.replace(b"4 0 R", b"%d 0 R" % (10 + count + at))
        words = b"BT /F1 12 Tf 72 720 Td (We keep record number %d for a year.) Tj ET" % at
        objects[10 + count + at] = stream(words)
    return raw_pdf(objects)


def _node(number: int) -> bytes:
    return b"<</Type/Pages/Kids[%d 0 R %d 0 R]/Count 2>>" % (number, number)


def _object_stream() -> bytes:
    """The words' font lies in an object stream that says it extends itself, found by a stream of references."""
    held = stream(b"5 0 " + ONE_PAGE[5], b"/Type/ObjStm/N 1/First 4/Extends 6 0 R")
    whole = raw_pdf({6: held})
    table = b"".join(
        bytes([1]) + whole.index(b"%d 0 obj" % number).to_bytes(4, "big") + b"\0" if number not in (0, 5) else entry
        for number, entry in [(0, bytes(6)), (1, b""), (2, b""), (3, b""), (4, b""), (5, b"\2\0\0\0\6\0"), (6, b"")]
    )
    start = len(whole)
    keys = b"/Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Prev %d" % start
    return whole + b"7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(table, keys), start)


# What is read as it stands: the loop, or what could run, is nothing that a reader follows.
READ = {
    "outlines.pdf": raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>",
            6: b"<</Type/Outlines/First 6 0 R/Last 6 0 R/Next 6 0 R/Count 9>>",
        }
    ),
    "prev.pdf": raw_pdf(trailer=b"/Prev %d" % raw_pdf().index(b"xref\n0")),
    "objects.pdf": _object_stream(),
    "form.pdf": raw_pdf(
        {
            3: _PAGE.replace(b"/Font", b"/XObject<</X 6 0 R>>/Font"),
            4: stream(b"/X Do " + WORDS),
            6: stream(b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"),
        }
    ),
    "contents.pdf": raw_pdf({3: _PAGE.replace(b"/Contents 4 0 R", b"/Contents[4 0 R 6 0 R]"), 6: b"[6 0 R]"}),
    "nowhere.pdf": raw_pdf(xref=99_999_999),
    "before.pdf": raw_pdf(xref=-5),
    "script.pdf": raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(steal\\(\\))>>"
            b"/AA<</WC<</S/Launch/F(steal)>>>>/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(steal\\(\\))>>]>>>>>>"
        }
    ),
    "embedded.pdf": raw_pdf(
        {
            1: b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(steal.exe) 6 0 R]>>>>/AF[6 0 R]>>",
            6: b"<</Type/Filespec/F(steal.exe)/EF<</F 7 0 R>>>>",
            7: stream(b"MZ steal", b"/Type/EmbeddedFile"),
        }
    ),
}


@cache
def refused() -> dict[str, tuple[bytes, str]]:
    """What is refused, each with a part of the sentence."""
    zeros = zlib.compress(bytes(100_000_000), 1)
    circles, much = "goes round in circles", "unpacks to more than a policy holds"
    doubling = {2: _node(10), **{at: _node(at + 1) for at in range(10, 50)}, 50: _PAGE}
    return {
        "tree.pdf": (raw_pdf({2: _node(6), 6: _node(2)}), "damaged"),
        "parent.pdf": (raw_pdf({3: b"<</Type/Page/Parent 3 0 R/Contents 4 0 R>>"}), circles),
        "length.pdf": (raw_pdf({4: b"<</Length 4 0 R>>\nstream\n%s\nendstream" % WORDS}), circles),
        # Forty nodes that each name the next one twice: 2 to the 40 pages.
        "doubling.pdf": (raw_pdf(doubling), circles),
        "bomb.pdf": (raw_pdf({4: stream(zeros, b"/Filter/FlateDecode")}), much),
        "bombs.pdf": (raw_pdf({4: stream(zlib.compress(zeros), b"/Filter[/FlateDecode/FlateDecode]")}), much),
        "long.pdf": (pages(5_000), "it has 5000 pages, and the limit is 3000; split it"),
        "deep.pdf": (raw_pdf({4: stream(b"[" * 100_000 + WORDS)}), "damaged"),
        "zip.pdf": (_archive({"policy.txt": b"We keep your name."}), "it is no PDF"),
        "word.pdf": (
            _archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:t>x</w:t>"}),
            "it is no PDF",
        ),
        "encrypted.pdf": ((READERS / "encrypted.pdf").read_bytes(), "it is encrypted"),
    }


def _archive(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()
