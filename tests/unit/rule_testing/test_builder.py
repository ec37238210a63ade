"""The builder writes FHIR that fhir.resources accepts, and says what it was told."""

from __future__ import annotations

from datetime import date

import pytest

from spmwatch.rule_testing.builder import DrugUse, Json, PatientBuilder, Period, birth_date_at_age


class Codes:
    """Codes by their names."""

    def concept(self, concept: str, *, shown_as: str = "", system: str | None = None) -> Json:
        return {"text": f"{concept} {shown_as} {system or ''}".strip()}

    def drug(self, concept: str, *, strength_mg: float | None = None, system: str | None = None) -> Json:
        return {"text": f"{concept} {strength_mg or ''} {system or ''}".strip()}

    def route(self, route: str) -> Json:
        return {"text": route}


@pytest.fixture
def builder() -> PatientBuilder:
    return PatientBuilder(Codes(), "p1")


def use(period: Period, **more: object) -> DrugUse:
    return DrugUse(medication={"text": "lenalidomide"}, period=period, **more)  # type: ignore[arg-type]


def only(builder: PatientBuilder) -> Json:
    patient, resource = builder.resources()
    assert patient["resourceType"] == "Patient"
    return resource


def test_a_bundle_holds_the_patient_first_and_every_resource_once(builder: PatientBuilder) -> None:
    builder.patient(gender="female", birthDate="1963-04")
    builder.condition({"text": "myeloma"}, onset="2020")
    builder.procedure({"text": "transplant"}, on="2020-11-10")
    entries = builder.bundle()["entry"]
    assert isinstance(entries, list)
    assert [entry["resource"]["resourceType"] for entry in entries] == ["Patient", "Condition", "Procedure"]
    assert entries[0]["resource"]["birthDate"] == "1963-04"
    assert builder.references() == {"Patient/p1", "Condition/condition-1", "Procedure/procedure-1"}


def test_everything_belongs_to_the_patient(builder: PatientBuilder) -> None:
    period = Period(start="2024-01-01", end="2024-06-30")
    for write in (builder.request, builder.statement, builder.dispense, builder.administration):
        write(use(period))
    assert {str(item.get("subject")) for item in builder.resources()[1:]} == {"{'reference': 'Patient/p1'}"}


@pytest.mark.parametrize("day", ["2024", "2021-05", "2021-05-31"])
def test_partial_dates_stay_as_they_are(builder: PatientBuilder, day: str) -> None:
    builder.statement(use(Period(start=day, continues=True)))
    assert only(builder)["effectivePeriod"] == {"start": day}


@pytest.mark.parametrize(
    ("period", "status", "effective"),
    [
        (Period(start="2024-01-01", continues=True), "active", {"start": "2024-01-01"}),
        (Period(start="2024-01-01", end="2024-06-30"), "completed", {"start": "2024-01-01", "end": "2024-06-30"}),
        (Period(start="2024-01-01"), "completed", {"start": "2024-01-01"}),
        (Period(end="2024-06-30"), "completed", {"end": "2024-06-30"}),
        (Period(), "completed", None),
    ],
)
def test_a_statement_says_when(builder: PatientBuilder, period: Period, status: str, effective: Json | None) -> None:
    builder.statement(use(period))
    resource = only(builder)
    assert (resource["status"], resource.get("effectivePeriod")) == (status, effective)


@pytest.mark.parametrize(
    ("start", "end", "sound"),
    [
        ("2025-06-02", "2025-06-01", False),
        ("2025-12", "2024-01-01", False),
        ("2025-12-05", "2025-11", False),
        ("2025-01-01", "2024", False),
        ("2025", "2024-12-31", False),
        ("2025-06-01", "2025-06-01", True),
        ("2025-06", "2025-06-01", True),
        ("2025-06-30", "2025-06", True),
        ("2025-06-30", "2025", True),
        ("2025", "2025-01-01", True),
    ],
)
def test_a_period_that_ends_before_it_begins_is_refused(start: str, end: str, sound: bool) -> None:
    if sound:
        assert Period(start=start, end=end).as_fhir() == {"start": start, "end": end}
    else:
        with pytest.raises(ValueError, match="before it begins"):
            Period(start=start, end=end)


def test_a_request_has_its_dates_in_the_timing_of_its_dosage(builder: PatientBuilder) -> None:
    builder.request(use(Period(start="2024-01-01", end="2024-06-30"), dose=(10.0, "mg"), phase="maintenance"))
    resource = only(builder)
    dosage = resource["dosageInstruction"][0]  # type: ignore[index]
    assert resource["authoredOn"] == "2024-01-01"
    assert dosage["timing"] == {"repeat": {"boundsPeriod": {"start": "2024-01-01", "end": "2024-06-30"}}}
    assert dosage["text"] == "10 mg, maintenance"
    assert dosage["doseAndRate"][0]["doseQuantity"]["value"] == 10


def test_a_dispense_has_its_day_and_its_supply(builder: PatientBuilder) -> None:
    builder.dispense(use(Period(on="2024-01-01")), supply_days=28)
    resource = only(builder)
    assert resource["whenHandedOver"] == "2024-01-01"
    assert resource["daysSupply"]["value"] == 28  # type: ignore[index]


def test_an_administration_in_progress(builder: PatientBuilder) -> None:
    builder.administration(use(Period(start="2024-01-01", continues=True)))
    assert only(builder)["status"] == "in-progress"


def test_a_draft_order_is_no_part_of_the_record(builder: PatientBuilder) -> None:
    reference = builder.order(use(Period(on="2026-01-15")))
    assert len(builder.resources()) == 1
    (order,) = builder.orders()
    assert (order["status"], order["intent"]) == ("draft", "order")
    assert reference in builder.references()


def test_an_entry_in_error_has_no_clinical_status(builder: PatientBuilder) -> None:
    builder.condition({"text": "AML"}, verification="entered-in-error")
    assert "clinicalStatus" not in only(builder)


def test_what_fhir_does_not_allow_is_refused(builder: PatientBuilder) -> None:
    with pytest.raises(ValueError, match="onsetDateTime"):
        builder.condition({"text": "AML"}, onset="last spring")


def test_nothing_is_written_twice_under_one_name(builder: PatientBuilder) -> None:
    first, second = (builder.condition({"text": name}) for name in ("MDS", "AML"))
    assert first != second


@pytest.mark.parametrize("today", [date(2026, 1, 15), date(2026, 7, 31), date(2024, 2, 29)])
@pytest.mark.parametrize("years", [0, 17, 64, 65, 101])
def test_a_birth_date_gives_the_age(today: date, years: int) -> None:
    born = birth_date_at_age(years, today)
    assert today.year - born.year - ((today.month, today.day) < (born.month, born.day)) == years
