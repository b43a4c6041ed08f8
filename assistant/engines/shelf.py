"""Documents and passages that are held in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from assistant.types import Document, Passage, Policy


class Shelf:
    """A library of documents that were read already."""

    def __init__(self, documents: Iterable[Document], passages: Iterable[Passage]) -> None:
        """Takes what is held.

        Args:
            documents: one per policy.
            passages: of all documents, in reading order.
        """
        self._documents = {document.policy.id: document for document in documents}
        self._policies = tuple(document.policy for document in self._documents.values())
        self._passages: dict[str, list[Passage]] = {policy: [] for policy in self._documents}
        for passage in passages:
            self._passages[passage.policy].append(passage)

    def policies(self) -> tuple[Policy, ...]:
        """Every policy, in order."""
        return self._policies

    def document(self, policy: str) -> Document:
        """The document of one of the policies.

        Raises:
            KeyError: no policy has this id.
        """
        return self._documents[policy]

    def passages(self, policy: str) -> Sequence[Passage]:
        """All passages of one of the policies, citable or not, in reading order.

        Raises:
            KeyError: no policy has this id.
        """
        return self._passages[policy]

    def passage_count(self) -> int:
        """How many citable passages all policies have."""
        return sum(passage.citable for each in self._passages.values() for passage in each)

    def holding(self, phrase: str) -> Collection[str]:
        """Ids of all policies."""
        return self._documents.keys()

    def numbering(self, number: str) -> Collection[str]:
        """Ids of all policies."""
        return self._documents.keys()
