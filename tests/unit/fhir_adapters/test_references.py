"""Medication and patient by every style of reference."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import Certainty, DrugExposure, PatientRecord
from spmwatch.fhir_adapters import records_from_bundle
from tests.unit.fhir_adapters.fhir import (
    LENALIDOMIDE,
    ME,
    METFORMIN,
    RXNORM,
    Json,
    code,
    patient,
    request,
    statement,
    the_fact,
    value_sets,
    without,
)

BASE = "https://ehr.example/fhir"
URN = "urn:uuid:5b0ef3a5-4b3a-4a8e-8a55-9a3a4f6f0b1c"
MEDICATION: Json = {
    "resourceType": "Medication",
    "id": "med1",
    "identifier": [{"system": "urn:drugs", "value": "L-1"}],
    "code": LENALIDOMIDE,
}


def from_entries(*entries: Json) -> tuple[PatientRecord, ...]:
    return records_from_bundle({"resourceType": "Bundle", "entry": list(entries)}, value_sets=value_sets(), where="b")


def by_reference(reference: Json, **more: object) -> Json:
    return without(request(medicationReference=reference, **more), "medicationCodeableConcept")


@pytest.mark.parametrize(
    ("reference", "full_url"),
    [
        ({"reference": "Medication/med1"}, None),
        ({"reference": "Medication/med1"}, URN),
        ({"reference": "Medication/med1/_history/3"}, None),
        ({"reference": f"{BASE}/Medication/med1"}, None),
        ({"reference": f"{BASE}/Medication/med1"}, f"{BASE}/Medication/med1"),
        ({"reference": f"{BASE}/Medication/med1/_history/2"}, f"{BASE}/Medication/med1"),
        ({"reference": f"{BASE}/Medication/med1"}, f"{BASE}/Medication/med1/_history/7"),
        ({"reference": URN}, URN),
        ({"identifier": {"system": "urn:drugs", "value": "L-1"}}, None),
    ],
)
def test_medication_in_the_bundle(reference: Json, full_url: str | None) -> None:
    listed = {"resource": MEDICATION} if full_url is None else {"resource": MEDICATION, "fullUrl": full_url}
    (record,) = from_entries({"resource": patient()}, {"resource": by_reference(reference)}, listed)
    (fact,) = record.facts
    assert isinstance(fact, DrugExposure)
    assert (fact.drug, fact.certainty) == ("lenalidomide", Certainty.HIGH)
    assert record.coverage.unsupplied == ()


@pytest.mark.parametrize("ident", ["med1", "#med1"])
def test_contained_medication(ident: str) -> None:
    fact = the_fact(by_reference({"reference": "#med1"}, contained=[{**MEDICATION, "id": ident}]))
    assert isinstance(fact, DrugExposure)
    assert fact.drug == "lenalidomide"


def test_ingredient_by_concept_reference_and_r5() -> None:
    for ingredient in (
        {"itemCodeableConcept": LENALIDOMIDE},
        {"itemReference": {"reference": "#inner"}},
        {"item": {"concept": LENALIDOMIDE}},
    ):
        product = {"resourceType": "Medication", "id": "outer", "ingredient": [ingredient]}
        inner = {**MEDICATION, "id": "inner"}
        fact = the_fact(by_reference({"reference": "#outer"}, contained=[product, inner]))
        assert isinstance(fact, DrugExposure)
        assert fact.drug == "lenalidomide"


def test_r5_codeable_reference() -> None:
    for medication in ({"concept": LENALIDOMIDE}, {"reference": {"reference": "#med1"}}):
        resource = without(
            statement(status="recorded", medication=medication, contained=[MEDICATION]), "medicationCodeableConcept"
        )
        fact = the_fact(resource)
        assert isinstance(fact, DrugExposure)
        assert fact.drug == "lenalidomide"


def test_unresolvable_with_display_is_matched_by_words() -> None:
    reference = {"reference": f"{BASE}/Medication/gone", "display": "LENALIDOMIDE 25 MG PO CAPS"}
    (record,) = from_entries({"resource": patient()}, {"resource": by_reference(reference)})
    (fact,) = record.facts
    assert isinstance(fact, DrugExposure)
    assert (fact.drug, fact.certainty, fact.route) == ("lenalidomide", Certainty.LOW, "oral")
    assert "low-certainty" in {gap.kind for gap in record.gaps}


def test_unresolvable_without_display_means_not_knowing() -> None:
    (record,) = from_entries({"resource": patient()}, {"resource": by_reference({"reference": "Medication/gone"})})
    assert record.facts == ()
    assert record.coverage.unsupplied == (("MedicationRequest", "Medication cannot be resolved"),)
    assert [gap.kind for gap in record.gaps] == ["unresolved-reference"]


def test_unresolvable_other_drug_by_display_is_no_gap() -> None:
    reference = {"reference": "Medication/gone", "display": "Metformin 500 mg"}
    (record,) = from_entries({"resource": patient()}, {"resource": by_reference(reference)})
    assert (record.facts, record.gaps, record.coverage.unsupplied) == ((), (), ())


def test_a_medication_of_another_server_is_another_medication() -> None:
    (record,) = from_entries(
        {"resource": patient()},
        {"resource": by_reference({"reference": "https://other.example/fhir/Medication/med1"})},
        {"resource": MEDICATION, "fullUrl": f"{BASE}/Medication/med1"},
    )
    assert record.facts == ()
    assert record.coverage.lacks("MedicationRequest")


def test_code_in_any_coding_and_any_order() -> None:
    for codings in (
        [METFORMIN["coding"][0] | {"code": "0"}, LENALIDOMIDE["coding"][0]],
        [LENALIDOMIDE["coding"][0], {"system": "urn:local", "code": "17"}],
        [None, 3, LENALIDOMIDE["coding"][0]],
        [{"code": 5, "system": RXNORM}, LENALIDOMIDE["coding"][0]],
    ):
        fact = the_fact(request(medicationCodeableConcept={"coding": codings}))
        assert isinstance(fact, DrugExposure)
        assert (fact.drug, fact.certainty) == ("lenalidomide", Certainty.HIGH)


def test_code_wins_over_words_with_a_gap() -> None:
    bortezomib = code(RXNORM, "358258")
    record = records_from_bundle(
        {
            "resourceType": "Bundle",
            "entry": [
                {"resource": patient()},
                {"resource": request(medicationCodeableConcept={**bortezomib, "text": "lenalidomide"})},
            ],
        },
        value_sets=value_sets(),
        where="b",
    )[0]
    assert [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)] == ["bortezomib"]
    assert [gap.kind for gap in record.gaps] == ["conflict"]


@pytest.mark.parametrize("text", ["no lenalidomide", "allergic to lenalidomide", "thalidomide", ""])
def test_words_that_do_not_say_lenalidomide(text: str) -> None:
    resource = request(medicationCodeableConcept={"text": text or "tablet"})
    (record,) = from_entries({"resource": patient()}, {"resource": resource})
    assert not [fact for fact in record.facts if isinstance(fact, DrugExposure) and fact.drug == "lenalidomide"]


@pytest.mark.parametrize(
    ("subject", "full_url"),
    [
        (ME, None),
        ({"reference": "Patient/p1/_history/2"}, None),
        ({"reference": f"{BASE}/Patient/p1"}, None),
        ({"reference": f"{BASE}/Patient/p1"}, f"{BASE}/Patient/p1"),
        ({"reference": URN}, URN),
        ({"identifier": {"system": "urn:mrn", "value": "77"}}, None),
        ({"reference": "#me"}, None),
    ],
)
def test_subject_by_every_style(subject: Json, full_url: str | None) -> None:
    mrn = [{"system": "urn:mrn", "value": "77"}]
    who: Json = {"resource": patient(identifier=mrn)}
    if full_url is not None:
        who["fullUrl"] = full_url
    order = request(subject=subject, contained=[{"resourceType": "Patient", "id": "me", "identifier": mrn}])
    (record,) = from_entries(who, {"resource": order})
    assert record.id == "p1"
    assert len(record.facts) == 1


def test_patient_without_id_is_known_by_its_address() -> None:
    (record,) = from_entries(
        {"resource": without(patient(), "id"), "fullUrl": URN}, {"resource": request(subject={"reference": URN})}
    )
    assert record.id == URN
    assert len(record.facts) == 1


@pytest.mark.parametrize(
    "subject", [{"reference": "Patient/p2"}, {"reference": "https://other.example/fhir/Patient/p1"}]
)
def test_another_patients_resource_never_counts_for_the_first(subject: Json) -> None:
    records = from_entries(
        {"resource": patient(), "fullUrl": f"{BASE}/Patient/p1"}, {"resource": request(subject=subject)}
    )
    mine, other = sorted(records, key=lambda record: record.patient is None)
    assert mine.facts == ()
    assert len(other.facts) == 1
    assert "not-supplied" in {gap.kind for gap in other.gaps}


@pytest.mark.parametrize("subject", [None, {"reference": "Group/g1"}, {"reference": "#gone"}, {"display": "Ann"}, 7])
def test_nobodys_resource_counts_for_nobody_and_is_named(subject: object) -> None:
    order = request(subject=subject) if subject is not None else without(request(), "subject")
    (record,) = from_entries({"resource": patient()}, {"resource": order})
    assert record.facts == ()
    assert [(gap.kind, gap.reference) for gap in record.gaps] == [("other-patient", "MedicationRequest/m1")]
