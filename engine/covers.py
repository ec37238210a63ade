"""Stretches of days under a drug, and what they make together: overlaps united, short gaps bridged.

Every date is known within bounds, so everything is computed twice: once as short as it can be (latest starts, earliest ends,
counting records only), once as long as it can be (earliest starts, latest ends, possible records too). Days are proleptic
Gregorian ordinals, first and last day included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.engine.dates import months_between
from spmwatch.engine.episodes import UNKNOWN
from spmwatch.engine.facts import Certainty, DrugExposure


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What one record says about the days under a drug.

    Attributes:
        counts: the record proves it (7.1); otherwise it is possible only.
        start_min, start_max: the first day lies between them.
        end_min, end_max: the last day lies between them.
        end_told: the record tells of the end, by a date, a supply or a status that goes on; otherwise the bounds are assumed.
        form: kind of melphalan or route.
        phase: treatment phase.
    """

    fact: DrugExposure
    counts: bool
    start_min: int
    start_max: int
    end_min: int
    end_max: int
    end_told: bool
    form: str = UNKNOWN
    phase: str = UNKNOWN

    @property
    def sort_key(self) -> tuple[object, ...]:
        """Content alone, so that the order of input never shows."""
        fact = self.fact
        return (
            self.start_min,
            self.start_max,
            self.end_min,
            self.end_max,
            not self.counts,
            fact.concept,
            fact.proof,
            self.form,
            self.phase,
            fact.certainty,
            "" if fact.dose is None else (f"{fact.dose.value} {fact.dose.unit}"),
            fact.sources,
        )


@dataclass(frozen=True, slots=True)
class Run:
    """Days that certainly belong together: `first..last` where the record is exact; `first > last` where little is sure."""

    first: int
    last: int
    members: tuple[Cover, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that may belong to one course.

    Attributes:
        first, last: the widest extent.
        runs: counting records that certainly belong together, by start; several where the gaps between may be real.
        loose: possible records that may stand outside all runs.
    """

    first: int
    last: int
    members: tuple[Cover, ...]
    runs: tuple[Run, ...]
    loose: tuple[Cover, ...]


def clusters_of(covers: Iterable[Cover], gap: int) -> list[Cluster]:
    """United and bridged, by start. `gap`: longest stretch without cover that is bridged (7.4)."""
    return [_cluster(members, gap) for members in _united(sorted(covers, key=lambda c: c.sort_key), gap)]


def _united(covers: Sequence[Cover], gap: int) -> Iterator[list[Cover]]:
    """Groups by widest extent."""
    group: list[Cover] = []
    last = 0
    for cover in covers:
        if group and cover.start_min - last - 1 > gap:
            yield group
            group = []
        last = max(last, cover.end_max) if group else cover.end_max
        group.append(cover)
    if group:
        yield group


def _cluster(members: Sequence[Cover], gap: int) -> Cluster:
    runs, vague = _runs([cover for cover in members if cover.counts], gap)
    runs += _vague_runs(vague, runs, gap)
    loose = [cover for cover in members if not cover.counts and not any(_linked(cover, run, gap) for run in runs)]
    return Cluster(
        first=members[0].start_min,
        last=max(cover.end_max for cover in members),
        members=tuple(members),
        runs=tuple(sorted(runs, key=lambda run: (run.first, run.last))),
        loose=tuple(loose),
    )


def _runs(counting: Sequence[Cover], gap: int) -> tuple[list[Run], list[Cover]]:
    """Records that are linked whatever their true dates, and those too vague to tell."""
    runs: list[Run] = []
    group: list[Cover] = []
    vague: list[Cover] = []
    first = last = 0
    for cover in sorted(counting, key=lambda c: c.start_max):
        if cover.start_max - cover.end_min - 1 > gap:
            vague.append(cover)
        elif group and cover.start_max - last - 1 <= gap:
            last = max(last, cover.end_min)
            group.append(cover)
        else:
            if group:
                runs.append(Run(first, last, tuple(group)))
            first, last, group = cover.start_max, cover.end_min, [cover]
    if group:
        runs.append(Run(first, last, tuple(group)))
    return runs, vague


def _vague_runs(vague: Iterable[Cover], runs: Sequence[Run], gap: int) -> list[Run]:
    """Vague records join the run that they are linked to in any case; the others stand alone, equal ones together."""
    alone: dict[tuple[int, int], list[Cover]] = {}
    for cover in vague:
        if not any(_linked(cover, run, gap) for run in runs):
            alone.setdefault((cover.start_max, cover.end_min), []).append(cover)
    return [Run(first, last, tuple(group)) for (first, last), group in alone.items()]


def _linked(cover: Cover, run: Run, gap: int) -> bool:
    """Are they within the gap of each other wherever the true dates lie?"""
    return cover.start_max - run.last - 1 <= gap and run.first - cover.end_min - 1 <= gap


def months(first: int, last: int) -> float:
    """Calendar months from one day to another; 0 where `last` does not come after `first`."""
    return 0.0 if last <= first else months_between(date.fromordinal(first), date.fromordinal(last))


def months_of_cover(stretches: Sequence[tuple[int, int]], days_per_month: float) -> float:
    """Months under the drug: calendar months of one stretch, covered days of several (7.4, 7.5)."""
    sure = [(first, last) for first, last in stretches if first <= last]
    if len(sure) == 1:
        return months(*sure[0])
    return sum(last - first + 1 for first, last in sure) / days_per_month


def is_high(covers: Iterable[Cover]) -> bool:
    """Is one of them both counting and coded?"""
    return any(cover.counts and cover.fact.certainty is Certainty.HIGH for cover in covers)
