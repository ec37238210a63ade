"""FHIR resources of a run: valid, drafts and preliminary, never orders, the same ids for the same day."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Diagnosis, DrugExposure, Patient, PatientRecord, Proof
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.resources import RESOURCE_TYPES, resources_of
from spmwatch.screening.results.schemas import FINDINGS, PLAN
from spmwatch.screening.results.tables import as_arrow
from tests.support.results import AS_OF, evaluator, example_patients, written

DAY = DateRange.on(date(2021, 6, 14))
RECORD = PatientRecord(
    id="p1",
    patient=Patient(id="p1", birth=DateRange.on(date(1960, 1, 1)), sex="female"),
    facts=(
        Diagnosis(concept="multiple-myeloma", onset=DAY),
        DrugExposure(concept="lenalidomide", drug="lenalidomide", proof=Proof.ADMINISTRATION, start=DAY, ongoing=True),
    ),
)


def made(record: PatientRecord) -> list[dict[str, Any]]:
    recommendation = evaluator().evaluate(record, as_of=AS_OF)
    return [json.loads(str(row[3])) for row in resources_of(recommendation, evaluator().rule_base)]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("fhir") / "out"
    written(folder, example_patients(), Wanted(fhir=True))
    return {
        path.stem: [json.loads(line) for line in path.read_bytes().splitlines()]
        for path in sorted((folder / "fhir").iterdir())
    }


def test_every_line_is_a_valid_resource_of_its_files_type(loaded: dict[str, list[dict[str, Any]]]) -> None:
    assert tuple(loaded) == RESOURCE_TYPES
    for kind, resources in loaded.items():
        for resource in resources:
            assert resource["resourceType"] == kind
            get_fhir_model_class(kind).model_validate(resource)


def test_findings_and_checks_all_come_along(loaded: dict[str, list[dict[str, Any]]]) -> None:
    tables = as_arrow(example_patients())
    findings = Counter(tables[FINDINGS]["patient"].to_pylist())
    assert Counter(one["patient"]["reference"] for one in loaded["DetectedIssue"]) == {
        f"Patient/{patient}": number for patient, number in findings.items()
    }
    assert {one["subject"]["reference"]: len(one["prediction"]) for one in loaded["RiskAssessment"]} == {
        f"Patient/{patient}": number for patient, number in findings.items()
    }
    waiting = {f"Patient/{row['patient']}" for row in tables[PLAN].to_pylist() if row["state"] in ("due", "overdue")}
    assert waiting
    assert waiting <= {one["subject"]["reference"] for one in loaded["ServiceRequest"]}


def test_nothing_is_an_order(loaded: dict[str, list[dict[str, Any]]]) -> None:
    assert {(one["status"], one["intent"]) for one in loaded["ServiceRequest"]} == {("draft", "proposal")}
    assert {one["status"] for kind in ("RiskAssessment", "DetectedIssue") for one in loaded[kind]} == {"preliminary"}


def test_ids_are_one_of_a_kind_and_the_same_again(loaded: dict[str, list[dict[str, Any]]]) -> None:
    ids = [one["id"] for resources in loaded.values() for one in resources]
    assert len(set(ids)) == len(ids)
    assert [one["id"] for one in made(RECORD)] == [one["id"] for one in made(RECORD)]


@pytest.mark.parametrize("id_", ["urn:uuid:0b7f", "with blank", "x" * 65, "p\ud800", "Patient/7"])
def test_a_patient_whose_id_makes_no_reference_is_named_by_identifier(id_: str) -> None:
    for resource in made(replace(RECORD, id=id_)):
        whose = resource.get("patient") or resource["subject"]
        assert "reference" not in whose
        assert whose["identifier"]["value"] == id_.encode("utf-8", "backslashreplace").decode()


def test_of_somebody_without_findings_there_is_nothing() -> None:
    assert made(replace(RECORD, facts=())) == []
