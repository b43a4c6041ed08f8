"""Gaps as text for a terminal, and as one JSON object; docs/feedback.md describes both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from assistant.dates import date_text
from assistant.feedback.gaps import Gaps, Group
from assistant.feedback.votes import Reason

# Days or weeks that fit beside the other columns.
_MOST_PERIODS = 8
_EMPTY = "There is no feedback yet."


def report_form(gaps: Gaps) -> dict[str, object]:
    """The gaps as a JSON object."""
    return asdict(gaps)


def report_text(gaps: Gaps) -> str:
    """The gaps in sections, each with a heading; what there is nothing of is left out."""
    if not gaps.first:
        return _EMPTY
    span = " to ".join(dict.fromkeys(date_text(day) for day in (gaps.first, gaps.last)))
    sections = [
        f"Feedback of {span}",
        _section(f"Not covered, by policy and {gaps.period}", _groups("policy", gaps.by_policy, gaps)),
        _section("Not covered, by language", _groups("language", gaps.by_language, gaps)),
        _section(
            "Most frequent questions that were not covered",
            _table([[str(one.times), _policies(one.policies), one.question] for one in gaps.questions], numbers=(0,)),
        ),
        _section("Votes", _votes(gaps)),
        _section("Clauses of answers that were of no use", _clauses(gaps)),
        _section("Notes on them, newest first", "\n".join("  " + note.replace("\n", "\n  ") for note in gaps.notes)),
    ]
    return "\n\n".join(filter(None, sections))


def _section(heading: str, body: str) -> str:
    return f"{heading}\n{body}" if body else ""


def _groups(what: str, groups: Sequence[Group], gaps: Gaps) -> str:
    """A row for each group and one for all, with the newest days or weeks."""
    if not gaps.all.questions:
        return ""
    shown = slice(max(0, len(gaps.periods) - _MOST_PERIODS), None)
    head = [what, "asked", "not covered", "share", *(_short(start) for start in gaps.periods[shown])]
    rows = [
        [
            "all together" if group is gaps.all else _name(what, group.label),
            f"{group.questions:,}",
            f"{group.not_covered:,}",
            f"{group.not_covered / group.questions:.0%}",
            *(f"{count:,}" if count else "·" for count in group.by_period[shown]),
        ]
        for group in (*groups, *([gaps.all] if len(groups) > 1 else []))
    ]
    return _table([head, *rows], numbers=range(1, len(head)))


def _votes(gaps: Gaps) -> str:
    if not gaps.votes:
        return ""
    rows = [["useful", f"{gaps.useful:,}", f"{gaps.useful / gaps.votes:.0%}"]]
    rows += [[_reason(reason), f"{count:,}", f"{count / gaps.votes:.0%}"] for reason, count in gaps.reasons.items()]
    return _table([*rows, ["all together", f"{gaps.votes:,}", ""]], numbers=(1, 2))


def _clauses(gaps: Gaps) -> str:
    rows = [[str(one.votes), one.clause, ", ".join(map(_reason, one.reasons))] for one in gaps.clauses]
    return _table(rows, numbers=(0,))


def _table(rows: Sequence[Sequence[str]], numbers: Sequence[int]) -> str:
    """Aligned columns, two spaces before each; `numbers` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "".join(
            "  " + (cell.rjust(width) if at in numbers else cell.ljust(width))
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


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
