"""Our own pages: a template, with addresses that hold below any path that the server is mounted at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse

from assistant.web.render import render

STATIC = Path(__file__).parent / "static"
_BUSY = "Too much is being asked just now. Load this page again in a moment."


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: object
) -> HTMLResponse:
    """A page of our own; its template extends base.html.

    Args:
        request: what is answered.
        template: file in templates/.
        status: of the response.
        headers: of the response, beside those that every page has.
        values: for the template, which also knows `root`, the path of the server without a final slash, and `files`,
            the content hash of each file in static/ by its path there.
    """
    root = request.scope.get("root_path", "").rstrip("/")
    return HTMLResponse(render(template, root=root, files=file_hashes(), **values), status, headers)


async def busy_page(request: Request, error: Exception) -> HTMLResponse:
    """For who wants a page while too much is asked for."""
    headers = {"cache-control": "no-store", "retry-after": str(getattr(error, "wait", 1))}
    return page(request, "told.html", status=503, headers=headers, heading="Busy right now", sentence=_BUSY)


@cache
def file_hashes() -> dict[str, str]:
    """Path below static/ → content hash, so that a browser never uses an outdated file."""
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return {path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in files}
