"""How a clause is cited in running text: plain, Markdown or HTML, with the link; reader.js builds the same three."""

from __future__ import annotations

import re
from enum import StrEnum
from html import escape

from assistant.dates import date_text
from assistant.types import Policy


class CitationStyle(StrEnum):
    """What a citation is to be pasted into."""

    PLAIN = "plain"
    MARKDOWN = "markdown"
    HTML = "html"


def citation_words(policy: Policy, number: str = "", title: str = "") -> str:
    """Policy, clause and date: "italki Privacy Policy, 3.2 Service providers, 7 May 2018".

    Args:
        policy: the policy; where it states no date, its version stands in its place.
        number: of the clause, "" for none.
        title: of the clause, "" for none; both empty cite the whole policy.
    """
    clause = f"{number} {title}".strip() if title else number and f"clause {number}"
    dated = date_text(policy.effective_date) or (policy.version and f"version {policy.version}")
    return ", ".join(part for part in (policy.name, clause, dated) if part)


def citation_text(
    policy: Policy, number: str = "", title: str = "", url: str = "", style: CitationStyle = CitationStyle.PLAIN
) -> str:
    """A citation with its link: the words and, on the next line, the address; or the words as a link.

    Args:
        policy: the policy.
        number: of the clause, "" for none.
        title: of the clause, "" for none.
        url: absolute address of the clause, "" for none.
        style: plain text, Markdown or HTML.
    """
    words = citation_words(policy, number, title)
    if style is CitationStyle.HTML:
        return f'<a href="{escape(url)}">{escape(words)}</a>' if url else escape(words)
    if style is CitationStyle.MARKDOWN:
        words = re.sub(r"([\\`*_\[\]<>])", r"\\\1", words)
        address = url.replace("(", "%28").replace(")", "%29")
        return f"[{words}]({address})" if url else words
    return f"{words}\n{url}" if url else words
