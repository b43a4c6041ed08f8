"""Invented policies, really read and split, and an assistant that finds them by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from assistant.answering.topics import TOPICS, Topic, find_topic
from assistant.engines import Shelf
from assistant.errors import QuestionError
from assistant.lookup import Lookup
from assistant.policies.clauses import clause_tree
from assistant.policies.passages import split
from assistant.policies.text import parse_text
from assistant.types import Answer, Citation, Confidence, Document, Passage, Policy, Span, Status

SHOP = """Privacy Policy

1. Data we collect
1.1 Your account
We collect your name and your e-mail address. We collect nothing else.
1.2 Your orders
When you order, we collect:
  • the address that we deliver to;
  • how you paid.

2. Sharing
2.1 Service providers
We share your address with carriers. They may use it to deliver your order and for nothing else.
2.2 Advertisers
We never sell personal data. We share nothing with advertisers <script>window.hit = 1</script> & Co.

3. Retention
=SUM(A1) is what our first invoice said, "for fun". We keep invoices for ten years.
"""
COOKIES = """Cookie Notice

1. What cookies are
Cookies are small files. We use cookies to remember your basket.

2. How long
Cookies are deleted after a year.
"""
SCHOOL = """Политика конфиденциальности

1. Общие положения
Мы собираем имя и адрес электронной почты.

2. Передача данных
Мы не передаём персональные данные рекламодателям. We share nothing with advertisers.
"""
EXAMPLE = """隐私政策

1. 我们收集的信息
我们会收集您的姓名和电子邮件地址。我们不会出售您的个人信息。

2. Cookie
我们使用 Cookie 来记住您。
"""
POLICIES = (
    Policy("school", "Школа", "Политика конфиденциальности", "", "2014-05", "ru"),
    Policy("shop", "Shop", "Privacy Policy", "2", "2018-05-07", "en", "https://shop.example/privacy"),
    Policy("shop-cookies", "Shop", "Cookie Notice", "1.1", "2024-10-14", "en"),
    Policy("zh", "", "隐私政策", "", "", "zh"),
)
TEXTS = {"shop": SHOP, "shop-cookies": COOKIES, "school": SCHOOL, "zh": EXAMPLE}


def document(policy: Policy) -> Document:
    """One of the invented policies, read as any other."""
    parsed = parse_text(TEXTS[policy.id])
    clauses, owners = clause_tree(parsed.text, parsed.blocks, parsed.title or policy.title)
    return Document(policy, parsed.text, parsed.blocks, clauses, owners, parsed.pages)


DOCUMENTS = tuple(document(policy) for policy in POLICIES)
PASSAGES = tuple(
    replace(passage, id=row)
    for row, passage in enumerate(passage for document in DOCUMENTS for passage in split(document))
)


@dataclass
class DeskAssistant:
    """Finds passages by a word that they share with the question, and answers with those that hold all its words."""

    lookup: Lookup = field(default_factory=lambda: Lookup(Shelf(DOCUMENTS, PASSAGES)))
    searched: list[tuple[str, tuple[str, ...] | None]] = field(default_factory=list)

    def policies(self) -> tuple[Policy, ...]:
        return POLICIES

    def document(self, policy: str) -> Document:
        return self.lookup.document(policy)

    def degraded(self) -> bool:
        return False

    def passage_count(self) -> int:
        return len(PASSAGES)

    def search(self, question: str, policies: Sequence[str] | None = None, top_k: int = 10) -> tuple[Citation, ...]:
        self.searched.append((question, None if policies is None else tuple(policies)))
        if question == "refuse":
            raise QuestionError("That cannot be searched; try another.")
        found = [(each, marks) for each in self._passages(policies) if (marks := _marks(each, question, any))]
        found.sort(key=lambda pair: -len(pair[1]))
        return self._cited(found[:top_k])

    def ask(
        self, question: str, policies: Sequence[str] | None = None, history: Sequence[str] = (), top_k: int = 5
    ) -> Answer:
        here = self.lookup.picked(policies)
        found = [(each, marks) for each in self._passages(policies) if (marks := _marks(each, question, all))]
        if found:
            return Answer(question, Status.ANSWERED, self._cited(found), (), here, "Stated.", Confidence.CLEAR)
        near = [(each, ()) for each in self._passages(policies)][:2]
        return Answer(question, Status.NOT_COVERED, (), self._cited(near), here, "Not stated.")

    def compare(self, question: str, policies: Sequence[str]) -> tuple[Answer, ...]:
        return tuple(self.ask(question, [policy]) for policy in policies)

    def phrase(self, text: str, policies: Sequence[str] | None = None, top_k: int = 20) -> tuple[Citation, ...]:
        found = self.lookup.exact((text,), self.lookup.picked(policies), top_k, headings=True)
        return self.lookup.cited(found, found.values())[:top_k]

    def clauses(self, number: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        return self.lookup.cited(self.lookup.numbered((number,), self.lookup.picked(policies)))

    def topics(self) -> tuple[Topic, ...]:
        return TOPICS

    def topic(self, id: str, policies: Sequence[str] | None = None) -> tuple[Citation, ...]:
        word = find_topic(id).title.split()[0]
        return self._cited([(each, ()) for each in self._passages(policies) if word.casefold() in each.text.casefold()])

    def suggestions(
        self, policies: Sequence[str] | None = None, count: int = 4, language: str = "en"
    ) -> tuple[str, ...]:
        return ("Do you sell personal data?",)[:count]

    def _passages(self, policies: Iterable[str] | None) -> list[Passage]:
        return [passage for policy in self.lookup.picked(policies) for passage in self.lookup.passages(policy.id)]

    def _cited(self, found: Sequence[tuple[Passage, tuple[Span, ...]]]) -> tuple[Citation, ...]:
        return self.lookup.cited((passage for passage, _ in found), (marks for _, marks in found))


def _marks(passage: Passage, question: str, how: object) -> tuple[Span, ...]:
    """The sentences that hold any or all of the question's words."""
    words = re.findall(r"\w+", question.casefold())
    start = passage.span.start
    said = {each: passage.text[each.start - start : each.end - start].casefold() for each in passage.sentences}
    return tuple(each for each, text in said.items() if words and how(word in text for word in words))  # type: ignore[operator]
