"""The HTTP service: FastAPI round the pure path of answer.py. The clock is read here, nowhere else in this package.

A request's bytes go straight to `respond`; no framework model stands between, because the framework's JSON is not
strict (C056) and its validation errors repeat what was sent. Evaluations run one after the other on one thread of their
own, so the event loop stays free for discovery and for bodies still arriving, and one thread only enters the network.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from functools import partial

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from spmwatch.cds_hooks.answer import HookAnswer, respond, unknown_service
from spmwatch.cds_hooks.server.correlation import Correlation
from spmwatch.cds_hooks.server.openapi import ANSWERS, DISCOVERY, REQUEST_BODY, describe_requests
from spmwatch.cds_hooks.wire import strict_json
from spmwatch.cds_hooks.wire.discovery import CDS_HOOKS_VERSION, SERVICES, discovery_bytes
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError, operation_outcome
from spmwatch.engine.catalogue.card_policy import check_rules
from spmwatch.engine.catalogue.load import RuleBase, load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord

JSON = "application/json"
DRAINED = 4
"""A body that is too long is still read, and thrown away, up to so many times the limit: so the client sees the 413."""


def create_app(rule_base: RuleBase | None = None, *, clock: Callable[[], date] = date.today) -> FastAPI:
    """The service as an ASGI application.

    Run it with uvicorn's access log off: paths are what clients type, and so are not ours to log.

    Args:
        rule_base: the rules; None takes the shipped ones. Faulty ones raise RuleFileError here, before anything serves;
            so does a merge policy that names a rule which is not among them.
        clock: today, for `as_of`.
    """
    rules = rule_base or load_rule_base()
    check_rules(rules.card_policy, {rule.id for rule in rules.all_rules})
    evaluator = Evaluator(rules)
    app = FastAPI(
        title="spmwatch",
        version="0.1.0",
        summary=f"CDS Hooks {CDS_HOOKS_VERSION}: second-cancer surveillance in multiple myeloma",
        lifespan=_lifespan(evaluator),
        redirect_slashes=False,
    )
    app.add_middleware(Correlation)
    app.add_exception_handler(HTTPException, _http_fault)
    _add_discovery(app)
    _add_services(app, evaluator, clock)
    describe_requests(app)
    return app


def _lifespan(evaluator: Evaluator) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """One thread for evaluations, warm; what was loaded is taken from the garbage collector, whose sweeps are slow."""

    def warm_up() -> None:
        for service in SERVICES.values():  # compiles the rules of each hook
            evaluator.evaluate(PatientRecord(id="warm-up"), as_of=date(2000, 1, 1), hook=service.hook)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="evaluate") as executor:
            app.state.executor = executor
            await asyncio.get_running_loop().run_in_executor(executor, warm_up)
            gc.collect()
            gc.freeze()
            yield
            gc.unfreeze()

    return lifespan


def _add_discovery(app: FastAPI) -> None:
    body, tag = discovery_bytes()
    headers = {"ETag": tag, "Cache-Control": "no-cache"}

    async def discover(request: Request) -> Response:
        """Which services there are, and which data each wants beforehand."""
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=JSON, headers=headers)

    app.add_api_route("/cds-services", discover, methods=["GET"], responses=DISCOVERY)
    app.add_api_route("/cds-services/", discover, methods=["GET"], include_in_schema=False)


def _add_services(app: FastAPI, evaluator: Evaluator, clock: Callable[[], date]) -> None:
    async def call(service_id: str, request: Request) -> Response:
        """The cards for one patient at one moment of work."""
        try:
            if service_id not in SERVICES:
                raise unknown_service()
            _check_media_type(request)
            body = await _read_body(request)
        except RequestError as refusal:
            return _response(HookAnswer(status=refusal.status, body=operation_outcome(refusal.issues)))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        work = partial(respond, body, as_of=clock(), service_id=service_id, evaluator=evaluator)
        answer = await asyncio.get_running_loop().run_in_executor(request.app.state.executor, work)
        request.state.told = f"service={service_id} cards={_count(answer)}"
        return _response(answer)

    path = "/cds-services/{service_id}"
    app.add_api_route(path, call, methods=["POST"], responses=ANSWERS, openapi_extra=REQUEST_BODY)
    app.add_api_route(f"{path}/", call, methods=["POST"], include_in_schema=False)


def _count(answer: HookAnswer) -> int:
    cards = answer.body.get("cards")
    return len(cards) if isinstance(cards, list) else 0


def _check_media_type(request: Request) -> None:
    """Raise RequestError (415) for anything but JSON in UTF-8, sent as it is."""
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != JSON:
        raise RequestError(415, Issue(code="not-supported", says=f"Send the request with Content-Type: {JSON}"))
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise RequestError(415, Issue(code="not-supported", says="Send the request in UTF-8"))
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise RequestError(415, Issue(code="not-supported", says="Send the request without Content-Encoding"))


async def _read_body(request: Request) -> bytes:
    """The whole body. Raises RequestError (413) when it is too long; no more than the limit is ever held."""
    most = strict_json.MOST_BYTES
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > DRAINED * most:
        raise strict_json.too_long(most)
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length <= most:
            chunks.append(chunk)
        elif length > DRAINED * most:
            break
    if length > most:
        raise strict_json.too_long(most)
    return b"".join(chunks)


def _response(answer: HookAnswer) -> Response:
    return Response(
        orjson.dumps(answer.body),
        status_code=answer.status,
        media_type=JSON,
        headers={"Cache-Control": "no-store"},
    )


_FAULTS = {404: ("not-found", "There is nothing here"), 405: ("not-supported", "This method is not taken here")}


async def _http_fault(_: Request, fault: Exception) -> Response:
    """What the framework refuses by itself (404, 405), as an OperationOutcome."""
    assert isinstance(fault, HTTPException)
    code, says = _FAULTS.get(fault.status_code, ("processing", "The request cannot be taken"))
    response = _response(HookAnswer(status=fault.status_code, body=operation_outcome([Issue(code=code, says=says)])))
    response.headers.update(fault.headers or {})
    return response
