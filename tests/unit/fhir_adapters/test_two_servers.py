"""One Bundle with resources of two servers: a relative reference means what its own server listed."""

from __future__ import annotations

from typing import Any

import pytest

from spmwatch.engine.facts import DrugExposure
from spmwatch.fhir_adapters import records_from_bundle
from tests.unit.fhir_adapters.fhir import LENALIDOMIDE, METFORMIN, Json, patient, request, value_sets, without

FIRST, SECOND = "https://first.example/fhir", "https://second.example/fhir"


def listed(base: str, resource: Json) -> Json:
    return {"fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}", "resource": resource}


def medication(code: Json) -> Json:
    return {"resourceType": "Medication", "id": "m", "code": code}


@pytest.mark.parametrize("reference", ["Medication/m", "Medication/m/_history/2"])
@pytest.mark.parametrize("order", [1, -1])
def test_relative_reference(reference: str, order: int) -> None:
    by_reference = without(request(medicationReference={"reference": reference}), "medicationCodeableConcept")
    medications = [listed(FIRST, medication(METFORMIN)), listed(SECOND, medication(LENALIDOMIDE))]
    entries: list[Any] = [{"resource": patient()}, listed(SECOND, by_reference), *medications[::order]]
    (record,) = records_from_bundle(
        {"resourceType": "Bundle", "entry": entries}, value_sets=value_sets(), where="bundle"
    )
    (fact,) = record.facts
    assert isinstance(fact, DrugExposure)
    assert fact.drug == "lenalidomide"
