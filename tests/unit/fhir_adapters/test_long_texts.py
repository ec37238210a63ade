"""A text that is longer than is read leaves a gap: nobody may take what was not read for what is not there."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import Diagnosis, PatientRecord
from spmwatch.engine.terminology.phrases import TEXT_LIMIT
from spmwatch.fhir_adapters.orders import orders_from_draft
from tests.unit.fhir_adapters.fhir import Json, bundle, condition, observation, read, request, value_sets, without

LONG = "x " * (TEXT_LIMIT // 2)


def told(record: PatientRecord) -> list[tuple[str, str]]:
    """(resource, element) of each text of which the end was not read."""
    return [(gap.reference, gap.element) for gap in record.gaps if "characters" in gap.problem]


@pytest.mark.parametrize("text", [f"{LONG}acute myeloid leukaemia", f"{LONG}nothing of ours"])
def test_a_diagnosis_in_the_part_that_is_not_read_is_not_known_to_be_absent(text: str) -> None:
    record = read(condition(code={"text": text}))
    assert record.facts == ()
    assert told(record) == [("Condition/c1", "code.text")]
    assert dict(record.coverage.unsupplied) == {"Condition": "a text is too long to be read whole"}


def test_what_stands_in_front_counts_and_the_rest_is_told() -> None:
    record = read(condition(code={"text": f"acute myeloid leukaemia {LONG}"}))
    assert [type(fact) for fact in record.facts] == [Diagnosis]
    assert told(record) == [("Condition/c1", "code.text")]
    assert record.coverage.unsupplied == ()


@pytest.mark.parametrize(
    ("resource", "element"),
    [
        (request(note=[{"text": "short"}, {"text": f"{LONG}maintenance"}]), "note[1].text"),
        (request(dosageInstruction=[{"patientInstruction": f"{LONG}po"}]), "dosageInstruction[0].patientInstruction"),
        (observation(code={"text": "x"}, valueString=f"{LONG}relapse"), "valueString"),
        (condition(code={"coding": [{"display": f"{LONG}myeloma"}]}), "code.coding[0].display"),
    ],
)  # fmt: skip
def test_wherever_words_are_read(resource: Json, element: str) -> None:
    assert told(read(resource)) == [(f"{resource['resourceType']}/{resource['id']}", element)]


def test_the_text_of_a_medication_and_of_a_draft() -> None:
    product = {"resourceType": "Medication", "id": "m", "code": {"text": f"{LONG}lenalidomide"}}
    ordered = without(request(medicationReference={"reference": "Medication/m"}), "medicationCodeableConcept")
    assert ("Medication/m", "code.text") in told(read(product, ordered))
    draft = request(status="draft", medicationCodeableConcept={"text": f"{LONG}lenalidomide"})
    _, gaps = orders_from_draft(bundle(draft), value_sets=value_sets(), selections=None)
    assert {(gap.reference, gap.element) for gap in gaps} == {
        ("MedicationRequest/m1", "medicationCodeableConcept.text"),
        ("MedicationRequest/m1", "medication[x]"),  # and so the drug is not known
    }


def test_a_text_that_is_read_whole_is_no_gap() -> None:
    assert told(read(condition(code={"text": LONG[:TEXT_LIMIT]}, text={"div": LONG * 2}))) == []
