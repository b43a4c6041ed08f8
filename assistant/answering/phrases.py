"""Phrases of a question that must stand in a passage exactly so: those it quotes, and those it asks the place of."""

from __future__ import annotations

import re

from assistant.types import fold

_PAIRS = re.compile(
    r'"([^"“”]+)"|“([^“”"]+)[”"]|”([^“”]+)”|„([^„“”"]+)[“”"]|«([^«»]+)»|»([^«»]+)«|「([^「」]+)」|『([^『』]+)』'
    # A straight or curly apostrophe opens a quotation only after a space and closes it only before none.
    r"|(?<![\w'‘’])['‘](?!(?:em|til|cause|tis|twas)\b)([^\W_][^'‘’]*(?:['’]\w[^'‘’]*)*[^\s'‘’])['’](?!\w)"
)

# "Where does the policy mention Adobe Flash?": at most four words after the verb, up to the end.
_PLACE = re.compile(
    r"""^\W*(?:where|which\s+(?:\w+\s+)?(?:passages?|clauses?|sections?|parts?|paragraphs?))\b.*?
    \b(?:mentions?|talks?\s+about|refers?\s+to|speaks?\s+of)\s+(?:the\s+|an?\s+|any\s+)?(?P<en>\S+(?:\s\S+){0,3}?)[\s?.!]*$
    |^\W*где\b.*?\bупомина\w+\s+(?P<ru>\S+(?:\s\S+){0,3}?)[\s?.!]*$
    |^\W*d[oó]nde\b.*?\bmencionan?\s+(?:el\s+|la\s+|los\s+|las\s+)?(?P<es>\S+(?:\s\S+){0,3}?)[\s?.!]*$
    |(?:哪里|哪儿|何处|哪一?条|哪一?段).*?(?:提到|提及)了?\s*(?P<zh>[^\s？?。]{1,16}?)的?[\s？?。]*$""",
    re.IGNORECASE | re.VERBOSE,
)


def placed_phrase(text: str) -> str:
    """The words whose place in a policy `text` asks for; "" where it asks for something else."""
    found = _PLACE.search(text)
    return fold(next(filter(None, found.groups()))).rstrip("?.!？。") if found else ""


def quoted_phrases(text: str) -> tuple[str, ...]:
    """The phrases that `text` quotes, in order, each once; white space folded, at least two characters each."""
    found = (fold(next(filter(None, match.groups()))) for match in _PAIRS.finditer(text))
    trimmed = (phrase.strip(" ,;") for phrase in found)
    return tuple(dict.fromkeys(phrase for phrase in trimmed if len(phrase) >= 2 and any(map(str.isalnum, phrase))))
