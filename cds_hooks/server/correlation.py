"""The outermost edge: an id for each exchange, a log line without patient data, the last resort for faults of ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final  # structlog's loggers are wrapped by what is configured

import orjson
import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spmwatch.cds_hooks.ids import new_id
from spmwatch.cds_hooks.server.logs import place_of
from spmwatch.cds_hooks.wire.refusal import Issue, operation_outcome

if TYPE_CHECKING:
    from spmwatch.cds_hooks.server.service import Service

HEADER = "X-Correlation-Id"
_HEADER = HEADER.lower().encode()
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Correlation:
    """ASGI middleware. The id is ours, new for each exchange: what a client sends may hold anything.

    The log line has the id, the method, the route as it stands in the code (never the path), the status, the time
    taken, and what the route has put into `state["told"]`. Paths, queries, headers and bodies are never logged; of the
    ids in a request neither is `hookInstance`, which is the client's to fill: the store keeps it beside our id.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the exchange on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        id_, started, status = new_id(), time.perf_counter(), 0
        state: dict[str, Any] = scope.setdefault("state", {})
        state["correlation"] = id_
        structlog.contextvars.bind_contextvars(correlation=id_)  # for what is logged meanwhile

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, id_.encode())]
                if self._service.draining:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # the outermost edge: told by type and place, its text could hold patient data
            _log().error("fault", correlation=id_, fault=type(error).__name__, at=place_of(error))
            if status:
                raise
            await _internal_fault(sending)
        _log().info(
            "exchange",
            correlation=id_,
            method=scope["method"] if scope["method"] in _METHODS else "-",
            route=state.get("route") or getattr(scope.get("route"), "path", "-"),
            status=status,
            ms=round((time.perf_counter() - started) * 1000, 2),
            **state.get("told", {}),
        )


def _log() -> Any:  # noqa: ANN401 - see the import
    return structlog.get_logger()


async def _internal_fault(send: Send) -> None:
    says = f"The service failed; its operator finds the cause under the {HEADER} of this answer"
    body = orjson.dumps(operation_outcome([Issue(code="exception", says=says)]))
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
