"""Dates as steps write them: absolute, whole or partial, or relative to the day of the scenario.

`2024-05-20`, `2024-05`, `2024`; `3 months ago`, `in 2 weeks`, `6 years before today`, `2 years and 1 day ago`, `today`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping, Sequence
from datetime import date, timedelta
from typing import cast

from spmwatch.engine.dates import add_months
from spmwatch.rule_testing.vocabulary import StepError

_SPAN = r"\d+ (?:day|week|month|year)s?(?: and \d+ (?:day|week|month|year)s?)?"
RELATIVE = rf"(?:today|{_SPAN} ago|in {_SPAN}|{_SPAN} (?:before|after) today)"
DATE = rf"(?:\d{{4}}(?:-\d{{2}}(?:-\d{{2}})?)?|{RELATIVE})"
WHOLE_DAY = r"\d{4}-\d{2}-\d{2}"
DAY = rf"(?:{WHOLE_DAY}|{RELATIVE})"
ON = rf"(?:on (?!{RELATIVE})|(?={RELATIVE}))"
"""Before a date: `on 2024-05-20`, and plain `3 months ago`."""

HOW_TO_WRITE_A_DATE = (
    "Write year, month and day, e.g. `2024-05-20`; `2024-05` or `2024` where no more is known; or `3 months ago`."
)
_ARGUMENTS = ("day", "born", "written", "when")
"""What steps call a date, or words with dates in them."""
_TABLE, _COLUMN = "datatable", "date"
_WORDS = re.compile(rf"\b(?:on )?(?P<words>{RELATIVE})\b")
_WRITTEN = re.compile(r"(?<![\w-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\w-])")
_PART = re.compile(r"(?P<number>\d+) (?P<unit>day|week|month|year)s?")
_DAYS, _MONTHS = {"day": 1, "week": 7}, {"month": 1, "year": 12}


def make_absolute(arguments: MutableMapping[str, object], today: Callable[[], date]) -> None:
    """Put absolute dates where a step's arguments, or the column `date` of its table, are relative to today.

    Args:
        arguments: of one step, by name; changed in place.
        today: the day of the scenario; asked for only where a date needs it.

    Raises:
        StepError: a date that lies outside of the calendar, or what `today` raises.
    """
    for name in _ARGUMENTS:
        if isinstance(words := arguments.get(name), str):
            arguments[name] = absolute(words, today, keep_on=name == "when")
    if _TABLE in arguments:
        arguments[_TABLE] = _table(cast("Sequence[Sequence[str]]", arguments[_TABLE]), today)


def absolute(words: str, today: Callable[[], date], *, keep_on: bool = False) -> str:
    """The words with each relative date as an absolute one; `keep_on`: one that stands alone gets its `on`.

    Raises:
        StepError: a date that is not of the calendar.
    """
    for found in _WRITTEN.finditer(words):
        _of_the_calendar(*found.groups())
    alone = keep_on and re.fullmatch(RELATIVE, words)
    dated = _WORDS.sub(lambda match: day_of(match["words"], today()).isoformat(), words)
    return f"on {dated}" if alone else dated


def _of_the_calendar(year: str, month: str, day: str | None) -> None:
    """Raises StepError for a day or month that there is not."""
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        what = f"`{year}-{month}-{day}` is no day" if day else f"`{year}-{month}` is no month"
        raise StepError(f"{what} of the calendar. A date is year, month, day, e.g. `2024-05-20`.") from None


def day_of(words: str, today: date) -> date:
    """The day that relative words mean. A month has its own length: 31 March less a month is the last of February.

    Raises:
        StepError: it lies outside of the calendar.
    """
    sign = 1 if words.startswith("in ") or words.endswith("after today") else -1
    day = today
    try:
        for part in _PART.finditer(words):
            number, unit = sign * int(part["number"]), part["unit"]
            day = add_months(day, number * _MONTHS[unit]) if unit in _MONTHS else day + timedelta(number * _DAYS[unit])
    except (ValueError, OverflowError):
        raise StepError(f"`{words}` lies outside of the calendar. Write a date within a lifetime of today.") from None
    return day


def _table(table: Sequence[Sequence[str]], today: Callable[[], date]) -> Sequence[Sequence[str]]:
    heading = [cell.strip() for cell in table[0]]
    if _COLUMN not in heading:
        return table
    at = heading.index(_COLUMN)
    return [
        [absolute(cell.strip(), today) if number and index == at else cell for index, cell in enumerate(row)]
        for number, row in enumerate(table)
    ]
