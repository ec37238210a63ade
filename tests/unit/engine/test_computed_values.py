"""Neutrophils that follow from their share of the white cells, and granulocytes that stand in for them."""

from __future__ import annotations

from typing import Any

import pytest

from spmwatch.engine.episodes import Lab
from spmwatch.engine.facts import Certainty, LabValue, Source, Standing
from tests.unit.engine.timeline_records import days, only, timeline

UNITS = {"neutrophils-percent": "%"}
POSSIBLE = Standing.POSSIBLE


def lab(analyte: str, number: float, day: str | None = "2026-01-10", **more: object) -> LabValue:
    more.setdefault("sources", (Source(reference=f"Observation/{analyte}"),))
    unit = UNITS.get(analyte, "10*9/L")
    return LabValue(analyte=analyte, value=number, unit=unit, date=days(day), **more)  # type: ignore[arg-type]


def share(number: float, day: str | None = "2026-01-10", **more: object) -> LabValue:
    return lab("neutrophils-percent", number, day, **more)


def wbc(number: float, day: str | None = "2026-01-10", **more: object) -> LabValue:
    return lab("wbc", number, day, **more)


def neutrophils(*facts: LabValue) -> list[Lab]:
    return [found for found in only(timeline(*facts), Lab) if found.analyte == "anc"]


def test_a_share_of_the_white_cells_of_that_day() -> None:
    (found,) = neutrophils(share(15), wbc(6))
    assert (found.value.low, found.value.high, found.standing) == (0.9, 0.9, Standing.COUNTS)
    assert {source.reference for source in found.sources} == {"Observation/neutrophils-percent", "Observation/wbc"}


@pytest.mark.parametrize("day", ["2026-01-09", "2026-01", None])
def test_of_another_or_a_vague_day_nothing_follows(day: str | None) -> None:
    assert neutrophils(share(15), wbc(6, day)) == []
    assert neutrophils(share(15, day), wbc(6)) == []


def test_what_was_measured_on_that_day_outweighs_it() -> None:
    (found,) = neutrophils(share(15), wbc(6), lab("anc", 2))
    assert found.value.low == 2
    assert len(neutrophils(share(15), wbc(6), lab("anc", 2, "2026-01-09"))) == 2


@pytest.mark.parametrize("doubt", [{"standing": POSSIBLE}, {"preliminary": True}])
def test_what_is_doubtful_does_not(doubt: dict[str, Any]) -> None:
    assert sorted(found.value.low for found in neutrophils(share(15), wbc(6), lab("anc", 2, **doubt))) == [0.9, 2]


def test_it_is_no_surer_than_what_it_follows_from() -> None:
    assert [found.standing for found in neutrophils(share(15, standing=POSSIBLE), wbc(6))] == [POSSIBLE]
    assert [found.certainty for found in neutrophils(share(15), wbc(6, certainty=Certainty.LOW))] == [Certainty.LOW]
    (found,) = neutrophils(share(15, preliminary=True), wbc(6))
    assert (found.result_status, found.standing) == ("preliminary", POSSIBLE)


def test_comparators_carry_over_unless_they_disagree() -> None:
    (found,) = neutrophils(share(15), wbc(2, comparator="<"))
    assert (found.value.low, found.value.high < 0.3) == (0, True)
    assert neutrophils(share(15, comparator=">"), wbc(2, comparator="<")) == []


def test_several_of_one_day_are_all_combined() -> None:
    found = neutrophils(share(10), share(50), wbc(4))
    assert sorted(one.value.low for one in found) == [0.4, 2]


def test_it_is_said_that_it_was_computed() -> None:
    notes = timeline(share(15, "2025-12-10"), wbc(6, "2025-12-10"), share(15), wbc(6)).notes
    assert [note.kind for note in notes] == ["missing-element"]
    assert "computed" in notes[0].problem
    assert timeline(share(15), wbc(6), lab("anc", 2)).notes == ()


def test_granulocytes_stand_in_as_possible_only() -> None:
    (found,) = neutrophils(lab("granulocytes", 0.8))
    assert (found.value.low, found.standing) == (0.8, POSSIBLE)
    assert len(neutrophils(lab("granulocytes", 0.8), lab("anc", 0.7))) == 1
    assert [one.standing for one in neutrophils(lab("granulocytes", 0.8), share(15), wbc(6))] == [Standing.COUNTS]
