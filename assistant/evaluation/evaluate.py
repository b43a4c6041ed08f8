"""Asks every judged question and judges what comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assistant.errors import EvaluationError, QuestionError
from assistant.evaluation.judge import Asker, Judge, Outcome
from assistant.evaluation.questions import JudgedQuestion


def evaluate(asker: Asker, questions: Sequence[JudgedQuestion], top_k: int = 10) -> Iterator[Outcome]:
    """Outcomes in the order of the questions, one at a time; all quotes are found before the first is asked.

    Args:
        asker: the assistant.
        questions: judged questions over the assistant's policies.
        top_k: most citations for each question.

    Raises:
        EvaluationError: a question does not fit the corpus, or cannot be asked.
    """
    judge = Judge(asker, questions)
    for question in questions:
        picked = None if question.scope is None else [question.scope]
        started = time.perf_counter()
        try:
            answer = asker.ask(question.question, policies=picked, history=question.history, top_k=top_k)
        except QuestionError as error:
            raise EvaluationError(f"Question {question.id} cannot be asked: {error}") from None
        yield judge.judge(question, answer, time.perf_counter() - started)
