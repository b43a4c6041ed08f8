"""Outcomes → figures. Every rate is a share of questions, from 0 to 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import ir_measures
import numpy as np
from ir_measures import RR, nDCG

from assistant.evaluation.judge import Outcome


@dataclass(frozen=True, slots=True)
class Ranked:
    """Measures of one answerable question's ranking, from ir-measures."""

    rr_10: float
    ndcg_10: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of a group of questions; None where the group has nothing to measure it on."""

    questions: int
    # Answerable questions: share with a hit among the first k citations; share of the quotes where all are wanted.
    hit_1: float | None
    hit_3: float | None
    hit_5: float | None
    # Answerable questions: mean of 1 / rank of the first citation that hits, 0 past rank 10.
    mrr_10: float | None
    # Answerable questions: see `units`.
    ndcg_10: float | None
    # Of the questions abstained from, those without an answer.
    abstention_precision: float | None
    # Of the questions without an answer, those abstained from.
    abstention_recall: float | None
    # Of the questions without an answer, those answered all the same.
    answered_wrongly: float | None
    # Of the answerable questions, those abstained from.
    abstained_wrongly: float | None
    # Of the answered questions that pick or name a policy: first citation from another one; any citation from one.
    wrong_policy_first: float | None
    wrong_policy_any: float | None
    # Of the questions whose first hitting citation carries marks, those with a mark on an accepted quote.
    mark_hit: float | None
    # Characters of all cited passages.
    chars_median: float | None
    chars_p95: float | None
    # Wall-clock seconds of one answer.
    seconds_median: float | None
    seconds_p95: float | None


def metrics(outcomes: Sequence[Outcome], ranked: Mapping[str, Ranked]) -> Metrics:
    """Figures of one group of outcomes; `ranked` holds at least its answerable questions, by id."""
    answerable = [outcome for outcome in outcomes if outcome.question.answerable]
    unanswerable = [outcome for outcome in outcomes if not outcome.question.answerable]
    abstained = [outcome for outcome in outcomes if outcome.abstained]
    outside = [outcome.outside for outcome in outcomes if outcome.outside]
    lengths = [len(citation.quote) for outcome in outcomes for citation in outcome.answer.citations]
    seconds = [outcome.seconds for outcome in outcomes]
    return Metrics(
        questions=len(outcomes),
        hit_1=_mean(hit_at(outcome, 1) for outcome in answerable),
        hit_3=_mean(hit_at(outcome, 3) for outcome in answerable),
        hit_5=_mean(hit_at(outcome, 5) for outcome in answerable),
        mrr_10=_mean(ranked[outcome.question.id].rr_10 for outcome in answerable),
        ndcg_10=_mean(ranked[outcome.question.id].ndcg_10 for outcome in answerable),
        abstention_precision=_mean(not outcome.question.answerable for outcome in abstained),
        abstention_recall=_mean(outcome.abstained for outcome in unanswerable),
        answered_wrongly=_mean(not outcome.abstained for outcome in unanswerable),
        abstained_wrongly=_mean(outcome.abstained for outcome in answerable),
        wrong_policy_first=_mean(flags[0] for flags in outside),
        wrong_policy_any=_mean(any(flags) for flags in outside),
        mark_hit=_mean(outcome.mark_hit for outcome in outcomes if outcome.mark_hit is not None),
        chars_median=_percentile(lengths, 50),
        chars_p95=_percentile(lengths, 95),
        seconds_median=_percentile(seconds, 50),
        seconds_p95=_percentile(seconds, 95),
    )


def hit_at(outcome: Outcome, k: int) -> float:
    """1 or 0, or the share of the quotes where all are wanted, by the first `k` citations."""
    found: frozenset[int] = frozenset().union(*outcome.hits[:k])
    return len(found) / len(outcome.question.quotes) if outcome.question.need_all else float(bool(found))


def units(outcome: Outcome) -> tuple[str, ...]:
    """The answer as a ranking of judged units, best first.

    Quotes are judged, not passages, so a citation is read as the quotes that it newly hits, one after the other, or as
    one miss where it hits nothing new. Where any quote is enough, all of them are one unit, "answer".
    """
    out: list[str] = []
    seen: set[str] = set()
    for rank, hit in enumerate(outcome.hits):
        names = [f"quote {n}" if outcome.question.need_all else "answer" for n in sorted(hit)]
        new = [name for name in dict.fromkeys(names) if name not in seen]
        seen.update(new)
        out.extend(new or [f"miss {rank}"])
    return tuple(out)


def rank_measures(outcomes: Iterable[Outcome]) -> dict[str, Ranked]:
    """RR@10 and nDCG@10 of every answerable question, by question id, as ir-measures computes them over `units`.

    Every unit has gain 1, so the ideal ranking begins with all of them. A question abstained from gets 0.

    Source: Järvelin and Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques"; ir-measures (MacAvaney
    et al. 2022).
    """
    qrels: list[ir_measures.Qrel] = []
    run: list[ir_measures.ScoredDoc] = []
    for outcome in outcomes:
        question = outcome.question
        if not question.answerable:
            continue
        wanted = [f"quote {n}" for n in range(len(question.quotes))] if question.need_all else ["answer"]
        qrels += [ir_measures.Qrel(question.id, unit, 1) for unit in wanted]
        run += [ir_measures.ScoredDoc(question.id, unit, -float(at)) for at, unit in enumerate(units(outcome))]
    values: dict[str, dict[object, float]] = {}
    for value in ir_measures.iter_calc([RR @ 10, nDCG @ 10], qrels, run):
        values.setdefault(value.query_id, {})[value.measure] = value.value
    return {id: Ranked(rr_10=found[RR @ 10], ndcg_10=found[nDCG @ 10]) for id, found in values.items()}


def _mean(values: Iterable[float]) -> float | None:
    numbers = [float(value) for value in values]
    return sum(numbers) / len(numbers) if numbers else None


def _percentile(values: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(np.asarray(values), percent)) if values else None
