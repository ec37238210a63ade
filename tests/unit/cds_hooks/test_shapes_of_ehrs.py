"""Requests in the shapes that EHRs send, and still the same patient is seen (C045, C046, C050, C064, C067; section M).

Each test takes a recorded request of a patient on lenalidomide after a transplant, tells the same in another shape, and
asks for the same advice; what cannot be told in that shape must become a question, never a "no".
"""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import HookAnswer, respond
from spmwatch.engine.episodes import Course, Order
from tests.support.card_check import check_answer, leaves

AS_OF = date(2026, 1, 15)
HOOKS = Path(__file__).parents[3] / "examples/hooks"
VIEW = orjson.loads((HOOKS / "patient-view-maintenance-after-transplant.json").read_bytes())
SIGN = orjson.loads((HOOKS / "order-sign-lenalidomide-after-transplant.json").read_bytes())
OIDS = {
    "http://www.nlm.nih.gov/research/umls/rxnorm": "urn:oid:2.16.840.1.113883.6.88",
    "http://hl7.org/fhir/sid/icd-10-cm": "urn:oid:2.16.840.1.113883.6.90",
    "http://snomed.info/sct": "urn:oid:2.16.840.1.113883.6.96",
    "http://loinc.org": "urn:oid:2.16.840.1.113883.6.1",
    "http://www.ama-assn.org/go/cpt": "urn:oid:2.16.840.1.113883.6.12",
}
NO_RESULTS = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"severity": "warning", "code": "processing", "details": {"text": "Resource request returns no results."}}
    ],
}


def answer(request: dict[str, Any]) -> HookAnswer:
    found = respond(orjson.dumps(request), as_of=AS_OF)
    assert found.status == 200, found.body
    check_answer(found.body, request["context"]["patientId"])
    return found


def rules_of(request: dict[str, Any]) -> set[str]:
    found = answer(request)
    assert found.recommendation is not None
    return {finding.rule for finding in found.recommendation.findings}


def view() -> dict[str, Any]:
    return copy.deepcopy(VIEW)


def sign() -> dict[str, Any]:
    return copy.deepcopy(SIGN)


def draft_of(request: dict[str, Any]) -> dict[str, Any]:
    resource = request["context"]["draftOrders"]["entry"][0]["resource"]
    assert isinstance(resource, dict)
    return resource


def resources(request: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in request["prefetch"][key]["entry"]]


def test_code_systems_as_oids() -> None:
    request = view()
    for value in leaves(request["prefetch"]):
        if isinstance(value, dict) and value.get("system") in OIDS:
            value["system"] = OIDS[str(value["system"])]
    assert rules_of(request) == rules_of(VIEW)


def test_a_medication_with_a_display_and_an_absolute_address_alone() -> None:
    """The Medication behind it was not sent; the words say which drug it is, and the certainty says so."""
    request = view()
    for resource in resources(request, "medicationRequests"):
        del resource["medicationCodeableConcept"]
        address = "https://epic.example/api/FHIR/R4/Medication/eX1"
        resource["medicationReference"] = {"reference": address, "display": "LENALIDOMIDE 10 MG PO CAPS"}
    found = answer(request).recommendation
    assert found is not None
    assert {e.drug for e in found.timeline.episodes if isinstance(e, Course)} >= {"lenalidomide"}


def test_a_medication_without_anything_to_tell_it_by_is_asked_for() -> None:
    """Not known is never "no": neither silence, nor certainty."""
    request = view()
    for resource in resources(request, "medicationRequests"):
        del resource["medicationCodeableConcept"]
        resource["medicationReference"] = {"reference": "https://epic.example/api/FHIR/R4/Medication/eX1"}
    request["prefetch"]["medicationDispenses"] = None
    found = answer(request)
    assert found.recommendation is not None
    assert any(gap.kind == "unresolved-reference" for gap in found.recommendation.gaps)
    cards: Any = found.body["cards"]
    assert cards


def medication() -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m1", "code": draft_of(SIGN)["medicationCodeableConcept"]}


def referring(reference: str) -> dict[str, Any]:
    request = sign()
    draft = draft_of(request)
    del draft["medicationCodeableConcept"]
    draft["medicationReference"] = {"reference": reference}
    return request


@pytest.mark.parametrize(
    ("reference", "full_url"),
    [
        ("Medication/m1", None),
        ("Medication/m1", "https://ehr.example/fhir/Medication/m1"),
        ("https://ehr.example/fhir/Medication/m1", "https://ehr.example/fhir/Medication/m1"),
        ("urn:uuid:9352673e-e3ba-5587-82f7-7693ca601954", "urn:uuid:9352673e-e3ba-5587-82f7-7693ca601954"),
    ],
)
def test_a_draft_with_its_medication_beside_it(reference: str, full_url: str | None) -> None:
    """Epic, since February 2024."""
    request = referring(reference)
    entry = {"resource": medication()} | ({"fullUrl": full_url} if full_url else {})
    request["context"]["draftOrders"]["entry"].append(entry)
    assert rules_of(request) == rules_of(SIGN)


def test_a_draft_with_its_medication_inside() -> None:
    request = referring("#m1")
    draft_of(request)["contained"] = [medication()]
    assert rules_of(request) == rules_of(SIGN)


def test_a_category_that_is_no_list() -> None:
    """STU3, and the sandbox."""
    request = sign()
    draft_of(request)["category"] = {"coding": [{"code": "outpatient"}], "text": "Outpatient"}
    for resource in resources(request, "conditions"):
        resource["category"] = {"text": "Problem List"}
    assert rules_of(request) == rules_of(SIGN)


@pytest.mark.parametrize(
    "dosage",
    [
        {"doseQuantity": {"value": 10, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}},
        {"doseAndRate": {"doseQuantity": {"value": 10, "unit": "mg"}}},
        {"dose": {"value": 10, "unit": "mg"}},
        {"doseAndRate": [None]},
        {"doseQuantity": "10 mg"},
        {},
        None,
    ],
    ids=str,
)
def test_doses_in_other_shapes(dosage: object) -> None:
    """STU3 had the dose on the dosage itself; whatever it looks like, the order is seen."""
    request = sign()
    draft_of(request)["dosageInstruction"] = [dosage]
    found = answer(request).recommendation
    assert found is not None
    assert [e.drug for e in found.timeline.episodes if isinstance(e, Order)] == ["lenalidomide"]


def test_an_order_without_a_medication_yet() -> None:
    """The sandbox's first view: the prescriber has not chosen. Nothing is said about an order; the record speaks."""
    request = sign()
    del draft_of(request)["medicationCodeableConcept"]
    assert "SPM-19" not in rules_of(request)


def test_a_bundle_without_type_and_orders_of_kinds_nobody_knows() -> None:
    request = sign()
    drafts = request["context"]["draftOrders"]
    drafts.pop("type", None)
    mine = {"reference": f"Patient/{request['context']['patientId']}"}
    drafts["entry"] += [
        {"resource": {"resourceType": kind, "id": kind, "subject": mine, "patient": mine}}
        for kind in ("NutritionOrder", "VisionPrescription", "DeviceRequest", "OrderOfTomorrow")
    ]
    assert rules_of(request) == rules_of(SIGN)


def test_holes_in_lists() -> None:
    """null where an item was left out: in codings, contained resources, dosages, identifiers, categories."""
    request = view()
    for value in leaves(copy.copy(request["prefetch"])):
        if isinstance(value, dict):
            for key in ("coding", "contained", "dosageInstruction", "identifier", "category", "name", "dosage"):
                if isinstance(value.get(key), list):
                    value[key] = [None, *value[key], None]
    assert rules_of(request) == rules_of(VIEW)


def test_extensions_and_unknown_members_anywhere() -> None:
    """C045: Epic always sends `extension`; hooks may gain fields."""
    request = view()
    request["extension"] = {"com.epic.cdshooks.request.bpa-trigger-action": "60", "internal-rule-execution-id": "1"}
    request["futureMember"] = {"a": [None]}
    request["context"]["futureMember"] = "x"
    request["prefetch"]["-user"] = {"resourceType": "Patient", "id": "somebody-else"}
    assert rules_of(request) == rules_of(VIEW)


@pytest.mark.parametrize("user", ["Practitioner/a", "PractitionerRole/a", "Patient/a", "RelatedPerson/a", "urn:uuid:a"])
def test_whoever_is_at_the_screen(user: str) -> None:
    """C046."""
    request = view()
    request["context"]["userId"] = user
    request["context"].pop("encounterId", None)
    assert rules_of(request) == rules_of(VIEW)


def test_no_results_beside_what_there_is() -> None:
    """C064: the remark in a list is no error, and no gap."""
    request = view()
    for key in ("conditions", "procedures"):
        request["prefetch"][key]["entry"].append({"resource": NO_RESULTS, "search": {"mode": "outcome"}})
    request["prefetch"]["medicationStatements"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 0,
        "entry": [{"fullUrl": "urn:uuid:x", "resource": NO_RESULTS, "search": {"mode": "outcome"}}],
    }
    found = answer(request).recommendation
    assert found is not None
    assert [gap for gap in found.gaps if gap.kind == "not-supplied"] == []
    assert rules_of(request) == rules_of(VIEW)


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign", "medication-refill", "encounter-start"])
@pytest.mark.parametrize("path", sorted(HOOKS.glob("*.json")), ids=lambda path: path.stem)
def test_every_recorded_request_at_every_hook(path: Path, hook: str) -> None:
    """C090-C123: the same record, asked at each moment of work."""
    request = orjson.loads(path.read_bytes())
    context = request["context"]
    drafts = context.pop("draftOrders", None) or context.pop("medications", None) or draft_bundle(context["patientId"])
    context |= {"userId": "Practitioner/a", "encounterId": "e", "draftOrders": drafts, "medications": drafts}
    context["selections"] = [f"MedicationRequest/{entry['resource']['id']}" for entry in drafts["entry"]]
    request["hook"] = hook
    found = respond(
        orjson.dumps(request), as_of=AS_OF, service_id=f"spmwatch-{hook}", rule_pages="https://cds.example/rules"
    )
    assert found.status in (200, 412)
    if found.status == 200:
        check_answer(found.body, context["patientId"])


def draft_bundle(patient: str) -> dict[str, Any]:
    draft = copy.deepcopy(draft_of(SIGN)) | {"subject": {"reference": f"Patient/{patient}"}}
    return {"resourceType": "Bundle", "entry": [{"resource": draft}]}
