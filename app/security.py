"""Headers that every answer carries: nothing but our own files may run in the page, and no other page may frame it.

One address is an exception: `/mturk`, which Mechanical Turk shows in a frame, and whose form posts a code back there.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import get_settings

MTURK = "https://worker.mturk.com https://www.mturk.com https://workersandbox.mturk.com"


def _policy(*, frame_ancestors: str, form_action: str) -> str:
    return "; ".join(
        (
            "default-src 'self'",
            "style-src 'self' 'unsafe-inline'",  # the component library sets its colours by a style element
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            f"form-action {form_action}",
            f"frame-ancestors {frame_ancestors}",
        )
    )


HEADERS = {
    "Content-Security-Policy": _policy(frame_ancestors="'none'", form_action="'self'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# X-Frame-Options cannot name whom it allows, so there the policy says it alone.
IN_MTURKS_FRAME = {name: value for name, value in HEADERS.items() if name != "X-Frame-Options"} | {
    "Content-Security-Policy": _policy(frame_ancestors=MTURK, form_action=f"'self' {MTURK}")
}


class SecurityHeaders:
    """Plain ASGI, so that a stream passes through untouched and its end is seen."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.transport = {"Strict-Transport-Security": "max-age=31536000"} if get_settings().cookie_secure else {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                usual = IN_MTURKS_FRAME if scope["path"] == "/mturk" else HEADERS
                for name, value in (usual | self.transport).items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)
