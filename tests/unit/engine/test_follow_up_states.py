"""Where a check stands by the tests on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.engine.catalogue.conditions import Parameter
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.episodes import Done, Span
from spmwatch.engine.facts import Standing
from spmwatch.engine.follow_up.check import Schedule
from spmwatch.engine.follow_up.intervals import later
from spmwatch.engine.follow_up.states import DUE, NONE, OVERDUE, UP_TO_DATE, on_record, standings_of

TODAY = date(2026, 1, 15).toordinal()
ORDER = (NONE, OVERDUE, DUE, UP_TO_DATE)
DAYS = st.lists(st.integers(TODAY - 4500, TODAY), min_size=1, max_size=4)


def colorectal() -> Schedule:
    check = next(check for check in load_rule_base().checks if check.id == "colorectal")
    schedule = check.schedule("average-risk")
    assert schedule is not None
    return schedule


def done(days: Sequence[int], standing: Standing = Standing.COUNTS) -> list[Done]:
    kinds = ("fit", "colonoscopy")
    return [
        Done(id=f"p{n}", what=kinds[n % 2], date=Span.exactly(day), standing=standing) for n, day in enumerate(days)
    ]


@given(days=DAYS, more=st.integers(0, 900))
def test_a_later_test_never_makes_it_more_overdue(days: list[int], more: int) -> None:
    before = standings_of(colorectal(), on_record(done(days)), TODAY, complete=True).states[0]
    later_tests = on_record(done([min(d + more, TODAY) for d in days]))
    after = standings_of(colorectal(), later_tests, TODAY, complete=True).states[0]
    assert ORDER.index(after) >= ORDER.index(before)


@given(days=DAYS)
def test_the_order_of_records_does_not_matter(days: list[int]) -> None:
    tests = done(days)
    assert standings_of(colorectal(), on_record(tests), TODAY, complete=True) == standings_of(
        colorectal(), on_record(tests[::-1]), TODAY, complete=True
    )


@given(days=DAYS)
def test_what_was_not_supplied_may_hold_a_test_of_today(days: list[int]) -> None:
    states = standings_of(colorectal(), on_record(done(days)), TODAY, complete=False).states
    assert states[-1] == UP_TO_DATE


def test_a_record_that_proves_nothing_leaves_it_open() -> None:
    states = standings_of(colorectal(), on_record(done([TODAY - 10], Standing.POSSIBLE)), TODAY, complete=True).states
    assert states == ORDER


@pytest.mark.parametrize(
    ("day", "value", "unit", "then"),
    [
        ("2024-02-29", 1, "a", "2025-02-28"),
        ("2025-11-30", 3, "mo", "2026-02-28"),
        ("2025-12-25", 8, "wk", "2026-02-19"),
        ("2026-01-05", 10, "d", "2026-01-15"),
    ],
)
def test_intervals_go_by_the_calendar(day: str, value: float, unit: str, then: str) -> None:
    interval = Parameter(name="i", value=value, unit=unit, meaning="m", evidence=("convention",))
    assert later(date.fromisoformat(day).toordinal(), interval) == date.fromisoformat(then).toordinal()
