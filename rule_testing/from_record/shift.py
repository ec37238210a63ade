"""All dates of a record moved alike, so that intervals and ages stay and no date of the record does.

Whole days move by one number of days. A year or a month that is all that is known stays a year or a month: the one in
which its middle comes to lie. Four years (1,461 days) keep even the calendar as it is: leap years, lengths of months.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Fact, PatientRecord

FOUR_YEARS = 1461
_YEAR, _MONTH = len("2024"), len("2024-05")
_FREE, _NEAR, _WHOLE = 12, 12, 40
"""How many moves of each sort are tried."""
_LEAST_DAYS, _MOST_DAYS, _FEW_DAYS = 100, 1400, 10
F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True)
class Shift:
    """A move by so many days, back where negative."""

    days: int

    def day(self, day: date) -> date:
        """A whole day. Raises OverflowError outside of the calendar."""
        return day + timedelta(days=self.days)

    def span(self, span: DateRange) -> DateRange:
        """A day, a year, a month, or any other span. Raises OverflowError outside of the calendar."""
        text = str(span)
        if len(text) == _YEAR:
            return DateRange.parse(f"{self.day(date(int(text), 7, 2)).year:04d}")
        if len(text) == _MONTH:
            return DateRange.parse(self.day(date.fromisoformat(f"{text}-15")).isoformat()[:_MONTH])
        return DateRange(*(None if side is None else self.day(side) for side in (span.earliest, span.latest)))

    def fact(self, fact: F) -> F:
        """A fact with its dates moved."""
        moved: dict[str, Any] = {name: self.span(value) for name, value in _dates_of(fact)}
        return dataclasses.replace(fact, **moved) if moved else fact

    def record(self, record: PatientRecord) -> PatientRecord:
        """A record with all dates moved, without its gaps."""
        until = record.coverage.until
        return dataclasses.replace(
            record,
            patient=None if record.patient is None else self.fact(record.patient),
            facts=tuple(self.fact(fact) for fact in record.facts),
            coverage=dataclasses.replace(record.coverage, until=None if until is None else self.day(until)),
            gaps=(),
        )


def shifts(record: PatientRecord, as_of: date, chance: random.Random) -> Iterator[Shift]:
    """Moves after which no date of the record is left, the freest first.

    First by any number of days; then, where some dates are partial, by nearly four years or a multiple of them, which
    keeps those in their places nearly; last by such a multiple itself, which changes nothing but the year.

    Args:
        record: the record.
        as_of: the day of the evaluation, which moves too.
        chance: chooses; of a kind that nobody can foresee, unless in a test.
    """
    kept = set(_texts(record, as_of))
    events = [day for span in _spans(record, birth=False) for day in (span.earliest, span.latest) if day is not None]
    width = (max([*events, as_of]) - min([*events, as_of])).days
    partial = any(len(text) in (_YEAR, _MONTH) for text in kept)
    for days in [*([] if partial else _free(chance, width)), *_near(chance), *_whole(chance, width)]:
        move = Shift(days)
        try:
            moved = move.record(record)
            texts = set(_texts(moved, move.day(as_of)))
        except (OverflowError, ValueError):
            continue
        if kept.isdisjoint(texts):
            yield move


def _free(chance: random.Random, width: int) -> Iterator[int]:
    for index in range(_FREE):
        beyond = 0 if index < _FREE // 2 else width  # of many dates one falls on another, but not beyond all of them
        yield _either_way(chance) * (beyond + chance.randint(_LEAST_DAYS, _MOST_DAYS))


def _near(chance: random.Random) -> Iterator[int]:
    for _ in range(_NEAR):
        few = _either_way(chance) * chance.randint(1, _FEW_DAYS)
        yield _either_way(chance) * FOUR_YEARS * chance.randint(1, 3) + few


def _whole(chance: random.Random, width: int) -> Iterator[int]:
    beyond = width // FOUR_YEARS + 1
    multiples = [*range(1, 4), *range(beyond, beyond + 4)]
    for _ in range(_WHOLE):
        yield _either_way(chance) * FOUR_YEARS * chance.choice(multiples)


def _either_way(chance: random.Random) -> int:
    return chance.choice((-1, 1))


def _dates_of(fact: Fact) -> list[tuple[str, DateRange]]:
    found = [(field.name, getattr(fact, field.name)) for field in dataclasses.fields(fact)]
    return [(name, value) for name, value in found if isinstance(value, DateRange)]


def _spans(record: PatientRecord, *, birth: bool = True) -> Iterator[DateRange]:
    for fact in (*record.facts, *([record.patient] if record.patient is not None else [])):
        for name, span in _dates_of(fact):
            if birth or name != "birth":
                yield span


def _texts(record: PatientRecord, as_of: date) -> Iterator[str]:
    """Every date as it would be written; of a span with two sides, both."""
    yield as_of.isoformat()
    if record.coverage.until is not None:
        yield record.coverage.until.isoformat()
    for span in _spans(record):
        yield from (side for side in str(span).split("..") if side)
