"""What the chat's events call: one question in, one turn of the conversation out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.errors import AssistantError, QuestionError
from assistant.json_form import answer_form
from assistant.types import Answer
from assistant.web.cards import answer_html, chips_html, error_html

if TYPE_CHECKING:
    from assistant.ask import Assistant

# Earlier questions that are taken into account: a follow-up refers to what was asked shortly before.
_HISTORY = 20
_TURN = re.compile(r"[a-z0-9]{1,40}")


class Turns:
    """Answers for the page and for programs; keeps nothing of a conversation."""

    def __init__(self, assistant: Assistant, max_chars: int) -> None:
        self._assistant = assistant
        self._max_chars = max_chars

    def turn(self, asked: object, policy: str | None) -> Any:
        """One turn as HTML; what is wrong with a question is said in its turn.

        Args:
            asked: {"turn": name, "question": text, "history": earlier questions}; None where there is nothing to ask.
            policy: id of the policy to search, "" for all.
        """
        if not isinstance(asked, dict):
            return gr.skip()
        turn, question, history = (asked.get(name) for name in ("turn", "question", "history"))
        if not (isinstance(turn, str) and _TURN.fullmatch(turn) and isinstance(question, str)):
            return gr.skip()
        earlier = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
        try:
            answer = self._answer(question, policy, earlier)
            return answer_html(turn, question, answer, self._suggestions(policy))
        except AssistantError as error:
            return error_html(turn, question, str(error))

    def ask(self, question: str, policy: str = "", history: list[str] | None = None) -> dict[str, Any]:
        """Answers a question with cited clauses, word for word.

        Args:
            question: the question.
            policy: id of the policy to search, "" for all.
            history: earlier questions of the conversation, oldest first.
        """
        try:
            return answer_form(self._answer(question, policy, history or []))
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error

    def chips(self, policy: str | None) -> str:
        """Questions that `policy` answers, "" for all policies, as buttons."""
        return chips_html(self._suggestions(policy))

    def _answer(self, question: str, policy: str | None, history: Sequence[str]) -> Answer:
        if len(question) > self._max_chars:
            raise QuestionError(
                f"The question has {len(question):,} characters; shorten it to {self._max_chars:,} or fewer."
            )
        return self._assistant.ask(question, [policy] if policy else None, history[-_HISTORY:])

    def _suggestions(self, policy: str | None) -> tuple[str, ...]:
        return self._assistant.suggestions([policy] if policy else None)
