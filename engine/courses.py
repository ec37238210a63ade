"""Courses of a drug, and all courses of it together (clinical conventions 7.4 to 7.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from spmwatch.engine.conventions import Conventions
from spmwatch.engine.covers import Cluster, Cover, Run, clusters_of, is_high, months, months_of_cover
from spmwatch.engine.episodes import UNKNOWN, Course, Cumulative, Span
from spmwatch.engine.exposures import Clock
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.transplants import sources_of

CURRENT, PAST = "current", "past"
ANY = "any"


def courses_of(covers: Sequence[Cover], clock: Clock, conventions: Conventions) -> Iterator[Course]:
    """The courses of one drug: a course for each kind (where kinds are told apart) and phase. Ids are given later."""
    drug_form = None if covers[0].fact.drug in conventions.kinds_told_apart else _common_form(covers)
    groups: defaultdict[tuple[str, str], list[Cover]] = defaultdict(list)
    for cover in covers:
        groups[drug_form or cover.form, cover.phase].append(cover)
    for (form, phase), group in groups.items():
        for cluster in clusters_of(group, conventions.bridge_gap):
            yield from _courses_of_cluster(cluster, form, phase, clock, conventions)


def _common_form(covers: Iterable[Cover]) -> str:
    """The form that all records name which name one."""
    forms = {cover.form for cover in covers} - {UNKNOWN}
    return forms.pop() if len(forms) == 1 else UNKNOWN


def _courses_of_cluster(
    cluster: Cluster, form: str, phase: str, clock: Clock, conventions: Conventions
) -> Iterator[Course]:
    """One course for each run of records that certainly belong together.

    Where a gap between two runs may or may not be real there are two courses, and the bounds of each reach as far as
    one course of both would. Possible records that may stand apart make a possible course.
    """
    for run in cluster.runs:
        yield _course(cluster, run, run.members, form, phase, clock, conventions)
    if cluster.loose:
        yield _course(cluster, None, cluster.loose, form, phase, clock, conventions)


def _course(
    cluster: Cluster,
    run: Run | None,
    members: Sequence[Cover],
    form: str,
    phase: str,
    clock: Clock,
    conventions: Conventions,
) -> Course:
    high = _capped_months(cluster.first, cluster.last, conventions)
    low = months(run.first, run.last) if run is not None else 0.0
    told = members if run is None else (*members, *run.attached)
    return Course(
        id="",
        standing=Standing.POSSIBLE if run is None else Standing.COUNTS,
        certainty=_certainty(members),
        sources=sources_of(cover.fact for cover in told),
        drug=members[0].fact.drug,
        form=form,
        phase=phase,
        active=activity(told, clock, conventions),
        start=Span(cluster.first, min(c.start_max for c in members)),
        end=Span(max(c.end_min for c in members), cluster.last),
        duration=Span(low, max(low, high)),
    )


def _certainty(members: Sequence[Cover]) -> Certainty:
    if any(cover.counts for cover in members):
        return Certainty.HIGH if is_high(members) else Certainty.LOW
    return Certainty.HIGH if any(c.fact.certainty is Certainty.HIGH for c in members) else Certainty.LOW


def _capped_months(first: int, last: int, conventions: Conventions) -> float:
    """Months from `first` to `last`; nobody takes a drug for longer than people live."""
    longest = conventions.oldest_plausible_age * 12
    return min(months(first, last), float(longest))


def activity(covers: Iterable[Cover], clock: Clock, conventions: Conventions) -> str:
    """Current when a counting record covers the day of evaluation or ended within the grace before it.

    An end that no record tells of is taken for past (section 9); a partial date or a possible record that could reach
    the grace leaves it unknown.
    """
    since = clock.as_of - conventions.active_grace
    doubtful = False
    for cover in covers:
        if cover.counts:
            if cover.end_min >= since:
                return CURRENT
            doubtful |= cover.end_told and cover.end_max >= since
        else:
            doubtful |= cover.end_max >= since
    return UNKNOWN if doubtful else PAST


def cumulated_of(covers: Sequence[Cover], clock: Clock, conventions: Conventions) -> Iterator[Cumulative]:
    """Months under one drug over all phases, and of each phase; what is of unknown phase may belong to any of them."""
    yield _cumulative(covers, covers, ANY, clock, conventions)
    by_phase: defaultdict[str, list[Cover]] = defaultdict(list)
    for cover in covers:
        by_phase[cover.phase].append(cover)
    unknown = by_phase.get(UNKNOWN, [])
    if covers[0].fact.drug not in conventions.phases_inferred_for:
        by_phase.pop(UNKNOWN, None)
    for phase, group in by_phase.items():
        widest = group if phase == UNKNOWN else [*group, *unknown]
        yield _cumulative(group, widest, phase, clock, conventions)


def _cumulative(
    certain: Sequence[Cover], possible: Sequence[Cover], phase: str, clock: Clock, conventions: Conventions
) -> Cumulative:
    """`certain`: covers that belong to the phase; `possible`: those and the ones that may."""
    runs = [run for cluster in clusters_of(certain, conventions.bridge_gap) for run in cluster.runs]
    low = months_of_cover([(run.first, run.last) for run in runs], conventions.days_per_month)
    extents = [(c.first, c.last) for c in clusters_of(possible, conventions.bridge_gap)]
    high = min(months_of_cover(extents, conventions.days_per_month), float(conventions.oldest_plausible_age * 12))
    counts = any(cover.counts for cover in certain)
    telling = [cover for cover in certain if cover.counts is counts]
    active = activity(certain, clock, conventions)
    if active == PAST and len(possible) > len(certain) and activity(possible, clock, conventions) != PAST:
        active = UNKNOWN
    return Cumulative(
        id="",
        standing=Standing.COUNTS if counts else Standing.POSSIBLE,
        certainty=_certainty(telling),
        sources=sources_of(cover.fact for cover in certain),
        drug=certain[0].fact.drug,
        phase=phase,
        active=active,
        duration=Span(low, max(low, high)),
        topic="phase" if phase != ANY and len(possible) > len(certain) else None,
    )
