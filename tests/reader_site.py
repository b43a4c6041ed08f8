"""The reader over documents that a test reads from texts of its own: no index, no encoder, no chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from assistant.errors import QuestionError
from assistant.policies.parse import parse
from assistant.policies.source import read_source
from assistant.settings import Settings
from assistant.types import Document, Policy
from assistant.web.headers import SecurityHeaders
from assistant.web.pages import STATIC
from assistant.web.reader.routes import router
from assistant.web.site import Site

if TYPE_CHECKING:
    from assistant.ask import Assistant
    from assistant.feedback.store import FeedbackStore

MAX_BYTES = 50 << 20


def read(folder: Path, name: str, text: str, **known: str) -> Document:
    """A document of `text` under the name of a file; what is `known` of its policy goes before what the text says."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    document = parse(read_source(path, MAX_BYTES))
    return replace(document, policy=replace(document.policy, **known))  # type: ignore[arg-type]


class Library:
    """Documents as the assistant gives them."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self.known: Mapping[str, Document] = {document.policy.id: document for document in documents}

    def policies(self) -> tuple[Policy, ...]:
        return tuple(document.policy for document in self.known.values())

    def document(self, policy: str) -> Document:
        if policy not in self.known:
            raise QuestionError(f"There is no policy {policy!r}.")
        return self.known[policy]


def build(documents: Iterable[Document], root: str = "") -> FastAPI:
    """An application of the reader alone, below `root` where one is given."""
    library = cast("Assistant", Library(documents))
    site = Site(lambda: library, Settings(), cast("FeedbackStore", None), anyio.CapacityLimiter(4))
    app = FastAPI(openapi_url=None)
    app.include_router(router(site))
    app.mount("/ui", StaticFiles(directory=STATIC))
    app.add_middleware(SecurityHeaders)
    if not root:
        return app
    outer = FastAPI(openapi_url=None)
    outer.mount(root, app)
    return outer
