"""Answers, clauses and policies as plain text for a terminal or a pipe, and a bar for what takes long."""

from __future__ import annotations

import contextlib
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Never

from assistant.dates import date_text
from assistant.types import Answer, Citation, Policy, Status

if TYPE_CHECKING:
    from tqdm import tqdm

_INDENT = "    "
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_STYLES = re.compile(r"\x1b\[[01]m")


def answer_text(answer: Answer, width: int = 0, bold: bool = False) -> str:
    """Summary, how sure it is, citations and, for a question about privacy, the closest clauses.

    Args:
        answer: what to print.
        width: columns to wrap quotes at; 0 leaves their lines as they are.
        bold: whether the sentences that answer are set bold by terminal codes.
    """
    sure = f"\n{answer.confidence.words}." if answer.confidence else ""
    parts = [_visible(answer.summary) + sure, *_citations(answer.citations, width, bold)]
    if answer.related and answer.status is Status.NOT_COVERED:
        parts += ["Closest, may not answer:", *_citations(answer.related, width, bold)]
    return "\n\n".join(parts)


def citations_text(citations: Sequence[Citation], width: int = 0, bold: bool = False) -> str:
    """Citations one below the other; `width` and `bold` as in `answer_text`."""
    return "\n\n".join(_citations(citations, width, bold))


def policies_text(policies: Sequence[Policy]) -> str:
    """One line for each policy: id, name, date and language in aligned columns."""
    cells = [
        [_visible(cell) or "–" for cell in (policy.id, policy.name, date_text(policy.effective_date), policy.language)]
        for policy in policies
    ]
    widths = [max((len(row[at]) for row in cells), default=0) for at in range(4)]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells)


class Bar:
    """Shows how much is done and the time left, then what else there is to do."""

    def __init__(self, bar: tqdm[Never]) -> None:
        self._bar = bar

    def advance(self, count: int, expected: int | None = None) -> None:
        """So many more are done; `expected` says how many there will be, as far as that is known by now."""
        self._bar.total = expected or self._bar.total
        self._bar.update(count)

    def step(self, name: str) -> None:
        """All are done, and what has this name begins; it takes the place of the bar."""
        # What is shown before the delay is over would stay in the end.
        self._bar.delay = 0
        self._bar.bar_format = "{desc}"
        self._bar.set_description_str(f"{name} …")


@contextlib.contextmanager
def progress(unit: str, total: int | None = None) -> Iterator[Bar]:
    """A bar on stderr, where that is a terminal; it is gone in the end."""
    from tqdm import tqdm

    with tqdm(total=total, unit=f" {unit}", file=sys.stderr, disable=None, delay=1, leave=False) as bar:
        yield Bar(bar)


def _citations(citations: Sequence[Citation], width: int, bold: bool) -> list[str]:
    return [f"{_headline(citation)}\n{_quote(citation, width, bold)}" for citation in citations]


def _headline(citation: Citation) -> str:
    page = f"page {citation.page}" if citation.page is not None else ""
    date = date_text(citation.policy.effective_date)
    known = [part for part in (citation.policy.name, " › ".join(citation.path), date, page) if part]
    return _visible(f"[{citation.number}] {' · '.join(known)}")


def _quote(citation: Citation, width: int, bold: bool) -> str:
    """The quote, indented, each of its lines wrapped at `width` where that is not 0."""
    styled = "".join(
        f"{_BOLD}{_visible(piece)}{_PLAIN}" if marked and bold else _visible(piece) for piece, marked in citation.pieces
    )
    lines = styled.split("\n")
    if width:
        lines = [part for line in lines for part in _wrap(line, max(20, width - len(_INDENT)))]
    return "\n".join((_INDENT + line).rstrip() for line in lines)


def _wrap(line: str, width: int) -> list[str]:
    """`line` cut at spaces so that each part shows at most `width` characters, unless one word is longer."""
    parts: list[list[str]] = [[]]
    shown = -1
    for word in line.split(" "):
        length = len(_STYLES.sub("", word))
        if parts[-1] and shown + 1 + length > width:
            parts.append([])
            shown = -1
        parts[-1].append(word)
        shown += 1 + length
    return [" ".join(words) for words in parts]


def _visible(text: str) -> str:
    """`text` with control characters shown as U+FFFD: a policy or question must not steer the terminal."""
    return "".join("�" if unicodedata.category(c) == "Cc" and c not in "\n\t" else c for c in text)
