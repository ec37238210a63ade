"""FHIR's ways to say when: periods, ages, durations, timings -> DateRange."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from spmwatch.engine.dates import DateRange, add_months
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters import views

# UCUM: a mean Julian month is 30.4375 d, a year 365.25 d.
_DAYS_OF = {"d": 1.0, "wk": 7.0, "mo": 30.4375, "a": 365.25, "h": 1 / 24, "min": 1 / 1440, "s": 1 / 86_400}
_WORDS = {
    "day": "d", "days": "d", "tag": "d", "tage": "d", "week": "wk", "weeks": "wk", "wks": "wk", "month": "mo",
    "months": "mo", "mos": "mo", "year": "a", "years": "a", "yr": "a", "yrs": "a", "hour": "h", "hours": "h", "hr": "h",
    "minute": "min", "minutes": "min", "second": "s", "seconds": "s",
}  # fmt: skip
_LONGEST_YEARS = 150


def up_to(day: DateRange) -> DateRange:
    """On that day or earlier."""
    return DateRange(None, day.latest)


def first_day(period: views.Period | None) -> DateRange | None:
    """The day on which a period starts; an upper bound of it when only its end is told."""
    if period is None:
        return None
    if period.start is not None:
        return period.start
    return up_to(period.end) if period.end is not None else None


def earliest_of(days: Iterable[DateRange | None]) -> DateRange | None:
    """The first of several days; those without a lower bound last."""
    known = [day for day in days if day is not None]
    return min(known, key=lambda day: (day.earliest or date.max, day.latest or date.max), default=None)


def latest_of(days: Iterable[DateRange | None]) -> DateRange | None:
    """The last of several days."""
    known = [day for day in days if day is not None]
    return max(known, key=lambda day: (day.latest or date.max, day.earliest or date.min), default=None)


def in_order(start: DateRange | None, end: DateRange | None) -> bool:
    """Can the end lie on or after the start?"""
    if start is None or end is None or start.earliest is None or end.latest is None:
        return True
    return start.earliest <= end.latest


def _unit_of(quantity: views.Quantity) -> str | None:
    """UCUM code of a duration: by code, else by unit; None when there is none, "?" when it is not known."""
    written = quantity.code or quantity.unit
    if written is None:
        return None
    for word in (quantity.code, quantity.unit):
        if word is None:
            continue
        plain = word.strip()
        if plain in _DAYS_OF:
            return plain
        if plain.casefold() in _WORDS:
            return _WORDS[plain.casefold()]
    return "?"


def supply_days(quantity: views.Quantity | None) -> int | None:
    """Days that a supply lasts; the element's own name says days when it has no unit.

    Raises:
        ValueError: another unit, or not a sensible number of days.
    """
    if quantity is None or quantity.value is None:
        return None
    unit = _unit_of(quantity) or "d"
    if unit not in _DAYS_OF:
        raise ValueError("is not in days, weeks or months")
    days = quantity.value * _DAYS_OF[unit]
    if not 0 < days <= _LONGEST_YEARS * 366:
        raise ValueError("is not a number of days that a supply can last")
    return max(1, round(days))


def last_day_after(start: DateRange | None, duration: views.Quantity | None) -> DateRange | None:
    """The last day of a stay of `duration` from `start` on: 28 days from day D are D..D+27.

    Raises:
        ValueError: a duration that cannot be read.
    """
    if start is None or duration is None or duration.value is None:
        return None
    unit = _unit_of(duration)
    if unit is None or unit not in _DAYS_OF or not 0 < duration.value * _DAYS_OF[unit] <= _LONGEST_YEARS * 366:
        raise ValueError("is not a duration that can be read")
    months = duration.value * (12 if unit == "a" else 1)
    if unit in ("mo", "a") and months == int(months):
        return DateRange(_add(start.earliest, int(months)), _add(start.latest, int(months))).plus_days(-1)
    return start.plus_days(max(1, round(duration.value * _DAYS_OF[unit])) - 1)


def _add(day: date | None, months: int) -> date | None:
    if day is None:
        return None
    try:
        return add_months(day, months)
    except (ValueError, OverflowError):
        return date.max


def end_of_repeat(start: DateRange | None, repeat: views.Repeat | None) -> DateRange | None:
    """The last day that Timing.repeat.bounds[x] tells.

    Raises:
        ValueError: a duration that cannot be read.
    """
    if repeat is None:
        return None
    if repeat.boundsPeriod is not None:
        return repeat.boundsPeriod.end
    if repeat.boundsDuration is not None:
        return last_day_after(start, repeat.boundsDuration)
    if repeat.boundsRange is not None:
        low, high = last_day_after(start, repeat.boundsRange.low), last_day_after(start, repeat.boundsRange.high)
        if low is not None and high is not None and in_order(low, high):
            return DateRange(low.earliest, high.latest)
    return None


def at_age(birth: DateRange | None, low: views.Quantity | None, high: views.Quantity | None) -> DateRange | None:
    """The days at which the patient had an age: in completed units, so an age of 60 a lasts from birthday to birthday.

    Raises:
        ValueError: an age that cannot be read.
    """
    if birth is None:
        return None
    youngest, oldest = _completed_months(low), _completed_months(high)
    earliest = None if youngest is None or birth.earliest is None else _add(birth.earliest, youngest[0])
    latest = None if oldest is None or birth.latest is None else _add(birth.latest, oldest[1])
    if earliest is None and latest is None:
        return None
    if earliest is not None and latest is not None and earliest >= latest:
        raise ValueError("is not a span of ages")
    return DateRange(earliest, DateRange(None, latest).plus_days(-1).latest if latest is not None else None)


def _completed_months(age: views.Quantity | None) -> tuple[int, int] | None:
    """Completed months, and months at which the next unit is reached."""
    if age is None or age.value is None:
        return None
    unit = _unit_of(age) or "a"  # years, when an age has no unit
    per_unit = {"a": 12.0, "mo": 1.0, "wk": 7 / 30.4375, "d": 1 / 30.4375}.get(unit)
    if per_unit is None or not 0 <= age.value * per_unit <= _LONGEST_YEARS * 12:
        raise ValueError("is not an age that can be read")
    return int(age.value * per_unit), int((age.value + 1) * per_unit) + (per_unit < 1)


def amount(quantity: views.Quantity | None, value_sets: ValueSets) -> tuple[float, str] | None:
    """Value and UCUM unit of a dose; None when either is missing or the unit is not known."""
    if quantity is None or quantity.value is None or quantity.comparator is not None or quantity.value < 0:
        return None
    for written in (quantity.code, quantity.unit):
        unit = value_sets.unit(written) if written else None
        if unit is not None:
            return quantity.value, unit.ucum
    return None
