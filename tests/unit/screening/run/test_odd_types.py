"""A `resourceType`, id or severity that is no string: the line is quarantined, and no other patient notices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from tests.support.exports import Resource, by_type, fast, lines, patient_of, plain, quarantine, tables, worked_patients

Way = Callable[..., object]
ODD = [["MedicationRequest"], {}, 7, None]
EACH_WAY = pytest.mark.parametrize("way", [fast, plain])


def order() -> Resource:
    """An order of the cohort, so that the line is looked at."""
    return next(one for one in worked_patients() if one["resourceType"] == "MedicationRequest")


@EACH_WAY
@pytest.mark.parametrize("odd", ODD, ids=str)
def test_a_type_that_is_no_string_costs_its_patient_alone(way: Way, odd: object, tmp_path: Path) -> None:
    """First in its file and last, so that each step of the fast way meets it."""
    some = worked_patients()
    by_type(tmp_path / "sound", some)
    way(tmp_path / "without", tmp_path / "sound")
    folder = by_type(tmp_path / "odd", some)
    file = folder / "MedicationRequest.ndjson"
    line = orjson.dumps({**order(), "resourceType": odd}) + b"\n"
    whole = file.read_bytes()
    file.write_bytes(line + whole + line)
    way(tmp_path / "with", folder)
    key = patient_of(order())
    for name, rows in tables(tmp_path / "with").items():
        others = [line for line in rows.splitlines() if not line.startswith(f'"{key}"')]
        before = tables(tmp_path / "without")[name].splitlines()
        assert others == [line for line in before if not line.startswith(f'"{key}"')]
    (row,) = [one for one in tables(tmp_path / "with")["patients.csv"].splitlines() if one.startswith(f'"{key}"')]
    assert "MedicationRequest" in row
    assert [(place["file"], place["line"], place["element"]) for place in quarantine(tmp_path / "with")] == [
        (file.name, at, "resourceType") for at in (1, whole.count(b"\n") + 2)
    ]


@EACH_WAY
def test_a_file_of_nothing_else(way: Way, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_bytes(orjson.dumps({"resourceType": ["Patient"]}))
    way(tmp_path / "out", tmp_path / "one.json")
    assert [place["element"] for place in quarantine(tmp_path / "out")] == ["resourceType"]


@pytest.mark.parametrize("odd", [["Medication"], {}], ids=str)
def test_a_list_with_a_medication_and_something_odd(odd: object, tmp_path: Path) -> None:
    """The Medications of a list are looked up later, in a step of its own."""
    some = [one for one in worked_patients() if patient_of(one) == "p11"]
    first = next(one for one in some if one["resourceType"] == "MedicationRequest")
    words = first.pop("medicationCodeableConcept")
    first["medicationReference"] = {"reference": "Medication/m1"}
    folder = by_type(tmp_path / "export", some)
    drug = {"resourceType": "Medication", "id": "m1", "code": words}
    (folder / "lists.ndjson").write_bytes(lines([[drug, {"resourceType": odd, "id": "m2"}]]))
    fast(tmp_path / "fast", folder)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert "p11" in tables(tmp_path / "fast")["patients.csv"]


@pytest.mark.parametrize("odd", [["x"], {"x": []}, 7], ids=str)
def test_an_id_and_a_status_that_are_no_strings(odd: object, tmp_path: Path) -> None:
    """Both ways come to the same, and nobody is lost."""
    some = worked_patients()
    folder = by_type(tmp_path / "export", some)
    for kind in ("Patient", "Condition", "Medication", "Procedure", "MedicationRequest"):
        like = next((one for one in some if one["resourceType"] == kind), {"resourceType": kind})
        with (folder / f"{kind}.ndjson").open("ab") as file:
            file.write(lines([{**like, "id": odd, "status": odd, "meta": odd, "identifier": odd, "contained": odd}]))
    fast(tmp_path / "fast", folder)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    found = {line.split(",")[0].strip('"') for line in tables(tmp_path / "fast")["patients.csv"].splitlines()[1:]}
    assert found >= {patient_of(one) for one in some if one["resourceType"] == "MedicationRequest"}


@EACH_WAY
@pytest.mark.parametrize("severity", [["error"], {"code": "error"}], ids=str)
def test_a_severity_that_is_no_string_may_be_an_error(way: Way, severity: object, tmp_path: Path) -> None:
    folder = by_type(tmp_path / "export", worked_patients())
    (folder / "Remarks.ndjson").write_bytes(
        lines([{"resourceType": "OperationOutcome", "issue": [{"severity": severity}]}])
    )
    way(tmp_path / "out", folder)
    assert [place["reason"] for place in quarantine(tmp_path / "out")] == ["an OperationOutcome of severity error"]
