"""Answers as HTTP takes them: JSON that nobody stores, refusals as OperationOutcomes."""

from __future__ import annotations

import orjson
from fastapi import Request, Response
from starlette import status as codes
from starlette.exceptions import HTTPException

from spmwatch.cds_hooks.wire.refusal import Issue, Json, RequestError, operation_outcome

JSON = "application/json"
_FAULTS = {404: ("not-found", "There is nothing here"), 405: ("not-supported", "This method is not taken here")}


def json_reply(status: int, body: Json) -> Response:
    """C007, C121."""
    return Response(orjson.dumps(body), status_code=status, media_type=JSON, headers={"Cache-Control": "no-store"})


def refusal_reply(refusal: RequestError) -> Response:
    """The refusal as an OperationOutcome (C057); a 401 asks for a token and says nothing more (C152)."""
    response = json_reply(refusal.status, operation_outcome(refusal.issues))
    if refusal.status == codes.HTTP_401_UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def http_fault(_: Request, fault: Exception) -> Response:
    """What the framework refuses by itself (404, 405), as an OperationOutcome."""
    assert isinstance(fault, HTTPException)
    code, says = _FAULTS.get(fault.status_code, ("processing", "The request cannot be taken"))
    response = json_reply(fault.status_code, operation_outcome([Issue(code=code, says=says)]))
    response.headers.update(fault.headers or {})
    return response
