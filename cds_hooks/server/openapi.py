"""How the routes read on the OpenAPI page. Bodies are taken as raw bytes, so their shapes are told by hand."""

from __future__ import annotations

from typing import Any  # the shape of an OpenAPI document is FastAPI's affair

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from spmwatch.cds_hooks.wire.requests import REQUESTS

_REF = "#/components/schemas/{model}"

REQUEST_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "oneOf": [{"$ref": _REF.format(model=model.__name__)} for model in REQUESTS.values()],
                    "discriminator": {
                        "propertyName": "hook",
                        "mapping": {hook: _REF.format(model=model.__name__) for hook, model in REQUESTS.items()},
                    },
                }
            }
        },
    }
}
"""For `openapi_extra` of the service route."""


def _answer(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object"}, "example": example}},
    }


_OUTCOME: dict[str, Any] = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error",
            "code": "required",
            "diagnostics": "context.patientId is missing",
            "expression": ["context.patientId"],
        }
    ],
}

_UNKNOWN = {"description": "No valid token of a client that is registered here."}

ANSWERS: dict[int | str, dict[str, Any]] = {
    200: _answer("The cards; `cards` is empty when there is nothing to say.", {"cards": []}),
    400: _answer("Not JSON (RFC 8259), or not a CDS Hooks request. Errors are OperationOutcomes.", _OUTCOME),
    401: _UNKNOWN,
    404: {"description": "No such service."},
    412: {"description": "No medication record was supplied, so nothing can be said."},
    413: {"description": "The body is too long."},
    415: {"description": "Not `application/json` in UTF-8."},
    422: {"description": "The hook is not this service's, or something is about another patient."},
}
"""For `responses` of the service route."""

DISCOVERY: dict[int | str, dict[str, Any]] = {
    200: _answer("The services.", {"services": []}),
    401: _UNKNOWN,
    304: {"description": "Unchanged since the `ETag` sent."},
}
"""For `responses` of the discovery route."""


def describe_requests(app: FastAPI) -> None:
    """Put the request models among the components of the app's OpenAPI document."""
    made = app.openapi

    def with_models() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            _, models = models_json_schema(
                [(model, "validation") for model in REQUESTS.values()], by_alias=True, ref_template=_REF
            )
            document.setdefault("components", {}).setdefault("schemas", {}).update(models["$defs"])
        return made()

    app.openapi = with_models  # type: ignore[method-assign]  # FastAPI's documented way of extending it
