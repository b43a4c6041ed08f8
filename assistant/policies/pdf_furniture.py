"""Running heads, running feet and page numbers: what stands at the same place of most pages is no text of a policy."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from assistant.policies.pdf_lines import PageLine

# Furniture stands within so much of the page's height from its edges.
_EDGE = 0.14
_MOST = 0.6
_SAME_PLACE = 6.0
_COUNTED = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|p\.|seite|página|стр\.?|страница|第)?\s*(\d+)\s*页?(?:\s*(?:/|of|von|de|из)\s*\d+)?\W*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was read; heights in points, upwards."""

    lines: tuple[PageLine, ...]
    # Lower and upper edge of what the page shows.
    low: float
    high: float

    def is_edge(self, line: PageLine) -> bool:
        """Whether `line` stands where furniture does."""
        height = self.high - self.low
        return line.y > self.high - _EDGE * height or line.y < self.low + _EDGE * height


def without_furniture(pages: Sequence[Page], body: float) -> list[list[PageLine]]:
    """The lines of each page that are text of the document.

    Args:
        pages: in order.
        body: type size of most of the text, in points; a head in larger type stays once, it is the title.
    """
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, page in enumerate(pages):
        for at, line in enumerate(page.lines):
            if page.is_edge(line):
                places[_COUNTED.sub("#", line.text.casefold())].append((number, at))
    dropped: set[tuple[int, int]] = set()
    for found in places.values():
        middle = median(pages[number].lines[at].y for number, at in found)
        near = [(number, at) for number, at in found if abs(pages[number].lines[at].y - middle) <= _SAME_PLACE]
        if len({number for number, _ in near}) >= max(2, _MOST * len(pages)):
            number, at = near[0]
            is_title = number == 0 and pages[0].lines[at].size > 1.2 * body
            dropped.update(near[is_title:])
    for number, page in enumerate(pages):
        dropped |= {(number, at) for at in _extremes(page) if _is_number_of(page.lines[at].text, number + 1)}
    return [
        [line for at, line in enumerate(page.lines) if (number, at) not in dropped] for number, page in enumerate(pages)
    ]


def _extremes(page: Page) -> set[int]:
    """Indices of the highest and the lowest line, where they stand at an edge."""
    order = sorted(range(len(page.lines)), key=lambda at: page.lines[at].y)
    return {at for at in order[:1] + order[-1:] if page.is_edge(page.lines[at])}


def _is_number_of(text: str, page: int) -> bool:
    found = _PAGE_NUMBER.fullmatch(text)
    return found is not None and int(found.group(1)) == page
