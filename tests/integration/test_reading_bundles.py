"""Bundles: broken entries, further pages, outcomes, deletions, Bundles within Bundles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.reading_paths import drugs, load, write
from tests.unit.fhir_adapters.fhir import Json, bundle, condition, patient, request

BROKEN_ENTRIES: dict[str, tuple[Any, str]] = {
    "null": (None, "entry[1]: found null"),
    "a string": ("x", "entry[1]: found a string"),
    "a list": ([], "entry[1]: found a list"),
    "a hole": ({}, "entry[1].resource: found no resource"),
    "null resource": ({"resource": None}, "entry[1].resource: found no resource"),
    "resource a string": ({"resource": "Patient"}, "entry[1].resource: found a string"),
    "no type": ({"resource": {"id": "1"}}, "entry[1].resource.resourceType: found null"),
}


@pytest.mark.parametrize("case", BROKEN_ENTRIES)
def test_a_broken_entry_is_named_and_nothing_else_is_lost(tmp_path: Path, case: str) -> None:
    entry, words = BROKEN_ENTRIES[case]
    whole = bundle(patient(), request())
    whole["entry"].insert(1, entry)
    ((record,), result) = load(write(tmp_path / "b.json", whole))
    assert drugs(record) == ["lenalidomide"]
    assert words in str(result.problems[0])
    assert any(words.split(":")[0] in gap.element for gap in record.gaps)


@pytest.mark.parametrize("entries", ["x", 5, {"resource": 1}])
def test_entries_that_are_no_list(tmp_path: Path, entries: object) -> None:
    records, result = load(write(tmp_path / "b.json", {"resourceType": "Bundle", "entry": entries}))
    assert records == []
    assert "a list of entries" in str(result.problems[0])


@pytest.mark.parametrize("url", ["https://x/fhir?page=2", "https://x/Patient/p1/$everything?page=2"])
def test_the_next_page_of_a_mixed_bundle_may_hold_anything(tmp_path: Path, url: str) -> None:
    """Lenalidomide could stand there, so it is not said that there is none."""
    condition = {
        "resourceType": "Condition",
        "id": "c",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "multiple myeloma"},
    }
    lab = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p1"}}
    page = bundle(patient(), condition, lab, type="searchset", link=[{"relation": "next", "url": url}])
    ((record, *_), _) = load(write(tmp_path / "b.json", page))
    assert record.coverage.lacks("MedicationRequest")
    assert record.coverage.lacks("Procedure")


def test_a_next_page_that_was_not_followed(tmp_path: Path) -> None:
    page = bundle(request(), type="searchset", link=[{"relation": "next", "url": "https://x/MedicationRequest?page=2"}])
    ((record,), _) = load(write(tmp_path / "b.json", bundle(patient(), page)))
    assert drugs(record) == ["lenalidomide"]
    assert record.coverage.unsupplied == (("MedicationRequest", "a further page of the search was not supplied"),)


def test_operation_outcomes_in_a_bundle(tmp_path: Path) -> None:
    def outcome(severity: str) -> Json:
        return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "x"}]}

    ((record,), _) = load(write(tmp_path / "b.json", bundle(patient(), outcome("warning"))))
    assert record.coverage.unsupplied == ()
    ((record,), _) = load(write(tmp_path / "b.json", bundle(patient(), outcome("error"))))
    assert record.coverage.lacks("MedicationRequest")


def test_nested_bundles_of_any_type_and_deletions(tmp_path: Path) -> None:
    inner = bundle(request(), type="searchset")
    history = bundle(condition(), type="history")
    history["entry"].insert(0, {"request": {"method": "DELETE", "url": "Condition/c1"}})
    ((record,), result) = load(write(tmp_path / "b.json", bundle(patient(), inner, history, type="document")))
    assert drugs(record) == ["lenalidomide"]
    assert len(record.facts) == 1
    assert result.problems == ()
    deep: Json = bundle(request())
    for _ in range(60):
        deep = bundle(deep)
    records, result = load(write(tmp_path / "b.json", deep))
    assert records == []
    assert "nested" in str(result.problems[0])


def test_a_bundle_without_patient(tmp_path: Path) -> None:
    ((record,), result) = load(write(tmp_path / "b.json", bundle(request())))
    assert (record.id, record.patient) == ("p1", None)
    assert drugs(record) == ["lenalidomide"]
    assert "not-supplied" in {gap.kind for gap in record.gaps}
    assert "Patient resource is not there" in str(result.problems[0])
