"""Conditions, procedures, observations and patients: what facts they give, and what they do not."""

from __future__ import annotations

import pytest

from spmwatch.engine.facts import (
    Certainty,
    Coverage,
    Diagnosis,
    DrugExposure,
    LabValue,
    PatientRecord,
    Procedure,
    Smoking,
    Standing,
    Statement,
)
from spmwatch.fhir_adapters import record_from_resources
from tests.unit.fhir_adapters.fhir import (
    CPT,
    ICD10CM,
    LOINC,
    SNOMED,
    Json,
    code,
    condition,
    kinds,
    observation,
    patient,
    procedure,
    read,
    request,
    the_fact,
    value_sets,
    without,
)

STATEMENTS = "urn:spmwatch:statements"


@pytest.mark.parametrize(
    ("onset", "span"),
    [
        ({"onsetDateTime": "2023"}, "2023"),
        ({"onsetPeriod": {"start": "2023-02", "end": "2024"}}, "2023-02"),
        ({"onsetPeriod": {"end": "2024"}}, "..2024-12-31"),
        ({"onsetAge": {"value": 60, "unit": "years", "code": "a"}}, "2020-05-01..2021-04-30"),
        ({"onsetAge": {"value": 60}}, "2020-05-01..2021-04-30"),
        ({"onsetAge": {"value": 18, "code": "mo"}}, "1961-11"),
        (
            {"onsetRange": {"low": {"value": 60, "code": "a"}, "high": {"value": 62, "code": "a"}}},
            "2020-05-01..2023-04-30",
        ),
        ({"onsetString": "2019-05"}, "2019-05"),
        ({"onsetString": "in childhood"}, None),
        ({}, None),
    ],
)
def test_onset_in_every_shape(onset: Json, span: str | None) -> None:
    resource = {**without(condition(recordedDate="2024-01-01"), "onsetDateTime"), **onset}
    (fact,) = read(resource).facts
    assert isinstance(fact, Diagnosis)
    assert (None if fact.onset is None else str(fact.onset)) == span
    assert str(fact.recorded) == "2024-01-01"


@pytest.mark.parametrize("age", [{"value": -3, "code": "a"}, {"value": 900, "code": "a"}, {"value": 60, "code": "kg"}])
def test_an_age_that_cannot_be_is_a_gap(age: Json) -> None:
    record = read(without(condition(onsetAge=age, recordedDate="2024"), "onsetDateTime"))
    assert [fact.onset for fact in record.facts if isinstance(fact, Diagnosis)] == [None]
    assert kinds(record) == ["unreadable"]


def test_stu3_condition() -> None:
    fact = the_fact(
        without(
            condition(clinicalStatus="remission", verificationStatus="confirmed", assertedDate="2023-04-01"),
            "onsetDateTime",
        )
    )
    assert isinstance(fact, Diagnosis)
    assert (fact.clinical_status, str(fact.recorded), fact.standing) == ("remission", "2023-04-01", Standing.COUNTS)


def test_abatement() -> None:
    for more in ({"abatementDateTime": "2024-06"}, {"abatementPeriod": {"start": "2024-01", "end": "2024-06"}}):
        fact = the_fact(condition(**more))
        assert isinstance(fact, Diagnosis)
        assert (str(fact.abated), fact.clinical_status) == ("2024-06", "resolved")
    fact = the_fact(condition(abatementBoolean=True))
    assert isinstance(fact, Diagnosis)
    assert (fact.abated, fact.clinical_status) == (None, "resolved")


def test_relapse_code_is_a_diagnosis_and_a_progression() -> None:
    facts = read(condition(code=code(ICD10CM, "C90.02"))).facts
    assert {type(fact) for fact in facts} == {Diagnosis, Statement}
    assert {fact.what for fact in facts if isinstance(fact, Statement)} == {"progression"}


def test_transplant_status_is_a_procedure_once_done() -> None:
    fact = the_fact(without(condition(code=code(ICD10CM, "Z94.84"), recordedDate="2024-02-01"), "onsetDateTime"))
    assert isinstance(fact, Procedure)
    assert (fact.concept, fact.is_status, str(fact.date)) == ("sct-unspecified", True, "..2024-02-01")


def test_history_code_is_history() -> None:
    (fact,) = (one for one in read(condition(code=code(ICD10CM, "Z85.3"))).facts if isinstance(one, Diagnosis))
    assert (fact.concept, fact.history) == ("history-cancer-breast", True)


@pytest.mark.parametrize("text", ["no evidence of multiple myeloma", "family history of breast cancer", "hypertension"])
def test_words_that_say_no_diagnosis(text: str) -> None:
    assert [fact for fact in read(condition(code={"text": text})).facts if isinstance(fact, Diagnosis)] == []


def test_words_are_of_low_certainty() -> None:
    fact = the_fact(condition(code={"text": "Multiple myeloma"}))
    assert isinstance(fact, Diagnosis)
    assert (fact.concept, fact.certainty) == ("multiple-myeloma", Certainty.LOW)


def test_the_most_specific_of_several_codings() -> None:
    both = {"coding": [{"system": ICD10CM, "code": "C80.1"}, {"system": ICD10CM, "code": "C50.911"}]}
    fact = the_fact(condition(code=both))
    assert isinstance(fact, Diagnosis)
    assert fact.concept == "spm-breast"


def test_codings_that_contradict_are_possible_only_with_a_gap() -> None:
    both = {"coding": [{"system": ICD10CM, "code": "C50.911"}, {"system": ICD10CM, "code": "C90.00"}]}
    record = read(condition(code=both))
    assert {fact.standing for fact in record.facts} == {Standing.POSSIBLE}
    assert kinds(record) == ["conflict"]


def test_transplant_eligibility_on_the_problem_list() -> None:
    for concept in (code(STATEMENTS, "transplant-ineligible"), {"text": "Not a candidate for autologous transplant"}):
        statements = [fact for fact in read(condition(code=concept)).facts if isinstance(fact, Statement)]
        assert [fact.what for fact in statements] == ["transplant-ineligible"]


def test_why_a_transplant_was_not_done() -> None:
    fact = the_fact(procedure(status="not-done", statusReason={"text": "transplant-ineligible"}))
    assert isinstance(fact, Statement)
    assert fact.what == "transplant-ineligible"
    assert read(procedure(status="not-done", statusReason={"text": "patient choice"})).facts == ()


@pytest.mark.parametrize(
    ("system", "value", "concept"),
    [
        (CPT, "38241", "autologous-sct"),
        (CPT, "38240", "allogeneic-sct"),
        (CPT, "38206", "stem-cell-collection"),
        (SNOMED, "108631000119101", "autologous-sct"),
    ],
)
def test_procedures(system: str, value: str, concept: str) -> None:
    fact = the_fact(procedure(code=code(system, value)))
    assert isinstance(fact, Procedure)
    assert fact.concept == concept


def test_a_procedure_that_is_an_infused_drug() -> None:
    hcpcs = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    fact = the_fact(procedure(code=code(hcpcs, "J9245")))
    assert isinstance(fact, DrugExposure)
    assert (fact.drug, fact.route, str(fact.start)) == ("melphalan", "intravenous", "2023-09-01")
    assert read(procedure(code={"text": "melphalan counselling"})).facts == ()


def test_awaiting_a_transplant_is_none() -> None:
    for resource in (procedure(code=code(SNOMED, "698303004")), condition(code=code(SNOMED, "698303004"))):
        assert read(resource).facts == ()


# Laboratory values


def lab(resource: Json) -> LabValue:
    fact = the_fact(resource)
    assert isinstance(fact, LabValue)
    return fact


@pytest.mark.parametrize(
    ("test", "quantity", "analyte", "value", "unit"),
    [
        ("718-7", {"value": 101, "unit": "g/L"}, "hemoglobin", 10.1, "g/dL"),
        ("59260-0", {"value": 6, "code": "mmol/L"}, "hemoglobin", 9.666, "g/dL"),
        ("751-8", {"value": 900, "unit": "/uL"}, "anc", 0.9, "10*9/L"),
        ("751-8", {"value": 0.9, "unit": "K/uL"}, "anc", 0.9, "10*9/L"),
        ("777-3", {"value": 150, "unit": "x10(9)/L", "code": "10*9/L"}, "platelets", 150, "10*9/L"),
    ],
)
def test_values_in_canonical_units(test: str, quantity: Json, analyte: str, value: float, unit: str) -> None:
    fact = lab(observation(code=code(LOINC, test), valueQuantity=quantity))
    assert (fact.analyte, fact.unit) == (analyte, unit)
    assert fact.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"valueQuantity": {"value": 10.1}}, "missing-element"),
        ({"valueQuantity": {"value": 10.1, "unit": "furlong"}}, "unreadable"),
        ({"valueQuantity": {"value": 10.1, "unit": "10*9/L"}}, "unreadable"),
        ({"valueQuantity": {"value": "10.1", "unit": "g/dL"}}, "unreadable"),
        ({"valueQuantity": {"value": 1e308, "unit": "g/dL"}}, "unreadable"),
        ({"valueQuantity": {"value": 1e13, "unit": "g/dL", "comparator": ">"}}, "unreadable"),
        ({"valueQuantity": {"unit": "g/dL"}}, "missing-element"),
        ({"valueQuantity": {"value": 10.1, "unit": "g/dL", "comparator": "ad"}}, "unreadable"),
        ({"valueQuantity": "10.1 g/dL"}, "unreadable"),
        ({"valueQuantity": None, "valueString": "10.1 g/dL"}, "missing-element"),
        ({"valueQuantity": None, "valueString": "present"}, "missing-element"),
        ({"valueQuantity": {"value": -3, "unit": "g/dL"}}, "unreadable"),
    ],
)
def test_a_value_that_cannot_be_used_is_a_gap_and_leaves_the_value_open(more: Json, kind: str) -> None:
    record = read(observation(**more))
    (fact,) = record.facts
    assert isinstance(fact, LabValue)
    assert (fact.analyte, fact.standing, fact.says_nothing) == ("hemoglobin", Standing.POSSIBLE, True)
    assert kind in kinds(record)


def test_absent_with_a_reason_is_no_gap() -> None:
    record = read(without(observation(dataAbsentReason={"text": "not performed"}), "valueQuantity"))
    assert (record.facts, record.gaps) == ((), ())


def test_comparator_is_kept() -> None:
    assert lab(observation(valueQuantity={"value": 7, "unit": "g/dL", "comparator": "<"})).comparator == "<"


def test_preliminary_is_flagged_and_only_that() -> None:
    """What a preliminary value proves is the timeline's business; that it stands on record is certain."""
    fact = lab(observation(status="preliminary"))
    assert (fact.preliminary, fact.standing) == (True, Standing.COUNTS)


def test_components_of_a_panel() -> None:
    parts = [
        {"code": code(LOINC, "718-7"), "valueQuantity": {"value": 9, "unit": "g/dL"}},
        {"code": code(LOINC, "777-3"), "valueQuantity": {"value": 80, "unit": "10*9/L"}},
        None,
        {"code": "777-3"},
    ]
    record = read(without(observation(code={"text": "CBC"}, component=parts), "valueQuantity"))
    assert [fact.analyte for fact in record.facts if isinstance(fact, LabValue)] == ["hemoglobin", "platelets"]
    assert {fact.sources[0].element for fact in record.facts} == {
        "component[0].valueQuantity",
        "component[1].valueQuantity",
    }


# Smoking and statements


def test_smoking_status_by_code_and_by_words() -> None:
    asked = code(LOINC, "72166-2")
    for value in ({"valueCodeableConcept": code(SNOMED, "8517006")}, {"valueString": "Former smoker"}):
        fact = the_fact({**without(observation(code=asked), "valueQuantity"), **value})
        assert isinstance(fact, Smoking)
        assert fact.concept == "smoking-former"


@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": {"value": 30, "unit": "{pack-years}"}},
        {"valueQuantity": {"value": 30}},
        {"valueQuantity": {"value": 30, "code": "1"}},
        {"valueInteger": 30},
    ],
)
def test_pack_years(value: Json) -> None:
    fact = the_fact({**without(observation(code=code(SNOMED, "401201003")), "valueQuantity"), **value})
    assert isinstance(fact, Smoking)
    assert fact.pack_years == 30


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"valueString": "progressive disease"}, {"progression"}),
        ({"valueString": "VGPR"}, {"response-vgpr"}),
        ({"valueCodeableConcept": {"text": "sCR"}}, {"response-scr"}),
        ({"valueCodeableConcept": code(STATEMENTS, "transplant-eligible")}, {"transplant-eligible"}),
        ({"valueString": "no progression"}, set()),
    ],
)
def test_statements_by_value(value: Json, what: set[str]) -> None:
    record = read({**without(observation(code={"text": "Disease response"}), "valueQuantity"), **value})
    assert {fact.what for fact in record.facts if isinstance(fact, Statement)} == what


@pytest.mark.parametrize(
    ("question", "answer", "told"),
    [
        ("Myeloma status", "PD", [("progression", Standing.COUNTS)]),
        ("Dialysis", "PD", []),
        ("X-ray type", "CR", []),
        ("Best verbal response", "PR", []),
        ("CKD review", "disease progression", [("progression", Standing.POSSIBLE)]),
        ("Clinic letter", "progressive myeloma", [("progression", Standing.COUNTS)]),
        ("Response", "<VGPR", []),
        ("Response", "lost CR", []),
        ("Response", "VGPR", [("response-vgpr", Standing.COUNTS)]),
    ],
)
def test_a_response_in_words_needs_a_question_for_it(
    question: str, answer: str, told: list[tuple[str, Standing]]
) -> None:
    asked = without(observation(code={"text": question}), "valueQuantity")
    record = read({**asked, "valueString": answer})
    assert [(fact.what, fact.standing) for fact in record.facts if isinstance(fact, Statement)] == told
    assert ("undecided" in [gap.kind for gap in record.gaps]) is (Standing.POSSIBLE in dict(told).values())


def test_a_code_is_a_response_whatever_the_question() -> None:
    asked = without(observation(code={"text": "Review"}), "valueQuantity")
    fact = the_fact({**asked, "valueCodeableConcept": code(STATEMENTS, "progression")})
    assert fact.standing is Standing.COUNTS


def test_a_question_answered_otherwise_says_nothing_sure() -> None:
    asked = code(STATEMENTS, "transplant-eligible")
    plain = without(observation(code=asked), "valueQuantity")
    assert the_fact({**plain, "valueBoolean": True}).standing is Standing.COUNTS
    assert read({**plain, "valueBoolean": False}).facts == ()
    record = read({**plain, "valueString": "to be discussed"})
    assert [fact.standing for fact in record.facts] == [Standing.POSSIBLE]
    assert "undecided" in kinds(record)
    assert read({**plain, "code": {"text": "eligible for transplant"}, "valueString": "no"}).facts == ()


# Patients


def record_of(*patients: Json) -> PatientRecord:
    return record_from_resources("p1", patients, value_sets=value_sets(), coverage=Coverage())


@pytest.mark.parametrize(
    ("more", "deceased", "on"),
    [
        ({}, None, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedDateTime": "2025-02"}, True, "2025-02"),
        ({"deceasedDateTime": "2025-02-30"}, True, None),
        ({"deceasedBoolean": "true"}, None, None),
    ],
)
def test_deceased(more: Json, deceased: bool | None, on: str | None) -> None:
    who = record_of(patient(**more)).patient
    assert who is not None
    assert (who.deceased, None if who.deceased_on is None else str(who.deceased_on)) == (deceased, on)


@pytest.mark.parametrize("birth", ["1960-02-30", "60", 1960, None, ["1960"]])
def test_birth_date_that_is_missing_or_cannot_be(birth: object) -> None:
    record = record_of(patient(birthDate=birth))
    assert record.patient is not None
    assert record.patient.birth is None
    assert kinds(record) == (["missing-element"] if birth is None else ["unreadable"])


def test_patients_that_disagree() -> None:
    record = record_of(patient(), patient(birthDate="1961-05-01"), patient())
    assert record.patient is not None
    assert (record.patient.birth, record.patient.sex) == (None, "female")
    assert "conflict" in kinds(record)


def test_gender_outside_the_list() -> None:
    record = record_of(patient(gender="F"))
    assert record.patient is not None
    assert record.patient.sex is None
    assert kinds(record) == ["unreadable"]


# Versions and other patients in the kernel


def test_the_newest_version_counts() -> None:
    old = request(meta={"lastUpdated": "2024-01-01T00:00:00Z"})
    new = request(status="entered-in-error", meta={"lastUpdated": "2024-01-01T02:00:00+01:00"})
    assert read(old, new).facts == ()
    assert len(read(old, old).facts) == 1


def test_versions_of_unknown_order_are_possible_only() -> None:
    record = read(request(), request(authoredOn="2023-01-01"))
    assert {fact.standing for fact in record.facts} == {Standing.POSSIBLE}
    assert "conflict" in kinds(record)


def test_the_kernel_never_counts_another_patients_resources() -> None:
    record = read(request(subject={"reference": "Patient/p2"}), patient(id="p2"))
    assert record.facts == ()
    assert [gap.kind for gap in record.gaps] == ["other-patient", "other-patient"]


def test_any_order_of_resources_gives_the_same_record() -> None:
    resources = [request(), condition(), procedure(), observation(), request(id="m2", status="unknown")]
    assert read(*resources) == read(*reversed(resources))


def test_faults_are_named_without_their_content() -> None:
    record = read(request(dosageInstruction="SECRET", note=[{"text": ["SECRET"]}], authoredOn="SECRET-01"))
    assert len(record.facts) == 1
    assert len(record.gaps) >= 3
    assert "SECRET" not in str(record.gaps)
    assert {"dosageInstruction", "note[0].text", "authoredOn"} <= {gap.element for gap in record.gaps}


def test_strict_names_what_no_view_reads() -> None:
    broken = request(priority=5, requester="Dr X")
    assert read(broken).gaps == ()
    assert {gap.element for gap in read(broken, strict=True).gaps} == {"priority", "requester"}
    assert any(isinstance(fact, DrugExposure) for fact in read(broken, strict=True).facts)
