"""The widget's files as they are sent: one script that names the others, and the others under their common hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from assistant.settings import Settings
from assistant.web.pages import STATIC

FOLDER = STATIC / "widget"
LOADER, STYLE = "widget.js", "panel.css"
_PLACEHOLDER = '"SERVED"'
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Other sites show these files: their pages may be isolated, and modules are fetched with CORS.
_OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


@dataclass(frozen=True, slots=True)
class File:
    """One file of the widget."""

    # As the browser reads it.
    body: bytes
    # The same, compressed.
    gzipped: bytes
    media_type: str
    # Quoted hash of the body.
    etag: str


@cache
def version() -> str:
    """The hash of everything that is loaded after the loader."""
    parts = [part for name in names() for part in (name.encode(), (FOLDER / name).read_bytes())]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


@cache
def names() -> tuple[str, ...]:
    """The files that are loaded when the widget is opened first: modules and one style sheet."""
    return (*sorted(path.name for path in FOLDER.glob("*.js") if path.name != LOADER), STYLE)


@cache
def file(name: str) -> File:
    """One of `names`."""
    return _file(name, (FOLDER / name).read_text(encoding="utf-8"))


@cache
def loader(contact: str, longest: int) -> File:
    """The script that other sites embed, told what it must know of the server.

    Args:
        contact: where “Ask our team” leads, "" for nowhere.
        longest: characters of the longest question.
    """
    modules = [name for name in names() if name.endswith(".js")]
    served = {"version": version(), "files": modules, "contact": contact, "longest": longest}
    text = (FOLDER / LOADER).read_text(encoding="utf-8")
    return _file(LOADER, text.replace(_PLACEHOLDER, json.dumps(served), 1))


def loader_of(settings: Settings) -> File:
    """The loader of a server with these settings."""
    return loader(settings.contact, settings.max_question_chars)


def sent(request: Request, found: File, cache_control: str) -> Response:
    """The response with a file: compressed where the browser takes that, without a body where it has it already."""
    headers = _OPEN | {"cache-control": cache_control, "etag": found.etag, "vary": "accept-encoding"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.body, headers=headers, media_type=found.media_type)
    headers["content-encoding"] = "gzip"
    return Response(found.gzipped, headers=headers, media_type=found.media_type)


def _file(name: str, text: str) -> File:
    body = text.encode("utf-8")
    kind = _TYPES[name[name.rindex(".") :]]
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    return File(body, gzip.compress(body, 9, mtime=0), kind, etag)
