"""What the page calls: one question in, one turn of the conversation out."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.errors import AssistantError, BusyError, FeedbackError
from assistant.feedback.votes import Vote
from assistant.types import Answer
from assistant.web.cards import answer_html, chips_html, error_html

if TYPE_CHECKING:
    from assistant.web.site import Site

# Earlier questions that are taken into account: a follow-up refers to what was asked shortly before.
_HISTORY = 20
_LOG = logging.getLogger(__name__)
_TURN = re.compile(r"[a-z0-9]{1,40}")


class Turns:
    """Answers questions; keeps nothing of a conversation."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def turn(self, asked: object) -> str:
        """One turn as HTML; what is wrong with a question is said in its turn.

        Args:
            asked: {"turn": name that the page gave it, "question": text, "policy": id or "", "history": questions}.
        """
        try:
            return await self._site.run(lambda: self._turn(asked))
        except BusyError as error:
            turn, question, _ = _words(asked)
            return error_html(turn, question, str(error))

    async def chips(self, policy: object) -> str:
        """Questions that `policy` answers, "" for all policies, as buttons."""
        try:
            return await self._site.run(lambda: self.chips_now(policy if isinstance(policy, str) else ""))
        except BusyError:
            # Suggestions are not missed.
            return ""

    async def vote(self, said: object) -> str:
        """Keeps what a person says of an answer; "" where it is kept, else the sentence that says why not.

        Args:
            said: {"useful": bool, "reason": one of `Reason` or "", "note": text, "question": text, "status": of the
                answer, "clauses": permalinks, "policy": id or ""}.
        """
        try:
            return await self._site.run(lambda: self._vote(said))
        except BusyError as error:
            return str(error)

    def chips_now(self, policy: str) -> str:
        """As `chips`, for the first page."""
        try:
            return chips_html(self._suggestions(policy))
        except AssistantError:
            # The policy went away since the page was opened: asking it says so, suggestions are not missed.
            return ""

    def _turn(self, asked: object) -> str:
        known = asked if isinstance(asked, dict) else {}
        turn, question, policy = _words(asked)
        history = known.get("history")
        earlier = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
        try:
            answer = self._answer(question, policy, earlier)
            self._count(question, policy, answer)
            return answer_html(turn, question, answer, self._suggestions(policy))
        except AssistantError as error:
            return error_html(turn, question, str(error))

    def _count(self, question: str, policy: str, answer: Answer) -> None:
        policies = (policy,) if policy else ()
        try:
            self._site.feedback.count(str(answer.status), answer.language, policies, question)
        except FeedbackError as error:
            # A person gets the answer all the same.
            _LOG.warning("%s", error)

    def _vote(self, said: object) -> str:
        known = said if isinstance(said, dict) else {}
        reason, note, question, status, policy = (
            str(known.get(name) or "") for name in ("reason", "note", "question", "status", "policy")
        )
        urls = known.get("clauses")
        clauses = tuple(url for url in urls if isinstance(url, str)) if isinstance(urls, list) else ()
        vote = Vote(known.get("useful") is True, reason, note, question, status, clauses, (policy,) if policy else ())
        try:
            self._site.feedback.vote(vote)
        except FeedbackError as error:
            _LOG.warning("%s", error)
            return "Feedback cannot be kept just now."
        return ""

    def _answer(self, question: str, policy: str, history: Sequence[str]) -> Answer:
        return self._site.assistant.ask(question, [policy] if policy else None, history[-_HISTORY:])

    def _suggestions(self, policy: str) -> tuple[str, ...]:
        return self._site.assistant.suggestions([policy] if policy else None)


def _words(asked: object) -> tuple[str, str, str]:
    """Name of a turn, question and policy, whatever was sent instead."""
    known = asked if isinstance(asked, dict) else {}
    turn, question, policy = (str(known.get(name) or "") for name in ("turn", "question", "policy"))
    return turn if _TURN.fullmatch(turn) else "t", question, policy
