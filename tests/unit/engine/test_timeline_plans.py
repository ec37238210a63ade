"""Planned drugs: planned is not given, and a plan that is over is no plan (clinical conventions 7.1)."""

from __future__ import annotations

import pytest

from spmwatch.engine.episodes import Course, Planned
from spmwatch.engine.facts import Fact, PlannedDrug, Source, Standing
from tests.unit.engine.timeline_records import POSSIBLE, asct, days, given, not_taken, only, timeline

STANDS, PERHAPS, OVER = "stands", "perhaps", "over"


def plan(
    day: str | None = "2025-09-05", start: str | None = None, end: str | None = None, drug: str = "cyclophosphamide"
) -> PlannedDrug:
    sources = (Source(reference="MedicationRequest/plan"),)
    return PlannedDrug(concept=drug, drug=drug, planned_on=days(day), start=days(start), end=days(end), sources=sources)


def fate(*facts: Fact) -> str:
    found = only(timeline(*facts), Planned)
    if not found:
        return OVER
    return STANDS if found[0].standing is Standing.COUNTS else PERHAPS


CYCLO, DARA, DEXA, MEL = "cyclophosphamide", "daratumumab", "dexamethasone", "melphalan"
CASES: dict[str, tuple[list[Fact], str]] = {
    "nothing since": ([plan()], STANDS),
    "without a day, nothing given": ([plan(None)], STANDS),
    "without a day, other treatment on record": ([plan(None), given("2025-01-01", concept=DARA)], PERHAPS),
    "given the day before": ([plan(), given("2025-09-04", "2025-09-04", concept=CYCLO)], STANDS),
    "given on the day": ([plan(), given("2025-09-05", "2025-09-05", concept=CYCLO)], OVER),
    "given since": ([plan(), given("2025-10-05", "2025-10-05", concept=CYCLO)], OVER),
    "perhaps given since": ([plan(), given("2025-10-05", "2025-10-05", concept=CYCLO, standing=POSSIBLE)], PERHAPS),
    "given in that month": ([plan(), given("2025-09", "2025-09", concept=CYCLO)], PERHAPS),
    "other treatment since": ([plan(), given("2025-09-06", concept=DARA, ongoing=True)], PERHAPS),
    "other treatment begun before": ([plan(), given("2025-09-05", concept=DARA, ongoing=True)], STANDS),
    "a steroid since is no treatment of its own": ([plan(), given("2025-09-06", concept=DEXA)], STANDS),
    "refused the day before": ([plan(), not_taken("2025-09-04", concept=CYCLO)], STANDS),
    "refused on the day": ([plan(), not_taken("2025-09-05", concept=CYCLO)], OVER),
    "refused on an unknown day": ([plan(), not_taken(None, concept=CYCLO)], PERHAPS),
    "another drug refused": ([plan(), not_taken("2025-10-05", concept=DARA)], STANDS),
    "its days ended yesterday": ([plan(end="2026-01-14")], OVER),
    "its days end today": ([plan(end="2026-01-15")], STANDS),
    "its days ended this month perhaps": ([plan(end="2026-01")], PERHAPS),
    "for days to come, other treatment since": (
        [plan(start="2026-02-01"), given("2025-09-06", concept=DARA, ongoing=True)],
        STANDS,
    ),
    "for days to come, refused since": ([plan(start="2026-02-01"), not_taken("2025-10-01", concept=CYCLO)], OVER),
    "melphalan, transplanted since": ([plan(drug=MEL), asct("2025-11-10")], OVER),
    "melphalan, transplanted before": ([plan(drug=MEL), asct("2025-08-10")], STANDS),
    "cyclophosphamide, transplanted since": ([plan(), asct("2025-11-10")], PERHAPS),
}


@pytest.mark.parametrize("case", CASES)
def test_whether_a_plan_stands(case: str) -> None:
    facts, expected = CASES[case]
    assert fate(*facts) == expected
    assert fate(*reversed(facts)) == expected


def test_a_plan_that_is_written_after_the_day_of_evaluation_does_not_count_and_is_noted() -> None:
    seen = timeline(plan("2026-01-16"))
    assert only(seen, Planned) == []
    assert [note.kind for note in seen.notes] == ["out-of-scope-date"]


@pytest.mark.parametrize(
    ("later", "kind"),
    [(given("2025-10-05", concept=CYCLO), "unusable-status"), (given("2025-10-05", concept=DARA), "undecided")],
)
def test_a_plan_that_is_over_or_doubtful_is_noted(later: Fact, kind: str) -> None:
    notes = [note for note in timeline(plan(), later).notes if note.reference == "MedicationRequest/plan"]
    assert [note.kind for note in notes] == [kind]


def test_planned_is_not_given() -> None:
    assert only(timeline(plan(drug=MEL)), Course) == []


def test_two_plans_of_one_drug_are_one_fact_with_two_sources() -> None:
    other = PlannedDrug(concept=CYCLO, drug=CYCLO, planned_on=days("2025-12-01"), sources=(Source(reference="M/2"),))
    (found,) = only(timeline(plan(), other), Planned)
    assert [source.reference for source in found.sources] == ["M/2", "MedicationRequest/plan"]
