"""The HTTP service: FastAPI round the pure path of answer.py.

Here the routes of all concerns come together, and nothing else. The clock is read in `Service`, nowhere else in this
package.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from spmwatch.cds_hooks.pages import routes as pages
from spmwatch.cds_hooks.server import feedback, health
from spmwatch.cds_hooks.server.calls import ADDRESSES, ROUTE, Calls, public_url
from spmwatch.cds_hooks.server.correlation import Correlation
from spmwatch.cds_hooks.server.openapi import ANSWERS, DISCOVERY, REQUEST_BODY, describe_requests
from spmwatch.cds_hooks.server.replies import JSON, refusal_reply
from spmwatch.cds_hooks.server.service import Service, warm_up
from spmwatch.cds_hooks.trust.origins import Origins
from spmwatch.cds_hooks.wire.discovery import CDS_HOOKS_VERSION, discovery_bytes
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.version import version

SELDOM = (50_000, 20, 50)
"""Garbage collector's thresholds: a request leaves no cycles to speak of, and a sweep in the midst of one is felt."""


SWEEP_SECONDS = 10


class _Application(FastAPI):
    """FastAPI for everything but calls of services that there are: these need none of its layers, nor its routes.

    Attributes:
        calls: answers them; the last resort for faults of ours is in it.
    """

    calls: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one exchange."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in ADDRESSES:
            await self.calls(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(service: Service) -> FastAPI:
    """The service as an ASGI application.

    Run it with uvicorn's access log off: paths are what clients type, and so are not ours to log.
    """
    app = _Application(
        title="spmwatch",
        version=version(),
        summary=f"CDS Hooks {CDS_HOOKS_VERSION}: second-cancer surveillance in multiple myeloma",
        lifespan=_lifespan(service),
        redirect_slashes=False,
        docs_url=None,  # pages/ has one that needs no internet
        redoc_url=None,
    )
    app.state.service = service
    app.calls = Origins(Correlation(Calls(service), service), service.origins)
    app.add_middleware(Correlation, service=service)
    app.add_middleware(
        Origins, allowed=service.origins
    )  # the last one added is outermost: errors carry its headers too
    app.add_exception_handler(HTTPException, pages.fault)
    _add_discovery(app, service)
    _add_services(app, service)
    health.add_routes(app, service)
    feedback.add_routes(app, service)
    pages.add_routes(app, service)
    describe_requests(app)
    return app


def _lifespan(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Warm before the first request; what was loaded is taken from the garbage collector, whose sweeps are slow."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        warm_up(service.rules.current)
        gc.collect()
        gc.freeze()
        usual = gc.get_threshold()
        gc.set_threshold(*SELDOM)
        service.warm = True
        sweeping = asyncio.create_task(_sweep(service))
        yield
        service.warm = False
        sweeping.cancel()
        service.charts.clear()
        gc.set_threshold(*usual)
        gc.unfreeze()
        await service.fhir.aclose()
        service.evaluations.shutdown()
        service.memory.close()
        service.watch.close()

    return lifespan


async def _sweep(service: Service) -> None:
    """Charts go when their time is over, also where nobody asks any more."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        service.charts.sweep()


def _add_discovery(app: FastAPI, service: Service) -> None:
    async def discover(request: Request) -> Response:
        """Which services there are, and which data each wants beforehand."""
        try:
            await service.authenticator.client_of(request.headers.get("authorization"), public_url(service, request))
        except RequestError as refusal:
            return refusal_reply(refusal)
        body, tag = discovery_bytes(service.rules.current.rule_base.service_texts)
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=JSON, headers=headers)

    app.add_api_route("/cds-services", discover, methods=["GET"], responses=DISCOVERY, tags=["CDS Hooks"])
    app.add_api_route("/cds-services/", discover, methods=["GET"], include_in_schema=False)


def _add_services(app: FastAPI, service: Service) -> None:
    async def call(service_id: str) -> None:
        """The cards for one patient at one moment of work."""
        raise AssertionError(service_id)  # the routes above answer; this one stands in the OpenAPI document

    for spelled in (ROUTE, f"{ROUTE}/"):
        app.router.routes.append(Route(spelled, Calls(service), methods=["POST"], include_in_schema=False))
    app.add_api_route(ROUTE, call, methods=["POST"], responses=ANSWERS, openapi_extra=REQUEST_BODY, tags=["CDS Hooks"])
