"""Asking a FHIR server that behaves badly: a request of its client, and what became of it."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from spmwatch.cds_hooks.answer import conclude, default_evaluator, gather
from spmwatch.cds_hooks.fhir_server.servers import ClientServers
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import State, Supplied
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.requests import Request, request_from
from tests.support.hostile_fhir import Act, Double, double

TOKEN = "tok-e2b7-secret"
PATIENT = "zacharias-2"
LIMIT = 60.0
"""Seconds in which a test must be over: none waits for what never comes."""
PATIENCE = 15.0
"""Seconds for what does come, on a busy machine."""
SOON = 0.5
"""Seconds for what does not."""


def settings(**changes: Any) -> FhirSettings:
    return FhirSettings(**({"total_seconds": PATIENCE, "connect_seconds": PATIENCE, "most_bytes": 20_000} | changes))


def request(base: str, prefetch: dict[str, Any] | None = None, *, token: str | None = TOKEN, **more: Any) -> Request:
    body: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": PATIENT},
        "fhirServer": base,
    }
    if prefetch is not None:
        body["prefetch"] = prefetch
    if token is not None:
        body["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-service",
        } | more
    return request_from(body)


def servers(set_to: FhirSettings) -> ClientServers:
    return ClientServers(set_to, lambda: default_evaluator().rule_base.value_sets)


async def completed(
    base: str,
    prefetch: dict[str, Any] | None = None,
    *,
    set_to: FhirSettings | None = None,
    asked_for: Request | None = None,
    allowed: tuple[str, ...] | None = None,
) -> Supplied:
    asking = servers(set_to or settings())
    asked_for = asked_for or request(base, prefetch)
    client = Client(id="hospital", fhir_servers=(base,) if allowed is None else allowed)
    try:
        async with asyncio.timeout(LIMIT):
            return await asking.completed(asked_for, gather(asked_for), client)
    finally:
        await asking.aclose()


def against(act: Act, prefetch: dict[str, Any] | None = None, **changes: Any) -> tuple[Supplied, Double]:
    async def run() -> tuple[Supplied, Double]:
        async with double(act) as server:
            return await completed(server.base, prefetch, set_to=settings(**changes)), server

    return asyncio.run(run())


def states(supplied: Supplied) -> dict[str, State]:
    return {reading.template.key: reading.state for reading in supplied.readings}


def status_of(supplied: Supplied) -> int:
    asked_for = request("https://ehr.example/fhir")
    return conclude(asked_for, supplied, default_evaluator(), as_of=date(2026, 1, 15)).status


def bundle(*resources: dict[str, Any], following: str | None = None, **more: Any) -> dict[str, Any]:
    links = [{"relation": "next", "url": following}] if following is not None else []
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries, **more}


def condition(patient: str = PATIENT, ident: str = "c1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": ident, "subject": {"reference": f"Patient/{patient}"}, **more}


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "processing"}]}
