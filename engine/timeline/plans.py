"""Drugs that the record plans or proposes, as long as the plan still stands (7.1: planned is not given).

A plan is over once it was carried out, refused, or its days have passed. Where other treatment against myeloma began
after it, or dates do not tell which came first, nobody knows whether it still stands: it is possible only. A plan for
days to come stands whatever was given before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import UNKNOWN, Course, Planned, Span, Transplant
from spmwatch.engine.facts import DrugNotTaken, Fact, Gap, NamedRegimen, PlannedDrug, Standing
from spmwatch.engine.terminology.regimens import MELPHALAN, Regimens
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.exposures import note
from spmwatch.engine.truth import Truth, any_of

P = TypeVar("P", PlannedDrug, NamedRegimen)
_FORMS = ("oral", "intravenous", "local")


class Plans:
    """The plans of one patient, looked at beside what was given, refused and done since."""

    def __init__(
        self,
        facts: Sequence[Fact],
        courses: Sequence[Course],
        transplants: Sequence[Transplant],
        as_of: int,
        value_sets: ValueSets,
        notes: list[Gap],
    ) -> None:
        """`notes` takes a remark on each plan that stands no longer, or may not."""
        self._courses, self._transplants, self._as_of = courses, transplants, as_of
        self._refused = [fact for fact in facts if isinstance(fact, DrugNotTaken)]
        self._value_sets, self._notes = value_sets, notes
        self.drugs = self._standing([fact for fact in facts if isinstance(fact, PlannedDrug)])
        self.regimens = self._standing(
            [fact for fact in facts if isinstance(fact, NamedRegimen) and fact.stage == "planned"]
        )

    def episodes(self) -> list[Planned]:
        """Each planned drug once, with all that plans it. Ids are given later."""
        found: dict[tuple[object, ...], Planned] = {}
        for plan in self.drugs:
            route = plan.route or self._value_sets.concept(plan.concept).route
            form = route if route in _FORMS else UNKNOWN
            key = (plan.drug, form, plan.phase or UNKNOWN, plan.standing, plan.certainty)
            before = found.get(key)
            found[key] = Planned(
                id="",
                standing=plan.standing,
                certainty=plan.certainty,
                sources=tuple(sorted({*(before.sources if before else ()), *plan.sources})),
                drug=plan.drug,
                form=form,
                phase=plan.phase or UNKNOWN,
            )
        return [found[key] for key in sorted(found)]

    def _standing(self, plans: Iterable[P]) -> list[P]:
        """The plans without those that are over; those that may be over are possible only."""
        kept: list[P] = []
        for plan in plans:
            over = self._is_over(plan)
            if over is Truth.TRUE:
                problem = "the plan was carried out, refused, or its days have passed, so it no longer counts as a plan"
                self._notes.append(note("unusable-status", plan, problem, "Nothing, if that is right."))
                continue
            if over is Truth.UNKNOWN and plan.standing is Standing.COUNTS:
                problem = "other records may be later than the plan, so it is not known whether it still stands"
                self._notes.append(note("undecided", plan, problem, "Complete or renew the plan in the source."))
            kept.append(plan if over is Truth.FALSE else replace(plan, standing=Standing.POSSIBLE))
        return kept

    def _is_over(self, plan: PlannedDrug | NamedRegimen) -> Truth:
        drugs = self._drugs_of(plan)
        written = Span.of_days(plan.planned_on or plan.start)
        if self._is_ahead(plan.start):
            return any_of(self._refusals(drugs, written))
        return any_of(
            [
                self._passed(plan.end),
                *self._refusals(drugs, written),
                *self._given(drugs, written),
                *self._transplanted(drugs, written),
            ]
        )

    def _drugs_of(self, plan: PlannedDrug | NamedRegimen) -> frozenset[str]:
        if isinstance(plan, PlannedDrug):
            return frozenset({plan.drug})
        return Regimens.of(self._value_sets).by_id[plan.regimen].drugs

    def _is_ahead(self, start: DateRange | None) -> bool:
        return start is not None and start.earliest is not None and start.earliest.toordinal() > self._as_of

    def _passed(self, end: DateRange | None) -> Truth:
        """Do the days that it was for lie before the day of evaluation?"""
        if end is None:
            return Truth.FALSE
        last = Span.of_days(end)
        return Truth.of(certain=last.high < self._as_of, possible=last.low < self._as_of)

    def _refusals(self, drugs: frozenset[str], written: Span) -> Iterable[Truth]:
        """A refusal on the day of the plan or later. One without a day may be older than the plan."""
        for refusal in self._refused:
            if refusal.drug in drugs:
                sure = refusal.standing is Standing.COUNTS and refusal.start is not None
                yield _since(Span.of_days(refusal.start), written, sure=sure)

    def _given(self, drugs: frozenset[str], written: Span) -> Iterable[Truth]:
        """Carried out, where a course of the drug began since; doubtful, where other treatment did."""
        therapies = _therapies(self._value_sets)
        for course in self._courses:
            if course.drug in drugs:
                yield _since(course.start, written, sure=course.standing is Standing.COUNTS)
            elif course.drug in therapies and course.start.high > written.low:
                yield Truth.UNKNOWN

    def _transplanted(self, drugs: frozenset[str], written: Span) -> Iterable[Truth]:
        """An autologous transplant takes the melphalan that was planned for it; any transplant is later treatment."""
        for transplant in self._transplants:
            conditioned = MELPHALAN in drugs and transplant.kind == "autologous"
            yield _since(transplant.date, written, sure=conditioned and transplant.standing is Standing.COUNTS)


def _since(day: Span, written: Span, *, sure: bool) -> Truth:
    """Is it on the day of the plan or later? `sure`: it would end the plan for certain."""
    return Truth.of(certain=sure and day.low >= written.high, possible=day.high >= written.low)


@lru_cache(maxsize=4)
def _therapies(value_sets: ValueSets) -> frozenset[str]:
    """Drugs that are given against myeloma."""
    return frozenset(one.drug for one in value_sets.concepts("drug") if one.myeloma_therapy and one.drug is not None)
