"""Feedback as candidates for judged questions, which a person reviews before any of them counts.

Each is a line in the form that docs/evaluation.md describes, with `"reviewed": false`. Quotes are cut from the policies
by the permalinks of the clauses that a person found useful.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from assistant.answering.language import language_of
from assistant.errors import FeedbackError, QuestionError
from assistant.feedback.gaps import same_question
from assistant.feedback.store import FeedbackStore
from assistant.feedback.votes import Uncovered, Vote
from assistant.links import anchors, marked
from assistant.types import Document, Span, Status

Row = dict[str, object]


class Shelf(Protocol):
    """What is needed of the assistant."""

    def document(self, policy: str) -> Document:
        """One policy's text and clauses."""


def candidates(shelf: Shelf, store: FeedbackStore, days: int | None = None) -> tuple[Row, ...]:
    """One row for each stored question and picked policy, in the order of their first mention.

    Args:
        shelf: the policies.
        store: votes without a stored question are passed over.
        days: of the newest so many days, of all days where None.

    Raises:
        FeedbackError: the store's file cannot be used.
    """
    said: dict[tuple[str, tuple[str, ...]], list[Vote | Uncovered]] = {}
    everything: list[Vote | Uncovered] = [*store.votes(days), *store.uncovered(days)]
    for one in sorted(everything, key=lambda one: one.at):
        if same_question(one.question):
            said.setdefault((same_question(one.question), one.policies), []).append(one)
    return tuple(_row(shelf, policies, about) for (_, policies), about in said.items() if _known(shelf, policies))


def add_candidates(path: Path, rows: Sequence[Row]) -> int:
    """Adds the rows whose ids are not in the file yet, and leaves what is there as it is; how many were added.

    Raises:
        FeedbackError: a line of the file is no JSON object.
    """
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    known = {_id(path, number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()}
    new = [json.dumps(row, ensure_ascii=False) for row in rows if row["id"] not in known]
    between = "" if not text or text.endswith("\n") else "\n"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(between + "".join(f"{line}\n" for line in new))
    return len(new)


def _id(path: Path, number: int, line: str) -> str:
    try:
        return str(json.loads(line)["id"])
    except (ValueError, KeyError, TypeError):
        raise FeedbackError(f"{path}, line {number}: this is no question with an id; mend or remove it.") from None


def _row(shelf: Shelf, policies: Sequence[str], about: Sequence[Vote | Uncovered]) -> Row:
    question = about[-1].question
    votes = [one for one in about if isinstance(one, Vote)]
    useful = [vote for vote in votes if vote.useful and vote.status == Status.ANSWERED]
    answers = dict.fromkeys(quote for vote in useful for url in _answering(vote) for quote in _quotes(shelf, url))
    # Of all policies, or of several, the judged questions know only the first.
    scope = policies[0] if len(policies) == 1 else None
    key = json.dumps([same_question(question), policies])
    return {
        "id": f"feedback-{hashlib.sha256(key.encode()).hexdigest()[:10]}",
        "question": question,
        "lang": language_of(question),
        "scope": scope,
        "history": [],
        "kind": "feedback",
        "answers": [{"doc": policy, "quote": quote} for policy, quote in answers],
        "need": "any",
        "note": _note(votes, len(about) - len(votes)),
        "reviewed": False,
    }


def _answering(vote: Vote) -> Sequence[str]:
    """The clauses that answered: those with marks, where there are any, since clauses shown beside them have none."""
    return [url for url in vote.clauses if "?mark=" in url] or vote.clauses


def _note(votes: Sequence[Vote], uncovered: int) -> str:
    """What people said, for the person who reviews."""
    said = Counter("useful" if vote.useful else vote.reason.replace("_", " ") or "not useful" for vote in votes)
    said["not covered"] += uncovered
    return ", ".join(f"{what}: {times}" for what, times in said.items() if times)


def _known(shelf: Shelf, policies: Sequence[str]) -> bool:
    return all(_document(shelf, policy) for policy in policies)


def _document(shelf: Shelf, policy: str) -> Document | None:
    try:
        return shelf.document(policy)
    except QuestionError:
        # It has gone since the vote.
        return None


def _quotes(shelf: Shelf, url: str) -> Iterator[tuple[str, str]]:
    """Policy and words of what a permalink marks, or of its clause; nothing where they have gone."""
    parts = urlsplit(url)
    policy = unquote(parts.path.removeprefix("policies/"))
    document = _document(shelf, policy)
    if document is None:
        return
    spans = marked(document.text, "".join(parse_qs(parts.query).get("mark", ())))
    for span in spans or _clause(document, unquote(parts.fragment)):
        if words := span.of(document.text).strip():
            yield policy, words


def _clause(document: Document, anchor: str) -> tuple[Span, ...]:
    """The clause's own words, without those of the clauses below it."""
    found = [clause for clause, name in zip(document.clauses, anchors(document), strict=True) if name == anchor]
    below = [clause.span.start for each in found for clause in document.clauses if clause.parent == each.id]
    return tuple(Span(each.span.start, min([each.span.end, *below])) for each in found if anchor)
