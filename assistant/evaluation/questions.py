"""Reads judged questions: one JSON object a line, with the quotes that are accepted as answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import EvaluationError


@dataclass(frozen=True, slots=True)
class Quote:
    """A passage that is accepted as an answer."""

    # Policy id.
    policy: str
    # Words of the policy; only its letters and digits are compared.
    text: str


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with what should be cited for it."""

    # Unique in its file; "line 7" where the file gives none.
    id: str
    question: str
    # ISO 639-1, "" where the file says nothing.
    lang: str
    # Policy id that the person has picked, None for all policies.
    scope: str | None
    # Earlier questions of the same person, oldest first.
    history: tuple[str, ...]
    # Group that it is reported in ("direct", "lookup", …).
    kind: str
    # Empty: the assistant should abstain.
    quotes: tuple[Quote, ...]
    # True where every quote is wanted, False where one is enough.
    need_all: bool
    # Whether the file says that a person has read it.
    reviewed: bool = False

    @property
    def answerable(self) -> bool:
        """Whether some passage answers it."""
        return bool(self.quotes)


def read_questions(path: Path, *, reviewed_only: bool = False) -> tuple[JudgedQuestion, ...]:
    """The judged questions of a JSON Lines file, in its order; blank lines are passed over, unknown fields too.

    Args:
        path: the file.
        reviewed_only: pass over questions that do not say `"reviewed": true`.

    Raises:
        EvaluationError: the file cannot be read, holds no question, or a line has not the form; names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise EvaluationError(f"{path}: there is no such file; name a file of judged questions.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"{path}: the file cannot be read as UTF-8 text ({error}).") from None
    questions: dict[str, JudgedQuestion] = {}
    # Not splitlines(): U+2028 and its kind are allowed inside a JSON string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            question = _question(line, number)
        except ValueError as error:
            raise EvaluationError(f"{path}, line {number}: {error}.") from None
        if question.id in questions:
            raise EvaluationError(f"{path}, line {number}: the id {question.id!r} stands on an earlier line too.")
        questions[question.id] = question
    if reviewed_only and questions:
        questions = {id: question for id, question in questions.items() if question.reviewed}
        if not questions:
            raise EvaluationError(f'{path}: no question is reviewed; read them, mend them and set "reviewed" to true.')
    if not questions:
        raise EvaluationError(f"{path}: there is no question in the file.")
    return tuple(questions.values())


def _question(line: str, number: int) -> JudgedQuestion:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON ({error})") from None
    if not isinstance(row, dict):
        raise ValueError("a question is a JSON object")
    if row.get("need", "any") not in ("any", "all"):
        raise ValueError('"need" is "any" or "all"')
    scope = row.get("scope")
    if scope is not None and not isinstance(scope, str):
        raise ValueError('"scope" is a policy id or null')
    history = row.get("history", [])
    if not isinstance(history, list) or not all(isinstance(earlier, str) for earlier in history):
        raise ValueError('"history" is a list of texts')
    answers = row.get("answers")
    if not isinstance(answers, list):
        raise ValueError('"answers" is a list, empty where the assistant should abstain')
    return JudgedQuestion(
        id=_text(row, "id", f"line {number}"),
        question=_text(row, "question"),
        lang=_text(row, "lang", ""),
        scope=scope,
        history=tuple(history),
        kind=_text(row, "kind", ""),
        quotes=tuple(_quote(answer) for answer in answers),
        need_all=row.get("need", "any") == "all",
        reviewed=row.get("reviewed") is True,
    )


def _quote(answer: object) -> Quote:
    if not isinstance(answer, dict):
        raise ValueError('an answer is an object with "doc" and "quote"')
    quote = Quote(policy=_text(answer, "doc"), text=_text(answer, "quote"))
    if not any(character.isalnum() for character in quote.text):
        raise ValueError(f"the quote {quote.text!r} has neither a letter nor a digit")
    return quote


def _text(row: dict[str, object], name: str, default: str | None = None) -> str:
    """The text under `name`; where it is missing the default, or a ValueError where there is no default."""
    value = row.get(name, default)
    if value == default and default is not None:
        return default
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'"{name}" is a text and not empty')
    return value
