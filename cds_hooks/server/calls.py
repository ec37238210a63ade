"""One call of a service, in order: room for it, who calls, the bytes, what prefetch lacks, the evaluation, the record.

A request's bytes go straight to our own parser; no framework model stands between, because the framework's JSON is not
strict (C056) and its validation errors repeat what was sent. Parsing and evaluating take turns (turns.py): short
requests on the event loop itself, long ones on a thread, so that health checks and bodies still arriving are served.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from fastapi import Request as HttpRequest
from fastapi import Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from spmwatch.cds_hooks.answer import HookAnswer, conclude, gather, parse_request, unknown_service
from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.server.bodies import check_media_type, received
from spmwatch.cds_hooks.server.replies import json_reply, refusal_reply
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.server.turns import COME_BACK_SECONDS, OverloadError
from spmwatch.cds_hooks.store.decision import Decision, Json
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import Request
from spmwatch.engine.evaluate import Evaluator

T = TypeVar("T")
ROUTE = "/cds-services/{service_id}"
ADDRESSES: Mapping[str, str] = {ROUTE.format(service_id=id_): id_ for id_ in SERVICES}
"""Path of each service -> its id."""


class Calls:
    """ASGI application for `POST /cds-services/{service_id}`: without a framework's injection, which costs as much."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        http = HttpRequest(scope, receive, send)
        http.state.route = ROUTE
        response = await answer_call(self._service, http.path_params["service_id"], http)
        await response(scope, receive, send)


class CallsFirst:
    """ASGI middleware: calls of the services that there are do not go through the routes of everything else."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app, self._calls = app, Calls(service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call; pass on what is none."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in ADDRESSES:
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"service_id": ADDRESSES[scope["path"]]}
        await self._calls(scope, receive, send)


async def answer_call(service: Service, service_id: str, http: HttpRequest) -> Response:
    """The answer to `POST /cds-services/{service_id}`."""
    started = time.perf_counter()
    hook = SERVICES[service_id].hook if service_id in SERVICES else "-"
    status = 500
    try:
        response = await _Call(service, service_id, http).answer()
        status = response.status_code
    except RequestError as refusal:
        status = refusal.status
        service.watch.refused(hook, status)
        response = refusal_reply(refusal)
        if isinstance(refusal, OverloadError):
            await service.turns.pace()
            response.headers["Retry-After"] = str(COME_BACK_SECONDS)
    except ClientDisconnect:
        status = 499
        service.watch.refused(hook, status)
        response = Response(status_code=400)  # nobody is there to read it
    finally:
        service.watch.took(hook, status, time.perf_counter() - started)
    return response


def public_url(service: Service, http: HttpRequest) -> str:
    """The address that was called, as the client knows it (C148); never from the Host header."""
    path: str = http.scope["path"]
    return service.public_url + (path if path in ADDRESSES else http.url.path)


class _Call:
    """One call while it is answered.

    Its rules are those in force when it began, whatever is exchanged meanwhile.
    """

    def __init__(self, service: Service, service_id: str, http: HttpRequest) -> None:
        self._service, self._service_id, self._http = service, service_id, http
        self._rules: Evaluator = service.rules.current
        self._deadline = 0.0
        self._seconds: dict[str, float] = {}

    async def answer(self) -> Response:
        """The answer. Raises RequestError, ClientDisconnect."""
        service, http = self._service, self._http
        if service.turns.full:  # before anything that costs: who calls, the body
            raise OverloadError("Too many requests are waiting")
        client = await service.authenticator.client_of(http.headers.get("authorization"), public_url(service, http))
        if self._service_id not in SERVICES:
            raise unknown_service()
        check_media_type(http)
        async with received(service, http) as body:
            # Counted from here: a slow client's time on the wire is not time that it waited for us.
            self._deadline = asyncio.get_running_loop().time() + service.limits.deadline_seconds
            with service.turns.taken_in():
                return await self._answered(client, body)

    async def _answered(self, client: Client, body: bytes) -> Response:
        service, seconds = self._service, self._seconds
        small = len(body) <= service.limits.inline_bytes
        request, supplied, answer = await self._in_turn(lambda: self._at_once(body, client, small=small), inline=small)
        if answer is None:
            fetching = time.perf_counter()
            sent = supplied
            supplied = await service.fhir.completed(request, supplied, client)
            small = small and supplied is sent  # how much was fetched, the length of the body does not tell
            seconds["fetch"] = time.perf_counter() - fetching
            inline = small and service.memory_is_near
            answer = await self._in_turn(lambda: self._evaluated(request, supplied, client), inline=inline)
        seconds |= answer.seconds
        decision = self._decision(request, client, replace(answer, seconds=seconds), body)
        self._http.state.told = {
            "service": self._service_id,
            "client": client.id,
            "cards": len(decision.cards),
            "stages_ms": {stage: round(1000 * taken, 2) for stage, taken in seconds.items()},
        }
        service.memory.record(decision)
        service.watch.decided(decision)
        silent: Json = {"cards": []}
        return json_reply(answer.status, answer.body if decision.shown or answer.status != 200 else silent)

    async def _in_turn(self, work: Callable[[], T], *, inline: bool) -> T:
        """Do the work when its turn comes; the time waited for it counts as `wait`."""
        asked = time.perf_counter()
        async with self._service.turns.turn(self._deadline):
            self._seconds["wait"] = self._seconds.get("wait", 0.0) + time.perf_counter() - asked
            if inline:
                return work()
            return await asyncio.get_running_loop().run_in_executor(self._service.evaluations, work)

    def _at_once(self, body: bytes, client: Client, *, small: bool) -> tuple[Request, Supplied, HookAnswer | None]:
        """What was sent; evaluated in the same turn where no server is to be asked, and where this is the place."""
        begun = time.perf_counter()
        request, supplied = _understood(body, self._service_id)
        parsed = time.perf_counter()
        self._seconds["parse"] = parsed - begun
        if small and not self._service.memory_is_near:
            return request, supplied, None
        if not self._service.fhir.asks_nothing(request, supplied, client):
            return request, supplied, None
        self._seconds["fetch"] = time.perf_counter() - parsed
        return request, supplied, self._evaluated(request, supplied, client)

    def _evaluated(self, request: Request, supplied: Supplied, client: Client) -> HookAnswer:
        service = self._service
        pseudonym = service.memory.pseudonym(client.id, request.context.patient_id)
        return conclude(
            request,
            supplied,
            self._rules,
            as_of=service.today(),
            acknowledged=lambda: service.memory.acknowledged(pseudonym),
            pseudonym=pseudonym,
            rule_pages=service.rule_pages,
        )

    def _decision(self, request: Request, client: Client, answer: HookAnswer, body: bytes) -> Decision:
        assert answer.recommendation is not None  # every answer that is no RequestError was evaluated
        cards = answer.body.get("cards")
        return Decision(
            id=self._http.state.correlation,
            at=self._service.now(),
            client=client.id,
            service=self._service_id,
            hook=request.hook,
            hook_instance=request.hook_instance,
            as_of=answer.recommendation.as_of,
            recommendation=answer.recommendation,
            merged=answer.merged,
            cards=_cards(cards),
            shown=not client.silent,
            status=answer.status,
            seconds=answer.seconds,
            body=body if self._service.keeps_requests else None,
        )


def _understood(body: bytes, service_id: str) -> tuple[Request, Supplied]:
    request = parse_request(body, service_id)
    return request, gather(request)


def _cards(cards: object) -> list[Json]:
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
