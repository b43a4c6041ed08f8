"""What a question asks: of which policies, which clause, which words, and what a follow-up refers to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.types import Policy, fold


@dataclass(frozen=True, slots=True)
class Question:
    """A question, understood."""

    # As typed: trimmed, NFC, without control characters.
    text: str
    # What to rank with: a follow-up made to stand alone from the history, policy names kept.
    standalone: str
    # `standalone` without policy names and without phrases such as "according to the policy"; never empty unless `text` is.
    topic: str
    # Policy ids to search; None for all.
    policies: frozenset[str] | None = None
    # Whether the question (or the history that it follows on) names a policy or company.
    named: bool = False
    # Policies that are named but lie outside the ones that were picked, and so are not searched.
    outside: frozenset[str] = frozenset()
    # Clause numbers asked for, in order ("5.8.3", "3(a)").
    numbers: tuple[str, ...] = ()
    # Quoted phrases, in order, without their quotation marks.
    phrases: tuple[str, ...] = ()
    # Whether several policies are to be answered from side by side, and which belong together.
    compare: bool = False
    groups: tuple[frozenset[str], ...] = ()
    # Whether the question asks for every item of a kind.
    wants_list: bool = False
    # ISO 639-1.
    language: str = "en"
    # Whether the history was needed to understand it.
    follows: bool = False


def understand(
    question: str, policies: Sequence[Policy], picked: Sequence[str] | None = None, history: Sequence[str] = ()
) -> Question:
    """Reads `question` as one put to `policies`; `picked` (ids, None for all) always restricts."""
    text = fold(question)
    restricted = frozenset(picked) if picked is not None else None
    return Question(text=text, standalone=text, topic=text, policies=restricted)
