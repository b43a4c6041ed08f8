"""What two texts must share to count as saying the same word."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.retrieval.tokens import tokens

EXAMPLES = [
    ("", []),
    (" …— _ ", []),
    ("Cookies, cookie; COOKIES", ["cooki", "cooki", "cooki"]),
    ("clause 5.8.3.", ["claus", "5.8.3"]),
    ("on 07.05.2018, version 2.0", ["on", "07.05.2018", "version", "2.0"]),
    ("within 30 days", ["within", "30", "day"]),
    ("mail Privacy@Italki.com now", ["mail", "privacy@italki.com", "privaci", "italki", "com", "now"]),
    ("see www.unistudy.me.", ["see", "www.unistudy.me", "www", "unistudi", "me"]),
    ("https://my-site.com/about-us", ["https", "my-site.com", "my", "site", "com", "about", "us"]),
    ("e-mail and email", ["email", "and", "email"]),
    ("third-party", ["third", "parti"]),
    ("the user’s, the user's, users", ["the", "user", "the", "user", "user"]),
    ("don’t", ["don't"]),
    ("персональные данные, персональных данных", ["персональн", "дан", "персональн", "дан"]),
    ("ещё Ещe", ["ещ", "ещe"]),
    ("política PRIVACIDAD", ["politica", "privacidad"]),
    ("收集您的信息", ["收集", "集您", "您的", "的信", "信息"]),
    ("用cookie", ["用", "cooki"]),
    ("ﬁle Ｆｉｌｅ", ["file", "file"]),
    ("pass\u00adword zero\u200bwidth", ["password", "zerowidth"]),
    ("(a) i2istudy", ["a", "i2istudi"]),
]


@pytest.mark.parametrize(("text", "expected"), EXAMPLES)
def test_example(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_tokens_are_never_blank(text: str) -> None:
    assert all(token.strip() and any(map(str.isalnum, token)) for token in tokens(text))


@given(st.text(alphabet="abcé, .-@'5我のй", max_size=40), st.text(alphabet="abcé, .-@'5我のй", max_size=40))
def test_a_line_end_parts_texts(left: str, right: str) -> None:
    assert tokens(f"{left}\n{right}") == tokens(left) + tokens(right)


@given(st.text(alphabet="abcXYZ 'éйЖ.-5"))
def test_case_does_not_count(text: str) -> None:
    assert tokens(text) == tokens(text.upper()) == tokens(text.casefold())


def test_many_threads_stem_alike() -> None:
    words = [f"{stem}{end}" for stem in ("collect", "shar", "данн", "process") for end in ("ing", "ed", "ые", "s")]
    texts = [" ".join(words[at:] + words[:at]) for at in range(len(words))] * 20
    expected = [tokens(text) for text in texts]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(tokens, texts)) == expected
