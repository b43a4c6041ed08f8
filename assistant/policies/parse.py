"""SourceFile → Document, by the reader of its format."""

from __future__ import annotations

from assistant.errors import PolicyFileError
from assistant.policies.clauses import clause_tree
from assistant.policies.describe import describe, overruled
from assistant.policies.html import parse_html
from assistant.policies.markdown import parse_markdown
from assistant.policies.parsed import Parsed, Unreadable
from assistant.policies.pdf import parse_pdf
from assistant.policies.source import SourceFile, decode
from assistant.policies.text import parse_text
from assistant.types import Document, Policy


def parse(source: SourceFile, row: Policy | None = None) -> Document:
    """The document of one policy file.

    Args:
        source: the file.
        row: what policies.csv says of it; its fields overrule those read from the text.

    Raises:
        PolicyFileError: the file cannot be read as what its ending says.
    """
    try:
        parsed = _read(source)
    except Unreadable as fault:
        raise PolicyFileError(source.path.name, fault.wrong, fault.remedy) from None
    policy = overruled(describe(source.id, parsed.text, parsed.title), row)
    clauses, owners = clause_tree(parsed.text, parsed.blocks, parsed.title or policy.title)
    return Document(policy, parsed.text, parsed.blocks, clauses, owners, parsed.pages)


def _read(source: SourceFile) -> Parsed:
    if source.suffix == ".pdf":
        return parse_pdf(source.data)
    if source.data.startswith(b"%PDF-"):
        raise Unreadable("it is a PDF under another name", "let its name end in .pdf")
    text = decode(source.data)
    if source.suffix in (".html", ".htm"):
        return parse_html(text)
    if source.suffix in (".md", ".markdown"):
        return parse_markdown(text)
    return parse_text(text)
