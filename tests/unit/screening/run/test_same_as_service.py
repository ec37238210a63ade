"""Screening an export and asking the CDS Hooks service about each of its patients come to the same."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import orjson

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.recommendation import Recommendation
from tests.support.exports import AS_OF, Resource, bundles, by_type, fast, patient_of, rules, tables, worked_patients


def asked(evaluator: Evaluator, patient: Resource, resources: list[Resource]) -> Recommendation:
    """What the service finds at patient-view where the EHR sends all that it has."""
    prefetch: dict[str, object] = {"patient": patient}
    for template in TEMPLATES[1:]:
        entries = [{"resource": one} for one in resources if one["resourceType"] == template.type]
        prefetch[template.key] = {"resourceType": "Bundle", "type": "searchset", "entry": entries} if entries else None
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": patient["id"]},
        "prefetch": prefetch,
    }
    answer = respond(orjson.dumps(request), as_of=AS_OF, evaluator=evaluator)
    assert answer.recommendation is not None, answer.body
    return answer.recommendation


def test_screening_is_the_service(tmp_path: Path) -> None:
    """Patients of the export, each with its tier, findings and what is planned."""
    by_type(tmp_path / "export", worked_patients())
    fast(tmp_path / "out", tmp_path / "export")
    screened = {name: list(csv.DictReader(io.StringIO(text))) for name, text in tables(tmp_path / "out").items()}
    evaluator = Evaluator(rules())
    told = {
        patient_of(patient): asked(evaluator, patient, resources)
        for resources in ([entry["resource"] for entry in bundle["entry"]] for bundle in bundles(worked_patients()))
        for patient in resources
        if patient["resourceType"] == "Patient"
    }
    listed = {row["patient"].removeprefix("Patient/"): row["tier"] for row in screened["patients.csv"]}
    assert len(listed) > 10
    assert len(screened["findings.csv"]) > 15
    assert listed == {key: told[key].tier for key in listed}
    assert [key for key, one in told.items() if key not in listed and one.findings] == []
    assert {
        (row["patient"].removeprefix("Patient/"), row["rule"], row["part"], row["certainty"], row["summary"])
        for row in screened["findings.csv"]
    } == {
        (key, one.rule, one.part or "", one.certainty.value, one.summary)
        for key in listed
        for one in told[key].findings
    }  # fmt: skip
    assert {(row["patient"].removeprefix("Patient/"), row["check"], row["state"]) for row in screened["plan.csv"]} == {
        (key, one.check, one.state) for key in listed for one in told[key].plan
    }
