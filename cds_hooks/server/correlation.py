"""The outermost edge: an id for each exchange, a log line without patient data, the last resort for faults of ours."""

from __future__ import annotations

import logging
import time
import traceback
import uuid

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spmwatch.cds_hooks.wire.refusal import Issue, operation_outcome

_log = logging.getLogger("spmwatch.cds_hooks")

HEADER = "X-Correlation-Id"


class Correlation:
    """ASGI middleware. The id is ours, new for each exchange: what a client sends may hold anything.

    The log line has the id, the method, the status, the time taken and, where a service answered, its id and how many
    cards. Paths, queries, headers and bodies are never logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_, started, status = str(uuid.uuid4()), time.perf_counter(), 0
        scope.setdefault("state", {})["correlation"] = id_

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = id_
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the outermost edge: told by type and place, its text could hold patient data
            _log.error("correlation=%s fault=%s at=%s", id_, type(error).__name__, _place(error))
            if status:
                raise
            await _internal_fault(sending)
        milliseconds = (time.perf_counter() - started) * 1000
        told = scope["state"].get("told", "service=-")
        _log.info("correlation=%s method=%s status=%d ms=%.1f %s", id_, scope["method"], status, milliseconds, told)


def _place(error: Exception) -> str:
    """Where an exception came from, innermost last, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in frames[-6:])


async def _internal_fault(send: Send) -> None:
    says = f"The service failed; its operator finds the cause under the {HEADER} of this answer"
    body = orjson.dumps(operation_outcome([Issue(code="exception", says=says)]))
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
