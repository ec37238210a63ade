"""Laboratory values, procedures, statements, smoking and draft orders as episodes (clinical conventions 7.10, 7.13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter

from spmwatch.engine.episodes import FIRST_DAY, STEPS, UNBOUNDED, UNKNOWN, Done, Lab, Order, Span, Stated
from spmwatch.engine.facts import (
    Certainty,
    Diagnosis,
    DrugOrder,
    Fact,
    LabValue,
    Procedure,
    Smoking,
    Source,
    Standing,
    Statement,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.exposures import known_days
from spmwatch.engine.timeline.transplants import in_order

_DIGITS = len(str(STEPS)) - 1
PACK_YEARS, SMOKING_QUIT = "pack-years", "smoking-quit"
_ORDER_FORMS = ("oral", "intravenous", "local")


def labs_of(facts: Iterable[LabValue], as_of: int, conventions: Conventions) -> list[Lab]:
    """Laboratory values within the window, and the latest of each analyte whatever its age.

    Latest is what no other final value of the analyte can be later than, earlier what one that counts is certainly
    later than; of several on one day each is latest, since the time of day is not read. A preliminary value is compared
    with all. It is possible only, unless the conventions want values of its analyte told before they are final. A
    result that says nothing makes no other one less than the latest.
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
    told = [(fact, span) for fact, span in values if not fact.says_nothing]
    finals = [(fact, span) for fact, span in told if not fact.preliminary]
    last_final = max((span.low for fact, span in finals if fact.standing is Standing.COUNTS), default=FIRST_DAY)
    among_finals = last_final, *_two_last(finals)
    among_all = among_finals
    if any(fact.preliminary for fact, _ in values):
        among_all = max((span.low for _, span in told), default=FIRST_DAY), *_two_last(told)
    for fact, span in values:
        last, final, before = among_all if fact.preliminary else among_finals
        possible = before if span.high == final else final  # the last day on which another value can lie
        latest = "earlier" if span.high < last else "latest" if span.low >= possible else UNKNOWN
        if latest == "earlier" and span.high < as_of - conventions.laboratory_window:
            continue
        shown = not fact.preliminary or fact.analyte in conventions.shown_while_preliminary
        yield Lab(
            id="",
            standing=fact.standing if shown else Standing.POSSIBLE,
            certainty=fact.certainty,
            sources=fact.sources,
            analyte=fact.analyte,
            value=_value(fact),
            date=span,
            latest=latest,
            result_status="preliminary" if fact.preliminary else "final",
        )


def _two_last(values: Sequence[tuple[LabValue, Span]]) -> tuple[float, float]:
    """The last day on which a value can lie, and the last on which another can."""
    ends = sorted([FIRST_DAY, FIRST_DAY, *(span.high for _, span in values)])
    return ends[-1], ends[-2]


def _value(fact: LabValue) -> Span:
    """The number, or all numbers that the comparator leaves open (none of our analytes is negative).

    In steps in which both readers of rules tell numbers apart, so that "<0.5" is below 0.5 for both.
    """
    value, step = round(fact.value, _DIGITS), 1 / STEPS
    if fact.comparator == "<":
        return Span(min(0.0, value), round(value - step, _DIGITS) if value > 0 else value)
    if fact.comparator == "<=":
        return Span(min(0.0, value), value)
    if fact.comparator == ">":
        return Span(round(value + step, _DIGITS), UNBOUNDED)
    if fact.comparator == ">=":
        return Span(value, UNBOUNDED)
    return Span.exactly(value)


def done_of(facts: Iterable[Fact], as_of: int, value_sets: ValueSets) -> list[Done]:
    """What was done, or is so (an absent organ, an inherited risk), once a day; no transplants, nothing planned."""
    found: defaultdict[tuple[str, int, int, Standing, Certainty], set[Source]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, Procedure):
            concept = value_sets.concept(fact.concept)
            if concept.transplant is not None or concept.planned:
                continue
            when = fact.date
        elif isinstance(fact, Diagnosis):
            concept = value_sets.concept(fact.concept)
            if not concept.is_plain_finding:
                continue
            when = fact.onset or fact.recorded
        else:
            continue
        low, high = known_days(when, as_of)
        if isinstance(fact, Procedure) and fact.is_status:
            low = FIRST_DAY
        found[fact.concept, low, high, fact.standing, fact.certainty].update(fact.sources)
    return [
        Done(id="", standing=standing, certainty=certainty, sources=in_order(told), what=what, date=Span(low, high))
        for (what, low, high, standing, certainty), told in sorted(found.items(), key=itemgetter(0))
    ]


def stated_of(facts: Iterable[Fact], as_of: int) -> list[Stated]:
    """What the record states, smoking status and the day of quitting among it."""
    found: defaultdict[tuple[str, int, int, Standing, Certainty], set[Source]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, Statement):
            told = [(fact.what, fact.date)]
        elif isinstance(fact, Smoking):
            told = [] if fact.concept == SMOKING_QUIT else [(fact.concept, fact.date)]
            if fact.quit_on is not None:
                told.append((SMOKING_QUIT, fact.quit_on))
        else:
            continue
        for what, when in told:
            found[what, *known_days(when, as_of), fact.standing, fact.certainty].update(fact.sources)
    return [
        Stated(id="", standing=standing, certainty=certainty, sources=in_order(told), what=what, date=Span(low, high))
        for (what, low, high, standing, certainty), told in sorted(found.items(), key=itemgetter(0))
    ]


def pack_years_of(smoking: Iterable[Smoking]) -> list[LabValue]:
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
        for fact in smoking
        if fact.pack_years is not None
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


def each_once(orders: Iterable[Order]) -> list[Order]:
    """Orders that say the same as one, with all their sources: rules that ask for two meet each pair of them."""
    found: dict[tuple[object, ...], Order] = {}
    sources: defaultdict[tuple[object, ...], set[Source]] = defaultdict(set)
    for order in orders:
        key = (order.drug, order.form, order.phase, order.standing, order.certainty)
        found[key] = order
        sources[key].update(order.sources)
    return [replace(found[key], sources=tuple(sorted(sources[key]))) for key in sorted(found)]
