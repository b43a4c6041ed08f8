"""The one sentence above an answer: what was found where, or that nothing was."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.answering.understand import Question
from assistant.types import Citation, Policy, Status

# More names than this are counted instead.
_MOST_NAMES = 3


def summary(asked: Question, status: Status, cited: Sequence[Citation], searched: Sequence[Policy]) -> str:
    """One sentence for people.

    Args:
        asked: the question, understood.
        status: how it came out.
        cited: what answers it.
        searched: the policies that were looked through.
    """
    if status is Status.OFF_TOPIC:
        return "This does not look like a question about privacy or cookies, and only those are answered here."
    if status is Status.NOT_COVERED and asked.numbers:
        return f"{_names(searched)} {'has' if len(searched) == 1 else 'have'} no clause {' or '.join(asked.numbers)}."
    if status is Status.NOT_COVERED:
        return f"{_names(searched)} {'does' if len(searched) == 1 else 'do'} not answer this."
    policies = tuple({citation.policy.id: citation.policy for citation in cited}.values())
    clauses = len({(citation.policy.id, citation.path) for citation in cited})
    verb = "answers" if len(policies) == 1 else "answer"
    if asked.numbers:
        verb = "says this" if len(policies) == 1 else "say this"
        cited_numbers = {citation.clause for citation in cited}
        found = [n for n in asked.numbers if any(c == n or c.startswith((f"{n}.", f"{n}(")) for c in cited_numbers)]
        return f"{_names(policies)} {verb} in clause {', '.join(found)}." if found else f"{_names(policies)} {verb}."
    return f"{_names(policies)} {verb} this in {clauses} clause{'s' if clauses > 1 else ''}."


def _names(policies: Sequence[Policy]) -> str:
    """The policies by name: "italki Privacy Policy", "The 5 policies"."""
    names = [policy.name for policy in policies]
    if not names or len(names) > _MOST_NAMES:
        return f"The {len(names)} policies" if names else "The policies"
    if len(names) == 1:
        return names[0] if policies[0].company else f"The {names[0][0].lower()}{names[0][1:]}"
    return f"{', '.join(names[:-1])} and {names[-1]}"
