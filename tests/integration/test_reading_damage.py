"""Files that are damaged, missing or no files: what is lost is named, and nothing else is lost."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

import orjson
import pytest

from spmwatch.engine.errors import InputError
from spmwatch.fhir_adapters import export as export_module
from spmwatch.fhir_adapters.intake import damage_of
from spmwatch.fhir_adapters.lines import Line, open_lines
from tests.support.reading_paths import drugs, load, lost, on, write
from tests.unit.fhir_adapters.fhir import Json, bundle, condition, patient, request, statement, without

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
        monkeypatch.setattr(export_module, "open_lines", refuse(file))
    records, result = load(tmp_path)
    (mine,) = (record for record in records if record.id == "p1")
    assert lost(mine) == {"MedicationRequest"}
    (other,) = (record for record in records if record.id == "elsewhere")
    assert lost(other) == set()
    assert any(problem.where.startswith("MedicationRequest.ndjson") for problem in result.problems)


def refuse(file: Path) -> Callable[[Path], IO[bytes]]:
    """Opens every other file; root may read all, so rights alone cannot show it."""

    def opened(path: Path) -> IO[bytes]:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return open_lines(path)

    return opened


def test_a_damaged_line_tells_what_its_patient_may_lack(tmp_path: Path) -> None:
    line = orjson.dumps(request())[:-1]
    (mine, other), _ = load(write(tmp_path / "x.ndjson", patient(), line, patient(id="p2")))
    assert lost(mine) == {"MedicationRequest"}
    assert lost(other) == set()


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


@pytest.mark.parametrize(
    "reference", [rb"Patient\/p1", rb"https:\/\/ehr.example\/fhir\/Patient\/p1\/_history\/2", b"Patient/p1"]
)
def test_a_damaged_line_names_its_patient_however_slashes_are_written(reference: bytes) -> None:
    data = b'{"resourceType":"Condition","subject":{"reference":"' + reference + b'"},"code":{"te'
    assert damage_of(Line(1, data), "x", "torn").patients == ("p1",)
