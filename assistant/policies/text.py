"""Plain text → canonical text and blocks; the text stays exactly as it was published."""

from __future__ import annotations

from assistant.policies.outline import outline, title_of
from assistant.policies.parsed import Parsed, lines_of


def parse_text(text: str) -> Parsed:
    """The blocks of a plain text whose line ends are newlines already."""
    blocks = outline(text, lines_of(text))
    return Parsed(text=text, blocks=blocks, title=title_of(text, blocks))
