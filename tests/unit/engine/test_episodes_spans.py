"""Spans at the ends of the calendar and of the numbers that the engine counts in."""

from __future__ import annotations

from datetime import date

import pytest

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import FIRST_DAY, LAST_DAY, Span


@pytest.mark.parametrize(
    ("low", "high", "days"),
    [
        (FIRST_DAY, LAST_DAY, None),
        (FIRST_DAY, FIRST_DAY, DateRange(None, date.min)),
        (FIRST_DAY - 30, FIRST_DAY - 1, DateRange(None, date.min)),
        (LAST_DAY, LAST_DAY, DateRange(date.max, None)),
        (LAST_DAY + 1, LAST_DAY + 30, DateRange(date.max, None)),
    ],
)
def test_days_beyond_the_calendar_are_its_ends(low: int, high: int, days: DateRange | None) -> None:
    assert Span(low, high).days() == days


@pytest.mark.parametrize("value", [1e15, -1e15, float("inf"), float("nan")])
def test_a_span_is_finite(value: float) -> None:
    with pytest.raises(ValueError, match="not a finite span"):
        Span.exactly(value)
