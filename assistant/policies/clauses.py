"""Blocks → the clause tree, by the outline depth that each block carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assistant.types import Block, BlockKind, Clause, Span, fold


def clause_tree(text: str, blocks: Sequence[Block], title: str) -> tuple[tuple[Clause, ...], tuple[int, ...]]:
    """The clauses in reading order, clause 0 being the document, and per block the id of the clause that owns it.

    Args:
        text: canonical text, which the block spans refer to.
        blocks: in reading order and disjoint.
        title: the document's own title, for clause 0.
    """
    clauses = [Clause(0, "", fold(title), None, Span(0, len(text)), 0)]
    owners: list[int] = []
    # (outline depth of the block, clause id) of the open clauses, outermost first.
    open_: list[tuple[int, int]] = [(0, 0)]
    for block in blocks:
        if block.opens:
            while len(open_) > 1 and open_[-1][0] >= block.level:
                open_.pop()
            parent = open_[-1][1]
            clauses.append(
                Clause(len(clauses), block.number, fold(block.title.of(text)), parent, block.span, len(open_))
            )
            open_.append((block.level, len(clauses) - 1))
        elif block.level:
            # What belongs above the innermost clause closes it.
            while len(open_) > 1 and open_[-1][0] > block.level:
                open_.pop()
        owners.append(open_[-1][1])
        if block.kind is not BlockKind.DECORATION:
            for _, id_ in open_[1:]:
                span = clauses[id_].span
                clauses[id_] = replace(clauses[id_], span=Span(span.start, max(span.end, block.span.end)))
    return tuple(clauses), tuple(owners)
