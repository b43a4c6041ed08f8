"""PDFs object by object, for tests that need one no writer would write."""

from __future__ import annotations

from collections.abc import Mapping

WORDS = b"BT /F1 12 Tf 72 720 Td (We keep your name for a year.) Tj ET"
# Catalog, page tree, one page, its words and their font; a test puts others in their place.
ONE_PAGE = {
    1: b"<</Type/Catalog/Pages 2 0 R>>",
    2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    4: b"",
    5: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
}


def stream(data: bytes, keys: bytes = b"") -> bytes:
    """A stream object, with further keys of its dictionary."""
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), keys, data)


def raw_pdf(objects: Mapping[int, bytes] | None = None, trailer: bytes = b"", xref: int | None = None) -> bytes:
    """A PDF of one page that holds `WORDS`.

    Args:
        objects: by number, instead of those of `ONE_PAGE` or beside them.
        trailer: further keys of the trailer.
        xref: where the table is said to stand; None for where it does.
    """
    held = {**ONE_PAGE, 4: stream(WORDS), **(objects or {})}
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, body in held.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    size = max(held) + 1
    out += b"xref\n0 %d\n" % size
    for number in range(size):
        out += b"%010d %05d %c \n" % ((places[number], 0, 110) if number in places else (0, 65535, 102))
    out += b"trailer\n<</Size %d/Root 1 0 R%s>>\n" % (size, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % (start if xref is None else xref))
