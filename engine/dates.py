"""Dates as they are known: a day, or a span within which the day lies."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

_FHIR_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?")


@dataclass(frozen=True, slots=True, order=True)
class DateRange:
    """A day that lies within `earliest..latest`, both included. None is an open side.

    "2021" is 2021-01-01..2021-12-31 (knowledge: partial dates become ranges). A date that was never recorded is
    `None` in a fact, not a DateRange with two open sides.
    """

    earliest: date | None
    latest: date | None

    def __post_init__(self) -> None:
        """Raise ValueError when the sides are in the wrong order."""
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            raise ValueError(f"{self.earliest} is after {self.latest}")

    @classmethod
    def on(cls, day: date) -> Self:
        """Exactly that day."""
        return cls(day, day)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A FHIR date or dateTime, whole or partial; the time of day is dropped, the day kept as it was written.

        Raises:
            ValueError: not YYYY, YYYY-MM, YYYY-MM-DD or a dateTime, or a day that does not exist.
        """
        match = _FHIR_DATE.fullmatch(text)
        if match is None:
            raise ValueError("not a FHIR date: expected YYYY, YYYY-MM, YYYY-MM-DD or a dateTime")
        year, month, day = (int(part) if part else None for part in match.groups())
        assert year is not None
        if day is not None and month is not None:
            return cls.on(date(year, month, day))
        if month is not None:
            return cls(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
        return cls(date(year, 1, 1), date(year, 12, 31))

    @property
    def exact(self) -> bool:
        """Is the day known?"""
        return self.earliest is not None and self.earliest == self.latest

    def overlaps(self, other: DateRange) -> bool:
        """Could the day lie within `other` too?"""
        return (self.earliest is None or other.latest is None or self.earliest <= other.latest) and (
            self.latest is None or other.earliest is None or self.latest >= other.earliest
        )

    def plus_days(self, days: int) -> DateRange:
        """The span moved by whole days; stops at the calendar's ends."""
        return DateRange(_shift(self.earliest, days), _shift(self.latest, days))

    def __str__(self) -> str:
        """As short as it is known: 2021-05-03, 2021-05, 2021, or a span with `..`."""
        first, last = self.earliest, self.latest
        if first is not None and last is not None:
            if first == last:
                return first.isoformat()
            if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31) and first.year == last.year:
                return f"{first.year:04d}"
            month_end = calendar.monthrange(first.year, first.month)[1]
            if (first.year, first.month) == (last.year, last.month) and (first.day, last.day) == (1, month_end):
                return f"{first.year:04d}-{first.month:02d}"
        return f"{first or ''}..{last or ''}"


def _shift(day: date | None, days: int) -> date | None:
    if day is None:
        return None
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


_SHORTEST_MONTH = 28


def add_months(day: date, months: int) -> date:
    """The same day `months` calendar months later; the last day of the month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if day.day <= _SHORTEST_MONTH:
        return date(year, month + 1, day.day)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> float:
    """Calendar months from `start` to `end`: exactly 24.0 on the same day two years on, a little more a day later.

    The part of a month that is over counts in days of the month it falls in. 0.0 when `end` is before `start`.
    """
    if end <= start:
        return 0.0
    whole = (end.year - start.year) * 12 + end.month - start.month
    anniversary = add_months(start, whole)
    if anniversary > end:
        whole, following = whole - 1, anniversary
        anniversary = add_months(start, whole)
    else:
        following = add_months(start, whole + 1)
    return whole + (end - anniversary).days / (following - anniversary).days


def completed_years(birth: date, day: date) -> int:
    """Age in completed years; a birthday on 29 February is kept on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
