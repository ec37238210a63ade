"""One call of a service, in order: who calls, the bytes, what prefetch lacks, the evaluation, what is kept of it.

A request's bytes go straight to our own parser; no framework model stands between, because the framework's JSON is not
strict (C056) and its validation errors repeat what was sent. Evaluations run one after the other on one thread of their
own, so the event loop stays free for discovery and for bodies still arriving, and one thread only enters the network.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from fastapi import Request as HttpRequest
from fastapi import Response
from starlette.requests import ClientDisconnect

from spmwatch.cds_hooks.answer import HookAnswer, conclude, gather, parse_request, unknown_service
from spmwatch.cds_hooks.prefetch.reading import Supplied
from spmwatch.cds_hooks.server.bodies import check_media_type, read_body
from spmwatch.cds_hooks.server.replies import json_reply, refusal_reply
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.store.decision import Decision, Json
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import Request


async def answer_call(service: Service, service_id: str, http: HttpRequest) -> Response:
    """The answer to `POST /cds-services/{service_id}`."""
    hook = SERVICES[service_id].hook if service_id in SERVICES else "-"
    try:
        client = await service.authenticator.client_of(http.headers.get("authorization"), public_url(service, http))
        if service_id not in SERVICES:
            raise unknown_service()
        check_media_type(http)
        body = await read_body(http)
        return await _answered(service, service_id, client, body, http)
    except RequestError as refusal:
        service.watch.refused(hook, refusal.status)
        return refusal_reply(refusal)
    except ClientDisconnect:
        service.watch.refused(hook, 499)
        return Response(status_code=400)  # nobody is there to read it


def public_url(service: Service, http: HttpRequest) -> str:
    """The address that was called, as the client knows it (C148); never from the Host header."""
    return f"{service.public_url}{http.url.path}"


async def _answered(service: Service, service_id: str, client: Client, body: bytes, http: HttpRequest) -> Response:
    started = time.perf_counter()
    request = parse_request(body, service_id)
    supplied = gather(request)
    parsed = time.perf_counter()
    supplied = await service.fhir.completed(request, supplied, client)
    fetched = time.perf_counter()
    loop = asyncio.get_running_loop()
    answer = await loop.run_in_executor(service.evaluations, _evaluated, service, request, supplied, client)
    seconds = {"parse": parsed - started, "fetch": fetched - parsed, **answer.seconds}
    decision = _decision(service, request, client, replace(answer, seconds=seconds), body, http.state.correlation)
    http.state.told = f"service={service_id} client={client.id} cards={len(decision.cards)}"
    service.memory.record(decision)
    service.watch.decided(decision)
    silent: Json = {"cards": []}
    return json_reply(answer.status, answer.body if decision.shown or answer.status != 200 else silent)


def _evaluated(service: Service, request: Request, supplied: Supplied, client: Client) -> HookAnswer:
    """On the evaluating thread."""
    pseudonym = service.memory.pseudonym(client.id, request.context.patient_id)
    return conclude(
        request,
        supplied,
        service.rules.current,
        as_of=service.today(),
        acknowledged=lambda: service.memory.acknowledged(pseudonym),
        pseudonym=pseudonym,
        rule_pages=service.rule_pages,
    )


def _decision(
    service: Service, request: Request, client: Client, answer: HookAnswer, body: bytes, correlation: str
) -> Decision:
    assert answer.recommendation is not None  # every answer that is no RequestError was evaluated
    cards = answer.body.get("cards")
    return Decision(
        id=correlation,
        at=service.now(),
        client=client.id,
        service=f"spmwatch-{request.hook}",
        hook=request.hook,
        hook_instance=request.hook_instance,
        as_of=answer.recommendation.as_of,
        recommendation=answer.recommendation,
        merged=answer.merged,
        cards=_cards(cards),
        shown=not client.silent,
        status=answer.status,
        seconds=answer.seconds,
        body=body if service.keeps_requests else None,
    )


def _cards(cards: object) -> list[Json]:
    return [card for card in cards if isinstance(card, dict)] if isinstance(cards, list) else []
