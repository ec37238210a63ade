"""CORS for EHRs that run in the browser: an allow-list of origins, on every answer, errors included (C156-C158).

It stands outermost, so answers of other middleware and of the last resort carry the headers too. Credentials in the
sense of CORS (cookies) are never allowed: a token is a header that the page itself sets.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = "GET, POST"
REQUEST_HEADERS = "authorization, content-type"
SHOWN_HEADERS = "X-Correlation-Id, ETag, Retry-After, WWW-Authenticate"
SECONDS = 600
"""A browser asks again after so long."""


class Origins:
    """ASGI middleware. An origin is allowed only as it stands in the settings: no patterns, nothing reflected."""

    def __init__(self, app: ASGIApp, allowed: Iterable[str] = ()) -> None:
        self._app, self._allowed = app, frozenset(allowed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on with the headers added; a preflight is answered here."""
        if scope["type"] != "http" or not self._allowed:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        allowed = origin if origin in self._allowed else None
        if scope["method"] == "OPTIONS" and origin is not None and "access-control-request-method" in headers:
            await _preflight(allowed, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                answer.add_vary_header("Origin")
                if allowed is not None:
                    answer["Access-Control-Allow-Origin"] = allowed
                    answer["Access-Control-Expose-Headers"] = SHOWN_HEADERS
            await send(message)

        await self._app(scope, receive, sending)


async def _preflight(allowed: str | None, send: Send) -> None:
    """The same for every path, with or without a token: a preflight never has one."""
    answer = MutableHeaders()
    answer["Vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    if allowed is not None:
        answer["Access-Control-Allow-Origin"] = allowed
        answer["Access-Control-Allow-Methods"] = METHODS
        answer["Access-Control-Allow-Headers"] = REQUEST_HEADERS
        answer["Access-Control-Max-Age"] = str(SECONDS)
    await send({"type": "http.response.start", "status": 204, "headers": answer.raw})
    await send({"type": "http.response.body", "body": b""})
