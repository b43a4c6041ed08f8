"""The sentence or list item of a passage that answers, found by the token vectors that ranked it."""

from __future__ import annotations

import numpy as np

from assistant.retrieval.encoder import EncodedQuery
from assistant.retrieval.late import TokenVectors
from assistant.types import Passage, Span

# A sentence is marked only where it matches the question nearly as well as the best one does …
_NEAR_BEST = 0.97
# … and at least this well: mean over question tokens of the best cosine in the sentence.
_LEAST = 0.25


def marks(passage: Passage, late: TokenVectors, query: EncodedQuery, every_item: bool) -> tuple[Span, ...]:
    """Spans inside `passage` that answer the question; none when unsure.

    Args:
        passage: what is cited.
        late: token vectors of all passages.
        query: the encoded question.
        every_item: mark all items of the list that holds the best one, for questions that ask for a list.
    """
    sentences = passage.sentences
    if not sentences:
        return ()
    if len(sentences) == 1:
        return sentences
    spans = [_within(passage, span) for span in sentences]
    scores = late.span_scores(query.tokens, passage.id, spans, late.weights(query.pieces))
    best = float(scores.max())
    if best < _LEAST:
        return ()
    if every_item:
        return tuple(span for span, score in zip(sentences, scores, strict=True) if score >= _LEAST / 2)
    near = np.flatnonzero(scores >= _NEAR_BEST * best)
    return tuple(sentences[int(at)] for at in near[:2])


def _within(passage: Passage, span: Span) -> Span:
    return Span(span.start - passage.span.start, span.end - passage.span.start)
