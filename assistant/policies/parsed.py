"""What every reader hands on: canonical text with its blocks; and lines, from which text and PDF are outlined."""

from __future__ import annotations

from dataclasses import dataclass

from assistant.types import Block, Span


@dataclass(frozen=True, slots=True)
class Parsed:
    """One policy in canonical text, before its clause tree stands."""

    # Canonical text: only markup, decoration and white space differ from the source.
    text: str
    # Reading order, disjoint; together they hold every character of `text` that is not white space.
    blocks: tuple[Block, ...]
    # Offset at which each page starts; empty where the source has no pages.
    pages: tuple[int, ...] = ()
    # The document's own title, "" where the source names none.
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of canonical text that is not blank."""

    # The line without surrounding white space; never empty.
    span: Span
    # Code points of white space before it on its line.
    indent: int
    # Blank lines directly before it.
    blanks: int
    # Outline level known from the layout, 1 = outermost (fonts of a PDF); 0 = unknown.
    heading: int = 0
    # Code points at its start, number included, that are in bold type before text that is not: a title run into its
    # text; 0 = none or unknown.
    run_in: int = 0


class Unreadable(Exception):
    """A reader cannot use its bytes; `parse` adds the file's name and makes it a `PolicyFileError`."""

    def __init__(self, wrong: str, remedy: str) -> None:
        super().__init__(f"{wrong}; {remedy}")
        self.wrong = wrong
        self.remedy = remedy


def lines_of(text: str) -> tuple[Line, ...]:
    """The lines of `text` that are not blank, cut at "\\n" only, with their indents and the blank lines before them."""
    lines: list[Line] = []
    at = blanks = 0
    for raw in text.split("\n"):
        words = raw.strip()
        if words:
            indent = len(raw) - len(raw.lstrip())
            start = at + indent
            lines.append(Line(Span(start, start + len(words)), indent, blanks))
            blanks = 0
        else:
            blanks += 1
        at += len(raw) + 1
    return tuple(lines)
