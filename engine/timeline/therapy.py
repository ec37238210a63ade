"""When treatment against myeloma began, and its first regimen: what phases and second cancers are measured from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spmwatch.engine.episodes import Span, Transplant
from spmwatch.engine.facts import Standing
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.covers import Cover, clusters_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something on a day between `low` and `high` that a phase depends on; `sure` when the record proves it."""

    low: int
    high: int
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Which kinds of record were supplied, so that absence means something."""

    medications: bool
    procedures: bool
    conditions: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Therapy:
    """Treatment against myeloma over all drugs.

    Attributes:
        first: the first day of any, from..to; None when there is none. `to` rests on counting records only.
        regimen: the days of the first regimen, certain ones (first, last); None when its start is not certain.
    """

    first: Span | None
    regimen: tuple[int, int] | None


def therapy_of(
    covers: Sequence[Cover],
    transplants: Sequence[Transplant],
    diagnosed: Span | None,
    conventions: Conventions,
    value_sets: ValueSets,
) -> Therapy:
    """When treatment against myeloma began, and how long its first regimen lasted, with gaps bridged.

    Drugs that also treat other cancers count from the diagnosis of myeloma on.
    """
    sure: list[Cover] = []
    lows: list[int] = []
    highs: list[int] = []
    for cover in covers:
        concept = value_sets.concept(cover.fact.concept)
        if not concept.myeloma_therapy:
            continue
        only = cover.fact.drug in conventions.myeloma_only_drugs or not conventions.myeloma_only_classes.isdisjoint(
            concept.classes
        )
        if not only and (diagnosed is None or cover.start_max < diagnosed.low):
            continue
        lows.append(cover.start_min)
        if cover.counts and (only or (diagnosed is not None and cover.start_min >= diagnosed.high)):
            highs.append(cover.start_max)
            sure.append(cover)
    for transplant in transplants:
        lows.append(int(transplant.date.low))
        if transplant.standing is Standing.COUNTS:
            highs.append(int(transplant.date.high))
    if not highs:
        return Therapy(first=None, regimen=None)
    first = Span(min(lows), min(highs))
    runs = [
        run for cluster in clusters_of(sure, conventions.bridge_gap) for run in cluster.runs if run.first <= run.last
    ]
    regimen = min(((run.first, run.last) for run in runs), default=None)
    if regimen is not None and first.low < regimen[0] - conventions.bridge_gap - 1:
        regimen = None
    return Therapy(first=first, regimen=regimen)
