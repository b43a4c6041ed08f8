"""Markdown → HTML → canonical text and blocks; front matter and attribute lists are markup and leave no text."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.front_matter import front_matter_plugin

from assistant.policies.html import parse_html
from assistant.policies.parsed import Parsed, Unreadable

# kramdown's attribute list at the end of a paragraph or span: {: #id }, {: datetime="2020-09-09" }, {:.class}.
_ATTRIBUTES = re.compile(r"\s*\{:[^{}\n]*\}\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
# Deepest nesting of quotes, and of lists and their items, which count as two; the parser leaves out what lies deeper.
_DEEPEST = 100
_TITLE = re.compile(r"""^title:[ \t]*(?P<quote>["']?)(?P<title>.+?)(?P=quote)[ \t]*$""", re.MULTILINE)


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802
        """A link to any address is a link: only its text is taken."""
        return True


def parse_markdown(text: str) -> Parsed:
    """The text of a CommonMark document with tables, as its HTML reads; `title:` of the front matter names it.

    Raises:
        Unreadable: nothing of it would be visible, or not all of it.
    """
    markdown = _Markdown("commonmark", {"html": True, "maxNesting": _DEEPEST})
    markdown.enable(["table", "strikethrough"]).use(front_matter_plugin)
    markdown.core.ruler.after("block", "attributes", _drop_attributes)
    markdown.core.ruler.after("block", "surplus_cells", _keep_surplus_cells)
    markdown.add_render_rule("image", _alternative_text)
    markdown.add_render_rule("front_matter", lambda *_: "")
    tokens = markdown.parse(text)
    if any(token.level >= _DEEPEST - 1 and token.type in ("blockquote_open", "list_item_open") for token in tokens):
        raise Unreadable("its quotes or lists lie too deep in one another", "flatten them, or save it as HTML")
    matter = next((token.content for token in tokens if token.type == "front_matter"), "")
    found = _TITLE.search(matter)
    return parse_html(markdown.renderer.render(tokens, markdown.options, {}), found["title"] if found else "")


def _drop_attributes(state: StateCore) -> None:
    """Take attribute lists off the text that they stand behind or under."""
    for token in state.tokens:
        if token.type == "inline":
            while found := _ATTRIBUTES.search(token.content):
                token.content = token.content[: found.start()]


def _keep_surplus_cells(state: StateCore) -> None:
    """Give back the cells that a row has beyond its header: a renderer drops them, a policy must not lose text."""
    lines = state.src.split("\n")
    out: list[Token] = []
    row: Token | None = None
    cells = 0
    for token in state.tokens:
        if token.type == "tr_open":
            row, cells = token, 0
        elif token.type in ("td_open", "th_open"):
            cells += 1
        elif token.type == "tr_close" and row is not None and row.map:
            line = lines[row.map[0]].strip().removeprefix("|").rstrip()
            line = line[:-1] if line.endswith("|") and not line.endswith("\\|") else line
            for content in _PIPE.split(line)[cells:]:
                out.append(Token("td_open", "td", 1, level=token.level + 1))
                inline = Token("inline", "", 0, content=content.strip().replace("\\|", "|"), level=token.level + 2)
                out.append(inline)
                inline.children = []
                out.append(Token("td_close", "td", -1, level=token.level + 1))
        out.append(token)
    state.tokens[:] = out


def _alternative_text(self: RendererProtocol, tokens: list[Token], idx: int, options: Any, env: Any) -> str:
    """An image is its alternative text."""
    return escapeHtml("".join(child.content for child in tokens[idx].children or []))
