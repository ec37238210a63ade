"""What a path may hold: exports, folders of Bundles, single files; told by content."""

from __future__ import annotations

import gzip
from pathlib import Path

import orjson
import pytest

from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters import Fate
from tests.support.reading_paths import BY_REFERENCE, MEDICATION, OTHER, drugs, export, load, not_supplied, on, write
from tests.unit.fhir_adapters.fhir import bundle, condition, observation, patient, request, without


def test_resources_of_a_patient_scattered_over_files(tmp_path: Path) -> None:
    records, result = load(export(tmp_path))
    assert [record.id for record in records] == ["a", "b"]
    assert [drugs(record) for record in records] == [["lenalidomide"], ["lenalidomide"]]
    assert [not_supplied(record) for record in records] == [{"Observation", "Procedure"}] * 2
    assert result.problems == ()
    assert result.counts.rows() == (
        ("(other type)", "irrelevant", 2),
        ("Condition", "used", 2),
        ("Medication", "supporting", 1),
        ("MedicationRequest", "duplicate", 1),
        ("MedicationRequest", "used", 2),
        ("Patient", "supporting", 2),
    )


def test_an_export_without_any_medication_type(tmp_path: Path) -> None:
    write(tmp_path / "Patient.ndjson", patient())
    write(tmp_path / "Condition.ndjson", condition())
    write(tmp_path / "Observation.ndjson", observation())
    write(tmp_path / "Procedure.ndjson", {"resourceType": "Procedure", "id": "z"})
    ((record,), _) = load(tmp_path)
    assert not_supplied(record) == {
        "MedicationRequest",
        "MedicationDispense",
        "MedicationStatement",
        "MedicationAdministration",
    }


def test_a_bundle_beside_the_files_of_an_export_stays_a_whole_record(tmp_path: Path) -> None:
    """A stray NDJSON file says nothing about a patient who came in a Bundle."""
    write(tmp_path / "good.json", bundle(patient(), condition()))
    write(tmp_path / "stray.ndjson", on("p2", condition(), "c2"), OTHER)
    (whole, stray), _ = load(tmp_path)
    assert (whole.id, whole.coverage.unsupplied) == ("p1", ())
    assert stray.coverage.lacks("MedicationRequest")


def test_a_bundle_without_medications_was_searched(tmp_path: Path) -> None:
    for path in (write(tmp_path / "one.json", bundle(patient(), condition())), tmp_path):
        ((record,), _) = load(path)
        assert record.coverage.unsupplied == ()


def test_partial_by_hand(tmp_path: Path) -> None:
    path = write(tmp_path / "one.json", bundle(patient(), request()))
    ((record,), _) = load(path, partial=["Procedure"])
    assert record.coverage.unsupplied == (("Procedure", "said by hand (--partial)"),)
    with pytest.raises(InputError, match="Appointment"):
        load(path, partial=["Appointment"])


@pytest.mark.parametrize("name", ["manifest.json", "export.json"])
def test_a_file_that_the_manifest_names_and_that_is_absent(tmp_path: Path, name: str) -> None:
    export(tmp_path)
    output = [
        {"type": "Patient", "url": "https://x/Patient.000.ndjson"},
        {"type": "Procedure", "url": "https://x/files/Procedure.000.ndjson?token=1"},
        {"type": "Condition"},
    ]
    write(tmp_path / name, {"transactionTime": "2026-01-01T00:00:00Z", "output": output})
    records, result = load(tmp_path)
    assert {dict(record.coverage.unsupplied)["Procedure"] for record in records} == {
        "a file named by the manifest is absent"
    }
    assert [problem.element for problem in result.problems] == ["output[1].url", "output[2]"]


def test_types_that_the_export_was_not_asked_for(tmp_path: Path) -> None:
    export(tmp_path)
    asked = "https://x/Patient/$export?_type=Patient,Condition,MedicationRequest,Medication,Observation"
    write(tmp_path / "manifest.json", {"request": asked, "output": []})
    ((record, _), _) = load(tmp_path)
    assert {kind for kind, _ in record.coverage.unsupplied} == {
        "Procedure",
        "MedicationDispense",
        "MedicationStatement",
        "MedicationAdministration",
    }


def test_told_by_content_not_by_name(tmp_path: Path) -> None:
    write(tmp_path / "patients.txt", patient(), request())
    (tmp_path / "conditions.bin").write_bytes(gzip.compress(orjson.dumps(condition()) + b"\n"))
    write(tmp_path / "labs.json", observation(), observation(id="o2"))
    ((record,), result) = load(tmp_path)
    assert len(record.facts) == 4
    assert result.problems == ()


def test_a_folder_of_bundles_keeps_their_references_apart(tmp_path: Path) -> None:
    metformin = {**MEDICATION, "code": {"text": "metformin"}}
    write(tmp_path / "1.json", bundle(patient(id="a"), on("a", BY_REFERENCE, "m1"), MEDICATION))
    write(tmp_path / "2.json", bundle(patient(id="b"), on("b", BY_REFERENCE, "m1"), metformin))
    records, _ = load(tmp_path)
    assert [drugs(record) for record in records] == [["lenalidomide"], []]


@pytest.mark.parametrize("indent", [True, False])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_one_bundle_however_written(tmp_path: Path, indent: bool, end: bytes) -> None:
    data = orjson.dumps(bundle(patient(), request()), option=orjson.OPT_INDENT_2 if indent else 0)
    path = tmp_path / "b.json"
    path.write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + end)
    ((record,), result) = load(path)
    assert drugs(record) == ["lenalidomide"]
    assert result.problems == ()


def test_two_patients_with_one_id(tmp_path: Path) -> None:
    ((record,), result) = load(write(tmp_path / "b.json", bundle(patient(), patient(), request())))
    assert result.problems == ()
    ((record,), result) = load(write(tmp_path / "b.json", bundle(patient(), patient(gender="male"), request())))
    assert record.patient is not None
    assert record.patient.sex is None
    assert "differ" in str(result.problems[0])


def test_nobodys_and_anothers_resources(tmp_path: Path) -> None:
    whole = bundle(patient(), on("p2", request(), "m2"), without(request(id="m3"), "subject"))
    (mine, other), result = load(write(tmp_path / "b.json", whole))
    assert (drugs(mine), drugs(other)) == ([], ["lenalidomide"])
    assert other.patient is None
    assert result.counts.of(Fate.UNASSIGNED) == 1
    assert len(result.problems) == 2


def test_a_missing_medication_file(tmp_path: Path) -> None:
    export(tmp_path)
    (tmp_path / "zz" / "Medication.ndjson").unlink()
    (_, record), _ = load(tmp_path)
    assert dict(record.coverage.unsupplied)["MedicationRequest"] == "Medication cannot be resolved"


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    forward, backward = tmp_path / "1", tmp_path / "2"
    resources = [patient(), request(), condition(), observation(), BY_REFERENCE | {"id": "m7"}, MEDICATION]
    for number, resource in enumerate(resources):
        write(forward / f"{number}.ndjson", resource)
        write(backward / f"{9 - number}.ndjson", resource)
    assert load(forward)[0] == load(backward)[0]


def test_records_can_be_asked_for_once(tmp_path: Path) -> None:
    _, result = load(write(tmp_path / "b.json", bundle(patient())))
    with pytest.raises(InputError):
        list(result.records())


@pytest.mark.parametrize("kind", ["medicationrequest", "Foo", "Medication Request"])
def test_resources_of_a_type_that_fhir_does_not_have_are_named(tmp_path: Path, kind: str) -> None:
    """Each that may stand for a type which is read; of others the first."""
    unknown = {"resourceType": kind, "id": "u"}
    (record,), result = load(write(tmp_path / "a.ndjson", patient(), unknown, unknown, request()))
    assert drugs(record) == ["lenalidomide"]
    named = [(problem.where, problem.element) for problem in result.problems]
    both = [("a.ndjson:2", "resourceType"), ("a.ndjson:3", "resourceType")]
    assert named == (both[:1] if kind == "Foo" else both)


@pytest.mark.parametrize("kind", ["Encounter", "Parameters", "SubscriptionStatus", "Sequence"])
def test_types_of_any_fhir_version_that_are_not_read_are_counted_only(tmp_path: Path, kind: str) -> None:
    """SubscriptionStatus came with R4B, Sequence left after STU3."""
    _, result = load(write(tmp_path / "a.ndjson", patient(), {"resourceType": kind, "id": "u"}))
    assert list(result.problems) == []
