"""When a question is answered: the decision on its own, and on real questions."""

from __future__ import annotations

import pytest

from assistant.answering.abstain import Evidence, decide
from assistant.ask import Assistant
from assistant.types import Status


@pytest.mark.parametrize(
    ("evidence", "status"),
    [
        (Evidence(words=True, topicality=0.6, match=0.7, elsewhere=0.7), Status.ANSWERED),
        (Evidence(words=True, topicality=0.1, match=0.7, elsewhere=0.7), Status.OFF_TOPIC),
        (Evidence(words=False, topicality=0.3, match=0.7, elsewhere=0.7), Status.OFF_TOPIC),
        (Evidence(words=True, topicality=0.3, match=0.7, elsewhere=0.7), Status.ANSWERED),
        (Evidence(words=True, topicality=0.6, match=0.4, elsewhere=0.8), Status.NOT_COVERED),
        (Evidence(words=True, topicality=0.6, match=0.05, elsewhere=0.05), Status.NOT_COVERED),
    ],
)
def test_decisions(evidence: Evidence, status: Status) -> None:
    assert decide(evidence) is status


@pytest.mark.parametrize(
    ("question", "policy", "status"),
    [
        ("Do you use cookies?", "unnamed-privacy-policy", Status.NOT_COVERED),
        ("Do you use cookies?", "i2istudy-privacy-policy", Status.ANSWERED),
        ("Is there a minimum age for signing up?", "unistudy-privacy-policy", Status.NOT_COVERED),
        ("Is there a minimum age for signing up?", "i2istudy-privacy-policy", Status.ANSWERED),
        ("qwpoei zmxnb lkjhgf", None, Status.OFF_TOPIC),
        ("What is the weather like in Lima?", None, Status.OFF_TOPIC),
    ],
)
def test_what_another_policy_answers_better_is_not_covered(
    assistant: Assistant, question: str, policy: str | None, status: Status
) -> None:
    answer = assistant.ask(question, [policy] if policy else None)
    assert answer.status is status
    assert answer.related or status is not Status.NOT_COVERED
