"""Folders and files of FHIR JSON, whole, scattered and broken, to records, problems and counts that reconcile."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import orjson
import pytest

from spmwatch.engine.errors import InputError
from spmwatch.engine.facts import DrugExposure, PatientRecord
from spmwatch.fhir_adapters import Fate, ReadResult, read_path
from spmwatch.fhir_adapters import export as export_module
from spmwatch.fhir_adapters.lines import open_bytes
from tests.unit.fhir_adapters.fhir import (
    Json,
    bundle,
    condition,
    observation,
    patient,
    request,
    statement,
    value_sets,
    without,
)

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


def test_resources_of_a_patient_scattered_over_files(tmp_path: Path) -> None:
    records, result = load(export(tmp_path))
    assert [record.id for record in records] == ["a", "b"]
    assert [drugs(record) for record in records] == [["lenalidomide"], ["lenalidomide"]]
    assert all(record.coverage.unsupplied == () for record in records)
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
    ((record,), _) = load(tmp_path)
    assert record.coverage.lacks("MedicationRequest")
    assert {kind for kind, _ in record.coverage.unsupplied} == {
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
    assert {record.coverage.unsupplied for record in records} == {
        (("Procedure", "a file named by the manifest is absent"),)
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


LONG_ARRAY = b"[" * 10_000 + b"]" * 10_000
BAD_LINES: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"hello", "valid JSON"),
    "truncated": (orjson.dumps(condition(id="cut"))[:-20], "valid JSON"),
    "nested too deep": (b'{"resourceType":"Condition","extension":' + LONG_ARRAY + b"}", "depth limit"),
    "a list": (b"[1,2]", "a list"),
    "a string": (b'"Patient"', "a string"),
    "a number": (b"17", "a number"),
    "null": (b"null", "null"),
    "not FHIR": (b'{"name":"x"}', "not a FHIR resource"),
    "resourceType is a number": (b'{"resourceType":5}', "not a FHIR resource"),
    "OperationOutcome": (
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}',
        "OperationOutcome",
    ),
    "too long": (b'{"resourceType":"Condition","x":"' + b"y" * 5000 + b'"}', "a line of"),
    "NaN": (b'{"resourceType":"Condition","id":"c8","x":NaN}', "NaN"),
    "1e400": (b'{"resourceType":"Condition","id":"c8","x":1e400}', "too large"),
    "invalid UTF-8": (b'{"resourceType":"Condition","id":"c8","x":"\xff"}', "invalid UTF-8"),
    "lone surrogate": (b'{"resourceType":"Condition","id":"c8","x":"\\ud800"}', "surrogate"),
    "repeated member": (b'{"resourceType":"Condition","id":"c8","x":"1","x":"2"}', "stands twice"),
}


@pytest.mark.parametrize("case", BAD_LINES)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("end", [b"\n", b"\r\n\r\n"])
def test_a_bad_line_is_named_and_nothing_else_is_lost(tmp_path: Path, case: str, place: int, end: bytes) -> None:
    bad, words = BAD_LINES[case]
    lines: list[Json | bytes] = [patient(), request()]
    lines.insert(place, bad)
    path = write(tmp_path / "x.ndjson", *lines, end=end)
    ((record,), result) = load(path, longest_line=4000 if case == "too long" else 1_000_000)
    assert drugs(record) == ["lenalidomide"]
    number = place * end.count(b"\n") + 1
    assert [problem.where for problem in result.problems] == [f"x.ndjson:{number}"], [str(p) for p in result.problems]
    assert words in str(result.problems[0])


def test_a_damaged_line_shows_on_the_record_of_its_patient(tmp_path: Path) -> None:
    line = orjson.dumps(without(request(), "authoredOn"))[:-1]
    path = write(tmp_path / "x.ndjson", patient(), line, patient(id="p2"))
    (mine, other), _ = load(path)
    assert [gap.reference for gap in mine.gaps] == ["x.ndjson:2"]
    assert other.gaps == ()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, "no file"),
        ({"README.md": b"# hello"}, "no file of FHIR JSON"),
        ({"a.ndjson": b""}, "an empty file"),
        ({"a.json": b"\n\n"}, "an empty file"),
        ({"a.json": b"hello"}, "no valid JSON"),
        ({"a.json": b"{}"}, "not a FHIR resource"),
        ({"a.json": b'{"resourceType": "Bundle", "entry": ['}, "unexpected end"),
    ],
)
def test_nothing_to_read(tmp_path: Path, files: dict[str, bytes], found: str) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    records, result = load(tmp_path)
    assert records == []
    assert found in " | ".join(map(str, result.problems))
    for name in files:
        if not name.endswith(".md"):
            assert load(tmp_path / name)[1].problems


def test_no_such_path(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load(tmp_path / "gone")


def test_a_file_that_is_no_gzip_after_all(tmp_path: Path) -> None:
    (tmp_path / "x.ndjson.gz").write_bytes(b"\x1f\x8b broken")
    write(tmp_path / "y.ndjson", patient())
    records, result = load(tmp_path)
    assert len(records) == 1
    assert "cannot be read" in str(result.problems[0])


def test_a_gzip_file_that_is_damaged_in_the_middle_costs_no_other_file(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"\n".join(orjson.dumps(patient(id=f"{n:x}", x=str(n**9))) for n in range(3000))))
    packed[2000:2100] = b"\xff" * 100
    (tmp_path / "x.ndjson.gz").write_bytes(packed)
    write(tmp_path / "y.ndjson", patient(id="whole"))
    records, result = load(tmp_path)
    assert "whole" in {record.id for record in records}
    assert [problem.where for problem in result.problems if "gzip" in problem.found] == ["x.ndjson.gz"]


def not_supplied(record: PatientRecord) -> set[str]:
    return {kind for kind, _ in record.coverage.unsupplied}


@pytest.mark.parametrize("how", ["cut in a line", "gzip cut", "no right to read"])
def test_what_a_file_of_an_export_lost_was_not_looked_for(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "Patient.ndjson", patient())
    write(tmp_path / "MedicationStatement.ndjson", on("other", statement(), "s1"))
    write(tmp_path / "b.json", bundle(patient(id="elsewhere")))
    lines = b"\n".join([orjson.dumps(on("other", request(), f"m{n}")) for n in range(9)])
    file = tmp_path / "MedicationRequest.ndjson"
    if how == "cut in a line":
        file.write_bytes(lines[:-20])
    elif how == "gzip cut":
        file.with_suffix(".ndjson.gz").write_bytes(gzip.compress(lines)[:-20])
    else:
        file.write_bytes(lines)
        monkeypatch.setattr(export_module, "open_bytes", refuse(file))
    records, result = load(tmp_path)
    (mine,) = (record for record in records if record.id == "p1")
    assert not_supplied(mine) == {"MedicationRequest"}
    (other,) = (record for record in records if record.id == "elsewhere")
    assert not_supplied(other) == set()
    assert any(problem.where.startswith("MedicationRequest.ndjson") for problem in result.problems)


def refuse(file: Path) -> Callable[[Path], IO[bytes]]:
    """Opens every other file; root may read all, so rights alone cannot show it."""

    def opened(path: Path) -> IO[bytes]:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return open_bytes(path)

    return opened


def test_a_damaged_line_tells_what_its_patient_may_lack(tmp_path: Path) -> None:
    line = orjson.dumps(request())[:-1]
    (mine, other), _ = load(write(tmp_path / "x.ndjson", patient(), line, patient(id="p2")))
    assert not_supplied(mine) == {"MedicationRequest"}
    assert not_supplied(other) == set()


def test_what_is_no_file_is_named_and_not_waited_for(tmp_path: Path) -> None:
    write(tmp_path / "a.ndjson", patient())
    os.mkfifo(tmp_path / "pipe.ndjson")
    (tmp_path / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop.json").symlink_to("loop.json")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / ".hidden").symlink_to("nowhere")
    records, result = load(tmp_path)
    assert len(records) == 1
    assert sorted(problem.where for problem in result.problems) == ["again", "gone.json", "loop.json", "pipe.ndjson"]
    for name in ("pipe.ndjson", "loop.json", "gone.json", "x" * 300, "nul\0"):
        with pytest.raises(InputError):
            load(tmp_path / name)


def test_patients_with_one_id_that_are_nested_too_deep_to_compare(tmp_path: Path) -> None:
    deep = orjson.dumps(patient(x="@")).replace(b'"@"', b"[" * 1000 + b"]" * 1000)
    records, result = load(write(tmp_path / "x.ndjson", deep, deep, patient(id="p2")))
    assert [record.id for record in records] == ["p1", "p2"]
    assert all("one id" in problem.found for problem in result.problems)


def test_an_element_that_cannot_be_read_is_named_by_file_and_line(tmp_path: Path) -> None:
    lost = without(request(medicationReference={"reference": "Medication/gone"}), "medicationCodeableConcept")
    lines = (patient(birthDate="2015-02-30"), {**request(authoredOn="2024-13"), "id": "m1"}, {**lost, "id": "m2"})
    (_,), result = load(write(tmp_path / "x.ndjson", *lines))
    told = [(problem.where, problem.element) for problem in result.problems]
    assert told == [("x.ndjson:1", "birthDate"), ("x.ndjson:2", "authoredOn"), ("x.ndjson:3", "medication[x]")]
    assert str(result.problems[0]).startswith("x.ndjson:1: birthDate: 'birthDate' is not a date that exists. Correct")


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
    assert record.coverage.unsupplied == (("MedicationRequest", "Medication cannot be resolved"),)


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
def test_the_first_resource_of_a_type_that_fhir_does_not_have_is_named(tmp_path: Path, kind: str) -> None:
    unknown = {"resourceType": kind, "id": "u"}
    (record,), result = load(write(tmp_path / "a.ndjson", patient(), unknown, unknown, request()))
    assert drugs(record) == ["lenalidomide"]
    (problem,) = result.problems
    assert (problem.where, problem.element) == ("a.ndjson:2", "resourceType")


@pytest.mark.parametrize("kind", ["Encounter", "Parameters", "SubscriptionStatus", "Sequence"])
def test_types_of_any_fhir_version_that_are_not_read_are_counted_only(tmp_path: Path, kind: str) -> None:
    """SubscriptionStatus came with R4B, Sequence left after STU3."""
    _, result = load(write(tmp_path / "a.ndjson", patient(), {"resourceType": kind, "id": "u"}))
    assert list(result.problems) == []
