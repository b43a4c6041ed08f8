"""What a clause is about: the topics that clauses can be browsed by."""

from __future__ import annotations

import re
from typing import NamedTuple

from assistant.errors import UnknownTopicError
from assistant.types import Passage


class Topic(NamedTuple):
    """Something that clauses of many policies are about."""

    # As it stands in an address: "data-collected".
    id: str
    # As people read it.
    title: str


TOPICS = (
    Topic("collected", "Data collected"),
    Topic("use", "Use"),
    Topic("sharing", "Sharing"),
    Topic("cookies", "Cookies"),
    Topic("retention", "Retention"),
    Topic("security", "Security"),
    Topic("rights", "Rights"),
    Topic("children", "Children"),
    Topic("transfers", "Transfers abroad"),
    Topic("changes", "Changes"),
    Topic("contact", "Contact"),
)
_BY_ID = {topic.id: topic for topic in TOPICS}
_CUES = {
    "collected": r"collect|gather",
    "use": r"\buse (?:the|your|this|information)|process",
    "sharing": r"third part|shar|disclos",
    "cookies": r"cookie",
    "retention": r"retain|retention|keep your|how long",
    "security": r"secur|protect|encrypt",
    "rights": r"your right|opt.out|delete your|access your|withdraw",
    "children": r"child|parent|under the age|minor",
    "transfers": r"transfer|other countries|outside",
    "changes": r"changes? to this|update this|amend",
    "contact": r"contact us|e-?mail us|write to us",
}


def find_topic(id: str) -> Topic:
    """The topic with this id.

    Raises:
        UnknownTopicError: there is none.
    """
    if id not in _BY_ID:
        raise UnknownTopicError(f"There is no topic {id!r}; the topics are {', '.join(_BY_ID)}.")
    return _BY_ID[id]


def topics_of(passage: Passage) -> frozenset[Topic]:
    """What a passage is about."""
    return frozenset(_BY_ID[id] for id, cues in _CUES.items() if re.search(cues, passage.text, re.IGNORECASE))
