"""Runs the web application: who is asked for what, and how it ends."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from assistant.web.log import start_log
from assistant.web.patience import PatientProtocol

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.settings import Settings


class Server(uvicorn.Server):
    """Finishes the answers in hand when it is stopped, and lets those go who only keep a connection open."""

    def __init__(self, config: uvicorn.Config, let_go: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = let_go

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stops listening and waits for what is in hand, no longer than the settings say."""
        self._let_go()
        await super().shutdown(sockets)


def run(app: FastAPI, settings: Settings) -> None:
    """Listens until the process is told to stop.

    Args:
        app: what answers; its `state.closing` is set when the end begins, for connections that nobody waits for.
        settings: where to listen, below which path, whom to believe about clients, what to log.
    """
    start_log(settings.log)
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        host=settings.host,
        port=settings.port,
        root_path=settings.root_path,
        forwarded_allow_ips=settings.trusted_proxies.split(),
        timeout_graceful_shutdown=settings.grace_seconds,
        log_config=None,
        access_log=False,
        server_header=False,
    )
    # Ctrl+C has ended what was in hand already.
    with contextlib.suppress(KeyboardInterrupt):
        Server(config, app.state.closing.set).run()
