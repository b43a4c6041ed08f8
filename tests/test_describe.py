from __future__ import annotations

from pathlib import Path

import pytest
from reader_checks import CORPORA

from assistant.errors import CorpusError
from assistant.policies.company import company_of
from assistant.policies.dates import effective_date, has_date
from assistant.policies.describe import describe, language_of, overruled, read_catalogue
from assistant.policies.parse import parse
from assistant.policies.source import read_source
from assistant.types import Policy

HEADER = "id,company,title,version,effective_date,language,source_url,supersedes,note\n"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Privacy PolicyLast Updated May 7, 2018 - Version 2018.5.7Information", "2018-05-07"),
        ("Cookie Notice (Effective as of: October 14, 2024)", "2024-10-14"),
        ("Privacy Policy\n\nLast updated: May 2014\n", "2014-05"),
        ("Effective date: February 1, 2024", "2024-02-01"),
        ("(Revision October 2020)", "2020-10"),
        ("Updated on the web. Last modified 3rd of June, 2021.", "2021-06-03"),
        ("Aviso\n\n5 de noviembre de 2025\n\nTexto", "2025-11-05"),
        ("Última actualización: 12 de marzo de 2023", "2023-03-12"),
        ("Дата вступления в силу: 10 февраля 2026 г.", "2026-02-10"),
        ("Политика\nРедакция от 01.09.2023", "2023-09-01"),
        ("隐私权政策\n\n2020 年 9 月 9 日\n", "2020-09-09"),
        ("生效日期：2021年3月1日", "2021-03-01"),
        ("Datenschutz\nStand: 1. März 2022", "2022-03-01"),
        ("En vigueur le 14 juillet 2023", "2023-07-14"),
        ("Last updated: 2023-11-30", "2023-11-30"),
        ("Last updated: 25/12/2023", "2023-12-25"),
        ("Last updated: 12/25/2023", "2023-12-25"),
        ("Last updated: May 2024. Effective date: June 1, 2024", "2024-06-01"),
        ("x" * 5000 + "\nLast updated: May 2, 2020", "2020-05-02"),
        # Not said, or said in two ways, or said of something else.
        ("Last updated: 03/04/2024", ""),
        ("Last updated: February 30, 2024", ""),
        ("Federal Law of 27.07.2006 No. 152-FZ", ""),
        ("On May 7, 2018 we moved.", ""),
        ("x" * 5000 + "Last updated: May 2, 2020" + "x" * 5000, ""),
        ("", ""),
    ],
)
def test_dates_are_what_the_text_says(text: str, date: str) -> None:
    assert effective_date(text) == date


def test_a_number_is_no_date() -> None:
    assert has_date("(as of May 2014)")
    assert not has_date("(2014)")
    assert not has_date("(99.99.2014)")


@pytest.mark.parametrize(
    ("id_", "title", "text", "company"),
    [
        ("x", "Privacy Policy", "Acme, Inc. (“we”, “us”) sells seeds.", "Acme"),
        ("x", "Privacy Policy", 'This covers how italki, ("italki," "we," or "our") treats data.', "italki"),
        ("x", "Policy", 'taken by Unistudy-FZE (hereinafter referred to as the "Operator").', "Unistudy-FZE"),
        ("x", "Addendum", "between 37signals LLC (“37signals”) and the customer (“Customer”)", "37signals"),
        ("x", "Политика", "ООО Ромашка («Оператор») хранит данные.", "ООО Ромашка"),
        ("x", "政策", "您的隐私是 Mozilla（即“我们”）考虑的因素。", "Mozilla"),
        ("x", "Notice", "Acme keeps it. Acme is small. Write to dpo@acme.example.", "Acme"),
        ("x", "Notice", "Write to a.person@gmail.com.", "X"),
        ("x", "Larkspur Privacy Notice", "Larkspur sells. Larkspur buys.", "Larkspur"),
        ("acme-privacy-policy", "Privacy Policy", "We keep data.", "Acme"),
        ("37signals-notice", "Notice", "We keep data.", "37signals"),
        ("unnamed-privacy-policy", "Privacy policy", "We keep data.", ""),
        ("privacy_policy_v2-final", "Policy", "We keep data.", ""),
    ],
)
def test_companies(id_: str, title: str, text: str, company: str) -> None:
    assert company_of(id_, title, text) == (company if company != "X" else "")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We keep your data for thirty days.", "en"),
        ("Мы храним ваши данные тридцать дней.", "ru"),
        ("Conservamos sus datos personales durante treinta días.", "es"),
        ("我们会保存您的信息三十天。", "zh"),
        ("Wir speichern Ihre Daten dreißig Tage lang.", "de"),
        ("123 456", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_title_loses_its_date_and_nothing_else() -> None:
    assert describe("x", "text", "Cookie Notice (Effective as of: October 14, 2024)").title == "Cookie Notice"
    assert describe("x", "text", "Notice (California)").title == "Notice (California)"
    assert describe("x", "First line\n\nmore", "").title == "First line"
    assert describe("cookie-notice_2024", "x" * 400, "").title == "Cookie notice 2024"


def test_rows_overrule_only_what_they_give() -> None:
    policy = Policy("x", "Acme", "Policy", version="1", language="en")
    assert overruled(policy, Policy("x", "", "Notice", note="n")) == Policy(
        "x", "Acme", "Notice", "1", "", "en", note="n"
    )
    assert overruled(policy, None) == policy


def test_the_catalogue_of_the_corpus(corpus: Path) -> None:
    rows = read_catalogue(corpus)
    assert set(rows) == {path.stem for path in corpus.glob("*.txt")}
    for path in sorted(corpus.glob("*.txt")):
        alone, told = parse(read_source(path)).policy, parse(read_source(path), rows[path.stem]).policy
        assert (alone.title, alone.version, alone.effective_date, alone.language) == (
            told.title,
            told.version,
            told.effective_date,
            told.language,
        )


def catalogue(tmp_path: Path, table: str, encoding: str = "utf-8") -> dict[str, Policy]:
    (tmp_path / "x.txt").write_text("text")
    (tmp_path / "y.md").write_text("text")
    (tmp_path / "policies.csv").write_text(table, encoding=encoding)
    return read_catalogue(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_catalogue_is_read(tmp_path: Path, encoding: str) -> None:
    rows = catalogue(tmp_path, HEADER + 'x,"Acme, Inc.",Notice,2,2024-05,en,,y,«n»\n\ny,,,,,,,,\n', encoding)
    assert rows["x"] == Policy("x", "Acme, Inc.", "Notice", "2", "2024-05", "en", "", "y", "«n»")
    assert rows["y"] == Policy("y", "", "")


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    names = HEADER.strip().split(",")[::-1]
    rows = catalogue(tmp_path, ",".join(names) + "\n,,,,,,T,C,x\n")
    assert rows["x"] == Policy("x", "C", "T")


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("", "columns"),
        (HEADER.replace(",note", ""), "'note'"),
        (HEADER.replace("note", "id"), "columns"),
        (HEADER.replace("note", "notes"), "'note', 'notes'"),
        (HEADER + "z,,,,,,,,\n", "line 2: there is no policy 'z'"),
        (HEADER + "x,,,,,,,z,\n", "line 2: there is no policy 'z'"),
        (HEADER + "x,,,,,,,,\nx,,,,,,,,\n", "line 3: the policy 'x' has a row already"),
        (HEADER + ",A,,,,,,,\n", "line 2: the id is empty"),
        (HEADER + "x,,,,May 2018,,,,\n", "'May 2018' is no date"),
        (HEADER + "x,,,,,English,,,\n", "'English' is no language code"),
        (HEADER + "x,a,b\n", "3 cells in 9 columns"),
        (HEADER + 'x,"a"b,,,,,,,\n', "check its quotes"),
    ],
)
def test_a_faulty_catalogue_is_one_sentence(tmp_path: Path, table: str, wrong: str) -> None:
    with pytest.raises(CorpusError, match=wrong) as caught:
        catalogue(tmp_path, table)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_catalogue_in_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="UTF-8"):
        catalogue(tmp_path, HEADER + "x,Приложение,,,,,,,\n", "windows-1251")


def test_no_catalogue_is_no_rows(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path) == {}


REAL = {
    "37signals-ccpa-notice.md": ("37signals", "California Resident Notice at Collection", "", "en"),
    "37signals-data-processing-addendum-2020-10.pdf": (
        "Basecamp",
        "BASECAMP DATA PROCESSING ADDENDUM",
        "2020-10",
        "en",
    ),
    "37signals-data-processing-addendum-2022-12.pdf": (
        "37signals",
        "37SIGNALS DATA PROCESSING ADDENDUM",
        "2022-12-23",
        "en",
    ),
    "37signals-privacy-policy.md": ("37signals", "Privacy policy", "2023-04-20", "en"),
    "37signals-security-overview.pdf": ("37signals", "Security Overview", "", "en"),
    "firefox-privacy-notice.md": ("Mozilla", "Firefox Privacy Notice", "2026-05-04", "en"),
    "github-candidate-privacy-policy.md": (
        "GitHub",
        "GitHub Global Data Privacy Notice for Candidates",
        "2025-12",
        "en",
    ),
    "github-cookies.md": ("GitHub", "Cookies", "", "en"),
    "github-general-privacy-statement.md": ("GitHub", "GitHub General Privacy Statement", "2024-02-01", "en"),
    "github-subprocessors.md": ("GitHub", "GitHub Subprocessors", "", "en"),
    "mozilla-accounts-privacy-notice.html": ("Mozilla", "Mozilla Accounts Privacy Notice", "2026-02-10", "en"),
    "mozilla-accounts-privacy-notice.ru.html": (
        "Mozilla",
        "Уведомление о конфиденциальности в отношении аккаунтов Mozilla",
        "2026-02-10",
        "ru",
    ),
    "mozilla-privacy-policy.md": ("Mozilla", "Mozilla Privacy Policy", "2020-09-09", "en"),
    "mozilla-privacy-policy.zh-CN.md": ("Mozilla", "Mozilla 隐私权政策", "2020-09-09", "zh"),
    "mozilla-subscription-services-privacy-notice.pdf": (
        "Mozilla",
        "Mozilla Subscription Services | Privacy Notice",
        "2025-12-17",
        "en",
    ),
    "mozilla-websites-privacy-notice.es.md": (
        "Mozilla",
        "Aviso de privacidad de sitios web, comunicaciones y cookies",
        "2025-11-05",
        "es",
    ),
}


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the published policies of others are not here")
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_policies_describe_themselves(name: str) -> None:
    policy = parse(read_source(CORPORA / name)).policy
    assert (policy.company, policy.title, policy.effective_date, policy.language) == REAL[name]
