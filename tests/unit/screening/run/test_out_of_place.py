"""What cannot be placed costs nobody a "no": lines of no type, of two patients, of two resources, within others."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.support.exports import Resource, by_type, fast, lines, patient_of, plain, quarantine, tables, worked_patients

Way = Callable[..., object]
EACH_WAY = pytest.mark.parametrize("way", [fast, plain])
MYELOMA = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00"}]}
LENALIDOMIDE = {"coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "342369"}]}
TRANSPLANT = {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "38241"}]}


def about(key: str) -> Resource:
    return {"subject": {"reference": f"Patient/{key}"}}


def condition(key: str, **more: object) -> Resource:
    return {"resourceType": "Condition", "id": f"c-{key}", "code": MYELOMA, **about(key), **more}


def order(key: str, **more: object) -> Resource:
    return {"resourceType": "MedicationRequest", "id": f"m-{key}", "status": "active", "intent": "order",
            "medicationCodeableConcept": LENALIDOMIDE, **about(key), **more}  # fmt: skip


def procedure(key: str, **more: object) -> Resource:
    return {"resourceType": "Procedure", "id": f"o-{key}", "status": "completed", "code": TRANSPLANT, **about(key),
            **more}  # fmt: skip


KINDS = {"myeloma": condition, "lenalidomide": order, "transplant": procedure}
"""What a patient is asked about -> what tells of it."""


def some_patients() -> list[Resource]:
    return [one for one in worked_patients() if patient_of(one) in ("p11", "p14")]


def rows(out: Path) -> dict[str, dict[str, str]]:
    return {row["patient"]: row for row in csv.DictReader(io.StringIO(tables(out)["patients.csv"]))}


def written(folder: Path, odd: list[Any], *, with_patients: bool = True) -> Path:
    """Some patients, and the odd lines in a file of their own and at the end of one of their own type."""
    by_type(folder, some_patients())
    (folder / "Odd.ndjson").write_bytes(b"".join(one if isinstance(one, bytes) else lines([one]) for one in odd))
    if with_patients:
        keys = {f"x{number}" for number in range(9)}
        with (folder / "Patient.ndjson").open("ab") as file:
            file.write(lines([{"resourceType": "Patient", "id": key} for key in sorted(keys)]))
    return folder


def without_type(one: Resource) -> Resource:
    return {name: value for name, value in one.items() if name != "resourceType"}


def bent_types(one: Resource) -> dict[str, Any]:
    kind = one["resourceType"]
    bare = without_type(one)
    return {
        "missing": bare,
        "null": {**bare, "resourceType": None},
        "list": {**bare, "resourceType": [kind]},
        "object": {**bare, "resourceType": {"value": kind}},
        "lower": {**bare, "resourceType": kind.lower()},
        "lower, first": {"resourceType": kind.lower(), **bare},
        "upper": {"resourceType": kind.upper(), **bare},
        "unknown": {"resourceType": f"Our{kind}", **bare},
        "several": {"resourceType": f"{kind}s", **bare},
        "underscore": {"resourceType": f"{kind[:3]}_{kind[3:]}", **bare},
        "in a list with something else": [one, 5],
        "entry without Bundle": {"resource": one},
        "Bundle in lower case": {"resourceType": "bundle", "entry": [{"resource": one}]},
    }


@EACH_WAY
@pytest.mark.parametrize("asked", KINDS)
def test_a_line_of_no_type_makes_whom_it_names_unknown(way: Way, asked: str, tmp_path: Path) -> None:
    names = list(bent_types(KINDS[asked]("x")))
    odd = [bent_types(KINDS[asked](f"x{number}"))[name] for number, name in enumerate(names)]
    way(tmp_path / "out", written(tmp_path / "export", odd))
    found = rows(tmp_path / "out")
    for number, name in enumerate(names):
        row = found.get(f"x{number}")
        assert row is not None, name
        assert (row[asked], row["incomplete"]) == ("unknown", "true"), name
    places = [place for place in quarantine(tmp_path / "out") if place["file"] == "Odd.ndjson"]
    assert [(place["line"], place["lost"]) for place in places] == [(at + 1, True) for at in range(len(names))]


@EACH_WAY
def test_a_line_of_no_type_that_speaks_of_something_else_adds_nobody(way: Way, tmp_path: Path) -> None:
    """But of a patient who is in the results it may have been what a rule asks for."""
    other = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}], "text": "Hypertension"}
    odd = [without_type(condition("x1", code=other)), without_type(condition("p11", code=5))]
    way(tmp_path / "out", written(tmp_path / "export", odd))
    found = rows(tmp_path / "out")
    assert "x1" not in found
    assert {"Condition", "Procedure"} <= set(found["p11"]["not_supplied"].split())


TWO_PATIENTS: dict[str, Resource] = {
    "subject and patient": {"patient": {"reference": "Patient/x2"}},
    "list": {"subject": [{"reference": "Patient/x1"}, {"reference": "Patient/x2"}]},
    "list of strings": {"subject": ["Patient/x1", "Patient/x2"]},
    "references": {"subject": {"reference": ["Patient/x1", "Patient/x2"]}},
    "one of them unreadable": {"subject": 7, "patient": [{"reference": "Patient/x1"}, {"reference": "Patient/x2"}]},
}


@EACH_WAY
@pytest.mark.parametrize("shape", TWO_PATIENTS)
@pytest.mark.parametrize("asked", KINDS)
def test_a_subject_of_two_patients_makes_both_unknown(way: Way, shape: str, asked: str, tmp_path: Path) -> None:
    way(tmp_path / "out", written(tmp_path / "export", [KINDS[asked]("x1", **TWO_PATIENTS[shape])]))
    found = rows(tmp_path / "out")
    assert (found["x1"][asked], found["x2"][asked]) == ("unknown", "unknown")
    assert ("Odd.ndjson", 1, "subject") in {
        (place["file"], place["line"], place["element"]) for place in quarantine(tmp_path / "out")
    }


@EACH_WAY
def test_one_patient_named_twice_is_one(way: Way, tmp_path: Path) -> None:
    twice = condition("x1", patient={"reference": "https://ehr.example/fhir/Patient/x1"})
    way(tmp_path / "out", written(tmp_path / "export", [twice]))
    assert rows(tmp_path / "out")["x1"]["myeloma"] == "yes"


@EACH_WAY
def test_two_resources_on_a_line_are_lost_for_both_patients(way: Way, tmp_path: Path) -> None:
    odd = [lines([condition("x1")]).strip() + lines([order("x2")])]
    way(tmp_path / "out", written(tmp_path / "export", odd))
    found = rows(tmp_path / "out")
    for key in ("x1", "x2"):
        assert (found[key]["myeloma"], found[key]["lenalidomide"]) == ("unknown", "unknown")
    assert [place["line"] for place in quarantine(tmp_path / "out") if place["lost"]] == [1]


def holders(one: Resource, key: str) -> dict[str, Resource]:
    """Resources with another one inside; where that names nobody, the holder does."""
    bare = {name: value for name, value in one.items() if name != "subject"}
    return {
        "Parameters": {"resourceType": "Parameters", "parameter": [{"name": "a", "resource": one}]},
        "Parameters, part": {"resourceType": "Parameters",
                             "parameter": [{"name": "a", "part": [{"name": "b", "resource": one}]}]},
        "Parameters, Bundle": {"resourceType": "Parameters", "parameter": [
            {"name": "a", "resource": {"resourceType": "Bundle", "entry": [{"resource": one}]}}]},
        "contained": {"resourceType": "DiagnosticReport", "id": "d", "contained": [one]},
        "contained, subject outside": {"resourceType": "DiagnosticReport", "contained": [bare], **about(key)},
        "contained in an Observation": {"resourceType": "Observation", "contained": [bare], **about(key)},
        "contained in a Patient": {"resourceType": "Patient", "id": "someone", "contained": [one]},
        "contained in an order": {**order(key), "medicationCodeableConcept": {"text": "aspirin"}, "contained": [bare]},
    }  # fmt: skip


@EACH_WAY
@pytest.mark.parametrize("asked", KINDS)
def test_a_resource_inside_of_another_makes_its_patient_unknown(way: Way, asked: str, tmp_path: Path) -> None:
    names = list(holders(KINDS[asked]("x"), "x"))
    odd = [holders(KINDS[asked](f"x{number}"), f"x{number}")[name] for number, name in enumerate(names)]
    way(tmp_path / "out", written(tmp_path / "export", odd))
    found = rows(tmp_path / "out")
    for number, name in enumerate(names):
        assert f"x{number}" in found, name
        assert (found[f"x{number}"][asked], found[f"x{number}"]["incomplete"]) == ("unknown", "true"), name
    told = {place["line"] for place in quarantine(tmp_path / "out") if place["file"] == "Odd.ndjson"}
    assert told == set(range(1, len(names) + 1))


@EACH_WAY
def test_what_is_contained_and_referred_to_is_in_its_place(way: Way, tmp_path: Path) -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": LENALIDOMIDE}
    one = {**order("x1"), "medicationReference": {"reference": "#m"}, "contained": [medication]}
    del one["medicationCodeableConcept"]
    way(tmp_path / "out", written(tmp_path / "export", [one]))
    assert rows(tmp_path / "out")["x1"]["lenalidomide"] == "yes"
    assert not quarantine(tmp_path / "out")


def odd_entries(key: str) -> list[Resource]:
    one = condition(key)
    return [
        {"resource": without_type(one)},
        one,
        {"resource": [one]},
        {"resource": {**one, "resourceType": "condition"}},
    ]


@EACH_WAY
def test_an_odd_entry_of_a_bundle_makes_its_patient_unknown(way: Way, tmp_path: Path) -> None:
    entries = [entry for number in range(4) for entry in [odd_entries(f"x{number}")[number]]]
    odd = [{"resourceType": "Bundle", "type": "collection", "entry": entries}]
    way(tmp_path / "out", written(tmp_path / "export", odd))
    assert [rows(tmp_path / "out")[f"x{number}"]["myeloma"] for number in range(4)] == ["unknown"] * 4


@pytest.mark.parametrize("many", [5_000, 1], ids=["cohort", "registry"])
def test_both_ways_come_to_the_same(many: int, tmp_path: Path) -> None:
    """All of the shapes, about patients of the results and about others."""
    odd: list[Any] = []
    for key in ("p11", "x1", "x2"):
        for make in KINDS.values():
            odd += [*bent_types(make(key)).values(), *holders(make(key), key).values()]
            odd += [make(key, **shape) for shape in TWO_PATIENTS.values()]
            odd.append(lines([make(key)]).strip() + lines([make("x3")]))
        odd.append({"resourceType": "Bundle", "entry": odd_entries(key)})
    for at, one in enumerate(odd):
        for resource in [one] if isinstance(one, dict) else []:
            if resource.get("resourceType") in ("Condition", "MedicationRequest", "Procedure"):
                resource["id"] = f"odd-{at}"
    folder = written(tmp_path / "export", odd)
    fast(tmp_path / "fast", folder, many=many)
    plain(tmp_path / "plain", folder)
    assert tables(tmp_path / "fast") == tables(tmp_path / "plain")
    assert orjson.loads((tmp_path / "fast" / "run.json").read_bytes())["counts"]["lines"]
