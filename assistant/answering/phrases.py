"""Quoted phrases of a question: the words that must stand in a passage exactly so."""

from __future__ import annotations

import re

from assistant.types import fold

_PAIRS = re.compile(
    r'"([^"“”]+)"|“([^“”"]+)[”"]|”([^“”]+)”|„([^„“”"]+)[“”"]|«([^«»]+)»|»([^«»]+)«|「([^「」]+)」|『([^『』]+)』'
    # A straight or curly apostrophe opens a quotation only after a space and closes it only before none.
    r"|(?<![\w'‘’])['‘](?!(?:em|til|cause|tis|twas)\b)([^\W_][^'‘’]*(?:['’]\w[^'‘’]*)*[^\s'‘’])['’](?!\w)"
)


def quoted_phrases(text: str) -> tuple[str, ...]:
    """The phrases that `text` quotes, in order, each once; white space folded, at least two characters each."""
    found = (fold(next(filter(None, match.groups()))) for match in _PAIRS.finditer(text))
    trimmed = (phrase.strip(" ,;") for phrase in found)
    return tuple(dict.fromkeys(phrase for phrase in trimmed if len(phrase) >= 2 and any(map(str.isalnum, phrase))))
