"""Several rankings → one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# The constant of the paper: how little the first place counts for more than the second.
RANK_CONSTANT = 60


def fuse(
    rankings: Sequence[Iterable[int]], weights: Sequence[float], k: float = RANK_CONSTANT
) -> list[tuple[int, float]]:
    """Weighted reciprocal rank fusion.

    Args:
        rankings: rows, best first, each row once in a ranking.
        weights: what each ranking counts for, same length; a row that a ranking lacks gets nothing from it.
        k: added to every rank, which counts from 1.

    Returns:
        `(row, Σ weight / (k + rank))`, best first, ties by row.

    Source: Cormack, Clarke, Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning
    Methods".
    """
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, row in enumerate(ranking, start=1):
            scores[int(row)] = scores.get(int(row), 0.0) + weight / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
