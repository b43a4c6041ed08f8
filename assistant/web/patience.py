"""How long the server waits for a client: one that sends or reads too slowly is let go, so that others find room.

uvicorn waits without end for the head and the body of a request, and for a client to read its answer.
"""

from __future__ import annotations

import asyncio
from typing import cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, to clients who make progress.

    A request has to be there whole in time, from its first byte or from the start of the connection. Of an answer that
    lies ready something has to be read in time. A stream that waits for news costs nothing and may stay.
    """

    # Seconds for a request, and for some of an answer to be read.
    patience = 30.0
    # Seconds between two looks.
    every = 2.0

    _look: asyncio.TimerHandle | None = None
    # What was waited for at the last look, and since when without any progress.
    _awaited: tuple[object, int] | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has come."""
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        if self._look:
            self._look.cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Looks again and again whether the client makes progress, and lets it go where it does not."""
        awaited = self._waiting_for()
        now = self.loop.time()
        last, self._awaited = self._awaited, awaited
        if awaited is None or last is None or awaited[0] is not last[0] or awaited[1] < last[1]:
            self._since = now
        elif now - self._since >= self.patience:
            self.transport.abort()
            return
        self._look = self.loop.call_later(self.every, self._watch)

    def _waiting_for(self) -> tuple[object, int] | None:
        """What only the client can do, and how much of it: read on, or send a request; None where it is our turn."""
        unread = cast("asyncio.WriteTransport", self.transport).get_write_buffer_size()
        if unread:
            return self.transport, unread
        # Between two requests uvicorn has a time of its own.
        between = self.cycle is not None and self.cycle.response_complete and not self.conn.trailing_data[0]
        if self.conn.their_state is h11.SEND_BODY or (self.conn.their_state is h11.IDLE and not between):
            return self.cycle, 0
        return None
