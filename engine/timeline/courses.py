"""Courses of a drug, and all courses of it together (clinical conventions 7.4 to 7.6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from spmwatch.engine.episodes import UNKNOWN, Course, Cumulative, Span
from spmwatch.engine.facts import Certainty, Standing
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.covers import Cluster, Cover, Run, clusters_of, is_high, months, months_of_cover
from spmwatch.engine.timeline.exposures import Clock
from spmwatch.engine.timeline.transplants import sources_of

CURRENT, PAST = "current", "past"
ANY = "any"


class DrugCourses:
    """Everything that the covers of one drug make. They come in a stable order (`Cover.sort_key`)."""

    def __init__(self, covers: Sequence[Cover], clock: Clock, conventions: Conventions) -> None:
        self._covers, self._clock, self._conventions = covers, clock, conventions
        self._all = clusters_of(covers, conventions.bridge_gap)

    def _clusters(self, group: Sequence[Cover]) -> list[Cluster]:
        whole = len(group) == len(self._covers)
        return self._all if whole else clusters_of(group, self._conventions.bridge_gap)

    def courses(self) -> Iterator[Course]:
        """A course for each kind (where kinds are told apart) and phase. Ids are given later."""
        told_apart = self._covers[0].fact.drug in self._conventions.kinds_told_apart
        drug_form = None if told_apart else _common_form(self._covers)
        groups: defaultdict[tuple[str, str], list[Cover]] = defaultdict(list)
        for cover in self._covers:
            groups[drug_form or cover.form, cover.phase].append(cover)
        for (form, phase), group in groups.items():
            for cluster in self._clusters(group):
                yield from self._courses_of(cluster, form, phase)

    def _courses_of(self, cluster: Cluster, form: str, phase: str) -> Iterator[Course]:
        """One course for each run of records that certainly belong together.

        Where a gap between two runs may or may not be real there are two courses, and the bounds of each reach as far
        as one course of both would. Possible records that may stand apart make a possible course.
        """
        for run in cluster.runs:
            yield self._course(cluster, run, run.members, form, phase)
        if cluster.loose:
            yield self._course(cluster, None, cluster.loose, form, phase)

    def _course(self, cluster: Cluster, run: Run | None, members: Sequence[Cover], form: str, phase: str) -> Course:
        widest = months(cluster.first, cluster.last, self._clock.as_of)
        longest = float(self._conventions.oldest_plausible_age * 12)  # nobody takes a drug longer than people live
        high = min(widest, longest)
        if run is None:
            low = 0.0
        elif (run.first, run.last) == (cluster.first, cluster.last):
            low = widest
        else:
            low = months(run.first, run.last, self._clock.as_of)
        told = members if run is None else (*members, *run.attached)
        start = Span(cluster.first, min(c.start_max for c in members))
        end = Span(max(c.end_min for c in members), cluster.last)
        return Course(
            id="",
            standing=Standing.POSSIBLE if run is None else Standing.COUNTS,
            certainty=_certainty(members),
            sources=sources_of(cover.fact for cover in told),
            drug=members[0].fact.drug,
            form=form,
            phase=phase,
            active=activity(told, self._clock, self._conventions),
            start=start,
            end=end,
            duration=Span(low, max(low, high)),
            since=self._since(start, end, members),
            doses=_doses(members),
        )

    def _since(self, start: Span, end: Span, members: Sequence[Cover]) -> Span:
        """The first day of the unbroken cover that these records belong to, whatever its phases and kinds."""
        whole = next((c for c in self._all if c.first <= start.low and end.high <= c.last), None)
        if whole is None:
            return start
        own = {id(member) for member in members}
        runs = [run for run in whole.runs if any(id(member) in own for member in run.members)]
        latest = min((member.start_max for run in runs for member in run.members), default=start.high)
        return Span(whole.first, max(whole.first, min(latest, start.high)))

    def cumulated(self) -> Iterator[Cumulative]:
        """Months over all phases, and of each phase; what is of unknown phase may belong to any of them."""
        whole = self._cumulative(self._covers, self._covers, ANY)
        yield whole
        by_phase: defaultdict[str, list[Cover]] = defaultdict(list)
        for cover in self._covers:
            by_phase[cover.phase].append(cover)
        unknown = by_phase.get(UNKNOWN, [])
        if self._covers[0].fact.drug not in self._conventions.phases_inferred_for:
            by_phase.pop(UNKNOWN, None)
        for phase, group in by_phase.items():
            if len(group) == len(self._covers):
                yield _of_phase(whole, phase)
                continue
            yield self._cumulative(group, group if phase == UNKNOWN else [*group, *unknown], phase)

    def _cumulative(self, certain: Sequence[Cover], possible: Sequence[Cover], phase: str) -> Cumulative:
        """`certain`: covers that belong to the phase; `possible`: those and the ones that may."""
        conventions = self._conventions
        wider = len(possible) > len(certain)
        clusters = self._clusters(certain)
        widest = self._clusters(possible) if wider else clusters
        runs = [(run.first, run.last) for cluster in clusters for run in cluster.runs]
        low = high = months_of_cover(runs, self._clock.as_of, conventions.days_per_month)
        if runs != (extents := [(c.first, c.last) for c in widest]):
            high = months_of_cover(extents, self._clock.as_of, conventions.days_per_month)
        high = min(high, float(conventions.oldest_plausible_age * 12))
        counts = any(cover.counts for cover in certain)
        active = activity(certain, self._clock, conventions)
        if active == PAST and wider and activity(possible, self._clock, conventions) != PAST:
            active = UNKNOWN
        return Cumulative(
            id="",
            standing=Standing.COUNTS if counts else Standing.POSSIBLE,
            certainty=_certainty([cover for cover in certain if cover.counts is counts]),
            sources=sources_of(cover.fact for cover in certain),
            drug=certain[0].fact.drug,
            phase=phase,
            active=active,
            duration=Span(low, max(low, high)),
            doses=_doses(certain),
            topic="phase" if phase != ANY and wider else None,
        )


def _of_phase(whole: Cumulative, phase: str) -> Cumulative:
    """All courses together, which are all of one phase, as those of that phase."""
    return Cumulative(
        id="",
        standing=whole.standing,
        certainty=whole.certainty,
        sources=whole.sources,
        drug=whole.drug,
        phase=phase,
        active=whole.active,
        duration=whole.duration,
        doses=whole.doses,
    )


def _common_form(covers: Iterable[Cover]) -> str:
    """The form that all records name which name one."""
    forms = {cover.form for cover in covers} - {UNKNOWN}
    return forms.pop() if len(forms) == 1 else UNKNOWN


def _doses(covers: Iterable[Cover]) -> tuple[str, ...]:
    """The amounts of one intake that records state which count."""
    doses = (cover.fact.dose for cover in covers if cover.counts)
    return tuple(sorted({f"{dose.value:g} {dose.unit}" for dose in doses if dose is not None}))


def _certainty(members: Sequence[Cover]) -> Certainty:
    if any(cover.counts for cover in members):
        return Certainty.HIGH if is_high(members) else Certainty.LOW
    return Certainty.HIGH if any(c.fact.certainty is Certainty.HIGH for c in members) else Certainty.LOW


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
