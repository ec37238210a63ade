"""Laboratory values, procedures, statements, smoking and draft orders as episodes (clinical conventions 7.10, 7.13)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Done, Lab, Order, Span, Stated
from spmwatch.engine.facts import Diagnosis, DrugOrder, Fact, LabValue, Procedure, Smoking, Statement
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.exposures import known_days

PACK_YEARS, SMOKING_QUIT = "pack-years", "smoking-quit"
_UNBOUNDED = 1e12
"""Stands for "without limit" above a value that is only known to exceed something; far beyond any result."""
_ORDER_FORMS = ("oral", "intravenous", "local")


def labs_of(facts: Iterable[LabValue], as_of: int, conventions: Conventions) -> list[Lab]:
    """Laboratory values within the window, and the latest of each analyte whatever its age.

    Latest is what no other final value of the analyte is certainly later than; of several on that day each is latest,
    since the time of day is not read. A preliminary value is compared with all.
    """
    by_analyte: defaultdict[str, list[tuple[LabValue, Span]]] = defaultdict(list)
    for fact in facts:
        by_analyte[fact.analyte].append((fact, Span(*known_days(fact.date, as_of))))
    found: list[Lab] = []
    for values in by_analyte.values():
        found += _labs_of_one(values, as_of, conventions)
    found.sort(
        key=lambda lab: (
            lab.analyte,
            lab.date.low,
            lab.date.high,
            lab.value.low,
            lab.value.high,
            lab.sources,
            lab.result_status,
        )
    )
    return found


def _labs_of_one(values: Sequence[tuple[LabValue, Span]], as_of: int, conventions: Conventions) -> Iterable[Lab]:
    finals = [span for fact, span in values if not fact.preliminary]
    last_final = max((span.low for span in finals), default=FIRST_DAY)
    last_any = max(span.low for _, span in values)
    last_possible = max(span.high for _, span in values)
    last_possible_final = max((span.high for span in finals), default=FIRST_DAY)
    for fact, span in values:
        last, possible = (last_any, last_possible) if fact.preliminary else (last_final, last_possible_final)
        latest = "earlier" if span.high < last else "latest" if span.low >= possible else UNKNOWN
        if latest == "earlier" and span.high < as_of - conventions.laboratory_window:
            continue
        yield Lab(
            id="",
            standing=fact.standing,
            certainty=fact.certainty,
            sources=fact.sources,
            analyte=fact.analyte,
            value=_value(fact),
            date=span,
            latest=latest,
            result_status="preliminary" if fact.preliminary else "final",
        )


def _value(fact: LabValue) -> Span:
    """The number, or all numbers that the comparator leaves open (none of our analytes is negative)."""
    value = fact.value
    if fact.comparator == "<":
        return Span(min(0.0, value), math.nextafter(value, -math.inf) if value > 0 else value)
    if fact.comparator == "<=":
        return Span(min(0.0, value), value)
    if fact.comparator == ">":
        return Span(math.nextafter(value, math.inf), _UNBOUNDED)
    if fact.comparator == ">=":
        return Span(value, _UNBOUNDED)
    return Span.exactly(value)


def done_of(facts: Iterable[Fact], as_of: int, value_sets: ValueSets) -> list[Done]:
    """What was done, or is so (an absent organ, an inherited risk), once a day; no transplants, nothing planned."""
    found: dict[tuple[object, ...], Done] = {}
    for fact in facts:
        if isinstance(fact, Procedure):
            concept = value_sets.concept(fact.concept)
            if concept.transplant is not None or concept.planned:
                continue
            when = fact.date
        elif isinstance(fact, Diagnosis):
            concept = value_sets.concept(fact.concept)
            if concept.family is not None or concept.spm_group is not None or concept.malignancy not in (None, "none"):
                continue
            when = fact.onset or fact.recorded
        else:
            continue
        low, high = known_days(when, as_of)
        if isinstance(fact, Procedure) and fact.is_status:
            low = FIRST_DAY
        key = (fact.concept, low, high, fact.standing, fact.certainty)
        before = found.get(key)
        sources = fact.sources if before is None else tuple(sorted({*before.sources, *fact.sources}))
        found[key] = Done(
            id="",
            standing=fact.standing,
            certainty=fact.certainty,
            sources=sources,
            what=fact.concept,
            date=Span(low, high),
        )
    return sorted(found.values(), key=lambda d: (d.what, d.date.low, d.date.high, d.standing, d.certainty))


def stated_of(facts: Iterable[Fact], as_of: int) -> list[Stated]:
    """What the record states, smoking status and the day of quitting among it."""
    found: dict[tuple[object, ...], Stated] = {}
    for fact in facts:
        if isinstance(fact, Statement):
            told = [(fact.what, fact.date)]
        elif isinstance(fact, Smoking):
            told = [(fact.concept, fact.date)]
            if fact.quit_on is not None:
                told.append((SMOKING_QUIT, fact.quit_on))
        else:
            continue
        for what, when in told:
            days = known_days(when, as_of)
            key = (what, *days, fact.standing, fact.certainty)
            before = found.get(key)
            sources = fact.sources if before is None else tuple(sorted({*before.sources, *fact.sources}))
            found[key] = Stated(
                id="", standing=fact.standing, certainty=fact.certainty, sources=sources, what=what, date=Span(*days)
            )
    return sorted(found.values(), key=lambda s: (s.what, s.date.low, s.date.high, s.standing, s.certainty))


def pack_years_of(facts: Iterable[Fact]) -> list[LabValue]:
    """Recorded pack-years in the form of a measured value."""
    return [
        LabValue(
            standing=fact.standing,
            certainty=fact.certainty,
            sources=fact.sources,
            analyte=PACK_YEARS,
            value=fact.pack_years,
            unit="{pack-years}",
            date=fact.date,
        )
        for fact in facts
        if isinstance(fact, Smoking) and fact.pack_years is not None
    ]


def order_of(fact: DrugOrder, phase: str, value_sets: ValueSets) -> Order:
    """A draft order; `phase` as it is stated or inferred."""
    route = fact.route or value_sets.concept(fact.concept).route
    return Order(
        id="",
        standing=fact.standing,
        certainty=fact.certainty,
        sources=fact.sources,
        drug=fact.drug,
        form=route if route in _ORDER_FORMS else UNKNOWN,
        phase=phase,
    )
