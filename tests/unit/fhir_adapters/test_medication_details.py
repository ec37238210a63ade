"""Route, dose, phase, reason and group of an exposure."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import Dose, DrugExposure
from tests.unit.fhir_adapters.fhir import (
    ICD10CM,
    MYELOMA,
    RXNORM,
    Json,
    code,
    condition,
    read,
    request,
    statement,
    the_fact,
)

MELPHALAN = code(RXNORM, "6718", "melphalan")


def exposure(resource: Json, *more: Json) -> DrugExposure:
    (fact,) = (one for one in read(resource, *more).facts if isinstance(one, DrugExposure))
    return fact


def dosage(**more: object) -> Json:
    return {"medicationCodeableConcept": MELPHALAN, "dosageInstruction": [more]}


@pytest.mark.parametrize(
    ("dosage_of_it", "route"),
    [
        ({"route": code("http://snomed.info/sct", "47625008")}, "intravenous"),
        ({"route": {"text": "oral"}}, "oral"),
        ({"text": "200 mg/m2 IV once"}, "intravenous"),
        ({"route": {"text": "intravitreal"}}, "local"),
        ({"text": "intravitreal injection"}, "local"),
        ({"route": {"text": "injection"}}, None),
        ({}, None),
        ({"route": {"text": "oral"}, "modifierExtension": [{"url": "urn:x"}]}, None),
    ],
)
def test_route_of_melphalan(dosage_of_it: Json, route: str | None) -> None:
    assert exposure(request(**dosage(**dosage_of_it))).route == route


def test_two_routes_are_no_route_and_a_gap() -> None:
    two = {"medicationCodeableConcept": MELPHALAN, "dosageInstruction": [{"text": "oral"}, {"text": "IV"}]}
    record = read(request(**two))
    assert [fact.route for fact in record.facts if isinstance(fact, DrugExposure)] == [None]
    assert [gap.kind for gap in record.gaps] == ["conflict"]


@pytest.mark.parametrize(
    ("given", "dose"),
    [
        ({"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "mg"}}]}, Dose(value=10, unit="mg")),
        ({"doseQuantity": {"value": 10, "code": "mg"}}, Dose(value=10, unit="mg")),
        ({"doseAndRate": [{"doseQuantity": {"value": 10, "unit": "capsule"}}]}, None),
        ({"doseAndRate": [{"doseQuantity": {"value": 10}}]}, None),
        ({"doseAndRate": [{"doseQuantity": {"value": "10", "unit": "mg"}}]}, None),
    ],
)
def test_dose_in_r4_and_stu3_shape(given: Json, dose: Dose | None) -> None:
    assert exposure(request(dosageInstruction=[given])).dose == dose


@pytest.mark.parametrize(
    "more",
    [
        {"dosageInstruction": [{"text": "10 mg daily as maintenance"}]},
        {"dosageInstruction": [{"patientInstruction": "maintenance"}]},
        {"note": [{"text": "Maintenance after transplant"}]},
        {"reasonCode": [{"text": "maintenance therapy"}]},
        {"reasonCode": [code("urn:spmwatch:statements", "phase-maintenance")]},
        {"reason": [{"concept": {"text": "maintenance"}}]},
        {"medicationCodeableConcept": {"text": "Revlimid maintenance"}},
    ],
)
def test_maintenance_where_it_may_be_written(more: Json) -> None:
    assert exposure(request(**more)).phase == "maintenance"


def test_two_phases_are_no_phase() -> None:
    assert exposure(request(note=[{"text": "induction"}, {"text": "maintenance"}])).phase is None


def test_reasons() -> None:
    other = code(ICD10CM, "M32.9")
    assert exposure(request(reasonCode=[MYELOMA])).reasons == ("multiple-myeloma",)
    assert exposure(request(reasonCode=[{"text": "multiple myeloma"}])).reasons == ("multiple-myeloma",)
    assert exposure(request(reasonCode=[other, MYELOMA])).reasons == ("multiple-myeloma", "other")
    by_reference = {"reasonReference": [{"reference": "Condition/c1"}]}
    assert exposure(request(**by_reference), condition()).reasons == ("multiple-myeloma",)
    assert exposure(request(**by_reference), condition(code=other)).reasons == ("other",)
    assert exposure(request(**by_reference), condition(verificationStatus="refuted")).reasons == ()
    assert exposure(request(reason=[{"reference": {"reference": "#c1"}}], contained=[condition()])).reasons == (
        "multiple-myeloma",
    )
    assert exposure(request(**by_reference)).reasons == ()


def test_orders_written_together_share_a_name_that_is_not_the_identifier() -> None:
    group = exposure(request(groupIdentifier={"system": "urn:g", "value": "SECRET-7"})).group
    assert group == exposure(request(id="m9", groupIdentifier={"system": "urn:g", "value": "SECRET-7"})).group
    assert group is not None
    assert "SECRET" not in group
    assert exposure(request()).group is None


def test_melphalan_oral_and_plain_melphalan_are_the_finer_one() -> None:
    oral = {"coding": [*MELPHALAN["coding"], {"system": RXNORM, "code": "197919"}]}
    fact = the_fact(request(medicationCodeableConcept=oral))
    assert isinstance(fact, DrugExposure)
    assert (fact.drug, fact.route) in {("melphalan", "oral"), ("melphalan", None)}


@pytest.mark.parametrize(
    "more",
    [
        {"dosageInstruction": [{"text": "25 mg days 1-21, VRd cycle 2"}]},
        {"dosageInstruction": [{"patientInstruction": "RVd"}]},
        {"note": [{"text": "Continues with VRd"}]},
        {"reasonCode": [{"text": "VRd"}]},
        {"reason": [{"concept": {"text": "VRd"}}]},
        {"reasonReference": [{"display": "VRd protocol"}]},
        {"medicationCodeableConcept": {"text": "Revlimid 25 mg (VRd)"}},
        {"note": [{"text": "VRd"}, {"text": "after KRd"}]},
    ],
)
def test_a_regimen_where_it_may_be_written(more: Json) -> None:
    record = read(request(**more))
    assert [fact.regimen for fact in record.facts if isinstance(fact, DrugExposure)] == ["vrd"]
    assert "conflict" not in {gap.kind for gap in record.gaps}


@pytest.mark.parametrize(
    "text",
    ["no VRd", "VRd planned", "s/p VRd", "Rd 2", "the pace of decline", "VRd, later KRd", "nothing", "maintenance"],
)
def test_no_regimen_or_several_or_another_time(text: str) -> None:
    record = read(request(note=[{"text": text}]))
    assert [fact.regimen for fact in record.facts if isinstance(fact, DrugExposure)] == [None]
    assert "conflict" not in {gap.kind for gap in record.gaps}


def test_a_regimen_without_the_drug_is_left_out_with_a_gap() -> None:
    record = read(request(note=[{"text": "DaraKd"}]))
    assert [fact.regimen for fact in record.facts if isinstance(fact, DrugExposure)] == [None]
    (gap,) = record.gaps
    assert (gap.kind, gap.element, gap.reference) == ("conflict", "note", "MedicationRequest/m1")
    assert "DaraKd" in gap.problem
    assert "lenalidomide" in gap.problem


@pytest.mark.parametrize(
    ("text", "drugs"),
    [
        ("VRd", {"bortezomib", "lenalidomide", "dexamethasone"}),
        ("Dexa-BEAM", {"dexamethasone", "carmustine", "cytarabine", "etoposide", "melphalan"}),
        ("VRd, then KRd", {"lenalidomide", "dexamethasone"}),
    ],
)
def test_a_record_of_a_regimen_by_name_is_one_of_each_drug_in_words(text: str, drugs: set[str]) -> None:
    dose = [{"text": "25 mg", "doseAndRate": [{"doseQuantity": {"value": 25, "unit": "mg"}}]}]
    record = read(request(medicationCodeableConcept={"text": text}, dosageInstruction=dose))
    facts = [fact for fact in record.facts if isinstance(fact, DrugExposure)]
    assert {fact.drug for fact in facts} == drugs
    assert {(fact.certainty, fact.standing, fact.dose, fact.route) for fact in facts} == {("low", "counts", None, None)}
    assert "low-certainty" in {gap.kind for gap in record.gaps}


def test_regimens_by_name_without_a_common_drug_are_a_gap() -> None:
    record = read(request(medicationCodeableConcept={"text": "DaraMPV, then PACE chemotherapy"}))
    assert record.facts == ()
    assert {gap.kind for gap in record.gaps} >= {"conflict", "unresolved-reference"}


def test_a_regimen_by_name_that_was_not_taken() -> None:
    record = read(statement(status="not-taken", medicationCodeableConcept={"text": "VRd"}))
    assert {fact.drug for fact in record.facts} == {"bortezomib", "lenalidomide", "dexamethasone"}  # type: ignore[attr-defined]
    assert {type(fact).__name__ for fact in record.facts} == {"DrugNotTaken"}


def test_the_name_of_a_regimen_beside_a_drug_is_no_exposure_to_the_others() -> None:
    assert exposure(request(note=[{"text": "Dara-VRd"}])).drug == "lenalidomide"


def test_a_drug_not_taken_has_no_regimen_and_no_conflict() -> None:
    assert read(statement(status="not-taken", note=[{"text": "DaraKd"}])).gaps == ()
