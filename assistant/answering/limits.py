"""What may be asked: a question of some words, not too long, for a sensible number of citations."""

from __future__ import annotations

import unicodedata

from assistant.errors import QuestionEmptyError, QuestionError, QuestionTooLongError


def check_question(question: str, top_k: int, longest: int, most: int) -> None:
    """Refuses what cannot be asked.

    Args:
        question: as a person typed it.
        top_k: most citations that are wanted.
        longest: most code points of a question; longer ones cost as much as their length.
        most: most citations that may be wanted.

    Raises:
        QuestionEmptyError, QuestionTooLongError: the question has no words or too many characters.
        QuestionError: `top_k` is out of range.
    """
    # White space, control characters and marks of direction show nothing.
    if all(unicodedata.category(character)[0] in "CZ" for character in question):
        raise QuestionEmptyError("The question is empty; type what you want to know.")
    if len(question) > longest:
        raise QuestionTooLongError(
            f"The question has {len(question):,} characters; shorten it to {longest:,} or fewer."
        )
    if not 1 <= top_k <= most:
        raise QuestionError(f"The number of citations must be 1 to {most}, not {top_k}.")
