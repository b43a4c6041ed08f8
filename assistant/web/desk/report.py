"""The report as a page: only behind a login, for questions and notes of people may stand in it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse

from assistant.errors import FeedbackError
from assistant.feedback.gaps import gaps
from assistant.feedback.report import NOTES, period_text, report_tables
from assistant.web.pages import page
from assistant.web.site import Site

# What an address may ask for, and what a person reads.
PERIODS: Mapping[str, str] = {"7": "7 days", "30": "30 days", "": "Everything that is kept"}
_FRESH = {"cache-control": "no-store"}
_OPEN = (
    "Questions and notes of people may stand in the report, so it is shown behind a login alone. "
    "“python -m assistant password NAME” prints what ASSISTANT_AGENTS_LOGIN is set to."
)
_BROKEN = "The file of votes cannot be used just now; the log of the server says why."
_LOG = logging.getLogger(__name__)


async def report_page(request: Request, site: Site, days: str) -> HTMLResponse:
    """The report of the newest days.

    Args:
        request: what is answered.
        site: whose feedback it is.
        days: one of `PERIODS`; anything else is all days.
    """
    if not site.settings.agents_login:
        return page(request, "told.html", status=403, headers=_FRESH, heading="Set a login first", sentence=_OPEN)
    days = days if days in PERIODS else ""
    try:
        found = await anyio.to_thread.run_sync(lambda: gaps(site.feedback, int(days) if days else None))
    except FeedbackError as error:
        _LOG.error("%s", error)
        return page(request, "told.html", status=500, headers=_FRESH, heading="No report", sentence=_BROKEN)
    return page(
        request,
        "desk/report.html",
        headers=_FRESH,
        days=days,
        periods=PERIODS,
        period=period_text(found),
        gaps=found,
        tables=report_tables(found),
        notes=NOTES,
        stores_questions=site.settings.store_questions,
    )
