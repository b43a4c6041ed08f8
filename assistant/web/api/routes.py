"""Routes of the API."""

from __future__ import annotations

from fastapi import APIRouter

from assistant.web.site import Site


def router(site: Site) -> APIRouter:
    """The routes over `site`."""
    routes = APIRouter()

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        """Whether the server answers."""
        return {"status": "ok"}

    return routes
