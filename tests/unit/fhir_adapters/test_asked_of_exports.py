"""What the manifest says that the export was asked for; what was not asked for is not absent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spmwatch.fhir_adapters import read_path
from spmwatch.fhir_adapters.relevance import READ_TYPES
from tests.unit.fhir_adapters.fhir import patient, request, value_sets


@pytest.mark.parametrize(
    ("query", "unsupplied"),
    [
        ("", ()),
        ("_since=2025-01-01T00:00:00Z", READ_TYPES),
        ("_typeFilter=MedicationRequest%3Fstatus%3Dactive,Encounter%3Fdate%3Dge2020", ("MedicationRequest",)),
    ],
)
def test_a_part_of_the_record_was_asked_for(tmp_path: Path, query: str, unsupplied: tuple[str, ...]) -> None:
    manifest = {"request": f"https://ehr.example/fhir/$export?{query}", "output": []}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "all.ndjson").write_text(f"{json.dumps(patient())}\n{json.dumps(request())}\n")
    (record,) = read_path(tmp_path, value_sets=value_sets()).records()
    assert sorted(kind for kind, _ in record.coverage.unsupplied) == sorted(unsupplied)
