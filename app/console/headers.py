"""What every answer says to the browser: run nothing of anybody else's, show it in no frame, guess no types.

The policy allows no inline script and no inline style, so that text out of a CRM which slips through as markup can do
nothing. Set on every answer, also on failures, unless the endpoint set the header itself.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know frame-ancestors
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # pages hold personal values; files with an address of their own say otherwise
}
ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}


class Headers:
    """Adds them to every answer of the app it wraps. `https`: whether people reach us by it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        """Wrap an app."""
        self.app = app
        self.said = HEADERS | (ONLY_HTTPS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and add the headers when the answer begins."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.said.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, answering)
