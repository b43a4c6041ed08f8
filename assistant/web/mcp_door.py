"""What of Gradio's MCP server reaches the network: one message each way, and no word to pages of other sites."""

from __future__ import annotations

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.errors import QuestionError
from assistant.web.posted import again, plain, whole

# Source: JSON-RPC 2.0 Specification, section 5.1.
_PARSE_ERROR = -32700


class McpDoor:
    """ASGI application around Gradio's, for its address of MCP alone.

    Gradio's own page there, and what older clients listened to, stay closed. Who may come in, by host and origin, is
    checked behind this.
    """

    def __init__(self, gradio: ASGIApp) -> None:
        self._gradio = gradio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one message."""

        async def unshared(message: Message) -> None:
            # Gradio lets every site read what it answers.
            if message["type"] == "http.response.start":
                headers = message["headers"]
                message["headers"] = [each for each in headers if not each[0].startswith(b"access-control-")]
            await send(message)

        try:
            body = plain(await whole(receive))
        except QuestionError as error:
            form = {"jsonrpc": "2.0", "id": None, "error": {"code": _PARSE_ERROR, "message": str(error)}}
            await Response(orjson.dumps(form), 400, media_type="application/json")(scope, receive, send)
            return
        known, given = again(scope, body, receive)
        await self._gradio({**known, "path": scope["path"].rstrip("/") + "/"}, given, unshared)
