"""The quick ways of the timeline give what the plain ways give."""

from __future__ import annotations

import calendar
from datetime import date

from hypothesis import example, given
from hypothesis import strategies as st

from spmwatch.engine.dates import DateRange, add_months, months_between
from spmwatch.engine.episodes import Span
from spmwatch.engine.facts import DrugExposure, Proof, Source
from spmwatch.engine.timeline.covers import Cluster, Cover, Run, clusters_of
from spmwatch.engine.timeline.exposures import known_days
from spmwatch.engine.timeline.transplants import in_order

days = st.dates(date(1900, 1, 1), date(2100, 1, 1))


def plainly_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def plain_months(start: date, end: date) -> float:
    if end <= start:
        return 0.0
    whole = (end.year - start.year) * 12 + end.month - start.month
    if plainly_later(start, whole) > end:
        whole -= 1
    anniversary, following = plainly_later(start, whole), plainly_later(start, whole + 1)
    return whole + (end - anniversary).days / (following - anniversary).days


@given(days, st.integers(-1200, 1200))
@example(date(2020, 2, 29), 12)
@example(date(2021, 1, 31), 1)
def test_months_later(day: date, months: int) -> None:
    assert add_months(day, months) == plainly_later(day, months)


@given(days, days)
@example(date(2020, 1, 31), date(2020, 2, 29))
@example(date(2020, 1, 31), date(2020, 3, 30))
def test_months_between(start: date, end: date) -> None:
    assert months_between(start, end) == plain_months(start, end)


ranges = st.tuples(st.none() | days, st.none() | days).map(
    lambda two: DateRange(*two) if None in two else DateRange(*sorted(day for day in two if day is not None))
)


@given(st.none() | ranges, days)
def test_days_as_ordinals(told: DateRange | None, as_of: date) -> None:
    span, last = Span.of_days(told), as_of.toordinal()
    assert known_days(told, last) == (min(int(span.low), last), min(int(span.high), last))


@given(st.lists(st.builds(Source, reference=st.sampled_from("abc"), element=st.sampled_from(["", "x", "y"]))))
def test_sources_in_order(sources: list[Source]) -> None:
    assert in_order(sources) == tuple(sorted(set(sources)))


@given(st.booleans(), st.lists(st.integers(1, 400), min_size=4, max_size=4), st.integers(0, 60))
def test_a_single_record_makes_the_cluster_of_two_equal_ones(counts: bool, ends: list[int], gap: int) -> None:
    first, *_ = ends = sorted(ends)
    fact = DrugExposure(concept="x", drug="x", proof=Proof.REQUEST)
    cover = Cover(
        fact=fact, counts=counts, start_min=first, start_max=ends[2], end_min=ends[1], end_max=ends[3], end_told=True
    )
    (one,) = clusters_of([cover], gap)
    twice = clusters_of([cover, cover], gap)
    assert (one.first, one.last) == (min(c.first for c in twice), max(c.last for c in twice))
    assert [(run.first, run.last) for run in one.runs] == [(run.first, run.last) for c in twice for run in c.runs]
    assert bool(one.loose) is any(bool(cluster.loose) for cluster in twice)
    assert one == Cluster(
        first=first,
        last=ends[3],
        members=(cover,),
        runs=(Run(ends[2], ends[1], (cover,)),) if counts else (),
        loose=() if counts else (cover,),
    )
