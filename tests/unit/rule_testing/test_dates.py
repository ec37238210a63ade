"""Dates relative to the day of the scenario."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.rule_testing.dates import absolute, day_of, make_absolute
from spmwatch.rule_testing.vocabulary import StepError

TODAY = date(2026, 3, 31)


def never() -> date:
    raise AssertionError("nobody has to know the day for an absolute date")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("today", "2026-03-31"),
        ("1 day ago", "2026-03-30"),
        ("in 2 weeks", "2026-04-14"),
        ("1 month ago", "2026-02-28"),
        ("6 years before today", "2020-03-31"),
        ("10 days after today", "2026-04-10"),
        ("2 years and 1 day ago", "2024-03-30"),
        ("in 1 month and 3 days", "2026-05-03"),
    ],
)
def test_words_for_a_day(words: str, expected: str) -> None:
    assert day_of(words, TODAY).isoformat() == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("from 3 months ago to 2 weeks ago", "from 2025-12-31 to 2026-03-17"),
        ("from 2024-05 to today", "from 2024-05 to 2026-03-31"),
        ("from 1 year before today and continues", "from 2025-03-31 and continues"),
        ("until 2 weeks ago with no recorded start", "until 2026-03-17 with no recorded start"),
        ("3 months ago", "on 2025-12-31"),
        ("today", "on 2026-03-31"),
    ],
)
def test_words_for_a_time(words: str, expected: str) -> None:
    assert absolute(words, lambda: TODAY, keep_on=True) == expected


def test_absolute_dates_stay_as_they_are_and_need_no_day() -> None:
    arguments: dict[str, object] = {
        "day": "2024-05",
        "when": "from 2024 and continues",
        "because": "relapse 3 months ago",
        "datatable": [["date", "value"], ["2024-05-01", "today"]],
    }
    before = dict(arguments)
    make_absolute(arguments, never)
    assert arguments == before


def test_a_table_has_relative_dates_in_its_column_of_dates_alone() -> None:
    arguments: dict[str, object] = {"datatable": [["test", "date"], ["today", "10 days ago"], ["MCV", ""]]}
    make_absolute(arguments, lambda: TODAY)
    assert arguments["datatable"] == [["test", "date"], ["today", "2026-03-21"], ["MCV", ""]]


def test_a_date_outside_of_the_calendar_is_refused() -> None:
    with pytest.raises(StepError, match="`9999 years ago` lies outside of the calendar"):
        day_of("9999 years ago", TODAY)


@given(number=st.integers(0, 400), day=st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_months_back_are_never_fewer_days_than_in_february(number: int, day: date) -> None:
    back = (day - day_of(f"{number} months ago", day)).days
    assert 28 * number <= back <= 31 * number
