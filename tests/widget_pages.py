"""Pages of another origin with the widget in them, and a server of the widget whose answers a test chooses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, JSONResponse, Response
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

from assistant.errors import QuestionError
from assistant.settings import Settings
from assistant.types import Confidence
from assistant.web.api.forms import answer_cards
from assistant.web.headers import SecurityHeaders
from assistant.web.pages import STATIC
from assistant.web.site import Site
from assistant.web.widget.routes import router
from tests.web_fixtures import RUSSIAN, StubAssistant, answer, citation

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
_ANY = re.compile(".")

# Markup of every kind that a page could act on, and white space that must stay.
HOSTILE = (
    "4. </blockquote></div><script>window.hit = 1</script><img src=x onerror='window.hit = 2'> "
    "<svg onload=window.hit=3> {{7*7}} ${window.hit = 4} &lt;b&gt; \" ' \N{RIGHT-TO-LEFT OVERRIDE}abc"
    "\N{POP DIRECTIONAL FORMATTING} \N{GRINNING FACE} end\n\n  * item\tcell"
)
KEPT = citation("We keep it for a year.", clause="4.1", path=("4 Keeping", "4.1 How long"), marked=["for a year"])
NEAR = citation("We tell nobody.", clause="7", path=("7 Silence",))
BEFORE = "We keep every byte of it for reasons of our own. "
DEEP = citation(
    BEFORE * 40 + "After ten years it is deleted. " + BEFORE * 40, marked=["After ten years it is deleted."]
)
ODD = citation(HOSTILE, clause="4", path=(HOSTILE, f"4 {HOSTILE}"), marked=["<script>", "end\n\n  * item"])


def _refuse() -> Any:
    raise QuestionError("That question cannot be asked; try another.")


def stub() -> StubAssistant:
    """An assistant with an answer of every kind."""
    return StubAssistant(
        {
            "kept?": lambda: answer("kept?", KEPT, related=[NEAR]),
            "and why?": lambda: answer("and why?", citation("Because."), confidence=Confidence.LIKELY),
            "sold?": lambda: answer("sold?", related=[NEAR, KEPT]),
            "pizza": lambda: answer("pizza", off_topic=True),
            "long": lambda: answer("long", DEEP),
            "odd": lambda: answer("odd", ODD, related=[ODD]),
            "данные": lambda: answer("данные", citation("Мы храним ваши данные.", policy=RUSSIAN, page=2)),
            "many": lambda: answer("many", *(replace(KEPT, number=at) for at in range(1, 6))),
            "refuse": _refuse,
        },
        suggested=["kept?", "sold?", "Which cookies are set, and for how long are they kept in my browser?"],
    )


@dataclass
class Api:
    """The routes of the API that the widget uses, as its contract says, and what they were sent."""

    assistant: StubAssistant = field(default_factory=stub)
    asked: list[dict[str, Any]] = field(default_factory=list)
    votes: list[dict[str, Any]] = field(default_factory=list)
    suggested_for: list[list[str]] = field(default_factory=list)
    # What is answered instead of the next answers, one each.
    instead: list[Callable[[], Response]] = field(default_factory=list)

    def problem(self, status: int, code: str, detail: str) -> None:
        """Lets the next request fail."""
        form = {"type": "about:blank", "title": "Problem", "status": status, "detail": detail, "code": code}
        self.instead.append(lambda: JSONResponse(form, status, media_type="application/problem+json"))

    def app(self, settings: Settings | None = None) -> FastAPI:
        """The server, with the widget's own routes."""
        settings = settings or Settings()
        app = FastAPI()
        site = Site(lambda: self.assistant, settings, None, anyio.CapacityLimiter(4))  # type: ignore[arg-type]
        app.include_router(router(site))
        app.post("/api/ask", response_model=None)(self._ask)
        app.get("/api/suggestions", response_model=None)(self._suggestions)
        app.post("/api/feedback", response_model=None)(self._feedback)
        app.mount("/ui", StaticFiles(directory=STATIC))
        app.add_middleware(SecurityHeaders, frame_ancestors=settings.frame_ancestors)
        app.add_middleware(
            CORSMiddleware, allow_origins="*", allow_methods=["GET", "POST"], allow_headers=["content-type"]
        )
        return app

    async def _ask(self, body: dict[str, Any]) -> Response:
        self.asked.append(body)
        if self.instead:
            return self.instead.pop(0)()
        try:
            found = self.assistant.ask(body["question"], body["policies"], body["history"])
        except QuestionError as error:
            form = {"status": 422, "detail": str(error), "code": "invalid_request"}
            return JSONResponse(form, 422, media_type="application/problem+json")
        suggestions = self.assistant.suggestions() if str(found.status) == "off_topic" else ()
        return JSONResponse(answer_cards(found, suggestions))

    async def _suggestions(self, policy: str = "", count: int = 4) -> Response:
        self.suggested_for.append(policy.split())
        return JSONResponse({"questions": self.assistant.suggestions(None, count)})

    async def _feedback(self, body: dict[str, Any]) -> Response:
        if self.instead:
            return self.instead.pop(0)()
        self.votes.append(body)
        return Response(status_code=204)


@dataclass
class Hosts:
    """Another site: its pages by path, each with the headers that it is sent with."""

    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/{path:path}")
        def page(path: str) -> Response:
            html, headers = self.pages.get(path, ("<!doctype html><html lang=en><title>None</title>", {}))
            return HTMLResponse(html, headers=headers)

        return app


def strict(origin: str) -> str:
    """The tightest policy that a page with the widget can have; docs/widget.md gives the same."""
    return f"default-src 'none'; script-src {origin}; style-src {origin}; connect-src {origin}; base-uri 'none'"


class Widget:
    """The widget in a page, as a person uses it."""

    def __init__(self, page: Page, at: int = 0) -> None:
        self.page = page
        self.host = page.locator("policy-widget").nth(at)
        self.launcher = self.host.locator("button").first
        self.panel = self.host.locator(".panel")
        self.box = self.panel.locator("#question")
        self.turns = self.panel.locator(".turn")
        self.said = self.panel.locator("[role=status]")

    def open(self) -> Widget:
        """Presses the launcher and waits for the panel."""
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    def ask(self, question: str) -> Locator:
        """Types and sends a question; its turn, once it is answered or refused."""
        before = self.turns.count()
        self.box.fill(question)
        self.box.press("Enter")
        turn = self.turns.nth(before)
        expect(turn).to_have_attribute("data-status", "error" if question == "refuse" else _ANY)
        return turn


def tag(url: str, **attributes: str) -> str:
    """The one line, with data- attributes."""
    data = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<script src="{url}/widget.js"{data} async></script>'


def page_of(*body: str, lang: str = "en", head: str = "", html: str = "") -> str:
    """A page of another site."""
    meta = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html><html lang="{lang}" {html}><head>{meta}<title>A shop</title>{head}</head>'
        f"<body><h1>A shop</h1><p><button id=before>Before</button></p>{''.join(body)}</body></html>"
    )


def fresh(browser: Browser, **options: object) -> BrowserContext:
    """A new profile."""
    return browser.new_context(**({"viewport": DESKTOP, "reduced_motion": "reduce", "locale": "en-GB"} | options))  # type: ignore[arg-type]
