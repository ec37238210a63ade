"""What an export brought nothing of was not supplied, unless its manifest tells that there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spmwatch.fhir_adapters import read_path
from spmwatch.fhir_adapters.export import read_paths
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES
from tests.unit.fhir_adapters.fhir import Json, bundle, condition, observation, patient, request, value_sets

REST = ("Condition", "Observation", "Procedure")
PROCEDURE: Json = {"resourceType": "Procedure", "id": "x", "subject": {"reference": "Patient/p1"}}
ERRORS = [{"type": "OperationOutcome", "url": "https://ehr.example/errors.ndjson"}]


def export(folder: Path, *resources: Json, manifest: Json | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.ndjson").write_text("".join(f"{json.dumps(one)}\n" for one in resources))
    if manifest is not None:
        (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def asked(query: str, *listed: str) -> Json:
    output = [{"type": kind, "url": "https://ehr.example/all.ndjson"} for kind in listed]
    return {"request": f"https://ehr.example/fhir/$export{query}", "output": output}


def lacking(*paths: Path) -> list[str]:
    """Types that were not supplied to the one patient."""
    (record,) = read_paths(paths, value_sets=value_sets()).records()
    return sorted(kind for kind, _ in record.coverage.unsupplied)


@pytest.mark.parametrize(
    ("query", "unsupplied"),
    [
        ("?_outputFormat=ndjson", ()),
        ("?_since=2025-01-01T00:00:00Z", READ_TYPES),
        ("?_typeFilter=MedicationRequest%3Fstatus%3Dactive,Encounter%3Fdate%3Dge2020", ("MedicationRequest",)),
    ],
)
def test_a_part_of_the_record_was_asked_for(tmp_path: Path, query: str, unsupplied: tuple[str, ...]) -> None:
    assert lacking(export(tmp_path, patient(), request(), manifest=asked(query))) == sorted(unsupplied)


@pytest.mark.parametrize(
    ("resources", "unsupplied"),
    [
        ([patient(), request()], REST),
        ([request()], REST),
        ([condition(), PROCEDURE], ("Observation", *DRUG_TYPES)),
        ([condition(), PROCEDURE, observation(), {**request(), "resourceType": "MedicationStatement"}], ()),
        ([condition(), PROCEDURE, request(), observation()], ()),
    ],
)
def test_what_nothing_came_of_was_not_supplied(
    tmp_path: Path, resources: list[Json], unsupplied: tuple[str, ...]
) -> None:
    """Unknown is never no: a folder of orders says nothing of transplants. Of the four drug types any one will do."""
    folder = export(tmp_path, *resources)
    assert lacking(folder) == sorted(unsupplied)
    assert lacking(folder / "all.ndjson") == sorted(unsupplied)


def test_one_resource_in_a_file_of_its_own_is_no_whole_record(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(json.dumps(request(), indent=1))
    assert lacking(tmp_path / "order.json") == sorted(REST)


@pytest.mark.parametrize(
    ("manifest", "unsupplied"),
    [
        (asked("?_typeFilter="), ()),
        (asked("?_type=Patient,Condition,Procedure,Observation," + ",".join(DRUG_TYPES)), ("Medication",)),
        (asked("", "Procedure"), ("Condition", "Observation")),
        (asked(""), REST),  # a POST tells what it asked for elsewhere
        ({"request": "http://[", "output": []}, REST),
        ({"output": [{"type": "Observation", "url": "all.ndjson"}, 7]}, ("Condition", "Procedure")),
        ({**asked("?_outputFormat=ndjson"), "error": []}, ()),
        ({**asked("?_outputFormat=ndjson"), "error": ERRORS}, REST),
        ({**asked("?_outputFormat=ndjson", "Procedure"), "error": ERRORS}, ("Condition", "Observation")),
        (
            {**asked("?_type=Patient,Procedure,MedicationRequest"), "error": ERRORS},
            ("Medication", *DRUG_TYPES[1:], *REST),
        ),
    ],
)
def test_a_manifest_tells_that_there_is_none(tmp_path: Path, manifest: Json, unsupplied: tuple[str, ...]) -> None:
    assert lacking(export(tmp_path, patient(), request(), manifest=manifest)) == sorted(unsupplied)


@pytest.mark.parametrize(
    ("count", "unsupplied"),
    [(6, ("Procedure",)), (500, ("Procedure",)), (5, ()), (1, ()), ("500", ()), (True, ()), (None, ())],
)
def test_a_file_that_is_shorter_than_its_manifest_counts(
    tmp_path: Path, count: object, unsupplied: tuple[str, ...]
) -> None:
    """A part of it got lost on the way, and which part nobody knows."""
    manifest = asked("?_outputFormat=ndjson", "Procedure")
    manifest["output"][0]["count"] = count
    five = (patient(), request(), condition(), observation(), PROCEDURE)
    source = read_path(export(tmp_path, *five, manifest=manifest), value_sets=value_sets())
    (record,) = source.records()
    assert tuple(kind for kind, _ in record.coverage.unsupplied) == unsupplied
    told = [str(problem) for problem in source.problems if "count" in problem.expected]
    expected = f"{count} resources, as output[0].count of the manifest says"
    assert told == [f"all.ndjson: -: found 5 lines, expected {expected}. Download it again."] * len(unsupplied)


def test_a_manifest_speaks_for_its_own_folder_alone(tmp_path: Path) -> None:
    told = export(tmp_path / "told", request(), manifest=asked("?_outputFormat=ndjson"))
    untold = export(tmp_path / "untold", patient())
    assert lacking(told) == []
    assert lacking(told, untold) == sorted(REST)
    assert lacking(told, untold / "all.ndjson") == sorted(REST)


def test_a_bundle_stays_a_whole_record(tmp_path: Path) -> None:
    (tmp_path / "bundles.ndjson").write_text(f"{json.dumps(bundle(patient(), request()))}\n")
    (tmp_path / "more.ndjson").write_text(f"{json.dumps(patient(id='p2'))}\n")
    whole, other = read_path(tmp_path, value_sets=value_sets()).records()
    assert whole.coverage.unsupplied == ()
    assert {kind for kind, _ in other.coverage.unsupplied} == {*DRUG_TYPES, *REST}
