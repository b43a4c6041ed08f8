"""Finds judged quotes in a policy by their letters and digits alone."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence

from assistant.types import Span


class Letters:
    """The letters and digits of a text, each with its place.

    White space, punctuation, list markers and decoration never decide whether a quote is found, nor how much of it is
    covered; a ligature counts as the letters that it stands for.
    """

    def __init__(self, text: str) -> None:
        places: list[int] = []
        letters: list[str] = []
        for at, character in enumerate(text):
            for letter in _letters_of(character):
                places.append(at)
                letters.append(letter)
        self._places = places
        self._letters = "".join(letters)

    def find(self, quote: str) -> tuple[Span, ...]:
        """Where the letters of `quote` stand one after the other: every place, in order; empty for none."""
        wanted = "".join(letter for character in quote for letter in _letters_of(character))
        spans: list[Span] = []
        at = self._letters.find(wanted) if wanted else -1
        while at >= 0:
            spans.append(Span(self._places[at], self._places[at + len(wanted) - 1] + 1))
            at = self._letters.find(wanted, at + len(wanted))
        return tuple(spans)

    def count(self, span: Span) -> int:
        """How many letters and digits lie in `span`."""
        return max(0, bisect_left(self._places, span.end) - bisect_left(self._places, span.start))

    def shared(self, one: Span, other: Span) -> int:
        """How many letters and digits lie in both spans."""
        return self.count(Span(max(one.start, other.start), min(one.end, other.end)))

    def covers_half(self, span: Span, places: Sequence[Span]) -> bool:
        """Whether `span` covers at least half of the letters of one of `places`, where the same quote stands."""
        return any(2 * self.shared(span, place) >= self.count(place) for place in places)

    def overlaps_half(self, mark: Span, places: Sequence[Span]) -> bool:
        """Whether `mark` shares with one of `places` at least half of the letters of the shorter of the two."""
        return any(
            2 * (both := self.shared(mark, place)) >= min(self.count(mark), self.count(place)) and both
            for place in places
        )


def _letters_of(character: str) -> str:
    """The letters and digits that a character stands for: itself, "fi" for the ligature, nothing for a comma."""
    if character.isascii():
        return character if character.isalnum() else ""
    return "".join(part for part in unicodedata.normalize("NFKC", character) if part.isalnum())
