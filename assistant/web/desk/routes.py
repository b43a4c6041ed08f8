"""Routes of the desk: its page, the modules of its script, and the hand-out as a PDF."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from assistant.errors import QuestionError
from assistant.web.desk.cut import Handout, cut
from assistant.web.desk.handout import handout
from assistant.web.pages import STATIC, file_hashes, page
from assistant.web.site import Site

_MODULES = STATIC / "desk"
_FOREVER = "public, max-age=31536000, immutable"


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter(prefix="/agents", include_in_schema=False)

    @routes.get("")
    def desk(request: Request) -> HTMLResponse:
        """The desk."""
        return page(request, "desk/page.html", version=version(), max_chars=site.settings.max_question_chars)

    @routes.get("/code/{version}/{name}.js")
    def module(version: str, name: str) -> Response:
        """A module of the script; below a path that changes with any of them, so that none is ever outdated."""
        if f"desk/{name}.js" not in file_hashes():
            return JSONResponse(_problem(404, "Not Found", f"There is no module {name!r}.", "not_found"), 404)
        return FileResponse(_MODULES / f"{name}.js", headers={"cache-control": _FOREVER})

    @routes.post("/handout.pdf")
    async def pdf(request: Request, wanted: Handout) -> Response:
        """The collected clauses, set to be handed out; every word is the server's own."""
        today = datetime.now(UTC).date()
        root = f"{str(request.base_url).rstrip('/')}/"
        try:
            made = await site.run(lambda: handout(cut(site.assistant, wanted.clauses), root, today))
        except QuestionError as error:
            problem = _problem(400, "Bad Request", str(error), "invalid_request")
            return JSONResponse(problem, 400, media_type="application/problem+json")
        name = f"privacy-clauses-{today.isoformat()}.pdf"
        return Response(
            made,
            media_type="application/pdf",
            headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
        )

    return routes


@cache
def version() -> str:
    """Names the modules of the script as they are now."""
    hashes = (f"{path} {digest}" for path, digest in sorted(file_hashes().items()) if path.startswith("desk/"))
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:12]


def _problem(status: int, title: str, detail: str, code: str) -> dict[str, object]:
    return {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
