"""The readers, from the bytes of a file to what goes into the index; raises where one breaks a law of the product."""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from assistant.errors import AssistantError, CorpusError, PolicyFileError
from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.parsed import Parsed
from assistant.policies.passages import split
from assistant.policies.source import SourceFile, decode
from assistant.records import document_line, passage_line, read_document, read_passage
from assistant.types import BlockKind, Document, Policy
from tests.reader_checks import check_blocks, check_passages, squeezed

# What a browser paints before an item.
_MARKER = re.compile(r"(?<!\S)-?\w+\.(?:\s|$)")
_IDS = ("acme-privacy", "a", "b")
_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))


def read_text(data: bytes) -> None:
    """A plain text stays as it was published."""
    document = _read(data, ".txt")
    assert document is None or document.text == decode(data)


def read_markdown(data: bytes) -> None:
    _read(data, ".md")


def read_html(data: bytes) -> None:
    """No reader adds a word: what it gives stands in the page, in the same order."""
    document = _read(data, ".html")
    if document is None:
        return
    root = LexborHTMLParser(decode(data)).root
    assert root is not None
    page = iter(squeezed(root.text()))
    for block in document.blocks:
        words = block.span.of(document.text)
        # Before an item or a heading in a list, and at any place of a row, whose cells may hold lists.
        words = _MARKER.sub("", words, count=0 if block.kind in (BlockKind.ROW, BlockKind.HEADER) else 1)
        assert all(char in page for char in squeezed(words) if char != "•"), words


def read_pdf(data: bytes) -> None:
    _read(data, ".pdf")


def read_policies_csv(data: bytes) -> None:
    """A catalogue is read, or refused in a sentence; what it says is of policies that are there."""
    path = _FOLDER / "policies.csv"
    path.write_bytes(data)
    try:
        rows = read_catalogue(_FOLDER, _IDS)
    except CorpusError as error:
        check_sentence(error)
        return
    for id_, row in rows.items():
        assert id_ == row.id in _IDS
        assert row.supersedes in ("", *_IDS)
        _read(b"Acme privacy policy\n\nWe keep your name.", ".txt", row)


def check_sentence(error: AssistantError, start: str = "") -> None:
    """One sentence on one line, which says what is wrong and what to do."""
    assert str(error).startswith(start)
    assert str(error).endswith(".")
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in str(error)), str(error)


def _read(data: bytes, suffix: str, row: Policy | None = None) -> Document | None:
    """The document in `data` with all laws checked, None where it is refused in a sentence."""
    name = f"acme-privacy{suffix}"
    try:
        document = parse(SourceFile(Path(name), "acme-privacy", suffix, data, hashlib.sha256(data).hexdigest()), row)
    except PolicyFileError as error:
        check_sentence(error, f"{name}: ")
        return None
    check_blocks(Parsed(document.text, document.blocks, document.pages))
    check_passages(document)
    # As the process that reads hands it on.
    kept = read_document(document_line(document))
    passages = split(document)
    lines = enumerate(map(passage_line, passages))
    assert kept == document
    assert tuple(read_passage(line, at) for at, line in lines) == passages
    return document
