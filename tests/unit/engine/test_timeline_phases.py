"""Phases of lenalidomide: clinical conventions 7.6 at each boundary."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from spmwatch.engine.episodes import Cumulative, Order
from spmwatch.engine.facts import Dose, DrugExposure, DrugOrder, Fact, Proof
from tests.unit.engine.timeline_records import (
    POSSIBLE,
    asct,
    courses,
    day_span,
    dispensed,
    given,
    maintenance,
    myeloma,
    only,
    ordinal,
    procedure,
    stated,
    timeline,
    total,
)

TRANSPLANT = date(2020, 11, 10)


def after(days: int, **more: object) -> DrugExposure:
    """Single-agent lenalidomide 10 mg from so many days after the transplant on."""
    more.setdefault("mg", 10)
    return given((TRANSPLANT + timedelta(days=days)).isoformat(), ongoing=True, **more)  # type: ignore[arg-type]


def phases(*facts: Fact, missing: tuple[str, ...] = ()) -> list[str]:
    """The phases of the lenalidomide courses by start."""
    return [course.phase for course in courses(myeloma("2019-01-01"), *facts, missing=missing)]


AUTOLOGOUS = asct(TRANSPLANT.isoformat())

# -- what the record says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["induction", "consolidation", "maintenance"])
def test_the_record_wins(phase: str) -> None:
    combined = [
        given("2021-01-01", ongoing=True, mg=25, phase=phase),
        given("2021-01-01", ongoing=True, concept="bortezomib"),
    ]
    assert phases(*combined, AUTOLOGOUS) == [phase]


def test_records_of_the_same_time_share_the_stated_phase() -> None:
    assert phases(maintenance("2021-02-15"), dispensed("2021-03-01"), dispensed("2024-03-01", mg=25)) == ["maintenance"]


def test_records_that_begin_up_to_28_days_before_tell_of_the_same_course() -> None:
    assert phases(maintenance("2021-02-15"), dispensed("2021-01-18")) == ["maintenance"]
    assert phases(maintenance("2021-02-15"), dispensed("2021-01-17")) == ["unknown", "maintenance"]


def test_what_continues_stated_maintenance_within_60_days_is_maintenance() -> None:
    first = maintenance("2021-02-15", "2021-03-31")
    assert phases(first, given("2021-05-31", ongoing=True)) == ["maintenance"]
    assert phases(first, given("2021-06-01", ongoing=True)) == ["maintenance", "unknown"]


def test_what_follows_in_new_company_or_after_progression_does_not_continue_it() -> None:
    first = maintenance("2021-02-15", "2021-03-31")
    again = given("2021-04-10", ongoing=True)
    assert phases(first, again, given("2021-04-10", ongoing=True, concept="carfilzomib")) == ["maintenance", "unknown"]
    assert phases(first, again, stated("progression", "2021-04-09")) == ["maintenance", "relapse"]


def test_what_follows_stated_induction_is_not_induction_for_that() -> None:
    first = given("2021-02-15", "2021-03-31", phase="induction")
    assert phases(first, dispensed("2021-03-20", mg=25)) == ["induction"]
    assert "maintenance" not in phases(first, given("2021-04-15", ongoing=True))


# -- maintenance after transplant -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "phase"),
    [(29, "unknown"), (30, "maintenance"), (97, "maintenance"), (365, "maintenance"), (366, "unknown")],
)
def test_30_to_365_days_after_an_autologous_transplant(days: int, phase: str) -> None:
    progressed = stated("progression", "2020-10-01")  # closes the other way to maintenance
    first = given("2020-01-01", "2020-03-01", mg=25)
    found = phases(first, progressed, AUTOLOGOUS, after(days))
    assert found[-1] == {"unknown": "relapse"}.get(phase, phase)


@pytest.mark.parametrize(("mg", "phase"), [(15, "maintenance"), (15.5, "unknown"), (25, "unknown")])
def test_at_most_15_mg(mg: float, phase: str) -> None:
    assert phases(AUTOLOGOUS, after(100, mg=mg)) == [phase]


def test_progression_between_transplant_and_start_speaks_against_maintenance() -> None:
    assert phases(AUTOLOGOUS, stated("progression", "2021-01-01"), after(100)) == ["relapse"]
    assert phases(AUTOLOGOUS, stated("progression", "2020-11-09"), after(100)) == ["maintenance"]
    assert phases(AUTOLOGOUS, stated("progression", "2021-01-01", standing=POSSIBLE), after(100)) == ["unknown"]


def test_a_missing_dose_leaves_it_undecided_unless_a_record_of_the_time_has_one() -> None:
    assert phases(AUTOLOGOUS, after(100, mg=None)) == ["unknown"]
    assert phases(AUTOLOGOUS, after(100, mg=None), after(102, proof=Proof.REQUEST)) == ["maintenance"]
    assert phases(AUTOLOGOUS, after(100, mg=None), after(102, proof=Proof.REQUEST, mg=25)) == ["unknown"]


@pytest.mark.parametrize(
    "drug", ["bortezomib", "carfilzomib", "ixazomib", "daratumumab", "isatuximab", "cyclophosphamide"]
)
def test_with_a_proteasome_inhibitor_antibody_or_alkylator_it_is_no_maintenance(drug: str) -> None:
    beside = given("2021-03-01", "2021-06-01", concept=drug)
    assert phases(AUTOLOGOUS, after(100), beside) == ["unknown"]


def test_a_named_regimen_is_a_combination() -> None:
    assert phases(AUTOLOGOUS, after(100, regimen="rd")) == ["unknown"]


def test_a_companion_that_ended_before_does_not_matter() -> None:
    assert phases(AUTOLOGOUS, after(100), given("2020-04-01", "2020-09-01", concept="bortezomib")) == ["maintenance"]


@pytest.mark.parametrize(("last", "phase"), [("2021-03-27", "maintenance"), ("2021-03-28", "unknown")])
def test_dexamethasone_for_27_days_but_not_for_28(last: str, phase: str) -> None:
    assert phases(AUTOLOGOUS, after(100), given("2021-03-01", last, concept="dexamethasone")) == [phase]


def test_a_transplant_of_unknown_kind_or_standing_leaves_it_undecided() -> None:
    day = TRANSPLANT.isoformat()
    assert phases(procedure("sct-unspecified", day), after(100)) == ["unknown"]
    assert phases(asct(day, standing=POSSIBLE), after(100)) == ["unknown"]
    assert phases(procedure("allogeneic-sct", day), after(100)) == ["unknown"]
    assert phases(asct("2020"), after(150)) == ["unknown"]


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationAdministration"])
def test_unsupplied_medications_could_hold_a_companion(kind: str) -> None:
    assert phases(AUTOLOGOUS, after(100), missing=(kind,)) == ["unknown"]
    assert phases(maintenance("2021-02-15"), missing=(kind,)) == ["maintenance"]


def test_dispense_after_dispense_continues_inferred_maintenance() -> None:
    monthly = [dispensed((TRANSPLANT + timedelta(days=100 + 28 * n)).isoformat(), mg=10) for n in range(30)]
    assert phases(AUTOLOGOUS, *monthly) == ["maintenance"]
    bare = [dispensed((TRANSPLANT + timedelta(days=128 + 28 * n)).isoformat()) for n in range(30)]
    assert phases(AUTOLOGOUS, monthly[0], *bare) == ["maintenance"]


# -- maintenance long after the first therapy -----------------------------------------------------------------------

FIRST = given("2020-01-01", "2020-06-25", mg=25)


@pytest.mark.parametrize(("start", "phase"), [("2020-06-28", "induction"), ("2020-06-29", "maintenance")])
def test_180_days_after_the_first_therapy(start: str, phase: str) -> None:
    # 2020-06-29 is 180 days after 2020-01-01; a day earlier it still belongs to the first regimen, which is 25 mg
    beside = given("2020-01-01", "2020-06-25", concept="bortezomib")
    found = phases(FIRST, beside, given(start, ongoing=True, mg=10))
    assert found == (["induction", "maintenance"] if phase == "maintenance" else ["induction", "unknown"])


def test_progression_in_between_closes_that_way() -> None:
    later = given("2020-09-01", ongoing=True, mg=10)
    assert phases(FIRST, later) == ["induction", "maintenance"]
    assert phases(FIRST, later, stated("progression", "2020-08-01")) == ["induction", "relapse"]
    assert phases(FIRST, later, stated("progression", "2020-09-01"))[-1] == "unknown"
    assert phases(FIRST, later, stated("progression", "2020-09-02"))[-1] == "maintenance"
    assert phases(FIRST, later, stated("progression", "2020-08-01", standing=POSSIBLE))[-1] == "unknown"
    assert phases(FIRST, later, stated("progression", "2020"))[-1] == "unknown"


def test_unsupplied_conditions_could_hold_the_progression() -> None:
    assert phases(FIRST, given("2020-09-01", ongoing=True, mg=10), missing=("Condition",))[-1] == "unknown"


def test_therapy_of_another_cancer_before_myeloma_is_not_the_first_therapy() -> None:
    breast = given("2012-01-01", "2012-06-01", concept="cyclophosphamide")
    # counted as myeloma therapy it would make this maintenance
    assert phases(breast, given("2020-01-01", ongoing=True, mg=10)) == ["unknown"]
    assert phases(
        given("2019-02-01", "2019-06-01", concept="cyclophosphamide"), given("2020-01-01", ongoing=True, mg=10)
    ) == ["maintenance"]


# -- induction and continuous treatment -----------------------------------------------------------------------------


def test_the_first_combination_is_induction() -> None:
    beside = given("2020-04-01", "2020-09-15", concept="bortezomib")
    assert phases(given("2020-04-01", "2020-09-15"), beside) == ["induction"]
    assert phases(given("2020-04-01", "2020-09-15", mg=10), beside) == ["induction"]


def test_induction_ends_at_transplant() -> None:
    beside = given("2020-04-01", "2020-10-20", concept="bortezomib")
    first = given("2020-04-01", "2020-10-20", mg=25)
    assert phases(first, beside, AUTOLOGOUS, given("2020-12-01", ongoing=True, mg=25)) == ["induction", "unknown"]


def test_continuous_lenalidomide_and_dexamethasone_is_never_maintenance() -> None:
    dex = given("2020-01-01", ongoing=True, concept="dexamethasone")
    assert phases(given("2020-01-01", ongoing=True, mg=25), dex) == ["induction"]
    monthly = [dispensed((date(2020, 1, 1) + timedelta(days=28 * n)).isoformat(), mg=10) for n in range(40)]
    assert phases(*monthly, dex) == ["induction"]


def test_a_low_single_dose_with_nothing_before_it_is_undecided() -> None:
    assert phases(given("2020-01-01", ongoing=True, mg=10)) == ["unknown"]
    assert phases(given("2020-01-01", ongoing=True)) == ["unknown"]


def test_lenalidomide_before_transplant_or_stated_maintenance_is_induction() -> None:
    alone = given("2020-04-01", "2020-09-15")
    assert phases(alone, AUTOLOGOUS) == ["induction"]
    assert phases(alone, maintenance("2020-12-01")) == ["induction", "maintenance"]


def test_a_second_regimen_without_recorded_progression_is_unknown() -> None:
    first = given("2018-01-01", "2018-06-01", concept="bortezomib")
    again = given("2020-01-01", ongoing=True, mg=25)
    assert phases(first, again) == ["unknown"]


@pytest.mark.parametrize(("progression", "phase"), [("2019-12-31", "relapse"), ("2020-01-01", "unknown")])
def test_relapse_starts_after_progression(progression: str, phase: str) -> None:
    first = given("2018-01-01", "2018-06-01", concept="bortezomib")
    assert phases(first, stated("progression", progression), given("2020-01-01", ongoing=True, mg=25)) == [phase]


# -- together ---------------------------------------------------------------------------------------------------------


BEFORE = given("2012-01-01", "2012-06-01", concept="bortezomib")


def cumulated(*facts: Fact) -> dict[str, Cumulative]:
    return {c.phase: c for c in only(timeline(myeloma("2019-01-01"), *facts), Cumulative) if c.drug == "lenalidomide"}


def test_each_phase_adds_up_for_itself_and_all_together() -> None:
    found = cumulated(given("2020-01-01", "2020-12-31", phase="induction"), maintenance("2022-01-15", "2025-01-15"))
    assert set(found) == {"any", "induction", "maintenance"}
    assert found["maintenance"].duration == total(maintenance("2022-01-15", "2025-01-15")).duration
    assert found["any"].duration.low > found["maintenance"].duration.high


def test_unknown_phase_may_belong_to_any() -> None:
    found = cumulated(BEFORE, given("2015-01-01", "2015-12-31", mg=25), maintenance("2024-01-15"))
    assert found["maintenance"].duration.low == 24
    assert found["maintenance"].duration.high == pytest.approx(36, abs=0.2)
    assert found["maintenance"].topic == "phase"
    assert found["unknown"].duration.low == 12
    assert found["any"].topic is None


def test_an_active_course_of_unknown_phase_leaves_open_whether_maintenance_goes_on() -> None:
    found = cumulated(BEFORE, maintenance("2015-01-01", "2016-01-01"), given("2024-01-15", ongoing=True, mg=25))
    assert (found["any"].active, found["maintenance"].active) == ("current", "unknown")


def test_bridging_ignores_phases_for_the_whole() -> None:
    parts = [given("2022-01-05", "2022-09-20", phase="induction"), maintenance("2022-10-01")]
    assert [c.start for c in courses(*parts)] == [day_span("2022-01-05"), day_span("2022-10-01")]
    assert total(*parts).duration == total(given("2022-01-05", ongoing=True)).duration


# -- draft orders -----------------------------------------------------------------------------------------------------


def order(**more: object) -> DrugOrder:
    return DrugOrder(concept="lenalidomide", drug="lenalidomide", **more)  # type: ignore[arg-type]


def test_orders_have_phases_too() -> None:
    recent = asct("2025-10-15")
    ten = Dose(value=10, unit="mg")
    assert [o.phase for o in only(timeline(myeloma(), order(phase="maintenance")), Order)] == ["maintenance"]
    assert [o.phase for o in only(timeline(myeloma(), recent, order(dose=ten)), Order)] == ["maintenance"]
    assert [o.phase for o in only(timeline(myeloma(), recent, order()), Order)] == ["unknown"]
    beside = DrugOrder(concept="carfilzomib", drug="carfilzomib")
    assert [o.phase for o in only(timeline(myeloma(), recent, order(dose=ten), beside), Order)] == ["unknown"] * 2
    assert [o.phase for o in only(timeline(myeloma(), recent, order(dose=ten, regimen="krd")), Order)] == ["unknown"]
    assert [o.phase for o in only(timeline(myeloma(), maintenance("2025-01-01"), order()), Order)] == ["maintenance"]


def test_orders_are_no_exposure_and_keep_route_and_drug() -> None:
    oral = DrugOrder(concept="melphalan-oral", drug="melphalan")
    unclear = DrugOrder(concept="melphalan", drug="melphalan")
    found = only(timeline(order(), oral, unclear), Order)
    assert [(o.drug, o.form) for o in found] == [
        ("lenalidomide", "oral"),
        ("melphalan", "oral"),
        ("melphalan", "unknown"),
    ]
    assert not courses(order())
    assert ordinal("2026-01-15")
