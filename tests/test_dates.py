from __future__ import annotations

import pytest

from assistant.dates import date_text, is_later


@pytest.mark.parametrize(
    ("iso", "text"),
    [("2018-05-07", "7 May 2018"), ("2014-05", "May 2014"), ("2014", "2014"), ("", ""), ("2014-13", "2014-13")],
)
def test_dates_as_people_write_them(iso: str, text: str) -> None:
    assert date_text(iso) == text


@pytest.mark.parametrize(
    ("iso", "other", "later"),
    [
        ("2018-05-07", "2018-05-06", True),
        ("2018-05-07", "2018-05-07", False),
        ("2018-05-07", "2018-05", False),
        ("2018-05", "2018-05-07", False),
        ("2018", "2017-12-31", True),
        ("2018", "", False),
        ("", "2018", False),
    ],
)
def test_only_what_is_surely_later_is_later(iso: str, other: str, later: bool) -> None:
    assert is_later(iso, other) is later
