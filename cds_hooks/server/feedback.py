"""`POST /cds-services/{id}/feedback`: what clinicians did with cards (C130-C138)."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from spmwatch.cds_hooks.answer import unknown_service
from spmwatch.cds_hooks.server.bodies import check_media_type, received
from spmwatch.cds_hooks.server.calls import public_url
from spmwatch.cds_hooks.server.replies import json_reply, refusal_reply
from spmwatch.cds_hooks.server.service import Service
from spmwatch.cds_hooks.server.turns import COME_BACK_SECONDS, OverloadError
from spmwatch.cds_hooks.store.errors import StoreError
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.feedback import feedback_from
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

_log = logging.getLogger("spmwatch.cds_hooks")

RETRY_SECONDS = 60


def add_routes(app: FastAPI, service: Service) -> None:
    """The feedback endpoint, with and without a slash at its end."""

    async def feedback(service_id: str, request: Request) -> Response:
        """What clinicians did with cards of this service. Sending the same twice does no harm."""
        return await take_feedback(service, service_id, request)

    path = "/cds-services/{service_id}/feedback"
    app.add_api_route(path, feedback, methods=["POST"], responses=_ANSWERS, openapi_extra=_BODY, tags=["CDS Hooks"])
    app.add_api_route(f"{path}/", feedback, methods=["POST"], include_in_schema=False)


async def take_feedback(service: Service, service_id: str, http: Request) -> Response:
    """200 when it is kept, 4xx when it cannot be understood, 503 when it could not be kept just now."""
    try:
        client = await service.authenticator.client_of(http.headers.get("authorization"), public_url(service, http))
        if service_id not in SERVICES:
            raise unknown_service()
        check_media_type(http)
        async with received(service, http) as body:
            entries = feedback_from(body)
        http.state.told = {"service": service_id, "client": client.id, "feedback": len(entries)}
        answers = await run_in_threadpool(service.memory.take, client.id, service_id, entries)
    except RequestError as refusal:
        response = refusal_reply(refusal)
        if isinstance(refusal, OverloadError):
            response.headers["Retry-After"] = str(COME_BACK_SECONDS)
        return response
    except ClientDisconnect:
        return Response(status_code=400)  # nobody is there to read it
    except StoreError as error:
        _log.error("Feedback could not be kept: %s", error)
        says = f"Feedback cannot be kept just now; send it again in {RETRY_SECONDS} seconds"
        response = refusal_reply(RequestError(503, Issue(code="transient", says=says)))
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        return response
    for answer in answers:
        service.watch.answered(answer.rule, answer.outcome, answer.reason)
    return json_reply(200, {})


_CODING = {
    "type": "object",
    "properties": {"system": {"type": "string"}, "code": {"type": "string"}},
}
_ENTRY = {
    "type": "object",
    "required": ["card", "outcome", "outcomeTimestamp"],
    "properties": {
        "card": {"type": "string", "description": "uuid of the card"},
        "outcome": {"enum": ["accepted", "overridden"]},
        "outcomeTimestamp": {"type": "string", "format": "date-time"},
        "acceptedSuggestions": {
            "type": "array",
            "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        },
        "overrideReason": {
            "type": "object",
            "properties": {"reason": _CODING, "userComment": {"type": "string"}},
        },
    },
}
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["feedback"],
                    "properties": {"feedback": {"type": "array", "items": _ENTRY}},
                }
            }
        },
    }
}
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "Kept"},
    400: {"description": "Not understood, nothing kept: an OperationOutcome names each faulty entry"},
    401: {"description": "Nobody knows who calls"},
    413: {"description": "Too many entries, or too long"},
    503: {"description": "Not kept; send it again"},
}
