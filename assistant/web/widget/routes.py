"""Routes of the widget: its script, the files that it loads, the demo page and the form in a frame."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from assistant.types import Policy
from assistant.web.pages import page
from assistant.web.site import Site
from assistant.web.widget import files

_SOON_ASKED_AGAIN = "public, max-age=600"
_FOREVER = "public, max-age=31536000, immutable"
# The policy that the demo page is about, where it is in the corpus.
_DEMO = "italki-privacy-policy-2018"
_THEMES = ("light", "dark")

Ids = Annotated[list[str], Query()]


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/widget.js")
    def script(request: Request) -> Response:
        """The one line that other sites put into their pages."""
        return files.sent(request, files.loader_of(site.settings), _SOON_ASKED_AGAIN)

    @routes.get("/ui/widget/{version}/{name}")
    def part(request: Request, version: str, name: str) -> Response:
        """A file that the widget loads when it is opened first."""
        if name not in files.names():
            return Response(status_code=404)
        return files.sent(request, files.file(name), _FOREVER if version == files.version() else "no-cache")

    @routes.get("/help-center")
    def help_center(request: Request, lang: str = "", theme: str = "") -> Response:
        """A help centre, invented, with the launcher and a box in the page."""
        policies = site.assistant.policies()
        shown = next((policy for policy in policies if policy.id == _DEMO), policies[0] if policies else None)
        return page(request, "widget/help_center.html", policy=shown, lang=lang, theme=theme)

    @routes.get("/embed")
    def embed(request: Request, policy: Ids = [], lang: str = "", theme: str = "") -> Response:  # noqa: B006
        """The widget filling a frame, for sites that allow no script; `policy` may be repeated."""
        wanted = [known for text in policy for known in text.replace(",", " ").split()]
        return _embed(request, site.assistant.policies(), wanted, lang, theme)

    return routes


def _embed(request: Request, policies: tuple[Policy, ...], wanted: list[str], lang: str, theme: str) -> HTMLResponse:
    by_id = {policy.id: policy for policy in policies}
    unknown = [name for name in wanted if name not in by_id]
    return page(
        request,
        "widget/embed.html",
        status=404 if unknown else 200,
        unknown=unknown,
        policies=[by_id[name] for name in wanted if name in by_id] or policies,
        wanted=wanted,
        lang=lang,
        theme=theme if theme in _THEMES else "",
    )
