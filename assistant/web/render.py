"""The templates of the web door; whatever comes from a policy or a person is escaped."""

from __future__ import annotations

from pathlib import Path

import jinja2

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    auto_reload=False,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: object) -> str:
    """HTML of a file in templates/ with `values`, fit to be sent as UTF-8."""
    html = _TEMPLATES.get_template(template).render(**values)
    # A lone surrogate can be typed into JSON, but not sent back.
    return html.encode("utf-8", "replace").decode("utf-8").strip()
