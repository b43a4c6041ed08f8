"""Routes of the reader: the list of policies, the page of one, and two side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from assistant.errors import QuestionError
from assistant.links import marked, web_host
from assistant.web.cards import choices
from assistant.web.pages import page
from assistant.web.reader.comparison import compare
from assistant.web.reader.languages import direction
from assistant.web.reader.layout import sections
from assistant.web.reader.listing import are_versions, fellows, groups
from assistant.web.reader.pieces import Cutter
from assistant.web.reader.view import Prepared, facts, prepare
from assistant.web.site import Site

if TYPE_CHECKING:
    from assistant.ask import Assistant

# A page is asked for again each time, and sent again only where it has changed.
_HEADERS: Mapping[str, str] = {"cache-control": "no-cache"}
_WORDS: dict[str, Any] = {"facts": facts, "direction": direction, "web_host": web_host}


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter(include_in_schema=False)
    # Of one index at a time: pages of the last one are forgotten with it.
    reader = lru_cache(maxsize=1)(_Reader)

    @routes.api_route("/policies", methods=["GET", "HEAD"])
    async def policies(request: Request, first: str = "", second: str = "") -> Response:
        if first and second:
            root = request.scope.get("root_path", "").rstrip("/")
            return RedirectResponse(f"{root}/policies/{quote(first, safe='')}/compare/{quote(second, safe='')}", 303)
        return await site.run(lambda: reader(site.assistant).list(request))

    @routes.api_route("/policies/{policy}", methods=["GET", "HEAD"])
    async def policy(request: Request, policy: str, mark: str = "") -> Response:
        return await site.run(lambda: reader(site.assistant).policy(request, policy, mark))

    @routes.api_route("/policies/{old}/compare/{new}", methods=["GET", "HEAD"])
    async def comparison(request: Request, old: str, new: str) -> Response:
        return await site.run(lambda: reader(site.assistant).comparison(request, old, new))

    return routes


class _Reader:
    """Writes the pages; what is costly and stays the same is kept."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._prepared = lru_cache(maxsize=256)(self._prepare)
        self._compared = lru_cache(maxsize=64)(
            lambda old, new: compare(self._assistant.document(old), self._assistant.document(new))
        )

    def _prepare(self, policy: str) -> Prepared:
        document = self._assistant.document(policy)
        others = fellows(document.policy, self._assistant.policies())
        return prepare(document, [self._assistant.document(other.id) for other in others])

    def list(self, request: Request) -> Response:
        """The list of policies."""
        known = self._assistant.policies()
        found = groups(known)
        response = page(
            request,
            "reader/policies.html",
            headers=_HEADERS,
            groups=found,
            scopes=[choices([entry.policy for entry in group.entries]) for group in found],
            choices=choices(known),
            **_WORDS,
        )
        return _fresh(request, response)

    def policy(self, request: Request, policy: str, mark: str) -> Response:
        """The page of one policy, with the sentences that `mark` names."""
        try:
            prepared = self._prepared(policy)
        except QuestionError:
            return self._missing(request, policy)
        document = prepared.document
        marks = marked(document.text, mark)
        laid = sections(document, prepared.headings, Cutter(document, marks, prepared.references))
        known = {other.id: other for other in self._assistant.policies()}
        response = page(
            request,
            "reader/policy.html",
            headers=_HEADERS,
            policy=document.policy,
            prepared=prepared,
            sections=laid,
            pages=len(document.pages),
            marks=len(marks),
            lost=bool(mark) and not marks,
            replaces=known.get(document.policy.supersedes),
            replaced_by=next((other for other in known.values() if other.supersedes == policy), None),
            fellows=fellows(document.policy, tuple(known.values())),
            **_WORDS,
        )
        return _fresh(request, response)

    def comparison(self, request: Request, old: str, new: str) -> Response:
        """Two documents side by side."""
        try:
            compared = self._compared(old, new)
            one, other = (self._assistant.document(policy).policy for policy in (old, new))
        except QuestionError:
            known = {policy.id for policy in self._assistant.policies()}
            return self._missing(request, old if old not in known else new)
        versions = are_versions(one, other, self._assistant.policies())
        response = page(
            request,
            "reader/compare.html",
            headers=_HEADERS,
            old=one,
            new=other,
            compared=compared,
            versions=versions,
            **_WORDS,
        )
        return _fresh(request, response)

    def _missing(self, request: Request, policy: str) -> HTMLResponse:
        known = self._assistant.policies()
        return page(request, "reader/missing.html", status=404, policy=policy, policies=known, **_WORDS)


def _fresh(request: Request, response: HTMLResponse) -> Response:
    """`response` with its tag; without a body where the browser has it already."""
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["etag"] = tag
    asked = request.headers.get("if-none-match", "")
    if tag in {each.strip().removeprefix("W/") for each in asked.split(",")} or asked.strip() == "*":
        return Response(status_code=304, headers={"etag": tag, **_HEADERS})
    return response
