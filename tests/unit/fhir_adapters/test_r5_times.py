"""When things happened in R5's shapes, and what a fault or a missing day is called."""

from __future__ import annotations

import datetime as dt

import pytest

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import DrugExposure, Procedure
from spmwatch.fhir_adapters.authority import validate_resource
from tests.unit.fhir_adapters.fhir import (
    LENALIDOMIDE,
    Json,
    administration,
    condition,
    procedure,
    read,
    request,
    the_fact,
    without,
)

BOUNDS: Json = {"repeat": {"boundsPeriod": {"start": "2024-01-21", "end": "2024-03-25"}}}


def test_administration_by_the_bounds_of_its_timing() -> None:
    r5 = without(administration(medication={"concept": LENALIDOMIDE}), "medicationCodeableConcept", "effectiveDateTime")
    fact = the_fact({**r5, "occurenceTiming": BOUNDS})
    assert isinstance(fact, DrugExposure)
    assert (fact.start, fact.end) == (DateRange.parse("2024-01-21"), DateRange.parse("2024-03-25"))


@pytest.mark.parametrize(
    ("element", "value", "expected"),
    [
        ("occurrenceTiming", BOUNDS, DateRange.parse("2024-01-21")),
        ("occurrenceTiming", {"event": ["2023-09-03", "2023-09-01"]}, DateRange.parse("2023-09-01")),
        ("recorded", "2023-09-05", DateRange(None, dt.date(2023, 9, 5))),
    ],
)
def test_procedure_by_r5_times(element: str, value: object, expected: DateRange) -> None:
    resource = {**without(procedure(), "performedDateTime"), element: value}
    fact = the_fact(resource)
    assert isinstance(fact, Procedure)
    assert fact.date == expected
    assert validate_resource(resource) == []


def test_a_day_is_not_denied_twice() -> None:
    (gap,) = read(without(condition(), "onsetDateTime")).gaps
    assert gap.problem == "the day of onset or of recording is not recorded"


def test_text_for_an_object_is_called_so() -> None:
    problems = [gap.problem for gap in read(request(dosageInstruction=[{"timing": "daily"}])).gaps]
    assert problems == ["'timing' is not an object"]
