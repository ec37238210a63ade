"""Laboratory values that follow from others of the same day: neutrophils from their share of the white cells.

Many laboratories send the share alone. Not to compute the absolute number would hide a low count; which values follow
from which stands in rules/conventions.yaml.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from spmwatch.engine.facts import Certainty, Gap, LabValue, Standing
from spmwatch.engine.timeline.conventions import ComputedShare, Conventions, StandIn
from spmwatch.engine.timeline.exposures import note

_PERCENT = 100


@dataclass(frozen=True, slots=True, order=True)
class _Day:
    day: date
    analyte: str


def with_computed(values: Sequence[LabValue], conventions: Conventions) -> tuple[list[LabValue], list[Gap]]:
    """The values with those that can be computed, and a remark on the last of each kind.

    - A share of a total of the same known day gives the absolute number, unless that was measured on that day. Of
      several on one day each is combined with each. It is as certain as the less certain of the two.
    - A broader count stands in, as possible only, where a day has neither.
    """
    known = list(values)
    notes: list[Gap] = []
    for recipe in conventions.computed_shares:
        computed = _shares(known, recipe)
        known += computed
        problem = "given as a share only; the absolute number was computed from it and the total of the same day"
        notes += _remark(computed, problem, "Send the absolute number")
    for stand_in in conventions.stand_ins:
        found = _stand_ins(known, stand_in)
        known += found
        problem = "a broader count stands in for one that is not there, as possible only"
        notes += _remark(found, problem, "Send the count itself")
    return known, notes


def _by_day(values: Iterable[LabValue]) -> dict[_Day, list[LabValue]]:
    """The values of each analyte on each known day."""
    days: defaultdict[_Day, list[LabValue]] = defaultdict(list)
    for value in values:
        if value.date is not None and value.date.exact and value.date.earliest is not None:
            days[_Day(value.date.earliest, value.analyte)].append(value)
    return days


def _has(values: Iterable[LabValue], analyte: str) -> bool:
    return any(value.analyte == analyte for value in values)


def _measured(values: Iterable[LabValue]) -> bool:
    return any(value.standing is Standing.COUNTS and not value.preliminary for value in values)


def _shares(values: Sequence[LabValue], recipe: ComputedShare) -> list[LabValue]:
    if not _has(values, recipe.share):
        return []
    days = _by_day(values)
    found: list[LabValue] = []
    for key in sorted(days):
        if key.analyte != recipe.share or _measured(days.get(_Day(key.day, recipe.analyte), ())):
            continue
        totals = days.get(_Day(key.day, recipe.total), ())
        for share, total in itertools.product(days[key], totals):
            comparators = {value.comparator for value in (share, total)} - {None}
            if len(comparators) < 2:  # `<` of one and `>` of the other say nothing of the product
                found.append(_product(share, total, recipe.analyte, next(iter(comparators), None)))
    return found


def _product(share: LabValue, total: LabValue, analyte: str, comparator: str | None) -> LabValue:
    both = (share, total)
    return LabValue(
        standing=Standing.COUNTS if all(v.standing is Standing.COUNTS for v in both) else Standing.POSSIBLE,
        certainty=Certainty.HIGH if all(v.certainty is Certainty.HIGH for v in both) else Certainty.LOW,
        sources=tuple(sorted({*share.sources, *total.sources})),
        analyte=analyte,
        value=float(f"{share.value * total.value / _PERCENT:.12g}"),  # 15 % of 6 is 0.9, not 0.8999999999999999
        unit=total.unit,
        date=share.date,
        comparator=comparator,
        preliminary=share.preliminary or total.preliminary,
    )


def _stand_ins(values: Sequence[LabValue], recipe: StandIn) -> list[LabValue]:
    if not _has(values, recipe.broader):
        return []
    days = _by_day(values)
    return [
        replace(value, analyte=recipe.analyte, standing=Standing.POSSIBLE)
        for key in sorted(days)
        if key.analyte == recipe.broader and not _measured(days.get(_Day(key.day, recipe.analyte), ()))
        for value in days[key]
    ]


def _remark(found: Sequence[LabValue], problem: str, advice: str) -> list[Gap]:
    return [note("missing-element", found[-1], problem, advice)] if found else []
