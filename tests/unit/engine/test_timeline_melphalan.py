"""The kinds of melphalan: clinical conventions 7.3 at each boundary."""

from __future__ import annotations

import pytest

from spmwatch.engine.episodes import Course, Cumulative
from spmwatch.engine.facts import DrugExposure, Fact, Proof
from tests.unit.engine.timeline_records import (
    POSSIBLE,
    asct,
    courses,
    day_span,
    given,
    melphalan_iv,
    only,
    procedure,
    the_course,
    timeline,
)


def kinds(*facts: Fact, missing: tuple[str, ...] = ()) -> list[str]:
    """The kinds of all melphalan courses."""
    return sorted(course.form for course in courses(*facts, drug="melphalan", missing=missing))


def by_mouth(start: str, end: str | None = None, **more: object) -> DrugExposure:
    return given(start, end, concept="melphalan-oral", **more)  # type: ignore[arg-type]


def unclear(start: str, **more: object) -> DrugExposure:
    """Melphalan by its ingredient code, without a route."""
    return given(start, concept="melphalan", **more)  # type: ignore[arg-type]


def test_oral_by_code_or_by_route() -> None:
    assert kinds(by_mouth("2021-01-01", "2021-06-01")) == ["oral"]
    assert kinds(unclear("2021-01-01", end="2021-06-01", route="oral")) == ["oral"]


def test_oral_stays_oral_whatever_the_dose() -> None:
    assert kinds(by_mouth("2021-01-01", "2021-06-01", m2=200)) == ["oral"]


@pytest.mark.parametrize(("dose", "kind"), [(140, "iv-high-dose"), (139, "iv-other")])
def test_one_dose_at_the_limit(dose: float, kind: str) -> None:
    assert kinds(melphalan_iv("2021-06-13", dose)) == [kind]


@pytest.mark.parametrize(("second", "kinds_"), [("2021-06-19", ["iv-high-dose"]), ("2021-06-20", ["iv-other"])])
def test_split_doses_add_up_within_seven_days_first_and_last_included(second: str, kinds_: list[str]) -> None:
    assert kinds(melphalan_iv("2021-06-13", 70), melphalan_iv(second, 70)) == kinds_


def test_three_doses_over_more_than_the_window_do_not_add_up() -> None:
    doses = [melphalan_iv(day, 60) for day in ("2021-06-07", "2021-06-13", "2021-06-19")]
    assert kinds(*doses) == ["iv-other"]
    assert kinds(*doses, melphalan_iv("2021-06-14", 20)) == ["iv-high-dose", "iv-other"]


def test_high_dose_and_other_melphalan_are_courses_of_their_own() -> None:
    found = courses(by_mouth("2021-01-01", "2021-06-10"), melphalan_iv("2021-06-13", 200), drug="melphalan")
    assert [(c.form, c.end) for c in found] == [
        ("oral", day_span("2021-06-10")),
        ("iv-high-dose", day_span("2021-06-13")),
    ]


def test_a_high_dose_counts_whatever_the_route() -> None:
    assert kinds(unclear("2021-06-13", proof=Proof.ADMINISTRATION, m2=200)) == ["iv-high-dose"]
    assert kinds(unclear("2021-06-13", proof=Proof.ADMINISTRATION, m2=16)) == ["unknown"]


def test_an_order_and_its_administration_are_not_added_up() -> None:
    order = given("2021-06-13", "2021-06-13", concept="melphalan-iv", proof=Proof.REQUEST, m2=70)
    assert kinds(order, melphalan_iv("2021-06-13", 70)) == ["iv-other"]


@pytest.mark.parametrize(("transplant", "kind"), [("2021-06-13", "iv-high-dose"), ("2021-06-27", "iv-high-dose")])
def test_intravenous_up_to_14_days_before_an_autologous_transplant(transplant: str, kind: str) -> None:
    assert kinds(melphalan_iv("2021-06-13", 100), asct(transplant)) == [kind]
    assert kinds(melphalan_iv("2021-06-13"), asct(transplant)) == [kind]


@pytest.mark.parametrize("transplant", ["2021-06-12", "2021-06-28"])
def test_intravenous_after_or_long_before_the_transplant(transplant: str) -> None:
    assert kinds(melphalan_iv("2021-06-13", 100), asct(transplant)) == ["iv-other"]


def test_only_an_autologous_transplant_makes_it_high_dose() -> None:
    dose = melphalan_iv("2021-06-13", 100)
    assert kinds(dose, procedure("allogeneic-sct", "2021-06-15")) == ["iv-other"]
    assert kinds(dose, procedure("sct-unspecified", "2021-06-15")) == ["unknown"]
    assert kinds(dose, asct("2021-06-15", standing=POSSIBLE)) == ["unknown"]
    assert kinds(dose, asct("2021")) == ["unknown"]


def test_a_transplant_says_nothing_of_melphalan_without_a_route() -> None:
    assert kinds(unclear("2021-06-13", proof=Proof.ADMINISTRATION), asct("2021-06-15")) == ["unknown"]


def test_intravenous_without_a_dose_in_mg_per_m2_is_not_high_dose_by_itself() -> None:
    """ "Else IV other": the route is known, so nobody is asked whether it was taken by mouth."""
    assert kinds(melphalan_iv("2021-06-13")) == ["iv-other"]
    assert kinds(melphalan_iv("2021-06-13", mg=30)) == ["iv-other"]  # nothing converts mg to mg/m2
    assert kinds(melphalan_iv("2021-06-13", 100), melphalan_iv("2021-06-19")) == ["iv-other"]


def test_without_a_route_a_missing_dose_leaves_the_kind_undecided() -> None:
    assert kinds(unclear("2021-06-13", proof=Proof.ADMINISTRATION)) == ["unknown"]


def test_a_partial_date_leaves_a_split_dose_undecided() -> None:
    assert kinds(melphalan_iv("2021-06", 70), melphalan_iv("2021-06-13", 70)) == ["unknown"]
    assert kinds(melphalan_iv("2021-06", 140)) == ["iv-high-dose"]


def test_a_possible_dose_leaves_the_kind_undecided() -> None:
    assert kinds(melphalan_iv("2021-06-13", 70), melphalan_iv("2021-06-14", 70, standing=POSSIBLE)) == ["unknown"]
    assert kinds(melphalan_iv("2021-06-13", 200, standing=POSSIBLE)) == ["iv-high-dose"]


def test_a_daily_dose_over_a_period_may_add_up() -> None:
    def order(end: str) -> DrugExposure:
        return given("2021-06-13", end, concept="melphalan-iv", proof=Proof.REQUEST, m2=70)

    assert kinds(order("2021-06-13")) == ["iv-other"]
    assert kinds(order("2021-06-14")) == ["unknown"]


def test_unsupplied_procedures_could_hold_the_transplant() -> None:
    assert kinds(melphalan_iv("2021-06-13", 100), missing=("Procedure",)) == ["unknown"]
    assert kinds(melphalan_iv("2021-06-13", 200), missing=("Procedure",)) == ["iv-high-dose"]


def test_a_record_without_route_takes_the_kind_of_the_event_that_it_tells_of() -> None:
    order = unclear("2021-06-12", proof=Proof.REQUEST)
    assert kinds(order, melphalan_iv("2021-06-13", 200)) == ["iv-high-dose"]
    assert kinds(order, melphalan_iv("2021-06-19", 200)) == ["iv-high-dose", "unknown"]
    assert kinds(unclear("2021-06-12", proof=Proof.ADMINISTRATION), by_mouth("2021-06-12", "2021-08-01")) == ["oral"]


def test_conditioning_takes_days_even_where_the_order_was_never_closed() -> None:
    order = given("2021-06-13", concept="melphalan-iv", proof=Proof.REQUEST, m2=200, ongoing=True)
    course = the_course(order, drug="melphalan")
    assert course.end == day_span("2021-06-13", "2021-06-19")
    assert course.active == "past"


def test_local_melphalan_is_none() -> None:
    local = [
        given("2025-01-01", concept="melphalan-hepatic-perfusion"),
        given("2025-01-01", concept="melphalan", route="local"),
    ]
    line = timeline(*local)
    assert not only(line, Course)
    assert not only(line, Cumulative)
    assert len(line.notes) == 2


def test_melphalan_flufenamide_is_another_drug() -> None:
    assert not courses(given("2021-01-01", concept="melphalan-flufenamide"), drug="melphalan")
    assert courses(given("2021-01-01", concept="melphalan-flufenamide"), drug="melphalan-flufenamide")
