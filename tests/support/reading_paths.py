"""Files of FHIR data that a test writes, and what reading them gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from spmwatch.engine.facts import DrugExposure, PatientRecord
from spmwatch.fhir_adapters import Fate, ReadResult, read_path
from spmwatch.fhir_adapters.intake import CUT_OFF, LOST
from tests.unit.fhir_adapters.fhir import Json, condition, patient, request, value_sets, without

OTHER = {"resourceType": "Appointment", "id": "z"}


def write(path: Path, *lines: Json | bytes, end: bytes = b"\n", last: bytes = b"\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = end.join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines)
    path.write_bytes(data + (last if lines else b""))
    return path


def load(path: Path, **options: Any) -> tuple[list[PatientRecord], ReadResult]:
    result = read_path(path, value_sets=value_sets(), **options)
    records = list(result.records())
    counts = result.counts
    assert counts.read == sum(counts.of(fate) for fate in Fate)
    for problem in result.problems:
        assert str(problem).count("\n") == 0
    return records, result


def drugs(record: PatientRecord) -> list[str]:
    return [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)]


def on(person: str, resource: Json, ident: str) -> Json:
    return {**resource, "id": ident, "subject": {"reference": f"Patient/{person}"}}


MEDICATION: Json = {"resourceType": "Medication", "id": "med1", "code": request()["medicationCodeableConcept"]}
BY_REFERENCE = without(request(medicationReference={"reference": "Medication/med1"}), "medicationCodeableConcept")


def export(folder: Path) -> Path:
    write(folder / "Patient.000.ndjson", patient(id="b"), patient(id="a"))
    write(folder / "Condition.000.ndjson", on("a", condition(), "c1"), on("b", condition(), "c2"))
    write(folder / "MedicationRequest.000.ndjson", on("b", BY_REFERENCE, "m1"))
    write(folder / "MedicationRequest.001.ndjson", on("a", request(), "m2"), on("a", request(), "m2"))
    write(folder / "zz" / "Medication.ndjson", MEDICATION)
    write(folder / "Appointment.ndjson", OTHER, OTHER)
    write(folder / "README.txt", b"about this export")
    return folder


def not_supplied(record: PatientRecord) -> set[str]:
    return {kind for kind, _ in record.coverage.unsupplied}


def lost(record: PatientRecord) -> set[str]:
    """Types of which a part is known to be damaged."""
    return {kind for kind, why in record.coverage.unsupplied if why in (CUT_OFF, LOST)}
