"""The sentence or list item of a passage that answers, found by the token vectors that ranked it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.types import Passage, Span

# A sentence is marked only where it matches the question nearly as well as the best one does …
_NEAR_BEST = 0.97
# … and at least this well: mean over question tokens of the best cosine in the sentence.
_LEAST = 0.4


def marks(
    passage: Passage, scores: Callable[[Sequence[Span]], NDArray[np.float32]], every_item: bool
) -> tuple[Span, ...]:
    """Spans inside `passage` that answer the question; none when unsure.

    Args:
        passage: what is cited.
        scores: how well each of some parts of its text matches the question.
        every_item: mark all items where the passage holds a list, for questions that ask for one.
    """
    sentences = passage.sentences
    if not sentences:
        return ()
    if len(sentences) == 1:
        return sentences
    matches = scores([_within(passage, span) for span in sentences])
    best = float(matches.max())
    if best < _LEAST:
        return ()
    near = [sentences[int(at)] for at in np.flatnonzero(matches >= _NEAR_BEST * best)[:2]]
    items = _items(passage) if every_item else ()
    if items:
        near = [span for span in near if not _leads_in(passage, span)]
    return tuple(sorted({*near, *items}))


def _items(passage: Passage) -> tuple[Span, ...]:
    """The list inside `passage`: what follows its lead-in, or all of it where most lines end as items do."""
    sentences = passage.sentences
    leads = [at for at, span in enumerate(sentences) if _leads_in(passage, span)]
    listed = sum(_within(passage, span).of(passage.text).endswith(";") for span in sentences)
    if not leads and 2 * listed <= len(sentences):
        return ()
    first = leads[0] + 1 if leads else 0
    return tuple(span for span in sentences[first:] if not _leads_in(passage, span))


def _leads_in(passage: Passage, span: Span) -> bool:
    return _within(passage, span).of(passage.text).endswith(":")


def _within(passage: Passage, span: Span) -> Span:
    return Span(span.start - passage.span.start, span.end - passage.span.start)
