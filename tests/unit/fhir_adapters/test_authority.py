"""fhir.resources says what is valid; what it says never quotes the resource."""

from __future__ import annotations

import pytest

from spmwatch.fhir_adapters import validate_resource
from spmwatch.fhir_adapters.authority import version_of
from tests.unit.fhir_adapters.fhir import (
    Json,
    administration,
    bundle,
    condition,
    dispense,
    observation,
    patient,
    procedure,
    request,
    statement,
    without,
)

VALID_R4 = [
    patient(),
    request(),
    dispense(),
    statement(),
    administration(),
    procedure(),
    observation(),
    condition(),
    bundle(patient(), request()),
]


@pytest.mark.parametrize("resource", VALID_R4, ids=lambda resource: resource["resourceType"])
def test_what_the_tests_are_built_from_is_valid(resource: Json) -> None:
    assert validate_resource(resource) == []


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        (request(), "R4B"),
        (without(request(medication={"concept": {"text": "x"}}), "medicationCodeableConcept"), "R5"),
        (without(procedure(occurrenceDateTime="2024"), "performedDateTime"), "R5"),
        (statement(taken="y"), "STU3"),
        (condition(clinicalStatus="active"), "STU3"),
    ],
)
def test_version_by_shape(resource: Json, version: str) -> None:
    assert version_of(resource) == version
    assert validate_resource(resource) == []


@pytest.mark.parametrize(
    ("resource", "element"),
    [
        (request(authoredOn="2015-02-30"), "authoredOn"),
        (request(dosageInstruction="SECRET"), "dosageInstruction"),
        (request(note=[{"text": 3}]), "note[0].text"),
        (without(request(), "status"), "status"),
        (request(surprise="SECRET"), "surprise"),
        ({"resourceType": "Surprise"}, "resourceType"),
        ({"id": "x"}, "resourceType"),
    ],
)
def test_faults_by_path(resource: Json, element: str) -> None:
    faults = validate_resource(resource)
    assert element in [fault.element for fault in faults]
    assert "SECRET" not in str(faults)


def test_a_flood_of_faults_is_counted() -> None:
    faults = validate_resource(request(note=[{"text": number} for number in range(1000)]))
    assert len(faults) == 21
    assert faults[-1].problem == "has 980 more faults"
