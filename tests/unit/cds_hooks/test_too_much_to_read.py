"""Requests of 8 MB that would cost seconds: what can be read once is, what cannot is refused whole and by name."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from spmwatch.cds_hooks import size
from spmwatch.cds_hooks.answer import HookAnswer, respond
from spmwatch.cds_hooks.prefetch.reading import MOST_IN_LIST
from spmwatch.fhir_adapters import effort, medication, reader
from spmwatch.fhir_adapters.drug_details import tells
from spmwatch.fhir_adapters.views import Concept

Json = dict[str, Any]
HOOKS = Path(__file__).parents[3] / "examples/hooks"
VIEW, SIGN = "patient-view-maintenance-after-transplant", "order-sign-lenalidomide-after-transplant"


def answer(name: str = VIEW, *, drafts: list[Json] | None = None, **prefetch: list[Json]) -> HookAnswer:
    """The answer to an example, with these resources in place of those of a key, or these draft orders."""
    request = json.loads((HOOKS / f"{name}.json").read_bytes())
    subject = {"reference": f"Patient/{request['context']['patientId']}"}

    def bundle(resources: list[Json]) -> Json:
        entries = [{"resource": {"id": f"x{at}", "subject": subject} | one} for at, one in enumerate(resources)]
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    for key, resources in prefetch.items():
        request["prefetch"][key] = bundle(resources)
    if drafts is not None:
        request["context"]["draftOrders"] = bundle(drafts)
    return respond(json.dumps(request).encode(), as_of=date(2026, 1, 15))


def check_refused(found: HookAnswer, *words: str) -> None:
    """It is refused with the reason, and tells nothing of a part."""
    assert found.status == 422
    body: Any = found.body
    (issue,) = body["issue"]
    assert issue["code"] == "too-costly"
    assert "Not evaluated" in issue["diagnostics"]
    assert all(word in issue["diagnostics"] for word in words), issue["diagnostics"]


def condition(text: str) -> Json:
    return {"resourceType": "Condition", "code": {"text": text}}


def test_many_resources_are_refused() -> None:
    check_refused(answer(conditions=[condition("gout")] * (size.MOST_RESOURCES + 1)), "resources", "20000")


def test_a_book_of_texts_is_refused_and_the_same_text_over_and_over_is_none() -> None:
    letters = "the patient was seen " * 900
    number = size.MOST_LETTERS // len(letters) + 1
    check_refused(answer(conditions=[condition(f"{at} {letters}") for at in range(number)]), "characters")
    assert answer(conditions=[condition(letters)] * number).status == 200


def test_short_texts_count_too() -> None:
    number = size.MOST_LETTERS // size.LEAST_OF_A_TEXT + 1
    check_refused(
        answer(
            conditions=[condition(f"n{at}") for at in range(number // 2)],
            observations=[
                {"resourceType": "Observation", "component": [{"valueString": f"o{at + n}"} for n in range(100)]}
                for at in range(0, number // 2 + 100, 100)
            ],
        ),
        "characters",
    )


def test_what_is_not_read_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The narrative is no text of ours, however long."""
    monkeypatch.setattr(size, "MOST_LETTERS", 10_000)
    monkeypatch.setattr(size, "SHORT", 0)
    narrative = {"text": {"status": "generated", "div": "<div>" + "gout " * 10_000 + "</div>"}}
    assert answer(conditions=[condition("gout") | narrative]).status == 200


def test_an_order_with_a_list_without_end_is_refused() -> None:
    coding = [{"system": 5, "code": "1"}] * (MOST_IN_LIST + 1)
    order = {"resourceType": "MedicationRequest", "status": "draft", "medicationCodeableConcept": {"coding": coding}}
    check_refused(answer(SIGN, drafts=[order]), "context.draftOrders.entry[0].resource", str(MOST_IN_LIST))


def test_malformed_elements_without_end_are_refused() -> None:
    malformed = {"resourceType": "Condition", "code": {"coding": [{"system": 5}] * 4000}}
    check_refused(answer(conditions=[malformed] * 6), "malformed elements", str(size.MOST_FAULTS))


def test_facts_without_end_are_refused() -> None:
    """One Medication of a hundred drugs may stand behind every record."""
    names = [
        "lenalidomide",
        "melphalan",
        "thalidomide",
        "pomalidomide",
        "bortezomib",
        "carfilzomib",
        "daratumumab",
        "cyclophosphamide",
    ]
    product = {
        "resourceType": "Medication",
        "id": "m",
        "ingredient": [{"itemCodeableConcept": {"text": n}} for n in names],
    }
    taken = {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationReference": {"reference": "Medication/m"},
    }
    number = size.MOST_FACTS // len(names) + 1
    check_refused(answer(medicationStatements=[product, *[taken] * number]), "facts", str(size.MOST_FACTS))


def test_every_malformed_resource_is_named_and_the_first_of_them_are_worded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of one kind in thousands of resources costs no answer, and leaves none of them out."""
    worded: Counter[str] = Counter()

    def counting(_: Json) -> list[object]:
        worded["resources"] += 1
        return []

    monkeypatch.setattr(reader, "validate_resource", counting)
    number = 2000
    myeloma = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00"}]}
    found = answer(conditions=[{"resourceType": "Condition", "code": myeloma, "onsetDateTime": 5}] * number)
    assert found.status == 200
    assert worded["resources"] == effort.WORDED_RESOURCES
    assert found.recommendation is not None
    named = [gap for gap in found.recommendation.gaps if gap.element == "onsetDateTime" and gap.kind == "unreadable"]
    assert {gap.reference for gap in named} == {f"Condition/x{at}" for at in range(number)}


@pytest.mark.parametrize("number", [10, 500])
def test_a_medication_is_read_once_however_many_refer_to_it(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: Counter[str] = Counter()

    def counting(concept: Concept | None) -> bool:
        looks["ingredients"] += 1
        return tells(concept)

    monkeypatch.setattr(medication, "tells", counting)
    ingredients = [{"itemCodeableConcept": {"text": f"water {at}"}} for at in range(4000)]
    product = {"resourceType": "Medication", "id": "m", "ingredient": [{"isActive": 5}, *ingredients]}
    ordered = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "Medication/m"}}
    found = answer(medicationRequests=[product, *[ordered] * number])
    assert found.status == 200
    assert looks["ingredients"] < 4 * medication.MOST_INGREDIENTS + 10 * number
    assert found.recommendation is not None
    gaps = [gap for gap in found.recommendation.gaps if gap.reference == "Medication/m"]
    assert {gap.kind for gap in gaps} == {"unreadable"}
    assert any("more than 100 ingredients" in gap.problem for gap in gaps), "what is not read is told"
    assert any("isActive" in gap.element for gap in gaps)


def test_what_a_medication_lacks_is_told_though_the_first_record_of_it_does_not_count() -> None:
    """The gaps of a record that does not count are taken back; those of the Medication stand with the next one."""
    product = {"resourceType": "Medication", "id": "m", "status": 5, "code": {"text": "lenalidomide"}}
    taken = {"resourceType": "MedicationStatement", "medicationReference": {"reference": "Medication/m"}}
    found = answer(medicationStatements=[product, taken | {"status": "not-taken"}, taken | {"status": "active"}])
    refused = answer(medicationStatements=[product, taken | {"status": "entered-in-error"}])
    assert found.recommendation is not None
    assert refused.recommendation is not None
    assert "Medication/m" in {gap.reference for gap in found.recommendation.gaps}
    assert "Medication/m" not in {gap.reference for gap in refused.recommendation.gaps}
