"""Figures → two aligned tables: a row for each kind, for each language, and for all questions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.evaluation.judge import Outcome
from assistant.evaluation.metrics import Metrics, metrics, rank_measures


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    heading: str
    # Field of `Metrics`.
    field: str
    # Format of its numbers.
    form: str
    # What it says, for the legend.
    meaning: str


_N = Column("n", "questions", "d", "questions in the group; – where there is nothing to measure")
_TABLES = (
    (
        _N,
        Column("hit@1", "hit_1", ".3f", "answerable questions that the first citation hits"),
        Column("hit@3", "hit_3", ".3f", "… that one of the first 3 hits; the share of the quotes where all are wanted"),
        Column("hit@5", "hit_5", ".3f", "… that one of the first 5 hits"),
        Column("MRR@10", "mrr_10", ".3f", "mean of 1 / rank of the first citation that hits"),
        Column("nDCG@10", "ndcg_10", ".3f", "over the judged quotes, by ir-measures"),
        Column("mark", "mark_hit", ".3f", "first hitting citations with marks that have one on an accepted quote"),
        Column("wrong", "wrong_policy_first", ".3f", "policy picked or named, first citation from another one"),
        Column("any wrong", "wrong_policy_any", ".3f", "policy picked or named, any citation from another one"),
    ),
    (
        _N,
        Column("abst P", "abstention_precision", ".3f", "questions abstained from that have no answer"),
        Column("abst R", "abstention_recall", ".3f", "questions without an answer that were abstained from"),
        Column("bad ans", "answered_wrongly", ".3f", "questions without an answer that were answered"),
        Column("bad abst", "abstained_wrongly", ".3f", "answerable questions that were abstained from"),
        Column("chars", "chars_median", ".0f", "length of the cited passages, median"),
        Column("p95", "chars_p95", ".0f", "… 95th percentile"),
        Column("seconds", "seconds_median", ".3f", "time for one question, median"),
        Column("p95", "seconds_p95", ".3f", "… 95th percentile"),
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report."""

    # What groups it: "kind", "lang" or "all".
    group: str
    # The kind or language; "all" for all questions.
    label: str
    metrics: Metrics


def rows(outcomes: Sequence[Outcome]) -> tuple[Row, ...]:
    """One row for each kind and each language, in order of appearance, and one for all questions."""
    ranked = rank_measures(outcomes)
    keys: tuple[tuple[str, Callable[[Outcome], str]], ...] = (
        ("kind", lambda outcome: outcome.question.kind),
        ("lang", lambda outcome: outcome.question.lang),
        ("all", lambda _: "all"),
    )
    return tuple(
        Row(group, label or "–", metrics([outcome for outcome in outcomes if key(outcome) == label], ranked))
        for group, key in keys
        for label in dict.fromkeys(map(key, outcomes))
    )


def report(rows: Sequence[Row]) -> str:
    """Both tables, each with what its columns mean below it."""
    return "\n\n".join(f"{_table(rows, columns)}\n\n{_legend(columns)}" for columns in _TABLES)


def _table(rows: Sequence[Row], columns: Sequence[Column]) -> str:
    """Numbers flush right under their headings, a blank line between groups."""
    cells = [[row.label, *(_cell(row.metrics, column) for column in columns)] for row in rows]
    lines = [["", *(column.heading for column in columns)], *cells]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns) + 1)]
    printed = [
        "  ".join([line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    out = [printed[0]]
    for at, line in enumerate(printed[1:]):
        if at and rows[at].group != rows[at - 1].group:
            out.append("")
        out.append(line)
    return "\n".join(out)


def _legend(columns: Sequence[Column]) -> str:
    width = max(len(column.heading) for column in columns)
    return "\n".join(f"{column.heading.ljust(width)}  {column.meaning}" for column in columns)


def _cell(figures: Metrics, column: Column) -> str:
    value = getattr(figures, column.field)
    return "–" if value is None else format(value, column.form)
