"""A value that becomes unreadable never makes a "no": every value of what speaks of myeloma, its drugs, a transplant.

Each patient has one resource that tells of one thing, with one value of it in the wrong type, or the resource in a
place where none is read. Who was "yes" or "unknown" before must not be "no" then, nor leave the results while a word of
it is left; and the fast way says what the plain one says.
"""

from __future__ import annotations

import copy
import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from tests.support.exports import Resource, fast, lines, plain, tables

RXNORM, CPT = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.ama-assn.org/go/cpt"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
Step = str | int
Spot = tuple[Step, ...]


def coded(system: str, code: str, **more: object) -> Resource:
    return {"coding": [{"system": system, "code": code, **more}]}


ACTIVE = coded("http://terminology.hl7.org/CodeSystem/condition-clinical", "active")
CONFIRMED = coded("http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed")
ORDER: Resource = {
    "resourceType": "MedicationRequest",
    "status": "active",
    "intent": "order",
    "authoredOn": "2025-03-01",
}
TOLD: dict[str, tuple[str, list[Resource]]] = {
    "condition, code": ("myeloma", [{"resourceType": "Condition", "code": coded(ICD, "C90.00"),
                                     "clinicalStatus": ACTIVE, "verificationStatus": CONFIRMED,
                                     "onsetDateTime": "2024-01-01"}]),
    "condition, words": ("myeloma", [{"resourceType": "Condition", "code": {"text": "Multiple myeloma"}}]),
    "order, code": ("lenalidomide", [{**ORDER, "medicationCodeableConcept": coded(RXNORM, "342369")}]),
    "order, display": ("lenalidomide", [{**ORDER, "medicationCodeableConcept": {
        "coding": [{"display": "Lenalidomide 10 MG"}]}, "dosageInstruction": [{"text": "daily", "timing": {
            "repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}]}]),
    "order, R5": ("lenalidomide", [{**ORDER, "medication": {"concept": {"text": "lenalidomide"}}}]),
    "order, regimen": ("lenalidomide", [{**ORDER, "medicationCodeableConcept": {"text": "VRd"}}]),
    "statement": ("lenalidomide", [{"resourceType": "MedicationStatement", "status": "completed",
                                    "effectivePeriod": {"start": "2024-01-01", "end": "2024-06-01"},
                                    "medicationCodeableConcept": {"text": "Revlimid"}}]),
    "administration": ("lenalidomide", [{"resourceType": "MedicationAdministration", "status": "completed",
                                         "effectiveDateTime": "2024-01-01",
                                         "medicationCodeableConcept": coded(RXNORM, "342369")}]),
    "dispense": ("lenalidomide", [{"resourceType": "MedicationDispense", "status": "completed",
                                   "whenHandedOver": "2024-01-01", "quantity": {"value": 21, "unit": "capsule"},
                                   "medicationCodeableConcept": coded(RXNORM, "342369")}]),
    "order, Medication": ("lenalidomide", [
        {**ORDER, "medicationReference": {"reference": "Medication/ID"}},
        {"resourceType": "Medication", "id": "ID", "code": coded(RXNORM, "342369", display="lenalidomide")}]),
    "order, ingredient": ("lenalidomide", [
        {**ORDER, "medicationReference": {"reference": "Medication/ID"}},
        {"resourceType": "Medication", "id": "ID",
         "ingredient": [{"itemCodeableConcept": {"text": "lenalidomide"}, "isActive": True}]}]),
    "order, contained": ("lenalidomide", [{**ORDER, "medicationReference": {"reference": "#m"}, "contained": [
        {"resourceType": "Medication", "id": "m", "code": {"text": "lenalidomide"}}]}]),
    "procedure": ("transplant", [{"resourceType": "Procedure", "status": "completed", "code": coded(CPT, "38241"),
                                  "performedDateTime": "2024-05-05"}]),
    "procedure, words": ("transplant", [{"resourceType": "Procedure", "status": "completed", "code": {
        "text": "Autologous stem cell transplant"}, "performedPeriod": {"start": "2024-05-05"}}]),
    "observation": ("transplant", [{"resourceType": "Observation", "status": "final", "code": coded(CPT, "38241"),
                                    "effectiveDateTime": "2024-05-05"}]),
}  # fmt: skip
"""What tells of what, in every way that is read; ID and the subject are filled in."""

WORDS = ("C90.00", "yeloma", "342369", "enalidomide", "Revlimid", "VRd", "38241", "transplant")
"""What speaks of one of the three, by code or word."""


def clone(name: str, key: str) -> list[Resource]:
    """The resources of a patient of this kind, those of the last type first."""
    resources = copy.deepcopy(TOLD[name][1])
    for one in resources:
        if one["resourceType"] == "Medication":
            one["id"] = f"med-{key}"
        else:
            one["id"], one["subject"] = f"r-{key}", {"reference": f"Patient/{key}"}
        if "reference" in one.get("medicationReference", {}) and "contained" not in one:
            one["medicationReference"]["reference"] = f"Medication/med-{key}"
    return resources


def anchor(key: str) -> Resource:
    """What keeps a patient in the results whatever becomes of the rest: melphalan, of which no case tells."""
    return {"resourceType": "MedicationAdministration", "id": f"a-{key}", "status": "completed",
            "subject": {"reference": f"Patient/{key}"}, "effectiveDateTime": "2024-02-02",
            "medicationCodeableConcept": {"text": "melphalan"}}  # fmt: skip


def spots(value: object, before: Spot = ()) -> Iterator[Spot]:
    """Every place in it that has a value, itself first."""
    yield before
    inner: Sequence[tuple[Step, object]] = ()
    if isinstance(value, dict):
        inner = [*value.items()]
    elif isinstance(value, list):
        inner = [*enumerate(value)]
    for step, one in inner:
        yield from spots(one, (*before, step))


def at(resource: Resource, spot: Spot) -> Any:
    value: Any = resource
    for step in spot:
        value = value[step]
    return value


def changed(resource: Resource, spot: Spot, value: object) -> Any:
    """The resource with another value there."""
    if not spot:
        return value
    result = copy.deepcopy(resource)
    at(result, spot[:-1])[spot[-1]] = value
    return result


def bent(value: Any) -> dict[str, object]:
    """Ways in which a value may be of the wrong type, so that it cannot be taken for another one of the right type.

    A number for a string is none of them: a code of digits is read. Nor is what is absent (null, {}, []).
    """
    ways: dict[str, object] = {
        "true": True,
        "list of it": [value],
        "list of two": [value, {"text": "something else"}],
        "lists": [[value]],
        "object": {"value": value},
        "list of true": [True],
        "object of a list": {"value": [value]},
    }
    if isinstance(value, bool):
        ways = {name: way for name, way in ways.items() if "true" not in name} | {"word": "yes", "number": 7}
    if isinstance(value, dict | list):
        ways |= {"number": 7, "float": 0.5}
    return ways


def misplaced(one: Resource) -> dict[str, object]:
    """Ways to put a resource where none is read, or under a type that is none."""
    kind, bare = one["resourceType"], {name: value for name, value in one.items() if name != "resourceType"}
    return {
        "no type": bare,
        "lower case": {"resourceType": kind.lower(), **bare},
        "type in a list": {**bare, "resourceType": [kind, "x"]},
        "type of ours": {"resourceType": f"{kind}Record", **bare},
        "Parameters": {"resourceType": "Parameters", "parameter": [{"name": "return", "resource": one}]},
        "contained": {"resourceType": "CarePlan", "status": "active", "contained": [one]},
        "entry": {"fullUrl": "urn:x", "resource": one},
        "a list with a number": [one, 7],
        "Bundle of entries without resource": {"resourceType": "Bundle", "entry": [one]},
    }


Case = tuple[str, int, Spot, str]
"""(name of what is told, number of the resource, place in it, way to bend it)."""


def cases(name: str) -> Iterator[Case]:
    for number, one in enumerate(clone(name, "k")):
        for spot in spots(one):
            ways = misplaced(one) if not spot else bent(at(one, spot))
            yield from ((name, number, spot, way) for way in ways)


def written(case: Case, key: str) -> list[Any]:
    """The resources of a patient with one of them bent."""
    name, number, spot, way = case
    resources = clone(name, key)
    one = resources[number]
    ways = misplaced(one) if not spot else bent(at(one, spot))
    return [changed(one, spot, ways[way]) if at_ == number else other for at_, other in enumerate(resources)]


def keeps_its_patient(case: Case) -> bool:
    """Is still named whose it is, and what is referred to? Who is named by nothing cannot be told of."""
    name, number, spot, _ = case
    one = clone(name, "k")[number]
    if one["resourceType"] == "Medication":
        return spot[:1] not in ((), ("id",), ("resourceType",))
    return spot[:1] not in (("subject",),)


def export(folder: Path, chosen: Sequence[Case], *, anchored: bool) -> Path:
    """A patient for each case, and a sound one for each kind of evidence; a file for each type."""
    files: dict[str, list[object]] = {}
    for number, case in enumerate(chosen):
        key = f"case-{number:05d}"
        files.setdefault("Patient", []).append({"resourceType": "Patient", "id": key, "birthDate": "1950-01-01"})
        if anchored:
            files.setdefault("MedicationAdministration", []).append(anchor(key))
        for one, sound in zip(written(case, key), clone(case[0], key), strict=True):
            files.setdefault(sound["resourceType"], []).append(one)
    for number, name in enumerate(TOLD):
        for one in clone(name, f"sound-{number}"):
            files.setdefault(one["resourceType"], []).append(one)
    folder.mkdir(parents=True)
    for kind, some in files.items():
        (folder / f"{kind}.ndjson").write_bytes(lines(some))
    return folder


def rows(out: Path) -> dict[str, dict[str, str]]:
    return {row["patient"]: row for row in csv.DictReader(io.StringIO(tables(out)["patients.csv"]))}


def silenced(found: dict[str, dict[str, str]], chosen: Sequence[Case]) -> list[Case]:
    """Cases in which what was told is denied, or whose patient is gone although a word of it is left."""
    gone: list[Case] = []
    for number, case in enumerate(chosen):
        if not keeps_its_patient(case):
            continue
        row, sent = found.get(f"case-{number:05d}"), written(case, "")
        left = str(sent if case[1] else sent[0])  # a Medication that nothing refers to any more is nobody's
        if any(word in left for word in WORDS) if row is None else row[TOLD[case[0]][0]] == "no":
            gone.append(case)
    return gone


@pytest.mark.parametrize("anchored", [True, False], ids=["in the results", "alone"])
@pytest.mark.parametrize("name", TOLD)
def test_no_value_that_cannot_be_read_makes_a_no(name: str, anchored: bool, tmp_path: Path) -> None:
    chosen = list(cases(name))
    plain(tmp_path / "out", export(tmp_path / "export", chosen, anchored=anchored))
    found = rows(tmp_path / "out")
    assert found[f"sound-{[*TOLD].index(name)}"][TOLD[name][0]] == "yes"
    assert silenced(found, chosen) == []


ALL = [case for name in TOLD for case in cases(name)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    chosen=st.lists(st.sampled_from(ALL), min_size=10, max_size=30),
    anchored=st.booleans(),
    many=st.sampled_from([5_000, 3]),
)
def test_the_fast_way_says_what_the_plain_one_says(chosen: list[Case], anchored: bool, many: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = export(Path(place) / "export", chosen, anchored=anchored)
        fast(Path(place) / "fast", folder, many=many)
        plain(Path(place) / "plain", folder)
        assert tables(Path(place) / "fast") == tables(Path(place) / "plain")
        assert silenced(rows(Path(place) / "fast"), chosen) == []
