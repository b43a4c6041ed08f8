"""Tab-separated tables in plain text, whose cells may run over several lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.policies.parsed import Line

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Table:
    """One table by line indices."""

    header: int
    # Lines of each row, in order.
    rows: tuple[range, ...]


def find_tables(text: str, lines: Sequence[Line], free: Sequence[bool]) -> tuple[Table, ...]:
    """Tables among the lines that are `free`: a header of short names, then rows that begin with a tabbed line."""
    out: list[Table] = []
    at = 0
    while at < len(lines) - 1:
        cells = _cells(text, lines[at]) if free[at] else []
        follows = free[at + 1] and len(_cells(text, lines[at + 1])) > 1 and not lines[at + 1].blanks
        if len(cells) > 1 and follows and all(cell and len(cell) <= _LONGEST_NAME for cell in cells):
            rows = _rows(text, lines, free, at + 1, len(cells))
            out.append(Table(at, rows))
            at = rows[-1].stop
        else:
            at += 1
    return tuple(out)


def _rows(text: str, lines: Sequence[Line], free: Sequence[bool], start: int, columns: int) -> tuple[range, ...]:
    """Rows from line `start` on; a row with cells left to fill takes the lines up to the next row."""
    rows: list[range] = []
    at = start
    while at < len(lines) and free[at] and len(_cells(text, lines[at])) > 1:
        stop = at + 1
        if sum(bool(cell) for cell in _cells(text, lines[at])) < columns:
            after = stop
            while after < len(lines) and free[after] and len(_cells(text, lines[after])) < 2:
                after += 1
            tabbed = after < len(lines) and free[after]
            stop = after if tabbed or after == len(lines) else min(after, at + columns)
        rows.append(range(at, stop))
        at = stop
    return tuple(rows)


def _cells(text: str, line: Line) -> list[str]:
    """Cells of one line; a tab that ends the line announces a cell on the lines below."""
    end = text.find("\n", line.span.end)
    tail = text[line.span.end : end if end >= 0 else len(text)]
    return [cell.strip() for cell in (line.span.of(text) + tail).split("\t")]
