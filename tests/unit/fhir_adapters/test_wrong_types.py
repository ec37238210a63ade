"""Elements of the wrong JSON type: what cannot be mistaken is read and told of, the rest is a gap, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spmwatch.engine.facts import Diagnosis, DrugExposure, DrugOrder, PatientRecord, Standing, UnidentifiedOrder
from spmwatch.fhir_adapters import orders_from_draft
from spmwatch.fhir_adapters.evidence import HIDDEN
from spmwatch.fhir_adapters.faults import view_of
from spmwatch.fhir_adapters.views import ConditionView
from tests.unit.fhir_adapters.fhir import (
    CPT,
    ICD10CM,
    LENALIDOMIDE,
    LOINC,
    METFORMIN,
    MYELOMA,
    RXNORM,
    SNOMED,
    Json,
    administration,
    bundle,
    code,
    condition,
    dispense,
    observation,
    procedure,
    read,
    request,
    statement,
    value_sets,
    without,
)

Make = Callable[..., Json]
Bend = Callable[[Json], object]
DRUGS = [request, dispense, statement, administration]
CODED = [
    (condition, MYELOMA),
    (procedure, code(CPT, "38241")),
    (observation, code(LOINC, "718-7")),
]


def coding(concept: Json) -> Json:
    return dict(concept["coding"][0])


BENT: dict[str, Bend] = {
    "a list of one": lambda concept: [concept],
    "a list of a list of one": lambda concept: [[concept]],
    "a Coding": coding,
    "a list of one Coding": lambda concept: [coding(concept)],
    "codings no list": lambda concept: {"coding": coding(concept)},
    "a coding in a list too many": lambda concept: {"coding": [[coding(concept)]]},
    "members in lists": lambda concept: {"coding": [{name: [value] for name, value in coding(concept).items()}]},
    "everything": lambda concept: [{"coding": {name: [value] for name, value in coding(concept).items()}}],
}


def told(record: PatientRecord) -> set[str]:
    """Where something of the wrong type was read."""
    return {gap.element for gap in record.gaps if gap.kind == "wrong-type"}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
@pytest.mark.parametrize(("make", "concept"), CODED, ids=["Condition", "Procedure", "Observation"])
def test_a_code_of_the_wrong_type_is_read_and_told(make: Make, concept: Json, bend: Bend) -> None:
    sound, record = read(make(code=concept)), read(make(code=bend(concept)))
    assert record.facts == sound.facts
    assert len(record.facts) == 1
    assert told(record)
    assert all(element.startswith("code") for element in told(record))
    assert not told(sound)
    assert record.coverage == sound.coverage


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
@pytest.mark.parametrize("make", DRUGS)
def test_a_medication_of_the_wrong_type_is_read_and_told(make: Make, bend: Bend) -> None:
    sound, record = read(make()), read(make(medicationCodeableConcept=bend(LENALIDOMIDE)))
    assert record.facts == sound.facts
    assert len(record.facts) == 1
    assert all(element.startswith("medicationCodeableConcept") for element in told(record))
    assert told(record)
    assert record.coverage == sound.coverage


@pytest.mark.parametrize("make", DRUGS)
@pytest.mark.parametrize(
    "words", ["lenalidomide", ["lenalidomide"], {"text": ["lenalidomide"]}, {"coding": ["lenalidomide"]}]
)
def test_words_for_a_medication(make: Make, words: object) -> None:
    record = read(make(medicationCodeableConcept=words))
    assert [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)] == ["lenalidomide"]
    assert told(record)


@pytest.mark.parametrize(
    "words",
    [
        "multiple myeloma",
        ["multiple myeloma"],
        {"text": ["multiple myeloma"]},
        {"coding": {"display": "multiple myeloma"}},
    ],
)
def test_words_for_a_code(words: object) -> None:
    record = read(condition(code=words))
    assert [type(fact) for fact in record.facts] == [Diagnosis]
    assert told(record)


def test_words_of_an_answer_and_of_a_note() -> None:
    smoker = observation(code=code(LOINC, "72166-2"), valueCodeableConcept="Current smoker")
    del smoker["valueQuantity"]
    assert len(read(smoker).facts) == 1
    regimen = request(medicationCodeableConcept="bortezomib", note="part of VRd")
    assert (
        read(regimen).facts
        == read(request(medicationCodeableConcept={"text": "bortezomib"}, note=[{"text": "part of VRd"}])).facts
    )


@pytest.mark.parametrize("number", [342369, [342369]])
def test_a_number_for_a_code_is_its_digits(number: object) -> None:
    record = read(request(medicationCodeableConcept={"coding": [{"system": RXNORM, "code": number}]}))
    assert [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)] == ["lenalidomide"]
    assert told(record) == {"medicationCodeableConcept.coding[0].code"}


@pytest.mark.parametrize("make", [*DRUGS, condition, procedure, observation])
@pytest.mark.parametrize(
    "subject",
    ["Patient/p1", ["Patient/p1"], [{"reference": "Patient/p1"}], {"reference": ["Patient/p1"]}, "p1"],
    ids=str,
)
def test_a_subject_of_the_wrong_type_is_read_and_told(make: Make, subject: object) -> None:
    sound, record = read(make()), read(make(subject=subject))
    assert record.facts == sound.facts
    assert len(record.facts) == 1
    assert told(record) == {"subject"}


@pytest.mark.parametrize(
    "subject",
    [
        7,
        [],
        {},
        [{"reference": "Group/p1"}, {"reference": "Group/p2"}],
    ],
    ids=str,
)
def test_a_subject_that_cannot_be_told_is_nobody(subject: object) -> None:
    record = read(request(subject=subject))
    assert record.facts == ()
    assert [gap.reference for gap in record.gaps if gap.kind == "other-patient"] == ["MedicationRequest/m1"]


@pytest.mark.parametrize("subject", [
    [{"reference": "Patient/p1"}, {"reference": "Patient/p2"}], {"reference": ["Patient/p1", "Patient/p2"]},
], ids=str)  # fmt: skip
def test_a_subject_of_two_patients_is_possible_only(subject: object) -> None:
    record = read(request(subject=subject))
    assert {fact.standing for fact in record.facts} == {Standing.POSSIBLE}
    assert [gap.kind for gap in record.gaps if gap.reference == "MedicationRequest/m1"] == ["conflict"]


@pytest.mark.parametrize("reference", ["Medication/x", ["Medication/x"], [{"reference": "Medication/x"}]], ids=str)
@pytest.mark.parametrize("element", ["medicationReference", "medication"])
def test_a_reference_of_the_wrong_type_is_followed_and_told(reference: object, element: str) -> None:
    medication = {"resourceType": "Medication", "id": "x", "code": [LENALIDOMIDE]}
    order = {**without(request(), "medicationCodeableConcept"), element: reference}
    record = read(order, medication)
    assert [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)] == ["lenalidomide"]
    assert {element, "code"} <= told(record)


def test_a_concept_where_r5_has_a_codeable_reference() -> None:
    record = read({**without(request(), "medicationCodeableConcept"), "medication": LENALIDOMIDE})
    assert [fact.drug for fact in record.facts if isinstance(fact, DrugExposure)] == ["lenalidomide"]
    assert told(record) == {"medication"}


@pytest.mark.parametrize(("make", "concept", "element"), [
    *((make, LENALIDOMIDE, "medicationCodeableConcept") for make in DRUGS),
    (condition, MYELOMA, "code"), (procedure, code(CPT, "38241"), "code"),
])  # fmt: skip
@pytest.mark.parametrize("bend", [
    lambda concept: [concept, METFORMIN], lambda concept: concept["coding"][0]["code"],
    lambda concept: {"text": {"value": concept}}, lambda concept: {"coding": [{"coding": concept["coding"]}]},
    lambda concept: {"code": concept["coding"][0]["code"]},
])  # fmt: skip
def test_what_cannot_be_read_and_may_be_evidence_is_never_absent(
    make: Make, concept: Json, element: str, bend: Bend
) -> None:
    resource = make(**{element: bend(concept)})
    record = read(resource)
    assert record.facts == ()
    assert (resource["resourceType"], HIDDEN) in record.coverage.unsupplied
    assert [gap.reference for gap in record.gaps if gap.kind == "unreadable"]


@pytest.mark.parametrize(
    "told",
    [{"code": ["lenalidomide", "metformin"]}, {"ingredient": [{"itemCodeableConcept": [LENALIDOMIDE, METFORMIN]}]}],
)
def test_a_medication_elsewhere_that_cannot_be_read(told: Json) -> None:
    words = {"resourceType": "Medication", "id": "x", **told}
    order = {**without(request(), "medicationCodeableConcept"), "medicationReference": {"reference": "Medication/x"}}
    assert ("MedicationRequest", HIDDEN) in read(order, words).coverage.unsupplied


def test_what_is_lost_beside_something_readable_is_looked_at_too() -> None:
    lost = condition(code={"coding": [{"system": ICD10CM, "code": "C34.90"}], "text": {"value": "multiple myeloma"}})
    record = read(lost)
    assert len(record.facts) == 1
    assert ("Condition", HIDDEN) in record.coverage.unsupplied
    harmless = condition(code={"coding": [{"system": ICD10CM, "code": "C34.90"}], "text": {"value": "of the lung"}})
    assert read(harmless).coverage.unsupplied == ()


@pytest.mark.parametrize("what", [
    "essential hypertension", ["essential hypertension"], {"system": ICD10CM, "code": "I10"}, [code(ICD10CM, "I10")],
    [{"text": "gout"}, {"text": "essential hypertension"}],
    {"coding": [{"extension": [{"url": "http://example.org/absent-reason", "valueCode": "unknown"}]}]},
    [{"coding": [{"system": SNOMED, "code": "38341003"}]}, {"text": "gout"}],
])  # fmt: skip
def test_other_things_of_the_wrong_type_hide_nothing(what: object) -> None:
    record = read(condition(code=what))
    assert record.facts == ()
    assert record.coverage.unsupplied == ()


@pytest.mark.parametrize("make", [condition, procedure, observation])
@pytest.mark.parametrize(
    "what", [5, True, [], ["a", "b"], {"coding": 5}, {"text": 5}, {"text": {}}, {"coding": [5]}, ""], ids=str
)
def test_a_code_that_says_nothing_for_its_type_is_a_gap(make: Make, what: object) -> None:
    record = read(make(code=what))
    assert record.facts == ()
    assert [gap.element for gap in record.gaps if gap.reference and gap.element.startswith("code")]


NOTHING_LEFT: list[object] = [
    5, True, [], [[]], {"text": 7}, {"coding": [[]]}, {"coding": 5}, {"coding": [5]}, "", {"text": {}}, ["", 7],
    {"coding": [{"system": SNOMED, "code": {}}]}, {"id": "x", "text": []},
]  # fmt: skip


@pytest.mark.parametrize("make", [condition, procedure, observation])
@pytest.mark.parametrize("what", NOTHING_LEFT, ids=str)
def test_a_code_of_which_nothing_is_left_may_be_about_anything(make: Make, what: object) -> None:
    """Unknown is never no: a Procedure with the code `[]` may be the transplant, and so may an Observation."""
    resource = make(code=what)
    record = read(resource)
    kinds = {resource["resourceType"], *(("Procedure",) if make is observation else ())}
    assert {kind for kind, _ in record.coverage.unsupplied} == kinds
    assert [gap.element for gap in record.gaps if gap.reference and gap.element.startswith("code")]


@pytest.mark.parametrize("what", [["melphalan given", "x"], {"value": {"text": "melphalan given"}}], ids=str)
def test_words_of_an_observation_whose_code_is_lost_are_no_no(what: object) -> None:
    """Sound words of an Observation name no drug; of a code that cannot be read they may be what is left."""
    lost = {kind for kind, _ in read(observation(code=what)).coverage.unsupplied}
    assert {"Observation", "MedicationAdministration"} <= lost
    assert read(observation(code={"text": "melphalan given"})).coverage.unsupplied == ()


@pytest.mark.parametrize("what", [{}, {"coding": []}, {"text": "knee"}, code("urn:x", "1"), ["knee", "hip"]], ids=str)
@pytest.mark.parametrize("make", [condition, procedure, observation])
def test_an_absent_or_unknown_code_hides_nothing(make: Make, what: object) -> None:
    assert read(make(code=what)).coverage.unsupplied == ()
    assert read(without(make(), "code")).coverage.unsupplied == ()


@pytest.mark.parametrize(
    "resource",
    [
        procedure(code=[], status="not-done"),
        procedure(code=[], notDone=True),
        procedure(code=[], status="entered-in-error"),
        condition(code=[], verificationStatus={"coding": [{"code": "refuted"}]}),
        observation(code=[], status="entered-in-error"),
    ],
)
def test_what_does_not_count_hides_nothing_whatever_its_code(resource: Json) -> None:
    assert read(resource).coverage.unsupplied == ()


@pytest.mark.parametrize(
    "bend",
    [
        lambda part: part,
        lambda part: [[part]],
        lambda part: [{**part, "code": coding(part["code"])}],
        lambda part: [{**part, "code": [part["code"]]}],
    ],
)
def test_components_of_the_wrong_type(bend: Bend) -> None:
    value = {"valueQuantity": {"value": 9.5, "unit": "g/dL", "code": "g/dL"}}
    bent = bend({"code": code(LOINC, "718-7"), **value})
    whole = without(observation(code={"text": "blood count"}, component=bent), "valueQuantity")
    record = read(whole)
    assert len(record.facts) == 1
    assert told(record)


def test_what_was_refuted_or_not_done_hides_nothing() -> None:
    refuted = condition(code=[MYELOMA], verificationStatus={"coding": [{"code": "refuted"}]})
    record = read(refuted)
    assert record.facts == ()
    assert record.coverage.unsupplied == ()


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_a_draft_order_of_the_wrong_type_is_an_order(bend: Bend) -> None:
    drafts = bundle(request(status="draft", medicationCodeableConcept=bend(LENALIDOMIDE)))
    orders, gaps = orders_from_draft(drafts, value_sets=value_sets(), selections=None)
    assert [order.drug for order in orders if isinstance(order, DrugOrder)] == ["lenalidomide"]
    assert [gap for gap in gaps if gap.kind == "wrong-type"]


@pytest.mark.parametrize("what", [[LENALIDOMIDE, METFORMIN], "342369"])
def test_a_draft_order_that_cannot_be_read_is_asked_about(what: object) -> None:
    drafts = bundle(request(status="draft", medicationCodeableConcept=what))
    orders, _ = orders_from_draft(drafts, value_sets=value_sets(), selections=None)
    assert [type(order) for order in orders] == [UnidentifiedOrder]


def test_statuses_and_dates_of_the_wrong_type_prove_nothing() -> None:
    view, faults = view_of(ConditionView, {"onsetDateTime": ["2020"], "code": MYELOMA})
    assert view.onsetDateTime is None
    assert [fault.mended for fault in faults] == [False]


def test_lists_within_lists_without_end() -> None:
    deep: object = MYELOMA
    for _ in range(400):
        deep = [deep]
    record = read(condition(code=deep))
    assert ("Condition", HIDDEN) in record.coverage.unsupplied


def test_no_content_of_the_record_is_quoted() -> None:
    secret = "Jane Doe has multiple myeloma"
    record = read(condition(code=secret), request(medicationCodeableConcept=[{"text": secret}, secret]))
    assert all(secret not in gap.problem + gap.advice + gap.element for gap in record.gaps)
