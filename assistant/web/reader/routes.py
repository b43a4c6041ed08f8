"""Routes of the reader."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.web.site import Site


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    return APIRouter()
