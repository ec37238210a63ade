"""Covers, courses and durations: clinical conventions 7.1 to 7.5, each at its boundary."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from spmwatch.engine.episodes import FIRST_DAY, Course, Cumulative, Span
from spmwatch.engine.facts import Certainty, DrugExposure, Proof, Source, Standing
from tests.unit.engine.timeline_records import (
    AS_OF,
    POSSIBLE,
    courses,
    day_span,
    dispensed,
    given,
    maintenance,
    melphalan_iv,
    not_taken,
    only,
    ordinal,
    procedure,
    the_course,
    timeline,
    total,
)


def back(days: int) -> str:
    """So many days before the day of evaluation."""
    return (AS_OF - timedelta(days=days)).isoformat()


# -- intervals (7.4) ------------------------------------------------------------------------------------------------


def test_a_stated_period_is_exact() -> None:
    course = the_course(given("2021-03-01", "2021-08-31"))
    assert (course.start, course.end) == (day_span("2021-03-01"), day_span("2021-08-31"))
    assert course.duration == Span(6.0, 6.0)
    assert course.standing is Standing.COUNTS


def test_a_supply_of_28_days_from_day_d_lasts_to_d_plus_27() -> None:
    assert the_course(dispensed("2021-03-01")).end == day_span("2021-03-28")
    assert the_course(dispensed("2021-03-01", 21)).end == day_span("2021-03-21")


def test_a_supply_of_no_days_is_taken_for_the_default() -> None:
    assert the_course(dispensed("2021-03-01", 0)).end == day_span("2021-03-28")


def test_a_stated_end_wins_over_the_supply_and_over_an_active_status() -> None:
    assert the_course(dispensed("2021-03-01", end="2021-03-10")).end == day_span("2021-03-10")
    assert the_course(given("2021-03-01", "2021-06-10", ongoing=True)).end == day_span("2021-06-10")


def test_an_active_status_without_end_reaches_to_the_day_of_evaluation() -> None:
    assert the_course(given("2025-01-01", ongoing=True)).end == day_span("2026-01-15")


def test_an_order_that_names_a_supply_ends_with_it_unless_it_is_active() -> None:
    order = given("2021-03-01", proof=Proof.REQUEST, supply_days=84)
    assert the_course(order).end == day_span("2021-05-23")
    active = given("2021-03-01", proof=Proof.REQUEST, supply_days=84, ongoing=True)
    assert the_course(active).end == day_span("2026-01-15")


def test_an_administration_without_end_is_one_day() -> None:
    assert the_course(melphalan_iv("2021-03-01"), drug="melphalan").end == day_span("2021-03-01")


def test_an_unknown_end_lies_between_a_default_supply_and_the_day_of_evaluation() -> None:
    course = the_course(given("2021-03-01", proof=Proof.REQUEST))
    assert course.end == day_span("2021-03-28", "2026-01-15")
    assert course.active == "past"


def test_the_last_proof_of_supply_bounds_an_unknown_end() -> None:
    order = given("2021-03-01", proof=Proof.REQUEST)
    assert the_course(order, dispensed("2021-03-02", 14)).end.low == ordinal("2021-03-15")
    assert the_course(order, dispensed("2021-03-02", 14), dispensed("2021-04-10", 14)).end.low == ordinal("2021-04-23")
    assert the_course(order).end.low == ordinal("2021-03-28")


def test_everything_is_cut_at_the_day_of_evaluation() -> None:
    course = the_course(given("2025-12-01", "2026-06-01"))
    assert course.end == day_span("2026-01-15")
    assert the_course(dispensed("2026-01-10")).end == day_span("2026-01-15")


def test_what_begins_after_the_day_of_evaluation_does_not_count_and_is_noted() -> None:
    assert the_course(given("2026-01-15", ongoing=True)).start == day_span("2026-01-15")
    line = timeline(given("2026-01-16", ongoing=True))
    assert not only(line, Course)
    assert [note.kind for note in line.notes] == ["out-of-scope-date"]
    assert line.notes[0].reference.startswith("Medication/lenalidomide")


def test_an_end_before_the_start_is_noted_and_not_used() -> None:
    line = timeline(given("2021-03-01", "2021-02-28"))
    assert only(line, Course)[0].end == day_span("2021-03-28", "2026-01-15")
    assert [note.kind for note in line.notes] == ["conflict"]
    assert the_course(given("2021-03-01", "2021-03-01")).duration == Span(1 / 31, 1 / 31)


# -- union and gaps (7.4) -------------------------------------------------------------------------------------------


def test_overlaps_count_once() -> None:
    both = total(given("2025-01-01", ongoing=True, mg=10), given("2025-01-01", ongoing=True, mg=5))
    assert both.duration == total(given("2025-01-01", ongoing=True)).duration


@pytest.mark.parametrize(("second", "count"), [("2021-05-31", 1), ("2021-06-01", 2)])
def test_a_gap_of_60_days_is_bridged_and_one_of_61_is_not(second: str, count: int) -> None:
    first = given("2021-02-01", "2021-03-31")  # 2021-04-01..2021-05-30 are 60 days
    assert len(courses(first, given(second, "2021-12-31"))) == count


def test_a_bridged_gap_counts_as_cover() -> None:
    parts = [given("2024-02-01", "2024-08-10"), given("2024-09-24", ongoing=True)]
    assert the_course(*parts).duration == total(*parts).duration
    assert 23.4 < total(*parts).duration.low < 23.5


def test_several_courses_add_up_in_covered_days() -> None:
    parts = [given("2019-01-10", "2020-06-10"), given("2024-02-15", ongoing=True)]
    covered = 518 + 701
    assert total(*parts).duration == Span(covered / 30.4375, covered / 30.4375)


def test_24_months_with_breaks_are_730_and_a_half_days() -> None:
    def months(second_end: str) -> float:
        return total(given("2020-01-01", "2020-12-30"), given("2022-01-01", second_end)).duration.low

    assert months("2022-12-31") == pytest.approx(730 / 30.4375)
    assert months("2022-12-31") < 24 < months("2023-01-01")


def test_the_last_day_of_an_ended_course_counts_in_full() -> None:
    assert the_course(given("2020-01-01", "2022-12-31")).duration == Span(36, 36)
    assert the_course(given("2020-01-01", "2022-12-30")).duration.high < 36
    assert the_course(given("2025-01-15", "2026-01-14")).duration == Span(12, 12)
    assert the_course(given("2025-01-15", "2026-01-15")).duration == Span(12, 12)


def test_the_same_day_two_years_on_is_exactly_24_months() -> None:
    assert the_course(maintenance("2024-01-15")).duration == Span(24, 24)
    assert the_course(maintenance("2024-01-14")).duration.low > 24
    assert the_course(maintenance("2024-01-16")).duration.high < 24


# -- partial and missing dates (7.4, section 9) ---------------------------------------------------------------------


def test_a_year_gives_a_minimum_and_a_maximum() -> None:
    course = the_course(given("2024", ongoing=True))
    assert course.start == day_span("2024-01-01", "2024-12-31")
    assert course.duration.low == pytest.approx(12.5, abs=0.05)
    assert course.duration.high == pytest.approx(24.5, abs=0.05)


def test_a_partial_date_that_reaches_beyond_the_day_of_evaluation_is_cut() -> None:
    assert the_course(given("2026", ongoing=True)).start == day_span("2026-01-01", "2026-01-15")


def test_partial_start_and_end_in_one_year_prove_no_duration() -> None:
    course = the_course(given("2020", "2020"))
    assert course.duration.low == 0
    assert course.duration.high == 12
    assert course.standing is Standing.COUNTS


def test_an_upper_bound_of_the_start_alone_proves_the_time_since() -> None:
    course = the_course(given("..2024-01-15", ongoing=True))
    assert course.start == Span(FIRST_DAY, ordinal("2024-01-15"))
    assert course.duration.low == 24
    assert course.duration.high == 125 * 12


def test_without_any_start_nothing_is_known_of_the_duration() -> None:
    course = the_course(given(None, ongoing=True))
    assert course.start == Span(FIRST_DAY, AS_OF.toordinal())
    assert course.duration.low == 0
    assert course.active == "current"


def test_a_first_dispense_bounds_the_start_of_an_undated_record() -> None:
    assert the_course(given(None, ongoing=True), dispensed("2025-12-20")).start.high == ordinal("2025-12-20")


def test_month_long_vagueness_does_not_break_a_course() -> None:
    months = [dispensed(f"2024-{month:02d}") for month in range(1, 13)]
    course = the_course(*months)
    assert course.start == day_span("2024-01-01", "2024-01-31")
    assert course.duration.low > 9


def test_a_gap_that_may_or_may_not_be_real_leaves_two_courses_that_may_be_one() -> None:
    stopped = given("2020-01-01", proof=Proof.REQUEST)  # no end: anything up to now
    again = given("2023-01-01", "2023-12-31")
    first, second = courses(stopped, again)
    assert first.start == day_span("2020-01-01")
    assert second.start == day_span("2020-01-01", "2023-01-01")
    assert second.duration.low == 12
    assert first.duration.high == second.duration.high == pytest.approx(72.5, abs=0.05)
    assert total(stopped, again).duration.low == pytest.approx((28 + 365) / 30.4375)


def test_two_vague_records_of_one_year_stand_together() -> None:
    assert len(courses(given("2020", "2020"), given("2020", "2020", proof=Proof.REQUEST))) == 1


# -- what counts (7.1, 7.2) -----------------------------------------------------------------------------------------


def test_a_possible_record_makes_a_possible_course() -> None:
    course = the_course(given("2025-01-01", standing=POSSIBLE))
    assert course.standing is POSSIBLE
    assert course.active == "unknown"
    assert course.duration.low == 0
    assert total(given("2025-01-01", standing=POSSIBLE)).standing is POSSIBLE


def test_a_possible_record_widens_what_is_certain_upwards_only() -> None:
    sure = given("2020-01-01", "2020-12-31")
    alone, widened = the_course(sure), the_course(sure, given("2021-01-15", "2021-06-30", standing=POSSIBLE))
    assert widened.standing is Standing.COUNTS
    assert widened.end == day_span("2020-12-31", "2021-06-30")
    assert widened.duration.low == alone.duration.low < widened.duration.high


def test_a_possible_record_that_may_stand_apart_is_a_course_of_its_own() -> None:
    sure, perhaps = courses(given("2020-01-01", "2020-12-31"), given("2021", "2023", standing=POSSIBLE))
    assert (sure.standing, perhaps.standing) == (Standing.COUNTS, POSSIBLE)


def test_a_possible_bridge_does_not_join_two_certain_courses() -> None:
    parts = [given("2020-01-01", "2020-12-31"), given("2022-01-01", "2022-12-31")]
    bridge = given("2021-01-01", "2021-12-31", standing=POSSIBLE)
    first, second = courses(*parts, bridge)
    assert first.duration.low == second.duration.low == months_of(parts[0])
    assert first.end == day_span("2020-12-31", "2022-12-31")
    assert total(*parts, bridge).duration.low == total(*parts).duration.low


def months_of(fact: DrugExposure) -> float:
    return the_course(fact).duration.low


def test_words_alone_make_low_certainty_until_a_code_supports_them() -> None:
    words = given("2025-01-01", ongoing=True, certainty=Certainty.LOW)
    assert the_course(words).certainty is Certainty.LOW
    assert the_course(words, dispensed("2025-01-03")).certainty is Certainty.HIGH
    assert the_course(words, dispensed("2025-01-03", standing=POSSIBLE)).certainty is Certainty.LOW
    assert total(words).certainty is Certainty.LOW


def test_all_sources_come_along() -> None:
    facts = [given("2025-01-01", ongoing=True), dispensed("2025-01-03"), dispensed("2025-02-03", standing=POSSIBLE)]
    assert set(the_course(*facts).sources) == {source for fact in facts for source in fact.sources}


# -- not given (7.1) ------------------------------------------------------------------------------------------------

ORDER = given("2025-11-01", proof=Proof.REQUEST, ongoing=True)


@pytest.mark.parametrize("denial", [not_taken("2025-12-01"), not_taken("2025-10-01", "2025-11-01"), not_taken()])
def test_an_order_that_was_not_followed_is_not_given(denial: DrugExposure) -> None:
    line = timeline(ORDER, denial)
    assert not only(line, Course)
    assert [(note.kind, note.topic) for note in line.notes] == [("conflict", "lenalidomide-exposure")]


def test_a_refusal_long_after_the_order_began_casts_doubt_and_no_more() -> None:
    """One dose held in hospital does not undo two years of lenalidomide: it is asked about."""
    order = given("2024-01-01", proof=Proof.REQUEST, ongoing=True)
    assert not courses(order, not_taken("2024-03-01"))  # 60 days
    (course,) = courses(order, not_taken("2024-03-02"))
    assert course.standing is POSSIBLE
    line = timeline(order, not_taken("2024-03-02"))
    assert [(note.kind, note.topic) for note in line.notes] == [("conflict", "lenalidomide-exposure")]


def test_a_denial_of_another_time_or_drug_changes_nothing() -> None:
    assert courses(ORDER, not_taken("2025-10-31"))
    assert courses(ORDER, not_taken("2025-10-01", "2025-10-31"))
    assert courses(ORDER, not_taken("2025-12-01", concept="bortezomib"))


@pytest.mark.parametrize("proof", [Proof.DISPENSE, Proof.ADMINISTRATION, Proof.STATEMENT])
def test_any_proof_of_the_same_time_outweighs_the_denial(proof: Proof) -> None:
    assert courses(ORDER, not_taken("2025-12-01"), given("2025-11-05", "2025-11-30", proof=proof))


@pytest.mark.parametrize("proof", [Proof.DISPENSE, Proof.ADMINISTRATION, Proof.STATEMENT])
def test_a_denial_beside_a_proof_of_the_same_time_is_noted_and_changes_nothing(proof: Proof) -> None:
    source = (Source(reference="MedicationStatement/refused"),)
    taken = given("2025-11-01", "2025-12-01", proof=proof)
    line = timeline(taken, not_taken("2025-11-01", sources=source), not_taken("2025-11-20"))
    assert [(note.kind, note.reference) for note in line.notes] == [("conflict", "MedicationStatement/refused")]
    assert only(line, Course) == courses(taken)
    assert not timeline(taken, not_taken("2025-10-01", "2025-10-31", sources=source)).notes


def test_a_proof_of_another_time_or_a_possible_one_does_not() -> None:
    before = given("2020-01-01", "2020-02-01", proof=Proof.DISPENSE)
    assert [c.end for c in courses(ORDER, not_taken("2025-12-01"), before)] == [day_span("2020-02-01")]
    perhaps = given("2025-11-05", "2025-11-30", standing=POSSIBLE)
    assert [c.standing for c in courses(ORDER, not_taken("2025-12-01"), perhaps)] == [POSSIBLE]


def test_a_denial_of_another_drug_is_noted_without_a_question() -> None:
    order = given("2025-11-01", proof=Proof.REQUEST, concept="bortezomib", ongoing=True)
    assert [note.topic for note in timeline(order, not_taken(concept="bortezomib")).notes] == [None]


def test_a_doubtful_denial_leaves_the_order_possible() -> None:
    course = the_course(ORDER, not_taken("2025-12-01", standing=POSSIBLE))
    assert course.standing is POSSIBLE


def test_a_denial_does_not_touch_statements() -> None:
    assert courses(given("2025-11-01", ongoing=True), not_taken("2025-12-01"))


# -- active (section 8, LEN-active) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "active"), [(0, "current"), (28, "current"), (29, "past")])
def test_cover_that_ended_at_most_28_days_ago_is_active(days: int, active: str) -> None:
    assert the_course(given("2025-01-01", back(days))).active == active
    assert the_course(dispensed(back(days + 27))).active == active
    assert total(given("2025-01-01", back(days))).active == active


def test_an_end_that_is_not_recorded_is_past() -> None:
    assert the_course(given("2025-01-01", proof=Proof.REQUEST)).active == "past"


def test_an_unrecorded_end_so_near_that_the_grace_holds_is_active() -> None:
    assert the_course(given(back(55), proof=Proof.REQUEST)).active == "current"
    assert the_course(given(back(56), proof=Proof.REQUEST)).active == "past"


def test_a_partial_end_that_could_reach_the_grace_is_unknown() -> None:
    assert the_course(given("2025-01-01", "2025-12")).active == "unknown"
    assert the_course(given("2025-01-01", "2025-11")).active == "past"
    assert the_course(given("2025-01-01", "2026")).active == "current"


def test_a_possible_record_that_could_reach_the_grace_is_unknown() -> None:
    assert the_course(given("2025-01-01", standing=POSSIBLE, ongoing=True)).active == "unknown"
    assert the_course(given("2020-01-01", "2020-06-01", standing=POSSIBLE)).active == "past"
    assert total(given("2020-01-01", "2020-06-01"), given("2025-01-01", standing=POSSIBLE)).active == "unknown"


def test_a_record_that_speaks_only_up_to_a_day_leaves_later_days_open() -> None:
    drug = given("2024-01-01", ongoing=True)
    near = the_course(drug, until=AS_OF - timedelta(days=28))
    far = the_course(drug, until=AS_OF - timedelta(days=29))
    assert (near.active, far.active) == ("current", "unknown")
    assert far.end == Span((AS_OF - timedelta(days=29)).toordinal(), AS_OF.toordinal())


# -- drugs ------------------------------------------------------------------------------------------------------------


def test_other_drugs_have_courses_too() -> None:
    course = the_course(given("2020-01-01", "2020-06-01", concept="bortezomib"), drug="bortezomib")
    assert (course.form, course.phase) == ("unknown", "unknown")
    assert the_course(given("2020-01-01", concept="ixazomib"), drug="ixazomib").form == "oral"


def test_routes_of_one_drug_do_not_split_a_course() -> None:
    parts = [given("2020-01-01", "2020-03-01", concept="bortezomib", route="intravenous")]
    parts.append(given("2020-02-01", "2020-06-01", concept="bortezomib"))
    assert the_course(*parts, drug="bortezomib").form == "iv-other"


def test_local_use_is_no_exposure() -> None:
    line = timeline(given("2020-01-01", "2020-03-01", concept="carmustine-implant"))
    assert not only(line, Course)
    assert not only(line, Cumulative)
    assert [note.kind for note in line.notes] == ["unusable-status"]


# -- unsupplied data -----


def hidden(*missing: str) -> set[tuple[str, str]]:
    found = [e for e in timeline(missing=missing).episodes if e.hypothetical]
    assert all(e.standing is POSSIBLE for e in found)
    return {(e.verb, e.topic or "") for e in found}


def test_medications_that_were_not_supplied_could_hold_the_drugs_that_matter() -> None:
    topics = ("lenalidomide-exposure", "melphalan-exposure")
    for kind in ("MedicationRequest", "MedicationDispense", "MedicationAdministration", "MedicationStatement"):
        assert hidden(kind) == {(verb, topic) for topic in topics for verb in ("exposed", "cumulated")}


def test_other_kinds_that_were_not_supplied() -> None:
    assert hidden() == set()
    # the status after a transplant, and a history of it or of irradiation, are coded as Conditions
    procedures = {("transplanted", "transplant"), ("performed", "radiotherapy")}
    assert hidden("Procedure") == procedures
    assert hidden("Condition") == {("diagnosed", "indication"), ("malignancy", "prior-cancers"), *procedures}
    assert hidden("Observation") == {("measured", "blood-count"), ("sustained", "blood-count")}


def test_hidden_courses_are_wide_open() -> None:
    found = [e for e in timeline(missing=["MedicationRequest"]).episodes if isinstance(e, Course)]
    assert {(c.form, c.phase, c.active) for c in found} == {("unknown", "unknown", "unknown")}
    assert all(c.start == Span(FIRST_DAY, AS_OF.toordinal()) for c in found)


def test_another_day_of_evaluation_gives_another_timeline() -> None:
    assert the_course(given("2024-01-15", ongoing=True), as_of=date(2025, 1, 15)).duration == Span(12, 12)
    assert procedure("autologous-sct", "2020-01-01").date is not None


# -- doses ----------------------------------------------------------------------------------------------------------


def test_a_course_names_the_doses_that_count_each_once() -> None:
    """A refill of the same dose adds none; another dose does."""
    same = [maintenance("2025-01-01", "2025-06-30", mg=10), maintenance("2025-07-01", "2025-12-31", mg=10)]
    assert the_course(*same).doses == ("10 mg",)
    found = [*same, maintenance("2025-12-01", "2026-01-15", mg=25)]
    assert the_course(*found).doses == total(*found).doses == ("10 mg", "25 mg")
    doubtful = maintenance("2025-12-01", "2025-12-31", mg=5, standing=POSSIBLE)
    assert "5 mg" not in the_course(*same, doubtful).doses
