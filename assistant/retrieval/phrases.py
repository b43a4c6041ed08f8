"""Finds a quoted phrase in a text, word for word, whatever its case, white space and quotation marks."""

from __future__ import annotations

import re

from assistant.types import Span

# Characters that stand for one another, however a person types them.
_SAME = ("'‘’‚‛′ʼ`´", '"“”„‟″«»', "-‐‑‒–—―−")
# Letters that match no other letter, whatever the case.
_ASCII = re.compile("[a-hj-jl-rt-zA-HJ-JL-RT-Z]+")
_CLASS = {ord(char): f"[{re.escape(chars)}]" for chars in _SAME for char in chars}


def exact_spans(text: str, phrase: str) -> tuple[Span, ...]:
    """Where `phrase` stands in `text`, disjoint and in order.

    Case, the amount of white space between words, and the style of quotes and dashes do not count. A phrase that
    begins or ends with a letter or digit does not match inside a longer word.

    Returns:
        Spans in code points of `text`; none where the phrase is empty.
    """
    words = phrase.split()
    if not words:
        return ()
    pattern = r"\s+".join("".join(_CLASS.get(ord(char)) or re.escape(char) for char in word) for word in words)
    before = r"(?<!\w)" if words[0][0].isalnum() else ""
    after = r"(?!\w)" if words[-1][-1].isalnum() else ""
    return tuple(Span(*match.span()) for match in re.finditer(before + pattern + after, text, re.IGNORECASE))


def longest_word(phrase: str) -> str:
    """The longest run of ASCII letters in `phrase`, small; a text without it does not hold the phrase; "" for none.

    Letters that match others than their own two cases are left out: "ı" and "İ" match "i", "ſ" "s", "K" "k".
    """
    return max(_ASCII.findall(phrase), key=len, default="").lower()


def runs(text: str) -> frozenset[str]:
    """All of what `longest_word` may say of a phrase that this text holds.

    A run that ends inside a phrase ends at the same place in the text, and one that ends with the phrase stands before
    something that is no letter.
    """
    return frozenset(map(str.lower, _ASCII.findall(text)))
