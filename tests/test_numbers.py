from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.numbers import clause_numbers
from assistant.answering.phrases import quoted_phrases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.8.3", ("5.8.3",)),
        ("5.8.3.", ("5.8.3",)),
        ("5", ("5",)),
        ("policy 1.4", ("1.4",)),
        ("What does clause 5.8.2 of the policy say?", ("5.8.2",)),
        ("Show me section 6.3", ("6.3",)),
        ("what about 6.3?", ("6.3",)),
        ("what does §5.8.2 say", ("5.8.2",)),
        ("section 5.8.3(a)(ii)", ("5.8.3(a)(ii)",)),
        ("clause 3(a)", ("3(a)",)),
        ("clause (b)", ("(b)",)),
        ("clause no. 5.8", ("5.8",)),
        ("Section IV", ("IV",)),
        ("article 4", ("4",)),
        ("sections 3.1, 3.2 and 3.4", ("3.1", "3.2", "3.4")),
        ("5.8.3 and 5.8.4", ("5.8.3", "5.8.4")),
        ("clauses 5.8 to 5.9", ("5.8", "5.9")),
        ("п. 5.8.2", ("5.8.2",)),
        ("пункт 5.8", ("5.8",)),
        ("пп. 5.8.1 и 5.8.2", ("5.8.1", "5.8.2")),
        ("sección 3.2", ("3.2",)),
        ("Abschnitt 3.2", ("3.2",)),
        ("第5.8.3条说什么", ("5.8.3",)),
        ("５．８．３", ("5.8.3",)),
        ("What does section 5 say about GDPR?", ("5",)),
        ("section 5 of the policy", ("5",)),
    ],
)
def test_clause_numbers(text: str, expected: tuple[str, ...]) -> None:
    assert clause_numbers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "7.05.2018",
        "on 07.05.18",
        "version 2018.5.7",
        "version 1.2.3",
        "v2.1.0",
        "192.168.0.1",
        "10.0.0.1",
        "within 30 days",
        "152-FZ",
        "Federal Law No. 152-FZ",
        "Article 17 GDPR",
        "GDPR article 17",
        "article 10.1 of the Personal Data Law",
        "artículo 17 del RGPD",
        "Art. 13 DSGVO",
        "статья 9 152-ФЗ",
        "Статья 17 закона",
        "iOS 14.4.1",
        "Android 4.4",
        "TLS 1.2",
        "OAuth 2.0",
        "costs $3.50",
        "99.9% uptime",
        "in the last 2.5 years",
        "more than 3.5 stars",
        "children under 13",
        "is 38.5 a high fever",
        "section 2018",
        "section six",
        "see http://a.b/1.2.3",
        "",
    ],
)
def test_other_numbers(text: str) -> None:
    assert clause_numbers(text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Where does it say "within 30 days"?', ("within 30 days",)),
        ("“foo bar” and «да нет»", ("foo bar", "да нет")),
        ("„zu Haus“", ("zu Haus",)),
        ("「隐私」", ("隐私",)),
        ("where does it say 'within 30 days'?", ("within 30 days",)),
        ("‘legitimate interest’ meaning", ("legitimate interest",)),
        ('the "users\' rights" bit', ("users' rights",)),
        ('"a b" and "a b"', ("a b",)),
        ("the users' data and partners' data", ()),
        ("get 'em from partners' sites", ()),
        ("don't and y'all", ()),
        ('5" screen', ()),
        ('he said "yes', ()),
        ('"" "a" "??"', ()),
    ],
)
def test_quoted_phrases(text: str, expected: tuple[str, ...]) -> None:
    assert quoted_phrases(text) == expected


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("0123456789.()§ '\"“”«»")), max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    numbers, phrases = clause_numbers(text), quoted_phrases(text)
    assert len(set(numbers)) == len(numbers)
    assert all(number and not number.endswith(".") and " " not in number for number in numbers)
    assert all(len(phrase) >= 2 and phrase in " ".join(text.split()) for phrase in phrases)


@given(st.lists(st.integers(1, 99), min_size=3, max_size=5))
def test_a_number_with_section_before_it_is_found(parts: list[int]) -> None:
    number = ".".join(map(str, parts))
    assert clause_numbers(f"What does section {number} say?") == (number,)
