"""The request models: faithful to the specification, dropping nothing (cds-hooks.md C040-C049)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.cds_hooks.wire.requests import (
    Drafts,
    EncounterStartRequest,
    MedicationRefillRequest,
    OrderSelectRequest,
    PatientViewRequest,
    drafts_of,
    request_from,
)

AUTHORIZATION = {
    "access_token": "token-that-nobody-may-see",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "Condition.Read (R4) patient/*.rs",
    "subject": "cds-service",
}


def view(**changes: Any) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/example", "patientId": "1288992"},
    } | changes


def in_context(**changes: Any) -> dict[str, Any]:
    request = view()
    request["context"] |= changes
    return request


def without(name: str, *, inside: str | None = None) -> dict[str, Any]:
    request = copy.deepcopy(view())
    del (request[inside] if inside else request)[name]
    return request


def refused(request: object) -> RequestError:
    with pytest.raises(RequestError) as error:
        request_from(request)
    return error.value


def test_the_smallest_request_is_taken() -> None:
    """C040, C046."""
    request = request_from(view())
    assert isinstance(request, PatientViewRequest)
    assert (request.context.patient_id, request.prefetch, request.fhir_server) == ("1288992", None, None)


@pytest.mark.parametrize("user", ["Practitioner/a", "PractitionerRole/a", "Patient/a", "RelatedPerson/a"])
def test_every_kind_of_user_is_taken(user: str) -> None:
    """C046."""
    assert request_from(in_context(userId=user)).context.user_id == user


def test_nothing_sent_is_dropped() -> None:
    """C045: unknown members and extensions stay, at every level."""
    sent = view(
        fhirServer="https://ehr.example/fhir",
        extension={"com.epic.cdshooks.request.bpa-trigger-action": "60"},
        later={"a": [1, None]},
        prefetch={"patient": None, "-user": {"resourceType": "Practitioner"}},
    )
    sent["context"] |= {"extension": {"x": 1}, "encounterId": None, "reason": "new"}
    request = request_from(sent)
    assert request.model_dump(by_alias=True, exclude_unset=True) == sent


def test_a_token_never_shows() -> None:
    """C077."""
    request = request_from(view(fhirServer="https://ehr.example/fhir", fhirAuthorization=AUTHORIZATION))
    assert AUTHORIZATION["access_token"] not in repr(request) + str(request.model_dump())
    assert request.fhir_authorization is not None
    assert request.fhir_authorization.access_token.get_secret_value() == AUTHORIZATION["access_token"]


REFUSED: dict[str, tuple[object, str]] = {
    "no object": ([], ""),
    "no hook": (without("hook"), "hook"),
    "hook null": (view(hook=None), "hook"),
    "no hookInstance": (without("hookInstance"), "hookInstance"),
    "hookInstance null": (view(hookInstance=None), "hookInstance"),
    "hookInstance no UUID": (view(hookInstance="1"), "hookInstance"),
    "no context": (without("context"), "context"),
    "context null": (view(context=None), "context"),
    "context a list": (view(context=[]), "context"),
    "no patientId": (without("patientId", inside="context"), "context.patientId"),
    "patientId null": (in_context(patientId=None), "context.patientId"),
    "patientId a number": (in_context(patientId=1288992), "context.patientId"),
    "patientId empty": (in_context(patientId=""), "context.patientId"),
    "patientId with a slash": (in_context(patientId="Patient/1"), "context.patientId"),
    "patientId climbs": (in_context(patientId="../Patient/1"), "context.patientId"),
    "patientId is ..": (in_context(patientId=".."), "context.patientId"),
    "patientId with a query": (in_context(patientId="1?_id=2"), "context.patientId"),
    "patientId with a newline": (in_context(patientId="1\n"), "context.patientId"),
    "patientId of 65": (in_context(patientId="a" * 65), "context.patientId"),
    "no userId": (without("userId", inside="context"), "context.userId"),
    "encounterId a list": (in_context(encounterId=[]), "context.encounterId"),
    "prefetch a list": (view(prefetch=[]), "prefetch"),
    "prefetch a text": (view(prefetch="all"), "prefetch"),
    "fhirServer no URL": (view(fhirServer="ehr"), "fhirServer"),
    "fhirServer a file": (view(fhirServer="file:///etc/passwd"), "fhirServer"),
    "fhirServer with a user": (view(fhirServer="https://a:b@ehr.example"), "fhirServer"),
    "token without server": (view(fhirAuthorization=AUTHORIZATION), ""),
    "token without subject": (
        view(fhirServer="https://e.example", fhirAuthorization={**AUTHORIZATION, "subject": None}),
        "fhirAuthorization.subject",
    ),
    "token of another type": (
        view(fhirServer="https://e.example", fhirAuthorization={**AUTHORIZATION, "token_type": "MAC"}),
        "fhirAuthorization.token_type",
    ),
    "order-sign without drafts": (view(hook="order-sign"), "context.draftOrders"),
    "medication-refill without medications": (view(hook="medication-refill"), "context.medications"),
    "medication-refill with a list": (
        in_context(medications=[]) | {"hook": "medication-refill"},
        "context.medications",
    ),
    "encounter-start without encounter": (view(hook="encounter-start"), "context.encounterId"),
    "encounter-start with null": (in_context(encounterId=None) | {"hook": "encounter-start"}, "context.encounterId"),
}


@pytest.mark.parametrize(("request_", "where"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_by_name(request_: object, where: str) -> None:
    """C041, C042, C047, C048."""
    error = refused(request_)
    assert error.status == 400
    assert where in [issue.where for issue in error.issues]


def test_an_unknown_hook_is_refused() -> None:
    """C043, C044."""
    assert refused(view(hook="medication-prescribe")).status == 422


def test_faults_are_named_without_values() -> None:
    """C058."""
    error = refused(in_context(patientId="Zacharias Miller", userId=["Zacharias"]) | {"hookInstance": "Zacharias"})
    assert {issue.where for issue in error.issues} == {"context.patientId", "context.userId", "hookInstance"}
    assert "Zacharias" not in str(error)


def test_real_drafts_are_taken() -> None:
    """C050: a Bundle without type; orders are the reader's affair."""
    drafts = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "MedicationRequest"}}]}
    context = {
        "userId": "Practitioner/a",
        "patientId": "1",
        "selections": ["MedicationRequest/1"],
        "draftOrders": drafts,
    }
    request = request_from(view(hook="order-select", context=context))
    assert isinstance(request, OrderSelectRequest)
    assert request.context.selections == ["MedicationRequest/1"]
    for broken in ({}, {"resourceType": "List"}, {"resourceType": "Bundle", "entry": {}}, [], None, "x"):
        assert refused(view(hook="order-sign", context=context | {"draftOrders": broken})).status == 400


@pytest.mark.parametrize("user", [{}, {"userId": None}, {"userId": "PractitionerRole/a"}])
def test_a_refill_may_have_no_user(user: dict[str, object]) -> None:
    """C046, section L: a refill is asked for where nobody is at work on the chart."""
    medications = {"resourceType": "Bundle", "entry": []}
    context = {"patientId": "1", "medications": medications} | user
    request = request_from(view(hook="medication-refill", context=context))
    assert isinstance(request, MedicationRefillRequest)
    assert drafts_of(request) == Drafts("context.medications", medications)


def test_a_visit_has_its_encounter_and_no_drafts() -> None:
    """Section L."""
    request = request_from(in_context(encounterId="e1") | {"hook": "encounter-start"})
    assert isinstance(request, EncounterStartRequest)
    assert (request.context.encounter_id, drafts_of(request)) == ("e1", None)


def test_selections_of_a_wrong_type_are_one_fault_however_many_they_are() -> None:
    """C056: three million of them took 10 s and 2.8 GB."""
    drafts = {"resourceType": "Bundle", "entry": []}
    request = in_context(draftOrders=drafts, selections=["MedicationRequest/1", *range(5)]) | {"hook": "order-select"}
    assert [issue.where for issue in refused(request).issues] == ["context.selections[1]"]
