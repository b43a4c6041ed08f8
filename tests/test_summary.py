"""The sentence above an answer: true, short, and natural for every number of documents."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from assistant.answering.summary import summary
from assistant.answering.understand import Question, understand
from assistant.types import Citation, Policy, Span, Status
from tests.known_policies import FIVE

I2ISTUDY, COOKIES, PRIVACY, UNISTUDY, UNNAMED = FIVE
PLAIN = Question("?", "?")


def answered(*policies: Policy, searched: Sequence[Policy] = FIVE, asked: Question = PLAIN) -> str:
    """The sentence for an answer that cites a clause of each of `policies`, in this order."""
    cited = [
        Citation(at, policy, "3.1", (f"3.{at} Data",), None, Span(0, 1), "x", "")
        for at, policy in enumerate(policies, 1)
    ]
    return summary(asked, Status.ANSWERED, cited, searched)


def shop(id: str, title: str, date: str = "", supersedes: str = "") -> Policy:
    return Policy(id, "Shop", title, effective_date=date, supersedes=supersedes)


NOTICE = shop("shop-cookies", "Cookie Notice", "2024-10-14")
BASIC = shop("shop-privacy", "Privacy Policy", "2018-05-07")
TERMS = shop("shop-terms", "Terms", "2018-05")
SECURITY = shop("shop-security", "Security Overview")
RENEWED = shop("shop-privacy-2024", "Privacy Policy", "2024-02", supersedes="shop-privacy")
RENAMED = shop("shop-statement", "Privacy Statement", supersedes="shop-privacy")
SHOP = (NOTICE, BASIC, TERMS, SECURITY)


@pytest.mark.parametrize(
    ("cited", "sentence"),
    [
        # One document, however often it is cited.
        ([PRIVACY], "italki Privacy Policy answers this in 1 clause."),
        ([PRIVACY, PRIVACY, PRIVACY], "italki Privacy Policy answers this in 3 clauses."),
        ([UNNAMED], "The privacy policy answers this in 1 clause."),
        # Of several companies.
        ([PRIVACY, UNISTUDY], "italki Privacy Policy and Unistudy Privacy Policy answer this in 2 clauses."),
        # Two of one company: newest first, whichever is cited first.
        (
            [PRIVACY, COOKIES, PRIVACY],
            (
                "italki Cookie Notice (14 October 2024) and the older italki Privacy Policy (7 May 2018) answer this in"
                " 3 clauses."
            ),
        ),
        # The two stand together among others.
        (
            [PRIVACY, UNISTUDY, COOKIES],
            (
                "italki Cookie Notice (14 October 2024), the older italki Privacy Policy (7 May 2018) and Unistudy"
                " Privacy Policy answer this in 3 clauses."
            ),
        ),
        # More than three are counted.
        (
            [PRIVACY, UNISTUDY, COOKIES, I2ISTUDY],
            "4 of the 5 policies answer this in 4 clauses, 2 of them by italki (14 October 2024 and 7 May 2018).",
        ),
        (
            [*FIVE],
            "The 5 policies answer this in 5 clauses, 2 of them by italki (14 October 2024 and 7 May 2018).",
        ),
    ],
)
def test_who_answers(cited: list[Policy], sentence: str) -> None:
    assert answered(*cited) == sentence


@pytest.mark.parametrize(
    ("cited", "sentence"),
    [
        ([BASIC, SECURITY], "Shop Privacy Policy (7 May 2018) and Shop Security Overview (undated) answer"),
        # A month tells nothing of a day in it.
        ([TERMS, BASIC], "Shop Privacy Policy (7 May 2018) and Shop Terms (May 2018) answer"),
        (
            [BASIC, NOTICE, SECURITY],
            (
                "Shop Cookie Notice (14 October 2024), Shop Privacy Policy (7 May 2018) and Shop Security Overview"
                " (undated) answer"
            ),
        ),
        ([BASIC, RENEWED], "Shop Privacy Policy (February 2024) and the older one (7 May 2018, since replaced) answer"),
        # Without a date it is known all the same which is older.
        (
            [BASIC, RENAMED],
            "Shop Privacy Statement (undated) and the older Shop Privacy Policy (7 May 2018, since replaced) answer",
        ),
        (
            [BASIC, RENEWED, NOTICE],
            (
                "Shop Cookie Notice (14 October 2024), Shop Privacy Policy (February 2024) and another one (7 May 2018,"
                " since replaced) answer"
            ),
        ),
        ([shop("a", "Notice"), shop("b", "Notice")], "Shop Notice (undated) and another one (undated) answer"),
    ],
)
def test_several_documents_of_one_company(cited: list[Policy], sentence: str) -> None:
    assert answered(*cited, searched=cited) == f"{sentence} this in {len(cited)} clauses."


@pytest.mark.parametrize(
    ("cited", "rest"),
    [
        (SHOP, ", all by Shop (the latest dated 14 October 2024)"),
        ([shop(str(at), "Notice") for at in range(4)], ", all by Shop (undated)"),
        ([*SHOP[1:], UNISTUDY], ", 3 of them by Shop (7 May 2018, May 2018 and undated)"),
        (
            [NOTICE, COOKIES, SECURITY, PRIVACY],
            ", 2 of them by Shop (14 October 2024 and undated) and 2 by italki (14 October 2024 and 7 May 2018)",
        ),
        ([I2ISTUDY, UNISTUDY, UNNAMED, NOTICE], ""),
    ],
)
def test_many_documents_are_counted(cited: list[Policy], rest: str) -> None:
    assert answered(*cited, searched=cited) == f"The 4 policies answer this in 4 clauses{rest}."


def test_a_policy_that_was_replaced_says_so_where_its_successor_was_searched() -> None:
    assert answered(BASIC, searched=[BASIC, RENEWED]) == (
        "Shop Privacy Policy (7 May 2018, since replaced) answers this in 1 clause."
    )
    assert answered(BASIC, searched=[BASIC]) == "Shop Privacy Policy answers this in 1 clause."


def test_clauses_that_were_asked_for_by_number() -> None:
    asked = Question("?", "?", numbers=("3", "8"))
    assert answered(UNISTUDY, asked=asked) == "Unistudy Privacy Policy says this in clause 3."
    assert answered(PRIVACY, COOKIES, asked=asked) == (
        "italki Cookie Notice (14 October 2024) and the older italki Privacy Policy (7 May 2018) say this in clause 3."
    )
    assert summary(asked, Status.NOT_COVERED, (), [UNNAMED]) == "The privacy policy has no clause 3 or 8."


@pytest.mark.parametrize(
    ("searched", "sentence"),
    [
        ([PRIVACY], "italki Privacy Policy does not answer this."),
        ([PRIVACY, UNISTUDY], "italki Privacy Policy and Unistudy Privacy Policy do not answer this."),
        (FIVE, "The 5 policies do not answer this."),
        ([], "The policies do not answer this."),
    ],
)
def test_who_does_not_answer(searched: Sequence[Policy], sentence: str) -> None:
    assert summary(PLAIN, Status.NOT_COVERED, (), searched) == sentence


@pytest.mark.parametrize(
    ("text", "picked", "sentence"),
    [
        ("Does italki use cookies?", [UNISTUDY], "Only this policy was searched, not italki."),
        ("Does italki use cookies?", [UNISTUDY, I2ISTUDY], "Only these policies were searched, not italki."),
        ("Do italki and i2istudy use cookies?", [UNISTUDY], "Only this policy was searched, not i2istudy or italki."),
        # Of the company something was searched.
        ("Does italki use cookies?", [PRIVACY], "Only this policy was searched, not italki Cookie Notice."),
        ("Does italki use cookies?", [PRIVACY, COOKIES], ""),
        ("Do you use cookies?", [UNISTUDY], ""),
        ("Does italki use cookies?", [], ""),
    ],
)
def test_what_is_named_and_not_searched_is_told(text: str, picked: list[Policy], sentence: str) -> None:
    asked = understand(text, FIVE, [policy.id for policy in picked])
    searched = [policy for policy in FIVE if asked.policies is None or policy.id in asked.policies]
    found = summary(asked, Status.NOT_COVERED, (), searched)
    assert found.partition(" answer this.")[2].strip() == sentence
    assert summary(asked, Status.OFF_TOPIC, (), searched).count(".") == 1


def test_what_was_searched_is_named_where_less_of_it_answers() -> None:
    asked = Question("?", "?", outside=(COOKIES,))
    told = answered(UNISTUDY, searched=[UNISTUDY, I2ISTUDY], asked=asked)
    assert told == (
        "Unistudy Privacy Policy answers this in 1 clause. "
        "Only Unistudy Privacy Policy and i2istudy Privacy Policy were searched, not italki."
    )
    many = Question("?", "?", outside=tuple(Policy(str(at), f"Firm{at}", "Notice") for at in range(4)))
    assert answered(UNISTUDY, searched=[UNISTUDY], asked=many).endswith(
        "Only this policy was searched, none of the 4 others named."
    )
