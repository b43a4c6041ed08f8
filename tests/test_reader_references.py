"""Cross-references: the words that mean a clause of this or a sister document, and those that mean a law's."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.policies.describe import read_catalogue
from assistant.policies.parse import parse
from assistant.policies.source import list_sources, read_source
from assistant.types import Document
from assistant.web.reader.references import references
from tests.reader_site import MAX_BYTES, read

CLAUSES = """Privacy Policy

1. Data we collect
We collect your name.

2. Sharing
2.1. We share nothing.
2.2. {sentence}

3. Your rights
3.1. You may ask us.
3.2. You may object.
3.2.1. By mail, which we answer.
3.2.2. By phone, which we answer too.

4. Cookie Policy
We set cookies.
"""


def found(folder: Path, sentence: str, *others: Document, language: str = "en", text: str = CLAUSES) -> list[str]:
    """Every reference in a sentence of clause 2.2, as "words → policy number"."""
    name = "shop.md" if text.startswith("#") else "shop.txt"
    document = read(
        folder, name, text.format(sentence=sentence), company="Shop", title="Privacy Policy", language=language
    )
    known = {each.policy.id: each for each in (document, *others)}
    return [
        f"{each.span.of(document.text)} → {each.policy if each.policy != 'shop' else ''}"
        f"{known[each.policy].clauses[each.clause].number or known[each.policy].clauses[each.clause].title}"
        for each in references(document, others)
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("As clause 3.2.1 of this Policy says.", ["clause 3.2.1 → 3.2.1"]),
        ("See Section 3 for your rights.", ["Section 3 → 3"]),
        ("See p. 3.2 above.", ["p. 3.2 → 3.2"]),
        ("See sections 1, 3.1 and 3.2.", ["sections 1 → 1", "3.1 → 3.1", "3.2 → 3.2"]),
        ("Clauses 3.1 to 3.2 apply.", ["Clauses 3.1 → 3.1", "3.2 → 3.2"]),
        ("Section 3(a) applies.", ["Section 3 → 3"]),
        ("Under Article 3 of this Privacy Policy you may ask.", ["Article 3 → 3"]),
        ("as our Cookie Policy says.", ["Cookie Policy → 4"]),
        ("в соответствии с пунктом 3.2.1 настоящей Политики.", ["пунктом 3.2.1 → 3.2.1"]),
        ("как указано в п. 3.2 Политики.", ["п. 3.2 → 3.2"]),
        ("см. раздел 3 ниже.", ["раздел 3 → 3"]),
        ("según la cláusula 3.2 de esta Política.", ["cláusula 3.2 → 3.2"]),
        ("véase la sección 3.", ["sección 3 → 3"]),
        ("gemäß Ziffer 3.2 dieser Datenschutzerklärung.", ["Ziffer 3.2 → 3.2"]),
        ("siehe Abschnitt 3.", ["Abschnitt 3 → 3"]),
        ("conformément à l’article 3.2 de la présente politique.", ["article 3.2 → 3.2"]),
        ("voir la section 3.1 ci-dessus.", ["section 3.1 → 3.1"]),
    ],
)
def test_what_means_a_clause(tmp_path: Path, sentence: str, expected: list[str]) -> None:
    assert found(tmp_path, sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("根据本政策第3.2条，我们处理您的个人信息。", ["第3.2条 → 3.2"]),
        ("您可以提出请求，见第 3 条。", ["第 3 条 → 3"]),
        ("《个人信息保护法》第3条规定了您的权利。", []),
        ("《民法典》第 3.2 条。", []),
    ],
)
def test_what_means_a_clause_in_chinese(tmp_path: Path, sentence: str, expected: list[str]) -> None:
    text = "# 隐私政策\n\n## 3. 权利\n\n可以。\n\n### 3.2 请求\n\n可以。\n\n## 4. 共享\n\n{sentence}\n"
    assert found(tmp_path, sentence, text=text, language="zh") == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "On the basis of Article 3 GDPR.",
        "Under Article 3(1)(b) of the GDPR.",
        "Under GDPR Article 3.",
        "See section 1798.100 of the California Civil Code.",
        "Under California Civil Code section 3.",
        "Under Section 3 of the Federal Trade Commission Act.",
        "18 U.S.C. Section 3.",
        "In summary, paragraphs 3.1-3.2 of the Russian Federation's Federal Law No. 152-FZ.",
        "specified in part 1 of article 3 of the Personal Data Law.",
        "пункт 3 части 1 статьи 3 Федерального закона № 152-ФЗ.",
        "в соответствии со ст. 3 ГК РФ.",
        "nach Art. 3 DSGVO.",
        "gemäß § 3 BDSG.",
        "según el artículo 3 del RGPD.",
        "au titre de l’article 3 du RGPD.",
        "《个人信息保护法》第3条。",
        # No such clause; a page, perhaps; an amount; another text; itself; a whole policy of nobody.
        "See clause 9.9.",
        "See p. 3 of it.",
        "after paragraphs of 3 days",
        "Section 3 of their terms.",
        "This clause 2.2 applies.",
        "See https://shop.example/section 3.",
        "Google’s Cookie Policy applies.",
        "each company has a cookie policy.",
        "this Privacy Policy",
        "our Privacy Policy",
    ],
)
def test_what_does_not(tmp_path: Path, sentence: str) -> None:
    assert [each for each in found(tmp_path, sentence) if not each.startswith("https")] == []


def test_other_documents_of_the_same_company(tmp_path: Path) -> None:
    terms = read(
        tmp_path, "terms.md", "# Payment Notice\n\n## 7. Fees\nNone.\n", company="Shop", title="Payment Notice"
    )
    old = read(
        tmp_path, "refunds-1.md", "# Refund Policy\n", company="Shop", title="Refund Policy", effective_date="2019"
    )
    new = read(
        tmp_path, "refunds-2.md", "# Refund Policy\n", company="Shop", title="Refund Policy", effective_date="2021"
    )
    foreign = read(tmp_path, "other.md", "# Returns Policy\n", company="Other", title="Returns Policy")
    others = (terms, old, new, foreign)
    assert found(tmp_path, "as our Payment Notice says.", *others) == ["Payment Notice → termsPayment Notice"]
    assert found(tmp_path, "see Section 7 of our Payment Notice.", *others) == [
        "Section 7 → terms7",
        "Payment Notice → termsPayment Notice",
    ]
    # Of two versions the newest is meant, and Shop's own name stands for "our".
    assert found(tmp_path, "see Shop’s Refund Policy.", *others) == ["Refund Policy → refunds-2Refund Policy"]
    assert found(tmp_path, "as our Returns Policy says.", *others) == []


def test_a_clause_that_two_could_be_is_none(tmp_path: Path) -> None:
    text = "# Policy\n\n## 1. One\n{sentence}\n\n## 2. Two\nText.\n\n## Part B\n\n### 2. Again\nText.\n"
    assert found(tmp_path, "See section 2.", text=text) == []


def test_each_schedule_counts_its_own_clauses(tmp_path: Path) -> None:
    text = (
        "# Addendum\n\n## 1. Scope\n{sentence}\n\n## 2. Duties\nText.\n\n"
        "## Schedule 1\n\n### 1. Terms\nSee section 2.\n\n"
        "### 2. More\nSee section 2 of this Addendum, and Schedule 1.\n"
    )
    document = read(
        tmp_path, "dpa.md", text.format(sentence="See Section 2 of Schedule 1."), title="Addendum", company="Shop"
    )
    said = [(each.span.of(document.text), document.path(each.clause)) for each in references(document)]
    assert said == [
        ("Section 2", ("Schedule 1", "2 More")),
        ("Schedule 1", ("Schedule 1",)),
        ("section 2", ("Schedule 1", "2 More")),
        ("section 2", ("2 Duties",)),
    ]


def test_the_policies_of_this_repository(corpus: Path) -> None:
    catalogue = read_catalogue(corpus)
    documents = [parse(read_source(path, MAX_BYTES), catalogue.get(path.stem)) for path in list_sources(corpus)[0]]
    said = {
        document.policy.id: [
            (each.span.of(document.text), each.policy, each.clause and each.policy == document.policy.id)
            for each in references(document, [other for other in documents if other is not document])
        ]
        for document in documents
    }
    assert said == {
        "i2istudy-privacy-policy": [],
        "italki-cookie-notice-2024": [("Privacy Policy", "italki-privacy-policy-2018", 0)] * 4,
        "italki-privacy-policy-2018": [("Cookie Policy", "italki-privacy-policy-2018", True)] * 2,
        "unistudy-privacy-policy": [("clause 5.8.3", "unistudy-privacy-policy", True)],
        "unnamed-privacy-policy": [],
    }
