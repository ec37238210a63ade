"""Start, end and supply (clinical conventions 7.4), for every resource type, version and shape of date."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import DrugExposure, LabValue, PatientRecord, Procedure
from tests.unit.fhir_adapters.fhir import (
    Json,
    administration,
    dispense,
    observation,
    procedure,
    read,
    request,
    statement,
    the_fact,
    without,
)


def exposure(resource: Json) -> DrugExposure:
    fact = the_fact(resource)
    assert isinstance(fact, DrugExposure)
    return fact


def bounds(**repeat: Any) -> Json:
    return {"dosageInstruction": [{"timing": {"repeat": repeat}}]}


PERIOD = {"boundsPeriod": {"start": "2024-02-01", "end": "2024-02-29"}}


@pytest.mark.parametrize(
    ("resource", "start", "end"),
    [
        (request(), "2024-01-15", None),
        (request(authoredOn="2024"), "2024", None),
        (request(authoredOn="2024-01-15T23:59:59-11:00"), "2024-01-15", None),
        (request(**bounds(**PERIOD)), "2024-02-01", "2024-02-29"),
        (request(**bounds(boundsPeriod={"end": "2024-02-29"})), "..2024-02-29", "2024-02-29"),
        (request(**bounds(boundsDuration={"value": 28, "code": "d"})), "2024-01-15", "2024-02-11"),
        (request(**bounds(boundsDuration={"value": 4, "unit": "weeks"})), "2024-01-15", "2024-02-11"),
        (request(**bounds(boundsDuration={"value": 2, "code": "mo"})), "2024-01-15", "2024-03-14"),
        (
            request(**bounds(boundsRange={"low": {"value": 7, "code": "d"}, "high": {"value": 14, "code": "d"}})),
            "2024-01-15",
            "2024-01-21..2024-01-28",
        ),
        (request(effectiveDosePeriod={"start": "2024-03-01", "end": "2024-03-21"}), "2024-03-01", "2024-03-21"),
        (request(intent="plan", reportedBoolean=True), "..2024-01-15", None),
        (request(dosageInstruction=[{"timing": {"event": ["2024-02-02", "2024-02-01"]}}]), "2024-02-01", "2024-02-02"),
        (dispense(), "2024-01-20", None),
        (administration(), "2024-01-21", "2024-01-21"),
        (
            without(administration(effectivePeriod={"start": "2024-01", "end": "2024-02"}), "effectiveDateTime"),
            "2024-01",
            "2024-02",
        ),
        (without(administration(occurenceDateTime="2024-05-05"), "effectiveDateTime"), "2024-05-05", "2024-05-05"),
        (
            without(administration(occurencePeriod={"start": "2024-05-05"}), "effectiveDateTime"),
            "2024-05-05",
            None,
        ),
        (statement(), "2024-01", None),
        (statement(effectivePeriod={"start": "2024-01-01", "end": "2024-06-30"}), "2024-01-01", "2024-06-30"),
        (without(statement(effectiveDateTime="2023"), "effectivePeriod"), "2023", None),
        (
            without(statement(dosage=[{"timing": {"repeat": PERIOD}}], dateAsserted="2025-01-01"), "effectivePeriod"),
            "2024-02-01",
            "2024-02-29",
        ),
        (without(statement(dateAsserted="2025-01-01"), "effectivePeriod"), "..2025-01-01", None),
        (
            without(statement(effectiveTiming={"repeat": PERIOD}), "effectivePeriod"),
            "2024-02-01",
            "2024-02-29",
        ),
    ],
)
def test_start_and_end(resource: Json, start: str, end: str | None) -> None:
    fact = exposure(resource)
    assert str(fact.start) == start
    assert (None if fact.end is None else str(fact.end)) == end


def test_one_dosage_without_end_leaves_the_end_open() -> None:
    two = request(dosageInstruction=[{"timing": {"repeat": PERIOD}}, {"text": "then 5 mg"}])
    assert exposure(two).end == DateRange.on(date(2024, 2, 29))
    open_one = {"timing": {"repeat": {"boundsPeriod": {"start": "2024-03-01"}}}}
    assert exposure(request(dosageInstruction=[{"timing": {"repeat": PERIOD}}, open_one])).end is None


@pytest.mark.parametrize(
    ("supply", "days"),
    [
        ({"value": 28, "unit": "d", "code": "d"}, 28),
        ({"value": 28}, 28),
        ({"value": 28, "unit": "days"}, 28),
        ({"value": 28, "unit": "Day(s)", "code": "d"}, 28),
        ({"value": 4, "unit": "wk"}, 28),
        ({"value": 1, "code": "mo"}, 30),
        ({"value": 3, "unit": "Months"}, 91),
        ({"value": 0.5, "unit": "d"}, 1),
    ],
)
def test_supply_in_days_weeks_months(supply: Json, days: int) -> None:
    assert exposure(dispense(daysSupply=supply)).supply_days == days


@pytest.mark.parametrize(
    "supply", [{"value": 28, "unit": "capsules"}, {"value": 0}, {"value": -3}, {"value": 1e9}, {"value": "28"}, 28]
)
def test_supply_that_cannot_be_read_is_a_gap(supply: object) -> None:
    record = read(dispense(daysSupply=supply))
    assert the_exposure(record).supply_days is None
    assert [gap.kind for gap in record.gaps] == ["unreadable"]


def the_exposure(record: PatientRecord) -> DrugExposure:
    (fact,) = record.facts
    assert isinstance(fact, DrugExposure)
    return fact


def test_expected_supply_only_where_a_request_is_over_and_states_no_end() -> None:
    supply: Json = {"dispenseRequest": {"expectedSupplyDuration": {"value": 21, "code": "d"}}}
    assert exposure(request(**supply)).supply_days is None
    assert exposure(request(status="completed", **supply)).supply_days == 21
    assert exposure(request(status="completed", **supply, **bounds(**PERIOD))).supply_days is None


def test_preparation_stands_for_hand_over_with_a_gap() -> None:
    record = read(without(dispense(whenPrepared="2024-01-18"), "whenHandedOver"))
    assert str(the_exposure(record).start) == "2024-01-18"
    assert [(gap.kind, gap.element) for gap in record.gaps] == [("missing-element", "whenHandedOver")]


@pytest.mark.parametrize(
    "resource",
    [
        without(request(), "authoredOn"),
        without(dispense(), "whenHandedOver"),
        without(statement(), "effectivePeriod"),
        without(administration(), "effectiveDateTime"),
        without(procedure(), "performedDateTime"),
        without(observation(), "effectiveDateTime"),
    ],
)
def test_missing_date_is_a_gap_and_the_fact_stays(resource: Json) -> None:
    record = read(resource)
    assert len(record.facts) == 1
    assert [gap.kind for gap in record.gaps] == ["missing-element"]


@pytest.mark.parametrize(
    "written",
    [
        "2015-02-30",
        "2024-13-01",
        "9999-12-31",
        "9999",
        "0000-01-01",
        "20240101",
        "01/02/2024",
        "",
        " ",
        2024,
        ["2024"],
        {},
    ],
)
def test_a_date_that_cannot_be_is_a_gap_and_the_order_stays(written: object) -> None:
    record = read(request(authoredOn=written))
    assert the_exposure(record).start is None
    assert ("unreadable", "authoredOn") in {(gap.kind, gap.element) for gap in record.gaps}
    assert all("2015" not in gap.problem and "9999-" not in gap.problem for gap in record.gaps)


def test_an_end_of_9999_is_no_end() -> None:
    record = read(statement(effectivePeriod={"start": "2024-01-01", "end": "9999-12-31"}))
    fact = the_exposure(record)
    assert (str(fact.start), fact.end, fact.ongoing) == ("2024-01-01", None, True)


def test_an_end_before_the_start_is_a_conflict() -> None:
    record = read(statement(effectivePeriod={"start": "2024-05-01", "end": "2024-04-01"}))
    fact = the_exposure(record)
    assert (str(fact.start), fact.end) == ("2024-05-01", None)
    assert [gap.kind for gap in record.gaps] == ["conflict"]


def test_data_absent_reason_in_a_primitive_extension_is_a_missing_date() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    record = read(without(request(_authoredOn=absent), "authoredOn"))
    assert the_exposure(record).start is None
    assert [gap.kind for gap in record.gaps] == ["missing-element"]


@pytest.mark.parametrize(
    ("performed", "day"),
    [
        ({"performedDateTime": "2021-06"}, "2021-06"),
        ({"performedPeriod": {"start": "2021-06-01", "end": "2021-06-20"}}, "2021-06-01"),
        ({"performedPeriod": {"end": "2021-06-20"}}, "..2021-06-20"),
        ({"performedString": "2021"}, "2021"),
        ({"performedAge": {"value": 60, "code": "a"}}, "2020-05-01..2021-04-30"),
        ({"performedRange": {"low": {"value": 60}, "high": {"value": 61}}}, "2020-05-01..2022-04-30"),
        ({"occurrenceDateTime": "2021-06-02"}, "2021-06-02"),
        ({"occurrencePeriod": {"start": "2021-06-02"}}, "2021-06-02"),
        ({"occurrenceAge": {"value": 60, "code": "a"}}, "2020-05-01..2021-04-30"),
    ],
)
def test_when_a_procedure_was_done(performed: Json, day: str) -> None:
    fact = the_fact(without(procedure(**performed), "performedDateTime") if "performedDateTime" not in performed
                    else procedure(**performed))  # fmt: skip
    assert isinstance(fact, Procedure)
    assert str(fact.date) == day


@pytest.mark.parametrize(
    ("when", "day"),
    [
        ({"effectivePeriod": {"start": "2024-05-02"}}, "2024-05-02"),
        ({"effectiveInstant": "2024-05-02T01:00:00+14:00"}, "2024-05-02"),
        ({"effectiveTiming": {"event": ["2024-05-03"]}}, "2024-05-03"),
        ({"issued": "2024-05-04T10:00:00Z"}, "..2024-05-04"),
    ],
)
def test_when_an_observation_held(when: Json, day: str) -> None:
    (fact,) = read(without(observation(**when), "effectiveDateTime")).facts
    assert isinstance(fact, LabValue)
    assert str(fact.date) == day
