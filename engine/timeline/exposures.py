"""Exposure records become covers: earliest and latest first and last day of each (clinical conventions 7.1, 7.4)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import FIRST_DAY, UNKNOWN, Span
from spmwatch.engine.facts import (
    Diagnosis,
    DrugExposure,
    DrugNotTaken,
    Fact,
    Gap,
    LabValue,
    NamedRegimen,
    PlannedDrug,
    Procedure,
    Proof,
    Smoking,
    Standing,
    Statement,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.covers import Cover

FORM_OF_ROUTE: Mapping[str, str] = {"oral": "oral", "intravenous": "iv-other", "local": "local"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The day of the evaluation, and the last day for which the record speaks; ordinals."""

    as_of: int
    until: int


def note(kind: str, fact: Fact, problem: str, advice: str, topic: str | None = None) -> Gap:
    """A remark of the timeline on one fact."""
    source = fact.sources[0] if fact.sources else None
    return Gap(
        kind=kind,
        problem=problem,
        advice=advice,
        reference=source.reference if source else "",
        element=source.element if source else "",
        topic=topic,
    )


def known_days(days: DateRange | None, as_of: int) -> tuple[int, int]:
    """The days as ordinals, cut at the day of evaluation; None is any day up to then."""
    if days is None:
        return FIRST_DAY, as_of
    low = FIRST_DAY if days.earliest is None else days.earliest.toordinal()
    high = as_of if days.latest is None else low if days.latest is days.earliest else days.latest.toordinal()
    return low if low < as_of else as_of, high if high < as_of else as_of


def until(facts: Iterable[Fact], as_of: int, notes: list[Gap]) -> list[Fact]:
    """The facts without those that are dated after the day of evaluation for certain; these are noted."""
    kept: list[Fact] = []
    today = date.fromordinal(as_of)
    for fact in facts:
        days = _main_date(fact)
        if days is not None and days.earliest is not None and days.earliest > today:
            problem = "dated after the day of evaluation, so it does not count"
            notes.append(note("out-of-scope-date", fact, problem, "Check the date"))
        else:
            kept.append(fact)
    return kept


def _main_date(fact: Fact) -> DateRange | None:
    if isinstance(fact, (Procedure, LabValue, Statement, Smoking)):
        return fact.date
    if isinstance(fact, (DrugExposure, DrugNotTaken)):
        return fact.start
    if isinstance(fact, (PlannedDrug, NamedRegimen)):
        return fact.planned_on
    return (fact.onset or fact.recorded) if isinstance(fact, Diagnosis) else None


def covers_of(
    facts: Iterable[Fact], clock: Clock, conventions: Conventions, value_sets: ValueSets
) -> tuple[list[Cover], list[Gap]]:
    """The covers of all drugs, and what was left out and why.

    Local use is no exposure (7.3); nor is a request that a not-taken record contradicts and nothing else proves (7.1).
    """
    covers: list[Cover] = []
    notes: list[Gap] = []
    not_taken: defaultdict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    denials: list[DrugNotTaken] = []
    for fact in facts:
        if isinstance(fact, DrugExposure):
            route = fact.route or value_sets.concept(fact.concept).route
            if route == "local":
                problem = "local use of the drug does not reach the body as a whole, so it does not count as exposure"
                notes.append(note("unusable-status", fact, problem, "Nothing, if the route is right"))
                continue
            cover = _cover(fact, FORM_OF_ROUTE.get(route or "", UNKNOWN), clock, conventions, notes)
            covers.append(cover)
        elif isinstance(fact, DrugNotTaken):
            first, last = _days_not_taken(fact, clock.as_of)
            denials.append(fact)
            not_taken[fact.drug].append((first, last, fact.standing is Standing.COUNTS))
    if not_taken:
        notes += _contradicting(denials, covers, clock.as_of)
        covers = _without_contradicted(covers, not_taken, conventions, notes)
    return covers, notes


def _cover(fact: DrugExposure, form: str, clock: Clock, conventions: Conventions, notes: list[Gap]) -> Cover:
    """When the drug was taken by this record."""
    start_min, start_max = known_days(fact.start, clock.as_of)
    end_min, end_max, told = _end(fact, start_min, start_max, clock, conventions, notes)
    return Cover(
        fact=fact,
        counts=fact.standing is Standing.COUNTS,
        start_min=start_min,
        start_max=min(start_max, end_max),
        end_min=end_min,
        end_max=end_max,
        end_told=told,
        form=form,
    )


def _end(
    fact: DrugExposure, start_min: int, start_max: int, clock: Clock, conventions: Conventions, notes: list[Gap]
) -> tuple[int, int, bool]:
    """The last day under the drug, from..to, and whether the record tells of it (7.4).

    A stated end; else the last day of a dispensed supply; else the day of evaluation where the status says that it goes
    on; else the end of a supply that the record states; else, of one administration, its day; else anything from a
    default supply on. The day of evaluation cuts all of them.
    """
    as_of = clock.as_of
    if fact.end is not None:
        span = Span.of_days(fact.end)
        if span.high >= start_min:
            return max(start_min, min(int(span.low), as_of)), min(int(span.high), as_of), True
        notes.append(note("conflict", fact, "the end lies before the start, so it is not used", "Correct the dates"))
    if fact.proof is Proof.DISPENSE or (fact.supply_days and not fact.ongoing):
        supply = fact.supply_days if fact.supply_days and fact.supply_days > 0 else conventions.default_supply
        return _after(start_min, supply, as_of), min(start_max + supply - 1, as_of), True
    if fact.ongoing:
        return max(start_min, min(clock.until, as_of)), as_of, True
    if fact.proof is Proof.ADMINISTRATION:
        return start_min, start_max, True
    return _after(start_min, conventions.default_supply, as_of), as_of, False


def _after(start: int, supply: int, as_of: int) -> int:
    """Last day of a supply; of an unknown start nothing can be said."""
    return start if start == FIRST_DAY else min(start + supply - 1, as_of)


def with_last_proof(covers: Sequence[Cover], conventions: Conventions) -> list[Cover]:
    """An end that no record tells of is at the earliest that of the supply which proves the start (7.4).

    `covers` are those of one drug. Without such a supply a default supply is assumed.
    """
    proofs = sorted(
        cover.start_max
        for cover in covers
        if cover.counts and cover.fact.proof in (Proof.DISPENSE, Proof.ADMINISTRATION)
    )
    if not proofs:
        return list(covers)
    return [_shortened(cover, proofs, conventions.default_supply) for cover in covers]


def _shortened(cover: Cover, proofs: Sequence[int], supply: int) -> Cover:
    if cover.end_told or cover.start_min == FIRST_DAY:
        return cover
    index = bisect_right(proofs, cover.start_min + supply - 1)
    proven = index > 0 and proofs[index - 1] >= cover.start_max
    return replace(cover, end_min=cover.start_min) if proven else cover


def _days_not_taken(fact: DrugNotTaken, as_of: int) -> tuple[int, int]:
    """The days in which the drug was not taken; without an end the first day alone, without dates any day."""
    if fact.start is None and fact.end is None:
        return FIRST_DAY, as_of
    start = known_days(fact.start, as_of)
    if fact.end is None:
        return start
    last = int(Span.of_days(fact.end).high)
    return start[0], max(start[0], min(last, as_of))


def _contradicting(denials: Iterable[DrugNotTaken], covers: Iterable[Cover], as_of: int) -> list[Gap]:
    """Notes on records of a drug not taken in a time in which another proves it, once for each drug.

    What is proven stands (7.1).
    """
    taken: defaultdict[str, list[Cover]] = defaultdict(list)
    for cover in covers:
        if cover.counts and cover.fact.proof is not Proof.REQUEST:
            taken[cover.fact.drug].append(cover)
    notes: list[Gap] = []
    for fact in sorted(denials, key=lambda denial: (denial.drug, not denial.sources, denial.sources)):
        first, last = _days_not_taken(fact, as_of)
        if any(first <= cover.end_max and cover.start_min <= last for cover in taken.get(fact.drug, ())):
            del taken[fact.drug]
            problem = "recorded as not taken in a time in which another record proves it; it counts as taken"
            notes.append(note("conflict", fact, problem, "Record which of the two is right"))
    return notes


def _without_contradicted(
    covers: Sequence[Cover],
    not_taken: Mapping[str, Sequence[tuple[int, int, bool]]],
    conventions: Conventions,
    notes: list[Gap],
) -> list[Cover]:
    """Requests that were not followed leave; those that may not have been followed become possible.

    One dose held in the second year of an order does not undo the first: a refusal that begins long after the order
    only casts doubt on it.
    """
    proofs: defaultdict[str, list[Cover]] = defaultdict(list)
    for cover in covers:
        if cover.counts and cover.fact.proof is not Proof.REQUEST:
            proofs[cover.fact.drug].append(cover)
    kept: list[Cover] = []
    for cover in covers:
        denials = [
            sure and first <= cover.start_max + conventions.refused_within
            for first, last, sure in not_taken.get(cover.fact.drug, ())
            if cover.fact.proof is Proof.REQUEST and first <= cover.end_max and cover.start_min <= last
        ]
        if not denials or any(_overlap(cover, proof) for proof in proofs[cover.fact.drug]):
            kept.append(cover)
        else:
            problem = "ordered, but recorded as not given or not taken in that time, and nothing else proves it"
            topic = f"{cover.fact.drug}-exposure" if cover.fact.drug in conventions.looked_for else None
            notes.append(note("conflict", cover.fact, problem, "Record whether it was taken", topic))
            if not any(denials):
                kept.append(replace(cover, counts=False))
    return kept


def _overlap(one: Cover, other: Cover) -> bool:
    return one.start_min <= other.end_max and other.start_min <= one.end_max
