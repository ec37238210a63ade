"""One call of a service, in order: room for it, who calls, the bytes, what prefetch lacks, the evaluation, the record.

A request's bytes go straight to our own parser; no framework model stands between, because the framework's JSON is not
strict (C056) and its validation errors repeat what was sent. Parsing and evaluating take turns (turns.py): short
requests on the event loop itself, long ones on a thread, so that health checks and bodies still arriving are served.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from fastapi import Request as HttpRequest
from fastapi import Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from spmwatch.cds_hooks.answer import HookAnswer, evaluate, gather, parse_request, unknown_service
from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.remembered.charts import Chart
from spmwatch.cds_hooks.remembered.recalling import known, told_again, told_first
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
        service_id = ADDRESSES.get(scope["path"]) or http.path_params["service_id"]
        response = await answer_call(self._service, service_id, http)
        await response(scope, receive, send)


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


@dataclass(slots=True)
class _Asked:
    """What became of a call so far.

    Attributes:
        hook_instance: its own.
        request: as it was read; None where its chart is remembered. `supplied` likewise.
        chart: the remembered one.
        name: under which the chart is to be remembered; None when it is not.
        recorded: see Decision.
        asks_nothing: is no FHIR server to be asked?
        answer: None until there is one.
    """

    hook_instance: str
    request: Request | None = None
    supplied: Supplied | None = None
    chart: Chart | None = None
    name: bytes | None = None
    recorded: dict[str, Any] = field(default_factory=dict)
    asks_nothing: bool = False
    answer: HookAnswer | None = None


class _Call:
    """One call while it is answered.

    Its rules are those in force when it began, and its day the one on which it did, whatever changes meanwhile.
    """

    def __init__(self, service: Service, service_id: str, http: HttpRequest) -> None:
        self._service, self._service_id, self._http = service, service_id, http
        self._rules: Evaluator = service.rules.current
        self._day = service.today()
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
        asked = await self._in_turn(lambda: self._begun(body, client, small=small), inline=small)
        if asked.answer is None:
            small = await self._completed(asked, client) and small
            inline = small and service.memory_is_near
            asked.answer = await self._in_turn(lambda: self._finished(asked, client), inline=inline)
        seconds |= asked.answer.seconds
        decision = self._decision(asked, client, replace(asked.answer, seconds=seconds), body)
        self._http.state.told = {
            "service": self._service_id,
            "client": client.id,
            "cards": len(decision.cards),
            "remembered": decision.remembered,
            "stages_ms": {stage: round(1000 * taken, 2) for stage, taken in seconds.items()},
        }
        service.memory.record(decision)
        service.watch.decided(decision)
        silent: Json = {"cards": []}
        status, cards = asked.answer.status, asked.answer.body
        return json_reply(status, cards if decision.shown or status != 200 else silent)

    async def _in_turn(self, work: Callable[[], T], *, inline: bool) -> T:
        """Do the work when its turn comes; the time waited for it counts as `wait`."""
        asked = time.perf_counter()
        async with self._service.turns.turn(self._deadline):
            self._seconds["wait"] = self._seconds.get("wait", 0.0) + time.perf_counter() - asked
            if inline:
                return work()
            return await asyncio.get_running_loop().run_in_executor(self._service.evaluations, work)

    def _begun(self, body: bytes, client: Client, *, small: bool) -> _Asked:
        """What was sent; answered in the same turn where no server is to be asked, and where this is the place."""
        service, begun = self._service, time.perf_counter()
        seen = known(
            service.charts,
            body,
            service_id=self._service_id,
            client_id=client.id,
            day=self._day,
            rules=self._rules,
        )
        if seen is not None and seen.chart is not None:
            asked = _Asked(seen.hook_instance, chart=seen.chart, recorded=seen.chart.recorded, asks_nothing=True)
            self._seconds["recall"] = time.perf_counter() - begun
        else:
            request, supplied = _understood(body, self._service_id)
            asked = _Asked(request.hook_instance, request=request, supplied=supplied)
            self._seconds["parse"] = time.perf_counter() - begun
            asked.asks_nothing = service.fhir.asks_nothing(request, supplied, client)
            asked.name = seen.name if seen is not None and asked.asks_nothing else None
        if asked.asks_nothing and (service.memory_is_near or not small):
            asked.answer = self._finished(asked, client)
        return asked

    async def _completed(self, asked: _Asked, client: Client) -> bool:
        """Ask the client's server for what is lacking. Is all that is to be evaluated what came in the body?"""
        if asked.asks_nothing:
            return True
        begun, sent = time.perf_counter(), asked.supplied
        assert asked.request is not None
        assert sent is not None
        asked.supplied = await self._service.fhir.completed(asked.request, sent, client)
        self._seconds["fetch"] = time.perf_counter() - begun
        return asked.supplied is sent  # how much was fetched, the length of the body does not tell

    def _finished(self, asked: _Asked, client: Client) -> HookAnswer:
        """The answer, told again or evaluated."""
        memory, pages = self._service.memory, self._service.rule_pages
        if asked.chart is not None:
            return told_again(asked.chart, memory.acknowledged, rule_pages=pages)
        assert asked.request is not None
        assert asked.supplied is not None
        evaluated = evaluate(asked.request, asked.supplied, self._rules, as_of=self._day)
        pseudonym = memory.pseudonym(client.id, asked.request.context.patient_id)
        answer, chart = told_first(evaluated, self._rules, memory.acknowledged, pseudonym=pseudonym, rule_pages=pages)
        if chart is not None and asked.name is not None:
            self._service.charts.put(asked.name, chart)
            asked.recorded = chart.recorded
        return answer

    def _decision(self, asked: _Asked, client: Client, answer: HookAnswer, body: bytes) -> Decision:
        assert answer.recommendation is not None  # every answer that is no RequestError was evaluated
        cards = answer.body.get("cards")
        return Decision(
            id=self._http.state.correlation,
            at=self._service.now(),
            client=client.id,
            service=self._service_id,
            hook=SERVICES[self._service_id].hook,
            hook_instance=asked.hook_instance,
            as_of=answer.recommendation.as_of,
            recommendation=answer.recommendation,
            merged=answer.merged,
            cards=_cards(cards),
            shown=not client.silent,
            status=answer.status,
            seconds=answer.seconds,
            body=body if self._service.keeps_requests else None,
            remembered=asked.chart is not None,
            recorded=asked.recorded,
        )


def _understood(body: bytes, service_id: str) -> tuple[Request, Supplied]:
    request = parse_request(body, service_id)
    return request, gather(request)


def _cards(cards: object) -> list[Json]:
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
