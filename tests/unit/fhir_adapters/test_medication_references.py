"""Which Medications are worth a question to a server."""

from __future__ import annotations

from typing import Any

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.fhir_adapters.medication_references import wanted_medications

VALUE_SETS = load_rule_base().value_sets


def record(reference: object, type_: str = "MedicationRequest", **more: Any) -> dict[str, Any]:
    return {"resourceType": type_, "id": "r1", "status": "active", "medicationReference": reference, **more}


def wanted(*resources: dict[str, Any]) -> list[str]:
    return [target.key for target in wanted_medications(resources, VALUE_SETS)]


M1 = {"reference": "Medication/m1"}


@pytest.mark.parametrize(
    "type_", ["MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"]
)
def test_a_reference_without_words_is_wanted(type_: str) -> None:
    assert wanted(record(M1, type_)) == ["Medication/m1"]
    assert wanted({"resourceType": type_, "medication": {"reference": M1}}) == ["Medication/m1"]  # R5


def test_words_decide_unless_they_name_a_drug_that_matters() -> None:
    assert wanted(record(M1 | {"display": "METFORMIN 500 MG PO TABS"})) == []
    assert wanted(record(M1 | {"display": "LENALIDOMIDE 25 MG PO CAPS"})) == ["Medication/m1"]
    assert wanted(record(M1 | {"display": "VRd"})) == ["Medication/m1"]  # a regimen


def test_what_is_told_otherwise_is_not_wanted() -> None:
    assert wanted(record(M1), {"resourceType": "Medication", "id": "m1"}) == []
    assert wanted(record(M1, medicationCodeableConcept={"text": "metformin"})) == []
    assert wanted(record(M1, status="entered-in-error")) == []
    assert wanted(record(M1, type_="Observation")) == []


@pytest.mark.parametrize(
    "reference",
    [
        7,
        None,
        [],
        {},
        {"reference": None},
        {"reference": 7},
        {"reference": "#m1"},
        {"display": "melphalan"},
    ]
    + [{"reference": text} for text in ("", "m1", "Substance/s1", "urn:uuid:1", "urn:oid:1.2.3", "javascript:x", "/")],
    ids=str,
)
def test_what_is_no_literal_reference_to_a_medication_is_passed_over(reference: object) -> None:
    assert wanted(record(reference)) == []


@pytest.mark.parametrize("reference", ["Medication/m1", ["Medication/m1"], [M1], {"reference": ["Medication/m1"]}])
def test_a_reference_of_the_wrong_type_is_followed(reference: object) -> None:
    assert wanted(record(reference)) == ["Medication/m1"]


def test_named_ones_come_first_and_each_once() -> None:
    named = {"reference": "Medication/m2", "display": "melphalan"}
    again = {"reference": "Medication/m2/_history/3"}
    assert wanted(record(M1), record(named), record(again), record(M1)) == ["Medication/m2", "Medication/m1"]


def test_one_id_on_two_servers_is_guessed_for_neither() -> None:
    two = [{"reference": f"https://{host}.example/fhir/Medication/m1"} for host in ("a", "b")]
    other = {"reference": "https://a.example/fhir/Medication/m9"}
    assert wanted(*map(record, (*two, other))) == ["Medication/m9"]
    assert wanted(record(two[0])) == ["Medication/m1"]
