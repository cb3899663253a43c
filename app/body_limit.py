"""No body is larger than a megabyte. Said here and not by FastAPI's `max_body_size`, whose refusal is plain text."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem

LARGEST_BODY = 1 << 20  # bytes
TOO_LARGE = "This is more than a megabyte; nothing was stored. Please send less."


class BodyLimit:
    """Plain ASGI: refuses at once what says its length, and in the middle what does not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        if length.isdecimal() and int(length) > LARGEST_BODY:
            await problem(413, "request-entity-too-large", TOO_LARGE)(scope, receive, send)
            return
        received = 0

        async def limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self.app(scope, limited, send)
