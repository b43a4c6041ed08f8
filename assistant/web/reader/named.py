"""Policies that a text names: "our Cookie Policy" is a clause of that heading, or another document of the company."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.answering.kinds import COOKIE, HEAD, PRIVACY, Mention, concepts, kind_mentions, traits
from assistant.answering.roster import company_keys
from assistant.answering.versions import by_age
from assistant.answering.words import words
from assistant.types import Document, Span
from assistant.web.reader.numbers import Reference

_OUR = re.compile(
    r"(?:\b(?:our|наш\w{1,2}|nuestr[ao]s?|unser\w{0,2}|notre|nos|nossa|nostr[ao])|我们的|我們的)\s*$", re.IGNORECASE
)
# "our Terms of Service and Privacy Policy" is ours, "the Privacy Policy" is where it has capitals.
_ALSO_OUR = re.compile(
    r"(?:\bour\s+(?:“|\")?(?:[A-Z][\w’'-]*\s+|of\s+){1,4}(?:”|\")?(?:and|or|,)\s+(?:our\s+|the\s+)?|\bthe\s+)$"
)
_OF_OTHERS = re.compile(r"\s*(?:(?:of|de|del|der|des|du|von)\s+(?!this\b|our\b)|(?:for|from)\s+[A-Z])")
_PLAIN_KINDS = frozenset({PRIVACY, COOKIE})


class NamedPolicies:
    """What one document may mean by the name of a policy."""

    def __init__(self, document: Document, others: Sequence[Document]) -> None:
        policies = {each.policy.id: each.policy for each in (document, *others)}
        company = company_keys(list(policies.values()))
        self._policy = document.policy
        known = document.policy.company.strip()
        self._company = re.compile(rf"\b{re.escape(known)}(?:['’]s?)?(?=\W|$)", re.IGNORECASE) if known else None
        dropped = frozenset(word.key for word in words(known))
        self._own = traits(document.policy, dropped).cores
        # Newest first, and those in the same language before all.
        fellows = [p for p in by_age(list(policies.values())) if company[p.id] == company[document.policy.id]]
        fellows.sort(key=lambda policy: policy.language != document.policy.language)
        self._documents: dict[frozenset[str], str] = {}
        for policy in fellows:
            cores = traits(policy, dropped).cores[:1]
            if policy.id != document.policy.id and cores and known:
                self._documents.setdefault(cores[0], policy.id)
        self._headings: dict[frozenset[str], int] = {}
        for clause in document.clauses[1:]:
            meant = [concept for word in words(clause.title) for concept in concepts(word.key)]
            if HEAD in meant and len(meant) <= 3:
                self._headings.setdefault(frozenset(meant) - {HEAD}, clause.id)

    def find(self, text: str) -> Iterator[Reference]:
        """Names of policies in a block of text that mean a clause or a document."""
        found = words(text)
        taken = [match.span() for match in self._company.finditer(text)] if self._company else ()
        for mention in kind_mentions(text, found, taken):
            target = self._target(text, mention)
            if target is not None:
                yield Reference(Span(mention.start, mention.end), *target)

    def _target(self, text: str, mention: Mention) -> tuple[str, int] | None:
        kind, before = mention.modifiers, text[: mention.start]
        if not kind or not mention.definite or mention.plural or mention.weak or _OF_OTHERS.match(text, mention.end):
            return None
        name = text[mention.start : mention.end]
        company = self._company and self._company.search(before.rstrip(), max(0, len(before.rstrip()) - 60))
        ours = _OUR.search(before) or (company and company.end() == len(before.rstrip()))
        if not ours and not (name[:1].isupper() and _ALSO_OUR.search(before)):
            return None
        if kind in self._headings and kind not in self._own:
            return self._policy.id, self._headings[kind]
        if kind in self._documents and kind not in self._own:
            return self._documents[kind], 0
        return None
