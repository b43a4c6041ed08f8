"""Where a clause can be read: anchors of clauses, and permalinks that carry what they mark.

A permalink is `policies/ID?mark=START-END-DIGEST#ANCHOR`, relative to the root of the server. The digest is that of the
marked characters, so that a link never marks other words than it was made for: where the text has moved since, the same
characters are looked for near by, and where they are gone nothing is marked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from assistant.types import Clause, Document, Span

_LONGEST_SLUG = 60
_MARK = re.compile(r"(\d{1,9})-(\d{1,9})-([0-9a-f]{8})")
# Marks of one link, and how far, in code points, a marked text is followed after it has moved.
_MOST_MARKS = 50
_NEAR = 2000


def anchors(document: Document) -> tuple[str, ...]:
    """The anchor of every clause, unique within the document; "" for clause 0.

    A number is its own anchor ("5.8.3"); one in parentheses stands behind that of the clause above ("5(a)"); a heading
    without a number becomes a slug ("third-party-cookies"). What comes up again gets "-2", "-3", and so on.
    """
    out: list[str] = []
    taken: set[str] = set()
    for clause in document.clauses:
        above = out[clause.parent] if clause.parent is not None else ""
        wanted = _wanted(clause, above) if clause.id else ""
        anchor, again = wanted, 2
        while anchor and anchor in taken:
            anchor, again = f"{wanted}-{again}", again + 1
        taken.add(anchor)
        out.append(anchor)
    return tuple(out)


def _wanted(clause: Clause, above: str) -> str:
    if clause.number:
        number = re.sub(r"\s+", "", clause.number)
        return above + number if number.startswith("(") else number
    slug = re.sub(r"[\W_]+", "-", clause.title.casefold())[:_LONGEST_SLUG].strip("-")
    return slug or f"c{clause.span.start}"


def permalink(policy: str, anchor: str = "", marks: Iterable[tuple[Span, str]] = ()) -> str:
    """The permalink of a clause, relative to the root of the server.

    Args:
        policy: id of the policy.
        anchor: of the clause, "" for the whole policy.
        marks: what it marks: spans with the characters that stand there.
    """
    tokens = [f"{span.start}-{span.end}-{_digest(text)}" for span, text in marks][:_MOST_MARKS]
    query = f"?mark={','.join(tokens)}" if tokens else ""
    fragment = f"#{quote(anchor, safe='().')}" if anchor else ""
    return f"policies/{quote(policy, safe='')}{query}{fragment}"


def marked(text: str, parameter: str) -> tuple[Span, ...]:
    """What the `mark` parameter of a permalink marks in `text`, in order and disjoint; what is gone is left out."""
    found = (_find(text, *token) for token in _MARK.findall(parameter)[:_MOST_MARKS])
    out: list[Span] = []
    for span in sorted(span for span in found if span):
        if not out or span.start >= out[-1].end:
            out.append(span)
    return tuple(out)


def _find(text: str, start: str, end: str, digest: str) -> Span:
    """The nearest span of the same length with this digest; empty where there is none."""
    first, length = int(start), int(end) - int(start)
    if not 0 < length <= len(text):
        return Span(0, 0)
    if _digest(text[first : first + length]) == digest:
        return Span(first, first + length)
    near = range(max(0, first - _NEAR), min(len(text) - length, first + _NEAR) + 1)
    moved = (at for at in sorted(near, key=lambda at: abs(at - first)) if _digest(text[at : at + length]) == digest)
    at = next(moved, -1)
    return Span(at, at + length) if at >= 0 else Span(0, 0)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def web_host(url: str) -> str:
    """Where a policy was published: "unistudy.me"; "" for what is no web address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"https", "http"} else ""
