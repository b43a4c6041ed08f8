"""Blocks → the clause tree, by the outline depth that each block carries."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.types import Block, BlockKind, Clause, Span, fold


def clause_tree(text: str, blocks: Sequence[Block], title: str) -> tuple[tuple[Clause, ...], tuple[int, ...]]:
    """The clauses in reading order, clause 0 being the document, and per block the id of the clause that owns it.

    Args:
        text: canonical text, which the block spans refer to.
        blocks: in reading order and disjoint.
        title: the document's own title, for clause 0.
    """
    opened: list[tuple[Block | None, int | None, int]] = [(None, None, 0)]
    ends = [len(text)]
    owners: list[int] = []
    stack: list[tuple[int, int]] = [(0, 0)]
    for block in blocks:
        if block.opens:
            while len(stack) > 1 and stack[-1][0] >= block.level:
                stack.pop()
            parent = stack[-1][1]
            opened.append((block, parent, len(stack)))
            ends.append(block.span.end)
            stack.append((block.level, len(opened) - 1))
            owner = len(opened) - 1
        elif block.level:
            owner = next((clause for level, clause in reversed(stack) if level <= block.level), 0)
        else:
            owner = stack[-1][1]
        owners.append(owner)
        if block.kind is not BlockKind.DECORATION:
            for _, clause in stack[1:]:
                ends[clause] = max(ends[clause], block.span.end)
    clauses = [Clause(0, "", fold(title), None, Span(0, len(text)), 0)]
    for id_, (block, parent, depth) in enumerate(opened[1:], start=1):
        assert block is not None
        span = Span(block.span.start, ends[id_])
        clauses.append(Clause(id_, block.number, fold(block.title.of(text)), parent, span, depth))
    return tuple(clauses), tuple(owners)
