"""Great ages are rare enough to tell who it is: one of 90 or more is told as 90, unless a conclusion depends on it."""

from __future__ import annotations

import dataclasses
from datetime import date

from spmwatch.engine.dates import DateRange, add_months
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import Recommendation
from spmwatch.rule_testing.from_record.conclusion import Conclusion, concluded

OLDEST_TOLD = 89
"""Years. Above it HIPAA's Safe Harbor (45 CFR 164.514(b)(2)(i)(C)) has all ages told as one: 90 or older."""
_HALF_A_YEAR = 6
"""Months that an age of 90 is put beyond it, so that it stays one when all dates are moved."""
_TOLD_AS_90 = "The patient was born more than 89 years ago. Here it is 90: what the rules conclude stays the same"
_KEPT = (
    "The patient was born more than 89 years ago, which is rare enough to tell who it is; what the rules conclude "
    "depends on the age, so it is kept. Change the birth date by hand before you pass this on"
)


def without_great_age(
    record: PatientRecord, evaluator: Evaluator, as_of: date, hook: str
) -> tuple[PatientRecord, tuple[str, ...]]:
    """The record with an age of 90 for a greater one where that changes no conclusion, and what to say of it.

    Args:
        record: its dates not moved yet.
        evaluator: the rules.
        as_of: the day of the evaluation.
        hook: at which the rules are asked.
    """
    patient = record.patient
    if patient is None or patient.birth is None or not _is_great(patient.birth, as_of):
        return record, ()
    if not evaluator.rule_base.conventions.oldest_plausible_age >= _years(patient.birth, as_of):
        return record, ()  # a birth date that cannot be; the scenario says so, without the date
    birth = _of_ninety(patient.birth, as_of)
    told = dataclasses.replace(record, patient=dataclasses.replace(patient, birth=birth))
    mine, its = (concluded(each, evaluator, as_of, hook) for each in (record, told))
    same = Conclusion.of(mine) == Conclusion.of(its) and _due(mine) == _due(its)
    return (told, (_TOLD_AS_90,)) if same else (record, (_KEPT,))


def _due(recommendation: Recommendation) -> list[tuple[str, DateRange | None]]:
    """When each check of the plan is due, which a Conclusion does not tell."""
    return [(item.check, item.next) for item in recommendation.plan]


def _is_great(birth: DateRange, as_of: date) -> bool:
    """May the patient be older than 89?"""
    return birth.earliest is not None and birth.earliest <= add_months(as_of, -12 * (OLDEST_TOLD + 1))


def _years(birth: DateRange, as_of: date) -> int:
    """Calendar years since; at most a year more than the age."""
    return as_of.year - (birth.earliest or as_of).year


def _of_ninety(birth: DateRange, as_of: date) -> DateRange:
    """A birth date as exactly known as this one, surely 90 years ago."""
    day = add_months(as_of, -12 * (OLDEST_TOLD + 1) - _HALF_A_YEAR)
    if birth.exact:
        return DateRange.on(day)
    month = day.isoformat()[: len("2024-05")]
    return DateRange.parse(month if len(str(birth)) == len("2024-05") else f"{day.year - 1:04d}")
