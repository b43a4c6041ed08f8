"""Gaps as tables, as text for a terminal, and as one JSON object; docs/feedback.md describes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from assistant.dates import date_text
from assistant.feedback.gaps import Gaps, Group
from assistant.feedback.votes import Reason

# Days or weeks that fit beside the other columns.
_MOST_PERIODS = 8
EMPTY = "There is no feedback yet."
NOTES = "Notes on them, newest first"


def report_form(gaps: Gaps) -> dict[str, object]:
    """The gaps as a JSON object."""
    return asdict(gaps)


class Table(NamedTuple):
    """One part of the report."""

    heading: str
    # Names of the columns, and whether a terminal shows them: numbers without them are told by their words there.
    columns: tuple[str, ...]
    headed: bool
    rows: tuple[tuple[str, ...], ...]
    # Columns of numbers.
    numbers: tuple[int, ...]


def period_text(gaps: Gaps) -> str:
    """The days of the report, such as "2 March 2026 to 9 March 2026"; "" where nothing is kept."""
    return " to ".join(dict.fromkeys(date_text(day) for day in (gaps.first, gaps.last) if day))


def report_tables(gaps: Gaps) -> tuple[Table, ...]:
    """The gaps in tables; what there is nothing of is left out."""
    columns = ("times", "policies", "question")
    asked = tuple((str(one.times), _policies(one.policies), one.question) for one in gaps.questions)
    clauses = tuple((str(one.votes), one.clause, ", ".join(map(_reason, one.reasons))) for one in gaps.clauses)
    tables = (
        _groups(f"Not covered, by policy and {gaps.period}", "policy", gaps.by_policy, gaps),
        _groups("Not covered, by language", "language", gaps.by_language, gaps),
        Table("Most frequent questions that were not covered", columns, False, asked, numbers=(0,)),
        Table("Votes", ("vote", "votes", "share"), False, _votes(gaps), numbers=(1, 2)),
        Table("Clauses of answers that were of no use", ("votes", "clause", "reasons"), False, clauses, numbers=(0,)),
    )
    return tuple(table for table in tables if table.rows)


def report_text(gaps: Gaps) -> str:
    """The gaps in sections, each with a heading; what there is nothing of is left out."""
    if not gaps.first:
        return EMPTY
    sections = [f"Feedback of {period_text(gaps)}", *map(_table_text, report_tables(gaps))]
    if gaps.notes:
        sections.append("\n".join([NOTES, *("  " + note.replace("\n", "\n  ") for note in gaps.notes)]))
    return "\n\n".join(sections)


def _groups(heading: str, what: str, groups: Sequence[Group], gaps: Gaps) -> Table:
    """A row for each group and one for all, with the newest days or weeks."""
    shown = slice(max(0, len(gaps.periods) - _MOST_PERIODS), None)
    columns = (what, "asked", "not covered", "share", *(_short(start) for start in gaps.periods[shown]))
    rows = tuple(
        (
            "all together" if group is gaps.all else _name(what, group.label),
            f"{group.questions:,}",
            f"{group.not_covered:,}",
            f"{group.not_covered / group.questions:.0%}",
            *(f"{count:,}" if count else "·" for count in group.by_period[shown]),
        )
        for group in (*groups, *([gaps.all] if len(groups) > 1 else []))
    )
    return Table(heading, columns, True, rows, numbers=tuple(range(1, len(columns))))


def _votes(gaps: Gaps) -> tuple[tuple[str, ...], ...]:
    if not gaps.votes:
        return ()
    rows = [("useful", f"{gaps.useful:,}", f"{gaps.useful / gaps.votes:.0%}")]
    rows += [(_reason(reason), f"{count:,}", f"{count / gaps.votes:.0%}") for reason, count in gaps.reasons.items()]
    return (*rows, ("all together", f"{gaps.votes:,}", ""))


def _table_text(table: Table) -> str:
    """A heading and aligned columns, two spaces before each; numbers are flush right."""
    rows = [table.columns, *table.rows] if table.headed else table.rows
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "".join(
            "  " + (cell.rjust(width) if at in table.numbers else cell.ljust(width))
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
    return "\n".join([table.heading, *lines])


def _name(what: str, label: str) -> str:
    if what == "policy":
        return _policies(label)
    return label or "not known"


def _policies(label: str) -> str:
    return label or "all policies"


def _reason(reason: str) -> str:
    return Reason(reason).words.lower() if reason else "not useful, no reason"


def _short(day: str) -> str:
    """As "2 Mar", in a report that names the year above."""
    number, month, _ = date_text(day).split()
    return f"{number} {month[:3]}"
