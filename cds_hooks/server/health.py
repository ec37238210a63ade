"""Pages for machines that look after the service: is it alive, is it ready, what has it counted.

They ask for no token and tell nothing that a stranger may not know: words of ours, versions, counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from spmwatch.cds_hooks.server.correlation import Correlation
from spmwatch.cds_hooks.server.replies import http_fault, json_reply
from spmwatch.cds_hooks.store.decision import Json

if TYPE_CHECKING:
    from spmwatch.cds_hooks.server.service import Service

Probe = Callable[[], Awaitable[str | None]]
"""Is a part ready? None, or in plain words what is wrong: without addresses, names of files, or anything secret."""

READY = "ready"
SPARED = ("store",)
"""Parts without which advice is still given: were the service not ready, all advice would be lost with its memory."""


def add_routes(app: FastAPI, service: Service) -> None:
    """`/healthz`, `/readyz`, `/metrics`: beside the services, unless they have an address of their own."""
    if service.limits.watch_address is None:
        _add_pages(app, service)


def watch_app(service: Service) -> FastAPI:
    """The three pages alone, for an address of their own."""
    app = FastAPI(title="spmwatch, watched", openapi_url=None, redirect_slashes=False)
    app.add_middleware(Correlation, service=service)
    app.add_exception_handler(HTTPException, http_fault)
    _add_pages(app, service)
    return app


def _add_pages(app: FastAPI, service: Service) -> None:

    async def alive(_: Request) -> Response:
        """The process answers."""
        return json_reply(200, {"status": "alive"})

    async def ready(_: Request) -> Response:
        """May requests be sent here? 503 names the part that is not ready."""
        parts = await _parts(service)
        is_ready = all(part["status"] == READY for name, part in parts.items() if name not in SPARED)
        body: Json = {"status": READY if is_ready else "not ready", "parts": parts}
        return json_reply(200 if is_ready else 503, body)

    async def metrics(_: Request) -> Response:
        """Counts for Prometheus."""
        exposition = service.watch.exposition()
        if exposition is None:
            return json_reply(404, {"status": "metrics are switched off"})
        content, media_type = exposition
        return Response(content, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    app.add_api_route("/healthz", alive, methods=["GET"], tags=["operation"])
    app.add_api_route("/readyz", ready, methods=["GET"], tags=["operation"], responses={503: {}})
    app.add_api_route("/metrics", metrics, methods=["GET"], tags=["operation"])


async def _parts(service: Service) -> dict[str, dict[str, object]]:
    identity = service.rules.current.identity
    parts: dict[str, dict[str, object]] = {
        "rules": {
            "status": READY if service.warm else "not warm yet",
            "version": identity.version,
            "digest": identity.digest,
            "overlays": list(identity.overlays),
        }
    }
    if service.draining:
        parts["process"] = {"status": "ending"}
    for name, probe in service.probes.items():
        parts[name] = {"status": await _told(probe) or READY}
    return parts


async def _told(probe: Probe) -> str | None:
    try:
        return await probe()
    except Exception as error:  # noqa: BLE001 - a part that cannot even be asked is not ready
        return f"failed ({type(error).__name__})"
