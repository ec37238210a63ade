"""From when to when a medication record speaks (clinical conventions 7.4), by type and element.

| record | start | end |
| --- | --- | --- |
| MedicationAdministration | effective[x] (R5 occurence[x]) | end of that period; the day itself for a moment |
| MedicationDispense | whenHandedOver, else whenPrepared (with a gap) | none; daysSupply is the supply |
| MedicationStatement | effective[x], else the dosage's bounds, else dateAsserted as an upper bound | end of either |
| MedicationRequest | the dosage's bounds (R5 effectiveDosePeriod), else authoredOn | end of the bounds |

`authoredOn` of a request that only reports what is taken is an upper bound of the start. An expected supply duration is
used where a request no longer is active and states no end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from spmwatch.engine.dates import DateRange
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.drug_status import is_reported
from spmwatch.fhir_adapters.reader import Reader
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import (
    earliest_of,
    end_of_repeat,
    first_day,
    in_order,
    latest_of,
    supply_days,
    up_to,
)


@dataclass(frozen=True, slots=True)
class When:
    """Start, stated end and supply of one record."""

    start: DateRange | None = None
    end: DateRange | None = None
    supply_days: int | None = None


def when(reader: Reader, item: Item, view: views.DrugView, *, ongoing: bool) -> When:
    """From when to when the record speaks; gaps where dates are missing or contradict each other."""
    if isinstance(view, views.AdministrationView):
        found = _administered(reader, item, view)
        element = "effective[x]"
    elif isinstance(view, views.DispenseView):
        found = _dispensed(reader, item, view)
        element = "whenHandedOver"
    elif isinstance(view, views.StatementView):
        found = _stated(reader, item, view)
        element = "effective[x]"
    elif isinstance(view, views.RequestView):
        found = _requested(reader, item, view, ongoing)
        element = "authoredOn"
    else:
        return When()
    if found.start is None:
        reader.missing_date(item, element, "the first day")
    if not in_order(found.start, found.end):
        problem = "the end lies before the start, so the end was not used"
        reader.gap(item, "conflict", element, problem, "Correct the dates in the source.")
        return When(found.start, None, found.supply_days)
    return found


def dosages_of(view: views.DrugView) -> Sequence[views.Dosage]:
    """How it is taken, as far as we understand it: a dosage with a modifier extension is left out."""
    if isinstance(view, (views.RequestView, views.DispenseView)):
        listed = view.dosageInstruction or []
    elif isinstance(view, views.AdministrationView):
        listed = [view.dosage] if view.dosage is not None else []
    elif isinstance(view, views.StatementView):
        listed = view.dosage or []
    else:
        listed = []
    return [dosage for dosage in listed if not dosage.modifierExtension]


def _administered(reader: Reader, item: Item, view: views.AdministrationView) -> When:
    moment = view.effectiveDateTime or view.occurenceDateTime or view.occurrenceDateTime
    if moment is not None:
        return When(moment, moment)
    period = view.effectivePeriod or view.occurencePeriod or view.occurrencePeriod
    if period is not None:
        return When(first_day(period), period.end)
    if view.occurenceTiming is not None:
        return When(*_bounds(reader, item, [view.occurenceTiming], None))
    return When()


def _dispensed(reader: Reader, item: Item, view: views.DispenseView) -> When:
    try:
        supply = supply_days(view.daysSupply)
    except ValueError as error:
        supply = None
        reader.gap(item, "unreadable", "daysSupply", f"'daysSupply' {error}", "Correct it in the source.")
    if view.whenHandedOver is not None or view.whenPrepared is None:
        return When(view.whenHandedOver, None, supply)
    problem = "the day of hand-over is not recorded; the day of preparation was taken for it"
    reader.gap(item, "missing-element", "whenHandedOver", problem, "Record whenHandedOver in the source.")
    return When(view.whenPrepared, None, supply)


def _stated(reader: Reader, item: Item, view: views.StatementView) -> When:
    if view.effectivePeriod is not None and (view.effectivePeriod.start or view.effectivePeriod.end):
        return When(first_day(view.effectivePeriod), view.effectivePeriod.end)
    if view.effectiveDateTime is not None:
        return When(view.effectiveDateTime)
    timings = [view.effectiveTiming] if view.effectiveTiming else [one.timing for one in dosages_of(view) if one.timing]
    start, end = _bounds(reader, item, timings, None)
    if start is None and view.dateAsserted is not None:
        start = up_to(view.dateAsserted)
    return When(start, end)


def _requested(reader: Reader, item: Item, view: views.RequestView, ongoing: bool) -> When:
    authored = view.authoredOn
    if authored is not None and is_reported(view):
        authored = up_to(authored)
    timings = [one.timing for one in dosages_of(view) if one.timing]
    start, end = _bounds(reader, item, timings, authored)
    if view.effectiveDosePeriod is not None:
        start = first_day(view.effectiveDosePeriod) or start
        end = view.effectiveDosePeriod.end or end
    start = start or authored
    supply = None
    if end is None and not ongoing and view.dispenseRequest is not None:
        try:
            supply = supply_days(view.dispenseRequest.expectedSupplyDuration)
        except ValueError as error:
            element = "dispenseRequest.expectedSupplyDuration"
            reader.gap(item, "unreadable", element, f"'expectedSupplyDuration' {error}", "Correct it in the source.")
    return When(start, end, supply)


def _bounds(
    reader: Reader, item: Item, timings: Sequence[views.Timing], otherwise: DateRange | None
) -> tuple[DateRange | None, DateRange | None]:
    """First start and last end that timings tell; a duration counts from `otherwise` where no start is told."""
    starts: list[DateRange | None] = []
    ends: list[DateRange | None] = []
    open_end = False
    for timing in timings:
        repeat, events = timing.repeat, timing.event or []
        start = first_day(repeat.boundsPeriod) if repeat is not None else None
        start = start or earliest_of(events)
        starts.append(start)
        compute = partial(end_of_repeat, start or otherwise, repeat)
        end = reader.readable(item, "timing.repeat.boundsDuration", compute) or latest_of(events)
        ends.append(end)
        open_end = open_end or end is None
    return earliest_of(starts), None if open_end else latest_of(ends)
