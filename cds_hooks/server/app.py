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

from spmwatch.cds_hooks.server.calls import answer_call, public_url
from spmwatch.cds_hooks.server.correlation import Correlation
from spmwatch.cds_hooks.server.openapi import ANSWERS, DISCOVERY, REQUEST_BODY, describe_requests
from spmwatch.cds_hooks.server.replies import JSON, http_fault, refusal_reply
from spmwatch.cds_hooks.server.service import Service, warm_up
from spmwatch.cds_hooks.wire.discovery import CDS_HOOKS_VERSION, discovery_bytes
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.version import version


def create_app(service: Service) -> FastAPI:
    """The service as an ASGI application.

    Run it with uvicorn's access log off: paths are what clients type, and so are not ours to log.
    """
    app = FastAPI(
        title="spmwatch",
        version=version(),
        summary=f"CDS Hooks {CDS_HOOKS_VERSION}: second-cancer surveillance in multiple myeloma",
        lifespan=_lifespan(service),
        redirect_slashes=False,
    )
    app.state.service = service
    app.add_middleware(Correlation)
    app.add_exception_handler(HTTPException, http_fault)
    _add_discovery(app, service)
    _add_services(app, service)
    describe_requests(app)
    return app


def _lifespan(service: Service) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Warm before the first request; what was loaded is taken from the garbage collector, whose sweeps are slow."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(service.evaluations, warm_up, service.rules.current)
        gc.collect()
        gc.freeze()
        yield
        gc.unfreeze()
        service.evaluations.shutdown()
        service.memory.close()

    return lifespan


def _add_discovery(app: FastAPI, service: Service) -> None:
    body, tag = discovery_bytes()
    headers = {"ETag": tag, "Cache-Control": "no-cache"}

    async def discover(request: Request) -> Response:
        """Which services there are, and which data each wants beforehand."""
        try:
            await service.authenticator.client_of(request.headers.get("authorization"), public_url(service, request))
        except RequestError as refusal:
            return refusal_reply(refusal)
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=JSON, headers=headers)

    app.add_api_route("/cds-services", discover, methods=["GET"], responses=DISCOVERY)
    app.add_api_route("/cds-services/", discover, methods=["GET"], include_in_schema=False)


def _add_services(app: FastAPI, service: Service) -> None:
    async def call(service_id: str, request: Request) -> Response:
        """The cards for one patient at one moment of work."""
        return await answer_call(service, service_id, request)

    path = "/cds-services/{service_id}"
    app.add_api_route(path, call, methods=["POST"], responses=ANSWERS, openapi_extra=REQUEST_BODY)
    app.add_api_route(f"{path}/", call, methods=["POST"], include_in_schema=False)
