"""Evaluation as a whole: questions, their number and order, rules that fail, equal results for equal facts."""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from datetime import date

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.dates import DateRange
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import Coverage, Diagnosis, DrugExposure, Patient, PatientRecord, Procedure, Proof, Source
from spmwatch.engine.truth import Truth

AS_OF = date(2026, 1, 15)


@pytest.fixture(scope="module")
def evaluator() -> Evaluator:
    return Evaluator(load_rule_base())


def record(*extra: object, coverage: Coverage | None = None, birth: str | None = "1950") -> PatientRecord:
    """A patient with myeloma, on lenalidomide for 14 months."""
    facts = (
        Diagnosis(
            concept="multiple-myeloma", onset=DateRange.parse("2024-10-01"), clinical_status="active", sources=SOURCE
        ),
        DrugExposure(
            concept="lenalidomide",
            drug="lenalidomide",
            proof=Proof.REQUEST,
            start=DateRange.parse("2024-11-15"),
            ongoing=True,
            phase="maintenance",
            sources=(Source(reference="MedicationRequest/len"),),
        ),
        *extra,
    )
    patient = Patient(id="p", birth=None if birth is None else DateRange.parse(birth), sex="male", sources=SOURCE)
    return PatientRecord(id="p", patient=patient, facts=facts, coverage=coverage or Coverage())  # type: ignore[arg-type]


SOURCE = (Source(reference="Condition/c"),)
NOT_SEARCHED = Coverage(
    unsupplied=tuple(
        (name, "not sent") for name in ("MedicationAdministration", "Procedure", "Condition", "MedicationStatement")
    )
)


def test_questions_stand_most_decisive_first(evaluator: Evaluator) -> None:
    order = [topic.id for topic in evaluator.rule_base.topics]
    result = evaluator.evaluate(record(coverage=NOT_SEARCHED, birth=None), as_of=AS_OF)
    asked = [question.topic for question in result.questions]
    assert asked == sorted(asked, key=order.index)
    assert "melphalan-exposure" in asked


def test_a_finding_lists_five_questions_at_most(evaluator: Evaluator) -> None:
    unknown_kind = Procedure(concept="sct-unspecified", date=DateRange.parse("2025"), sources=SOURCE)
    result = evaluator.evaluate(record(unknown_kind, coverage=NOT_SEARCHED, birth=None), as_of=AS_OF)
    (gaps,) = [finding for finding in result.findings if finding.rule == "SPM-29"]
    listed = [line for line in gaps.detail.splitlines() if line.startswith("- ")]
    assert len(listed) == min(5, len(result.decisive_questions))
    assert listed == [f"- {question.question}" for question in result.decisive_questions[:5]]


def test_nothing_is_asked_of_a_patient_without_lenalidomide_or_myeloma(evaluator: Evaluator) -> None:
    nobody = PatientRecord(id="p", patient=Patient(id="p"), coverage=NOT_SEARCHED)
    result = evaluator.evaluate(nobody, as_of=AS_OF)
    assert (result.tier, result.findings) == ("none", ())
    assert result.truths["SPM-01"] is Truth.UNKNOWN


@pytest.mark.parametrize(
    ("onset", "asked"),
    [
        ("2024-09-30", False),  # before myeloma
        ("2024-10-15", True),  # between its diagnosis and its first treatment
        ("2024-11-15", True),  # on the day of the first treatment
        ("2024-11-16", False),
        (None, True),
    ],
)
def test_the_order_of_a_cancer_and_the_treatment_is_asked_for(
    evaluator: Evaluator, onset: str | None, asked: bool
) -> None:
    found = None if onset is None else DateRange.parse(onset)
    cancer = Diagnosis(concept="spm-colorectal", onset=found, clinical_status="active", sources=SOURCE)
    result = evaluator.evaluate(record(cancer, birth="1970"), as_of=AS_OF)
    assert ("cancer-onset" in {question.topic for question in result.decisive_questions}) is asked
    assert ("SPM-29" in {finding.rule for finding in result.findings}) is asked
    untreated = replace(record(cancer), facts=tuple(f for f in record(cancer).facts if isinstance(f, Diagnosis)))
    assert not evaluator.evaluate(untreated, as_of=AS_OF).findings


def test_the_order_of_facts_does_not_matter(evaluator: Evaluator) -> None:
    first = record(Procedure(concept="autologous-sct", date=DateRange.parse("2024-12"), sources=SOURCE))
    expected = evaluator.evaluate(first, as_of=AS_OF)
    for seed in range(20):
        facts = tuple(random.Random(seed).sample(first.facts, len(first.facts)))
        assert evaluator.evaluate(replace(first, facts=facts), as_of=AS_OF) == expected


def test_a_rule_that_fails_is_named_and_the_others_speak(
    evaluator: Evaluator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the message nor the log repeats what the fault said, which could be about the patient."""
    original = Evaluator._finding

    def broken(self: Evaluator, rule: object, variant: object, outcome: object) -> object:
        if getattr(rule, "id", "") == "SPM-01":
            raise ValueError("born 1950-02-03")
        return original(self, rule, variant, outcome)  # type: ignore[arg-type]

    monkeypatch.setattr(Evaluator, "_finding", broken)
    with caplog.at_level(logging.DEBUG):
        result = evaluator.evaluate(record(Procedure(concept="sct-unspecified", sources=SOURCE)), as_of=AS_OF)
    assert [failure.rule for failure in result.failures] == ["SPM-01"]
    assert "SPM-05" in {finding.rule for finding in result.findings}
    assert "1950" not in caplog.text + str(result.failures)
