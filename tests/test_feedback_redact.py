"""What is taken out of a text before it is stored, in many languages, and what must stay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.feedback.redact import redact

REDACTED = [
    # E-mail addresses and names in networks
    ("write to ivan.petrov+x@example.com now, please", "write to [e-mail] now, please"),
    ("请发邮件到zhang@example.cn谢谢", "请发邮件到[e-mail]谢谢"),
    ("Мой адрес иван@пример.рф, удалите его", "Мой адрес [e-mail], удалите его"),
    ("o'neil@example.org or foo@localhost", "[e-mail] or [e-mail]"),
    ("juan (arroba) correo (punto) es", "[e-mail]"),
    ("jane [at] example [dot] com", "[e-mail]"),
    ("Напишите @ivan_petrov.", "Напишите [e-mail]"),
    ("ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "[e-mail]"),
    ("ja\N{SOFT HYPHEN}ne@exa\N{ZERO WIDTH SPACE}mple.com", "[e-mail]"),
    # Telephone numbers, as they are written in many countries
    ("call +7 (912) 345-67-89 tomorrow", "call [telephone] tomorrow"),
    ("позвоните 8 912 345-67-89 или 8(495)123-45-67", "позвоните [telephone] или [telephone]"),
    ("手机13800138000，请删除我的数据", "手机[telephone]，请删除我的数据"),
    ("电话 +86 138-0013-8000", "电话 [telephone]"),
    ("Mi teléfono es 612 345 678", "Mi teléfono es [telephone]"),
    ("+34 612 34 56 78, por favor", "[telephone], por favor"),
    ("appelez le 06 12 34 56 78", "appelez le [telephone]"),
    ("(415) 555-2671 or 415.555.2671", "[telephone] or [telephone]"),
    ("0049 30 901820", "[telephone]"),
    ("020 7946 0958", "[telephone]"),
    ("٠١٢٣٤٥٦٧٨٩", "[telephone]"),
    ("+44\N{NON-BREAKING HYPHEN}20\N{NON-BREAKING HYPHEN}7946\N{NON-BREAKING HYPHEN}0958", "[telephone]"),
    # Bank accounts and cards
    ("GB82 WEST 1234 5698 7654 32 is my account", "[account number] is my account"),
    ("cuenta ES91 2100 0418 4502 0005 1332", "cuenta [account number]"),
    ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", "[account number]"),
    ("счёт DE89370400440532013000.", "счёт [account number]."),
    ("card 4111 1111 1111 1111 and 5500-0000-0000-0004", "card [card number] and [card number]"),
    ("карта 4111111111111111", "карта [card number]"),
    # Documents and customers
    ("passport AB1234567", "passport [number]"),
    ("паспорт 4509 123456", "паспорт [telephone]"),
    ("DNI 12345678Z", "DNI [number]"),
    ("身份证号11010519491231002X", "身份证号[number]"),
    ("CPF 123.456.789-09", "CPF [telephone]"),
    ("SSN 123-45-6789", "SSN [telephone]"),
    ("codice fiscale RCCMNL83S18D969H", "codice fiscale [number]"),
    ("customer CUST-4821, order #48213, ID 48213, № 777123", "customer [number], order [number], [number], [number]"),
    ("user 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "user [number]"),
    ("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", "token [number]"),
    ("客户编号 1234567890123", "客户编号 [number]"),
    # Addresses of machines, and of pages that may open a door
    ("from 192.168.0.1 and 2001:db8::ff00:42:8329", "from [IP address] and [IP address]"),
    ("see https://shop.example/reset?token=abc and www.shop.example/u/ivan", "see [link] and [link]"),
    ("http://user:pw@h.example:8080/x", "[link]"),
    ("shop.example/u/12?k=2", "[link]"),
]
KEPT = [
    "GDPR Article 17",
    "clause 5.8.3",
    "What does clause 5.8.3.1 say?",
    "2018",
    "30 days",
    "Regulation (EU) 2016/679 and Directive 2002/58/EC, 95/46/EC",
    "CCPA 1798.100(a)(1) and section 1798.135; 16 CFR 312.5",
    "the policy of 2018-05-07, 07.05.2018, 7/5/2018, 5-7-2018 or 7 May 2018 12:30",
    "from 2016-2018, in 2018 2019 2020",
    "20 000 000 euros, €20,000,000 or $1,000.50",
    "10,000 or 100 000 people",
    "ISO 27001, ISO/IEC 27701:2019, ISO27001",
    "152-ФЗ, статья 9, п. 4.1.2, за 30 дней",
    "第17条、5.8.3 条款、30天",
    "¿Guardan mis datos 24 meses, o 18 años? (art. 6.1.f del RGPD)",
    "italki-privacy-policy-2018",
    "Does italki.com or https://italki.com/ sell my data?",
    "SHA-256, TLS 1.3, HTTP/2, COVID-19, Web3",
    "§ 26 BDSG, Art. 6(1)(f) DSGVO",
    "Clauses 5.8.3, 5.8.4, 6.1 and 6.2",
    "6-12 months at 12:30:45",
    "data @ rest",
    "Хранит ли italki мои данные? 最低年龄是多少？",
]


@pytest.mark.parametrize(("text", "expected"), REDACTED)
def test_what_names_a_person_goes(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


@pytest.mark.parametrize("text", KEPT)
def test_what_policies_are_full_of_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("before", ["", "Меня зовут ", "我的电话是", "¿Es ", "(", "tel:"])
@pytest.mark.parametrize("after", ["", " – удалите!", "，谢谢", "?", ")"])
def test_a_number_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    for secret, digits in (("+44 20 7946 0958", "7946"), ("4111 1111 1111 1111", "1111"), ("jane@example.com", "jane")):
        assert digits not in redact(f"{before}{secret}{after}")


@given(st.text(max_size=80))
def test_any_text_can_be_redacted_and_printed(text: str) -> None:
    out = redact(text)
    assert all(character.isprintable() or character == "\n" for character in out)
    out.encode("utf-8")


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z0-9]{1,5})?@[a-z]{2,8}\.(com|ru|es|cn)", fullmatch=True), st.text(max_size=20))
def test_no_address_survives_any_neighbour(address: str, around: str) -> None:
    assert address not in redact(f"{around} {address} {around}")


@pytest.mark.parametrize(
    "piece", ["1 ", "a.", "a@", "(12) ", "1-", "a (at) ", "GB82 WEST 1234 ", "http://", "12 345 67 89 "]
)
def test_a_hostile_text_ends(piece: str) -> None:
    assert isinstance(redact(piece * (2000 // len(piece))), str)


def test_the_libraries_are_loaded_with_the_first_number_and_ask_nobody(root: Path) -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*_): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import assistant.feedback.store\n"
        "heavy = {'phonenumbers', 'stdnum', 'torch', 'numpy', 'gradio'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from assistant.feedback.redact import redact\n"
        "print(redact('Call +44 20 7946 0958, 4111 1111 1111 1111, DE89370400440532013000, jane@example.com'))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "Call [telephone], [card number], [account number], [e-mail]\n"
