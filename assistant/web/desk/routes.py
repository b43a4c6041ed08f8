"""Routes of the desk: its page, the modules of its script, and the hand-out as a PDF."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from assistant.errors import BusyError, QuestionError
from assistant.web.api.problems import on_assistant_error, problem
from assistant.web.desk.cut import MOST_CLAUSES, Handout, cut
from assistant.web.desk.handout import handout
from assistant.web.desk.report import report_page
from assistant.web.pages import STATIC, file_hashes, page
from assistant.web.posted import is_json
from assistant.web.site import Site

_MODULES = STATIC / "desk"
_FOREVER = {"cache-control": "public, max-age=31536000, immutable"}


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter(prefix="/agents", include_in_schema=False)

    @routes.get("/")
    @routes.get("")
    def desk(request: Request) -> HTMLResponse:
        """The desk."""
        return page(request, "desk/page.html", version=version(), max_chars=site.settings.max_question_chars)

    @routes.get("/report")
    async def report(request: Request, days: str = "") -> HTMLResponse:
        """What was asked and not covered, and what was said of answers."""
        return await report_page(request, site, days)

    @routes.get("/code/{version}/{name}.js")
    def module(version: str, name: str) -> Response:
        """A module of the script; its path changes with any of them, so that no browser has an outdated one."""
        if f"desk/{name}.js" not in file_hashes():
            return problem(404, "not_found", "The desk has no such module; load the page again.")
        return FileResponse(_MODULES / f"{name}.js", headers=_FOREVER)

    @routes.post("/handout.pdf")
    async def pdf(request: Request) -> Response:
        """The collected clauses, set to be handed out; every word is the server's own."""
        today = datetime.now(UTC).date()
        root = f"{str(request.base_url).rstrip('/')}/"
        if not is_json(request.scope):
            return problem(422, "invalid_request", "The body must be a JSON object, sent as application/json.")
        body = await request.body()
        try:
            wanted = Handout.model_validate_json(body).clauses
            made = await site.run(lambda: handout(cut(site.assistant, wanted), root, today))
        except ValidationError:
            return problem(422, "invalid_request", f"A hand-out is made of 1 to {MOST_CLAUSES} clauses; take fewer.")
        except (QuestionError, BusyError) as error:
            return await on_assistant_error(request, error)
        name = f'attachment; filename="privacy-clauses-{today.isoformat()}.pdf"'
        headers = {"content-disposition": name, "cache-control": "no-store"}
        return Response(made, media_type="application/pdf", headers=headers)

    return routes


@cache
def version() -> str:
    """Names the modules of the script as they are now."""
    hashes = (f"{path} {digest}" for path, digest in sorted(file_hashes().items()) if path.startswith("desk/"))
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:12]
