"""Days, ages and amounts next to those that the rules compare with: on the limit, one step below, one above."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.dates import DateRange, add_months

_DAYS = {"d": 1, "wk": 7}
_MONTHS = {"mo": 1, "a": 12}
_AGES = "a"
_YOUNGEST, _OLDEST = 18, 95
_FAR_DAYS = 6000
_EXACT, _MONTH, _YEAR, _AT_THE_LATEST = 0.6, 0.75, 0.87, 0.94
"""Shares of dates, added up: whole, known to the month, to the year, an upper bound; the others are spans."""


@dataclass(slots=True)
class Numbers:
    """Draws them for one patient.

    Attributes:
        limits: (value, unit) of every parameter of rules and checks.
        chance: chooses.
        as_of: the day of the evaluation.
        events: days that were drawn already; others are drawn at a limit's distance from these too.
    """

    limits: Sequence[tuple[float, str]]
    chance: random.Random
    as_of: date
    events: list[date] = field(default_factory=list)

    def day(self) -> date:
        """A day at a limit's distance from today or from another day of the patient, or one day off; or any day."""
        chance = self.chance
        anchor = chance.choice([self.as_of, *self.events])
        if chance.random() < 1 / 5:
            found = self.as_of - timedelta(days=chance.randint(0, _FAR_DAYS))
        else:
            found = self._apart(anchor) + timedelta(days=chance.choice((-1, 0, 0, 1)))
        self.events.append(found)
        return found

    def _apart(self, anchor: date) -> date:
        units = [(value, unit) for value, unit in self.limits if unit in _DAYS or unit in _MONTHS]
        value, unit = self.chance.choice(units)
        sign = -1 if self.chance.random() < 4 / 5 else 1
        if unit in _DAYS:
            return anchor + timedelta(days=sign * int(value * _DAYS[unit]))
        return add_months(anchor, sign * int(value * _MONTHS[unit]))

    def span(self) -> DateRange:
        """A date as it is known: whole, partial, an upper bound, or a span."""
        return self.around(self.day())

    def around(self, day: date) -> DateRange:
        """That day, as exactly as a record may tell it."""
        kind = self.chance.random()
        if kind < _EXACT:
            return DateRange.on(day)
        if kind < _MONTH:
            return DateRange.parse(day.isoformat()[:7])
        if kind < _YEAR:
            return DateRange.parse(day.isoformat()[:4])
        if kind < _AT_THE_LATEST:
            return DateRange(None, day)
        return DateRange(day - timedelta(days=self.chance.randint(0, 400)), day)

    def birth(self) -> DateRange:
        """A birth date next to an age that the rules ask for, or any."""
        ages = [int(value) for value, unit in self.limits if unit == _AGES and value >= _YOUNGEST]
        chance = self.chance
        age = chance.choice(ages) if ages and chance.random() < 1 / 2 else chance.randint(_YOUNGEST, _OLDEST)
        born = add_months(self.as_of, -12 * age) + timedelta(days=chance.choice((-1, 0, 1, 180)))
        text = born.isoformat()
        return DateRange.parse(text[: chance.choice((4, 7, 10, 10, 10))])

    def amount(self, unit: str) -> float:
        """A result next to a limit in that unit, or any small number."""
        known = [value for value, other in self.limits if other == unit]
        chance = self.chance
        if not known or chance.random() < 1 / 4:
            return round(chance.uniform(0, 200), 1)
        return max(0.0, round(chance.choice(known) + chance.choice((-0.1, -0.01, 0, 0.01, 0.1)), 2))


def limits_of(base: RuleBase) -> list[tuple[float, str]]:
    """Every number that rules and checks compare with, and its unit."""
    found = {(one.value, one.unit) for rule in base.rules for one in rule.parameters.values()}
    found |= {(one.value, one.unit) for check in base.checks for one in check.parameters.values()}
    return sorted(found)
