"""The patient, statements, procedures, smoking and laboratory values: conventions 7.9, 7.10, 7.13, section 9."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import FIRST_DAY, Done, Lab, PatientEpisode, Span, Stated
from spmwatch.engine.facts import Fact, LabValue, PatientRecord, Smoking, Source, Standing
from spmwatch.engine.timeline.build import RecordSummary, build_timeline, summarise
from spmwatch.engine.truth import Truth
from tests.unit.engine.timeline_records import (
    AS_OF,
    POSSIBLE,
    asct,
    condition,
    conventions,
    day_span,
    days,
    given,
    only,
    ordinal,
    person,
    procedure,
    stated,
    the_patient,
    timeline,
    value_sets,
)

# -- age, sex, life ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birth", "age"),
    [
        ("1961-01-15", (65, 65)),
        ("1961-01-16", (64, 64)),
        ("1961", (64, 65)),
        ("1961-01", (64, 65)),
        (None, (0, 150)),
        ("1901-01-15", (125, 125)),
        ("1900-01-15", (0, 150)),
        ("1900-01-16", (125, 125)),
        ("2026-01-16", (0, 150)),
        ("2026-01-15", (0, 0)),
    ],
)
def test_age_in_completed_years(birth: str | None, age: tuple[int, int]) -> None:
    assert the_patient(patient=person(birth)).age == Span(*age)
    noted = [note.topic for note in timeline(patient=person(birth)).notes]
    assert noted == (["birth-date"] if birth in ("1900-01-15", "2026-01-16") else [])


@pytest.mark.parametrize(
    ("sex", "word"), [("male", "male"), ("other", "unknown"), ("unknown", "unknown"), (None, "unknown")]
)
def test_sex(sex: str | None, word: str) -> None:
    assert the_patient(patient=person(sex=sex)).sex == word  # type: ignore[arg-type]


def test_without_a_patient_resource_nothing_is_known_of_age_and_sex() -> None:
    record = PatientRecord(id="p")
    line = build_timeline(record, as_of=AS_OF, conventions=conventions(), value_sets=value_sets())
    (patient,) = only(line, PatientEpisode)
    assert (patient.age, patient.sex, patient.vital_status) == (Span(0, 150), "unknown", "alive")


@pytest.mark.parametrize(
    ("deceased", "on", "status"),
    [
        (None, None, "alive"),
        (False, None, "alive"),
        (True, None, "deceased"),
        (None, "2026-01-15", "deceased"),
        (None, "2026-01-16", "alive"),
        (True, "2026-01-16", "alive"),
        (None, "2026", "deceased"),
    ],
)
def test_vital_status(deceased: bool | None, on: str | None, status: str) -> None:
    assert the_patient(patient=person(deceased=deceased, deceased_on=days(on))).vital_status == status


# -- transplant eligibility -----------------------------------------------------------------------------------------

OLD = person("1950-01-01")


def eligibility(*facts: Fact) -> str:
    return the_patient(*facts, patient=OLD).transplant_eligibility


def test_the_latest_statement_holds() -> None:
    assert eligibility(stated("transplant-ineligible", "2020-01-01")) == "ineligible"
    assert (
        eligibility(stated("transplant-ineligible", "2020-01-01"), stated("transplant-eligible", "2021-01-01"))
        == "eligible"
    )
    assert (
        eligibility(stated("transplant-ineligible", "2022-01-01"), stated("transplant-eligible", "2021"))
        == "ineligible"
    )
    assert eligibility(stated("transplant-ineligible"), stated("transplant-eligible", "2021-01-01")) == "eligible"
    assert eligibility(stated("transplant-ineligible"), asct("2020-01-01")) == "ineligible"


@pytest.mark.parametrize("day", ["2021-05-01", "2021", None])
def test_contradicting_statements_of_one_time_leave_it_unknown(day: str | None) -> None:
    facts = [stated("transplant-ineligible", day), stated("transplant-eligible", "2021-05-01" if day else None)]
    assert eligibility(*facts) == "unknown"
    assert [(n.kind, n.topic) for n in timeline(*facts).notes] == [("conflict", "transplant-eligibility")]


def test_a_doubtful_statement_leaves_it_unknown() -> None:
    assert (
        the_patient(stated("transplant-ineligible", "2020-01-01", standing=POSSIBLE)).transplant_eligibility
        == "unknown"
    )


@pytest.mark.parametrize(
    ("birth", "word"), [("1961-01-16", "not-asked"), ("1961-01-15", "unknown"), ("1961", "unknown")]
)
def test_it_is_asked_from_65_years_on(birth: str, word: str) -> None:
    assert the_patient(patient=person(birth)).transplant_eligibility == word


def test_it_is_not_asked_of_the_transplanted() -> None:
    assert eligibility(asct("2020-01-01")) == "not-asked"
    assert eligibility(asct("2020-01-01", standing=POSSIBLE)) == "unknown"
    assert the_patient(patient=person(None)).transplant_eligibility == "unknown"


# -- laboratory values (7.10) ---------------------------------------------------------------------------------------


def lab(value: float, day: str | None = None, analyte: str = "anc", **more: object) -> LabValue:
    more.setdefault("sources", (Source(reference=f"Observation/{analyte}-{value}-{day}"),))
    return LabValue(analyte=analyte, value=value, unit="10*9/L", date=days(day), **more)  # type: ignore[arg-type]


def labs(*facts: Fact) -> list[tuple[float, str]]:
    return [(e.value.low, e.latest) for e in only(timeline(*facts), Lab)]


def test_the_latest_value_of_each_analyte() -> None:
    facts = [lab(1, "2026-01-01"), lab(2, "2026-01-10"), lab(3, "2025-12-01", analyte="platelets")]
    assert labs(*facts) == [(1, "earlier"), (2, "latest"), (3, "latest")]


def test_values_of_one_day_are_all_latest() -> None:
    assert labs(lab(1, "2026-01-10"), lab(2, "2026-01-10")) == [(1, "latest"), (2, "latest")]


def test_partial_and_missing_days_leave_open_which_is_latest() -> None:
    assert labs(lab(1, "2026-01"), lab(2, "2026-01-10")) == [(1, "unknown"), (2, "unknown")]
    assert labs(lab(1, None), lab(2, "2026-01-10")) == [(1, "unknown"), (2, "unknown")]
    assert labs(lab(1, "2025-12"), lab(2, "2026-01-10")) == [(1, "earlier"), (2, "latest")]


@pytest.mark.parametrize("day", ["2026-01", None])
def test_the_only_value_is_the_latest_whatever_its_day(day: str | None) -> None:
    assert labs(lab(1, day)) == [(1, "latest")]
    assert labs(lab(1, day), lab(2, day)) == [(1, "unknown"), (2, "unknown")]


def test_a_value_that_may_not_count_does_not_outdate_one_that_does() -> None:
    assert labs(lab(1, "2026-01-01"), lab(2, "2026-01-10", standing=POSSIBLE)) == [(1, "unknown"), (2, "latest")]


@pytest.mark.parametrize(("analyte", "standing"), [("blasts-percent-blood", Standing.COUNTS), ("anc", POSSIBLE)])
def test_preliminary_blasts_are_told_other_values_are_possible_only(analyte: str, standing: Standing) -> None:
    (found,) = only(timeline(lab(3, "2026-01-10", analyte=analyte, preliminary=True)), Lab)
    assert (found.standing, found.result_status) == (standing, "preliminary")


def test_preliminary_values_are_marked_and_do_not_outdate_final_ones() -> None:
    found = only(timeline(lab(1, "2026-01-01"), lab(2, "2026-01-10", preliminary=True)), Lab)
    assert [(e.value.low, e.latest, e.result_status) for e in found] == [
        (1, "latest", "final"),
        (2, "latest", "preliminary"),
    ]


@pytest.mark.parametrize(("age", "kept"), [(365, 2), (366, 1)])
def test_older_values_are_left_out_but_the_latest(age: int, kept: int) -> None:
    old = (AS_OF - timedelta(days=age)).isoformat()
    assert len(labs(lab(1, old), lab(2, "2026-01-10"))) == kept
    assert len(labs(lab(1, old))) == 1


@pytest.mark.parametrize(
    ("comparator", "below", "above"),
    [("<", True, False), ("<=", False, False), (">", False, True), (">=", False, False)],
)
def test_comparators_bound_the_value(comparator: str, below: bool, above: bool) -> None:
    (found,) = only(timeline(lab(0.5, "2026-01-10", comparator=comparator)), Lab)
    assert (found.value.high < 0.5, found.value.low > 0.5) == (below, above)
    assert found.value.low == 0 or found.value.high > 1e9


def test_values_after_the_day_of_evaluation_do_not_count() -> None:
    assert labs(lab(1, "2026-01-16"), lab(2, "2026-01-10")) == [(2, "latest")]


# -- procedures, statements, smoking --------------------------------------------------------------------------------


def done(*facts: Fact) -> list[tuple[str, Span]]:
    return [(e.what, e.date) for e in only(timeline(*facts), Done)]


def test_what_was_done_stands_once_for_each_day() -> None:
    facts = [
        procedure("mammography", "2024-01-01"),
        procedure("mammography", "2024-01-01", sources=(Source(reference="x"),)),
    ]
    line = timeline(*facts, procedure("radiotherapy", "2021"))
    assert [(e.id, e.what, e.date) for e in only(line, Done)] == [
        ("performed-1", "mammography", day_span("2024-01-01")),
        ("performed-2", "radiotherapy", day_span("2021-01-01", "2021-12-31")),
    ]
    assert len(only(line, Done)[0].sources) == 2


def test_status_codes_say_no_more_than_before() -> None:
    assert done(procedure("bilateral-mastectomy", "2024-01-01", is_status=True)) == [
        ("bilateral-mastectomy", Span(FIRST_DAY, ordinal("2024-01-01")))
    ]


def test_transplants_and_plans_are_not_among_them() -> None:
    assert done(asct("2020-01-01"), procedure("sct-planned", "2020-01-01")) == []


def test_conditions_that_are_no_disease_of_ours_are_told_so() -> None:
    assert [what for what, _ in done(condition("hereditary-cancer-risk", "2010-01-01"))] == ["hereditary-cancer-risk"]
    assert done(condition("spm-breast", "2010-01-01"), condition("multiple-myeloma", "2010-01-01")) == []


def test_statements_and_smoking() -> None:
    smoking = Smoking(concept="smoking-former", date=days("2025-01-01"), pack_years=30, quit_on=days("2015-03"))
    line = timeline(stated("progression", "2024-01-01"), smoking)
    assert [(e.what, e.date) for e in only(line, Stated)] == [
        ("progression", day_span("2024-01-01")),
        ("smoking-former", day_span("2025-01-01")),
        ("smoking-quit", day_span("2015-03-01", "2015-03-31")),
    ]
    assert [(e.analyte, e.value, e.latest) for e in only(line, Lab)] == [("pack-years", Span(30, 30), "latest")]


# -- summary -----


def test_a_summary_tells_found_from_not_found_and_not_looked_for() -> None:
    assert summarise(timeline()) == RecordSummary(
        lenalidomide=Truth.FALSE,
        melphalan=Truth.FALSE,
        transplant=Truth.FALSE,
        transplant_kind=None,
        transplant_date=None,
    )
    found = summarise(
        timeline(given("2021-01-01"), asct("2022-09-12"), asct("2020-11-10"), missing=("MedicationRequest",))
    )
    assert found == RecordSummary(
        lenalidomide=Truth.TRUE,
        melphalan=Truth.UNKNOWN,
        transplant=Truth.TRUE,
        transplant_kind="autologous",
        transplant_date=day_span("2020-11-10"),
    )
    assert summarise(timeline(asct("2020-11-10", standing=POSSIBLE))).transplant is Truth.UNKNOWN


def test_gaps_of_the_reader_come_first() -> None:
    from spmwatch.engine.facts import Gap

    gap = Gap(kind="unreadable", problem="p", advice="a")
    record = PatientRecord(id="p", facts=(given("2027-01-01"),), gaps=(gap,))
    line = build_timeline(record, as_of=AS_OF, conventions=conventions(), value_sets=value_sets())
    assert line.notes[0] is gap
    assert len(line.notes) == 2
    assert DateRange.parse("2027-01-01").exact
