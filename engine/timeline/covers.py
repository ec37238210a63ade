"""Stretches of days under a drug, and what they make together: overlaps united, short gaps bridged.

Every date is known within bounds, so everything is computed twice: once as short as it can be (latest starts, earliest
ends, counting records only), once as long as it can be (earliest starts, latest ends, possible records too). Days are
proleptic Gregorian ordinals, first and last day included.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from operator import attrgetter

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
        end_told: the record tells of the end, by a date, a supply or a status that goes on; else bounds are assumed.
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

    def in_phase(self, phase: str) -> Cover:
        """The same in a phase of treatment; a copy of a cover by `replace` takes three times as long."""
        return Cover(
            fact=self.fact,
            counts=self.counts,
            start_min=self.start_min,
            start_max=self.start_max,
            end_min=self.end_min,
            end_max=self.end_max,
            end_told=self.end_told,
            form=self.form,
            phase=phase,
        )

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
    """Counting records that belong together whatever their true dates.

    Attributes:
        first, last: days under the drug for certain; `first` after `last` where none is.
        attached: possible records that belong here if they are true.
    """

    first: int
    last: int
    members: tuple[Cover, ...]
    attached: tuple[Cover, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Records that may belong to one course.

    Attributes:
        first, last: the widest extent.
        runs: by start; several where the gaps between may be real.
        loose: possible records that may stand outside all runs.
    """

    first: int
    last: int
    members: tuple[Cover, ...]
    runs: tuple[Run, ...]
    loose: tuple[Cover, ...]


_START_MIN, _START_MAX = attrgetter("start_min"), attrgetter("start_max")


def clusters_of(covers: Iterable[Cover], gap: int) -> list[Cluster]:
    """United and bridged, by start. `gap`: longest stretch without cover that is bridged (7.4).

    Covers of equal start stay in the order in which they come, so they have to come in a stable one (`sort_key`).
    """
    return [_cluster(members, gap) for members in _united(sorted(covers, key=_START_MIN), gap)]


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
    if len(members) == 1:
        return _cluster_of_one(members[0])
    runs = _runs([cover for cover in members if cover.counts], gap)
    attached: list[list[Cover]] = [[] for _ in runs]
    loose: list[Cover] = []
    for cover in members:
        if not cover.counts:
            homes = [index for index, run in enumerate(runs) if _linked(cover, run.first, run.last, gap)]
            for index in homes:
                attached[index].append(cover)
            if not homes:
                loose.append(cover)
    if len(loose) < sum(not cover.counts for cover in members):
        runs = [replace(run, attached=tuple(beside)) for run, beside in zip(runs, attached, strict=True)]
    return Cluster(
        first=members[0].start_min,
        last=max(cover.end_max for cover in members),
        members=tuple(members),
        runs=tuple(runs),
        loose=tuple(loose),
    )


def _cluster_of_one(cover: Cover) -> Cluster:
    """As `_cluster` has it; most drugs have a single record."""
    only = (cover,)
    runs = (Run(cover.start_max, cover.end_min, only),) if cover.counts else ()
    return Cluster(cover.start_min, cover.end_max, only, runs, () if cover.counts else only)


def _runs(counting: Sequence[Cover], gap: int) -> list[Run]:
    """Sort by latest start and sweep; records too vague for that find their run afterwards, or stand alone."""
    groups: list[tuple[int, int, list[Cover]]] = []
    vague: list[Cover] = []
    for cover in sorted(counting, key=_START_MAX):
        if cover.start_max - cover.end_min - 1 > gap:
            vague.append(cover)
        elif groups and cover.start_max - groups[-1][1] - 1 <= gap:
            first, last, group = groups[-1]
            group.append(cover)
            groups[-1] = (first, max(last, cover.end_min), group)
        else:
            groups.append((cover.start_max, cover.end_min, [cover]))
    alone: dict[tuple[int, int], list[Cover]] = {}
    for cover in vague:
        home = next((group for first, last, group in groups if _linked(cover, first, last, gap)), None)
        if home is None:
            home = alone.setdefault((cover.start_max, cover.end_min), [])
        home.append(cover)
    groups += [(first, last, group) for (first, last), group in alone.items()]
    return [Run(first, last, tuple(group)) for first, last, group in sorted(groups, key=lambda g: g[:2])]


def _linked(cover: Cover, first: int, last: int, gap: int) -> bool:
    """Is the cover within the gap of these days wherever its true dates lie?"""
    return cover.start_max - last - 1 <= gap and first - cover.end_min - 1 <= gap


@dataclass(frozen=True, slots=True)
class Stretches:
    """Disjoint stretches of days by start; asks for overlap by bisection."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, int]]) -> Stretches:
        """United; a stretch that ends before it begins is none."""
        firsts: list[int] = []
        lasts: list[int] = []
        for first, last in sorted(stretches):
            if first > last:
                continue
            if lasts and first <= lasts[-1] + 1:
                lasts[-1] = max(lasts[-1], last)
            else:
                firsts.append(first)
                lasts.append(last)
        return cls(tuple(firsts), tuple(lasts))

    @classmethod
    def sure(cls, clusters: Iterable[Cluster]) -> Stretches:
        """Days under a drug for certain."""
        return cls.of((run.first, run.last) for cluster in clusters for run in cluster.runs)

    @classmethod
    def possible(cls, clusters: Iterable[Cluster]) -> Stretches:
        """Days under a drug at most."""
        return cls.of((cluster.first, cluster.last) for cluster in clusters)

    def meet(self, first: int, last: int) -> bool:
        """Does one of them share a day with `first..last`, or reach from `last` to `first` where these are swapped?"""
        if not self.firsts:
            return False
        index = bisect_right(self.firsts, last) - 1
        return index >= 0 and self.lasts[index] >= first

    def days_within(self, first: int, last: int) -> int:
        """How many of the days `first..last` they cover."""
        if not self.firsts:
            return 0
        index = bisect_left(self.lasts, first)
        total = 0
        while index < len(self.firsts) and self.firsts[index] <= last:
            total += min(last, self.lasts[index]) - max(first, self.firsts[index]) + 1
            index += 1
        return total


def months(first: int, last: int, as_of: int) -> float:
    """Calendar months of an unbroken course: from its first day to the end of its last, or to the day of evaluation.

    So 2020-01-01..2022-12-31 are 36, and on the same day two years on, if it is still taken, exactly 24 (7.5).
    """
    return 0.0 if last < first else months_between(date.fromordinal(first), date.fromordinal(min(last + 1, as_of)))


def months_of_cover(stretches: Sequence[tuple[int, int]], as_of: int, days_per_month: float) -> float:
    """Months under the drug: calendar months of one stretch, covered days of several (7.4, 7.5)."""
    sure = [(first, last) for first, last in stretches if first <= last]
    if len(sure) == 1:
        return months(*sure[0], as_of)
    return sum(last - first + 1 for first, last in sure) / days_per_month


def is_high(covers: Iterable[Cover]) -> bool:
    """Is one of them both counting and coded?"""
    return any(cover.counts and cover.fact.certainty is Certainty.HIGH for cover in covers)
