"""Text → a literal of Milvus' filter language, which has no parameters that every server knows.

The grammar ends a text at an unescaped quotation mark or line end, and reads a backslash as the start of an escape. Of
its escapes these five mean the same to all servers; every other character stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from assistant.errors import EngineError

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def text(value: str) -> str:
    """`value` as a literal: it ends where it should, and means these characters and no others.

    Raises:
        EngineError: no server can be sent this text.
    """
    if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise EngineError(f"{value!a} has characters that Milvus does not take; rename it.")
    return f'"{value.translate(_ESCAPES)}"'


def texts(values: Iterable[str]) -> str:
    """A list of literals."""
    return f"[{', '.join(map(text, values))}]"
