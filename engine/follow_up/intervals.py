"""Intervals by the calendar: a year after 15 January is 15 January, whatever lies between."""

from __future__ import annotations

from datetime import date

from spmwatch.engine.catalogue.conditions import MONTHS_IN, OFFSET_UNITS, Parameter
from spmwatch.engine.dates import add_months
from spmwatch.engine.episodes import LAST_DAY

INTERVAL_UNITS = (*OFFSET_UNITS, *MONTHS_IN)
"""UCUM units that an interval may have."""


def later(day: int, interval: Parameter) -> int:
    """The day (an ordinal) so long after `day`; no later than the calendar ends."""
    if interval.unit in OFFSET_UNITS:
        return min(day + int(interval.value) * OFFSET_UNITS[interval.unit], LAST_DAY)
    months = int(interval.value) * MONTHS_IN[interval.unit]
    start = date.fromordinal(day)
    if start.year * 12 + months >= date.max.year * 12:
        return LAST_DAY
    return add_months(start, months).toordinal()
