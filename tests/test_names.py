from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.names import naming
from assistant.answering.roster import roster
from assistant.types import Policy
from tests.known_policies import (
    COOKIES,
    FIVE,
    I2ISTUDY,
    ITALKI,
    ORDINARY,
    PRIVACY,
    SOFTWARE,
    UNISTUDY,
    UNNAMED,
    ids,
)

MOZILLA = ids(SOFTWARE, "mozilla", "firefox")
GITHUB = ids(SOFTWARE, "github")


def named(text: str, policies: tuple[Policy, ...] = FIVE, language: str = "en") -> set[str]:
    return set(naming(text, roster(policies), language).policies)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("does italki sell my data", ITALKI),
        ("italki privacy policy section 1.4", {PRIVACY}),
        ("italki's cookie notice", {COOKIES}),
        ("italki's 2018 privacy policy", {PRIVACY}),
        ("the italki privacy policy from May 2018", {PRIVACY}),
        ("italki 2018", {PRIVACY}),
        ("version 2018.5.7", {PRIVACY}),
        ("italki-cookie-notice-2024", {COOKIES}),
        ("Which passage of italki's policy talks about it?", ITALKI),
        ("cookies on unistudy.me", {UNISTUDY}),
        ("What does Unistudy-FZE do?", {UNISTUDY}),
        ("Privacy Policy of Unistudy", {UNISTUDY}),
        ("DOES I2ISTUDY SHARE MY DATA?", {I2ISTUDY}),
        ("the cookie notice", {COOKIES}),
        ("the May 2014 policy", {I2ISTUDY}),
        ("italki and Unistudy privacy policies", {PRIVACY, UNISTUDY}),
        ("compare italki's privacy policy and cookie notice", ITALKI),
        ("¿Qué dice la política de privacidad de italki?", {PRIVACY}),
        ("política de cookies de italki", {COOKIES}),
        ("Политика конфиденциальности italki", {PRIVACY}),
        ("Datenschutzerklärung von italki", {PRIVACY}),
        ("la politique de cookies d'italki", {COOKIES}),
        ("italki 的隐私政策", {PRIVACY}),
        ("italki的Cookie声明说了什么？", {COOKIES}),
    ],
)
def test_names_and_kinds(text: str, expected: set[str]) -> None:
    assert named(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("does unistdy keep data", {UNISTUDY}),
        ("unistuddy", {UNISTUDY}),
        ("italky data", ITALKI),
        ("itlaki data", ITALKI),
        ("does italkis share", ITALKI),
        ("i2i study data", {I2ISTUDY}),
        ("does i2study share", {I2ISTUDY}),
        ("does uni-study sell", {UNISTUDY}),
        ("Хранит ли италки мои данные?", ITALKI),
        ("что делает Юнистади с данными", {UNISTUDY}),
    ],
)
def test_misspelt_names_go_to_the_nearest(text: str, expected: set[str]) -> None:
    assert named(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("privacy policy", "en"),
        ("what does the privacy policy say about minors", "en"),
        ("is there a cookie policy?", "en"),
        ("inistudy privacy", "en"),  # as near to one name as to the other
        ("i study at uni, do you know", "en"),
        ("I want to study Italian, do you talk to my teacher?", "en"),
        ("Do you transfer data to Italy?", "en"),
        ("¿Envían datos a Italia?", "es"),
        ("Передаёте ли вы данные в Италию или из Италии?", "ru"),
        ("other than italki, who sells data", "en"),
        ("Can your advertising partners set cookies on my computer?", "en"),
        ("", "en"),
    ],
)
def test_what_names_nobody(text: str, language: str) -> None:
    assert named(text, FIVE, language) == set()


def test_a_name_typed_exactly_never_means_its_neighbour() -> None:
    assert named("i2istudy") == {I2ISTUDY}
    assert named("unistudy") == {UNISTUDY}


def test_two_companies_are_two_groups() -> None:
    groups = naming("Does italki share data with Unistudy?", roster(FIVE)).groups
    assert groups == (frozenset(ITALKI), frozenset({UNISTUDY}))


def test_a_policy_without_company_is_named_by_its_id() -> None:
    assert named("the unnamed policy") == {UNNAMED}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Does GitHub sell my data", GITHUB),
        ("what is GitHub, Inc. doing", GITHUB),
        ("does git-hub", GITHUB),
        ("Does githb track me", GITHUB),
        ("что собирает Гитхаб", GITHUB),
        ("GitHub's privacy policy", GITHUB - {"github-cookies"}),
        ("GitHub candidate privacy notice", {"github-candidate-privacy-policy"}),
        ("the Firefox privacy notice", {"firefox-privacy-notice"}),
        ("Does Firefox collect history?", MOZILLA),
        ("Mozilla Firefox telemetry", MOZILLA),
        ("мозилла хранит пароли?", MOZILLA),
        ("Mozilla privacy policy", {"mozilla-privacy-policy", "mozilla-privacy-policy.zh-CN"}),
        ("privacy notice for Mozilla accounts", ids(SOFTWARE, "mozilla-accounts")),
        ("37 signals privacy policy", {"37signals-privacy-policy"}),
        ("37signals' privacy policy", {"37signals-privacy-policy"}),
        ("37signals DPA 2020", {"37signals-dpa-2020-10"}),
        ("the 2022 data processing addendum", {"37signals-dpa-2022-12"}),
        ("the data processing addendum", ids(SOFTWARE, "37signals-dpa")),
        ("the security overview", {"37signals-security-overview"}),
        ("my contacts list, my page", set()),
        ("the privacy policy", set()),
        ("I am a California resident, what are my rights?", set()),
        ("who are the candidates", set()),
    ],
)
def test_several_policies_of_a_company(text: str, expected: set[str]) -> None:
    assert named(text, SOFTWARE, "ru" if "о" in text else "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("does apple sell my data", {"p1"}),
        ("What happens at Apple?", {"p1"}),
        ("is an apple healthy", set()),
        ("what medium do you use", set()),
        ("medium privacy policy", {"p2"}),
        ("what about Medium?", {"p2"}),
        ("does slack share", {"p3"}),
        ("slack off", set()),
        ("do you target ads at me", set()),
        ("target's cookies", {"p4"}),
        ("target.com cookies", {"p4"}),
        ("what is target advertising", set()),
        ("ibm data", {"p5"}),
        ("HP data", {"p6"}),
        ("php code", set()),
        ("Do you use Google Analytics?", set()),
        ("does google sell", {"p7"}),
        ("macys data", {"p8"}),
        ("does at&t share", {"p9"}),
        ("across the atlantic", set()),
        ("theatlantic.com", {"theatlantic-com"}),
        ("dog breed info", {"dogbreedinfo-com"}),
    ],
)
def test_companies_called_like_words(text: str, expected: set[str]) -> None:
    assert named(text, ORDINARY) == expected


def test_a_policy_belongs_to_the_company_that_it_is_filed_under() -> None:
    basecamp = Policy("37signals-dpa-2018", "Basecamp", "Data Processing Addendum")
    signals = ids((*SOFTWARE, basecamp), "37signals")
    assert named("what does Basecamp keep", (*SOFTWARE, basecamp)) == signals
    assert named("what does 37signals keep", (*SOFTWARE, basecamp)) == signals


def test_a_company_misread_from_its_policy_restricts_nothing() -> None:
    policies = (*FIVE, Policy("x", "affiliates", "Privacy Policy"), Policy("y", "here", "Privacy Policy"))
    assert named("is my data shared with affiliates when I am here", policies) == set()


def test_an_id_names_a_policy_without_company() -> None:
    policies = tuple(Policy(id, "", "Privacy Policy") for id in ("ticketmaster-com", "washingtonian-com", "gov-usa"))
    assert named("Ticketmaster cookies", policies) == {"ticketmaster-com"}
    assert named("washingtonian", policies) == {"washingtonian-com"}
    assert named("what does medicare.gov keep", policies) == set()


def test_a_host_of_other_peoples_policies_names_nobody() -> None:
    assert named("does github sell", SOFTWARE[:5]) == set()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.sampled_from(["en", "ru", "es", "zh"]))
def test_any_text_names_known_policies_only(text: str, language: str) -> None:
    for policies in (FIVE, SOFTWARE, ORDINARY):
        found = naming(text, roster(policies), language)
        assert found.policies <= {policy.id for policy in policies}
        assert all(0 <= name.start < name.end <= len(text) for name in found.names)
        assert all(left.end <= right.start for left, right in zip(found.names, found.names[1:], strict=False))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            Policy, st.text(max_size=20), st.text(max_size=20), st.text(max_size=30), source_url=st.text(max_size=20)
        ),
        max_size=5,
        unique_by=lambda policy: policy.id,
    ),
    st.text(max_size=60),
)
def test_any_policies_can_be_named(policies: list[Policy], text: str) -> None:
    known = roster(tuple(policies))
    assert known.everything == {policy.id for policy in policies}
    assert naming(text, known).policies <= known.everything
