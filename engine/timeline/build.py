"""The facts of one patient as episodes at one day (clinical conventions, section 7).

The order of work follows what depends on what: covers of drugs; transplants; the kind of melphalan (needs transplants);
when treatment began; phases (need all of these); diseases and cancers (need when treatment began); the patient. Then
come the episodes that unsupplied data could contain. The order of the facts never shows in the result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar, cast

from spmwatch.engine.episodes import (
    FIRST_DAY,
    UNKNOWN,
    Course,
    Cumulative,
    Disease,
    Episode,
    Order,
    Span,
    Timeline,
    Transplant,
)
from spmwatch.engine.facts import (
    Diagnosis,
    DrugExposure,
    DrugNotTaken,
    DrugOrder,
    Fact,
    Gap,
    LabValue,
    NamedRegimen,
    PatientRecord,
    PlannedDrug,
    Procedure,
    Smoking,
    Standing,
    Statement,
    UnidentifiedOrder,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.conventions import Conventions
from spmwatch.engine.timeline.courses import DrugCourses
from spmwatch.engine.timeline.covers import Cover
from spmwatch.engine.timeline.diseases import (
    MYELOMA,
    OTHER,
    birth_of,
    diagnosed_on,
    disease_of,
    indication_of,
    myeloma_evidence,
    other_evidence,
    patient_episode,
    years_between,
)
from spmwatch.engine.timeline.exposures import Clock, covers_of, known_days, until, with_last_proof
from spmwatch.engine.timeline.hypothetical import (
    OBSERVATION,
    hidden_drugs,
    hidden_malignancy,
    hidden_myeloma,
    hidden_orders,
    hidden_procedures,
    hidden_transplant,
    hidden_values,
    known_kinds,
)
from spmwatch.engine.timeline.laboratory import laboratory
from spmwatch.engine.timeline.malignancies import Milestones, malignancies_of
from spmwatch.engine.timeline.melphalan import told_apart
from spmwatch.engine.timeline.numbering import numbered
from spmwatch.engine.timeline.observations import done_of, each_once, order_of, stated_of
from spmwatch.engine.timeline.phases import Phases, stated_only
from spmwatch.engine.timeline.plans import Plans
from spmwatch.engine.timeline.regimens import regimens_of
from spmwatch.engine.timeline.therapy import Event, Therapy, therapy_of
from spmwatch.engine.timeline.transplants import transplants_of
from spmwatch.engine.truth import Truth

LENALIDOMIDE, MELPHALAN = "lenalidomide", "melphalan"
PROGRESSION = "progression"
F = TypeVar("F", bound=Fact)


def build_timeline(record: PatientRecord, *, as_of: date, conventions: Conventions, value_sets: ValueSets) -> Timeline:
    """Everything that rules may speak of, for one patient as of one day.

    Args:
        record: all facts in any order.
        as_of: the day of evaluation; facts dated after it for certain do not count, and are noted.
        conventions: the numbers (rules/conventions.yaml).
        value_sets: what the concepts of the facts mean.

    Returns:
        Episodes with stable ids, by kind and time. What the record does not tell is `unknown` or a wide span.
    """
    return _Builder(record, as_of, conventions, value_sets).timeline()


class _Builder:
    """One patient's timeline in the making; holds what several steps need."""

    def __init__(self, record: PatientRecord, as_of: date, conventions: Conventions, value_sets: ValueSets) -> None:
        self._record, self._as_of = record, as_of.toordinal()
        self._conventions, self._value_sets = conventions, value_sets
        self._notes: list[Gap] = []
        self._known = known_kinds(record.coverage)
        self._facts = until(record.facts, self._as_of, self._notes)
        said = record.coverage.until
        self._clock = Clock(
            as_of=self._as_of, until=self._as_of if said is None else min(said.toordinal(), self._as_of)
        )
        self._by_type: defaultdict[type[Fact], list[Fact]] = defaultdict(list)
        for fact in self._facts:
            self._by_type[type(fact)].append(fact)

    def _of(self, *types: type[F]) -> list[F]:
        """The facts of these types, by type; so that no step goes through all facts for the few that it is about."""
        found: list[Fact] = []
        for one in types:
            if one in self._by_type:
                found += self._by_type[one]
        return cast("list[F]", found)

    def timeline(self) -> Timeline:
        """All steps in order."""
        episodes = self._episodes()
        notes = sorted(
            self._notes, key=lambda gap: (gap.reference, gap.element, gap.kind, gap.problem, gap.topic or "")
        )
        return Timeline(
            patient=self._record.id,
            as_of=date.fromordinal(self._as_of),
            episodes=tuple(episodes),
            notes=(*self._record.gaps, *dict.fromkeys(notes)),
        )

    def _episodes(self) -> list[Episode]:
        conventions, value_sets, as_of = self._conventions, self._value_sets, self._as_of
        covers, notes = covers_of(self._of(DrugExposure, DrugNotTaken), self._clock, conventions, value_sets)
        transplants, transplant_notes = transplants_of(self._of(Procedure), as_of, conventions, value_sets)
        self._notes += [*notes, *transplant_notes]
        by_drug = self._kinds(covers, transplants)
        all_covers = [cover for group in by_drug.values() for cover in group]
        reasons = self._of(Diagnosis, DrugExposure, DrugOrder)
        myeloma = myeloma_evidence(reasons, as_of, conventions, value_sets)
        therapy = therapy_of(all_covers, transplants, diagnosed_on(myeloma), conventions, value_sets)
        diagnosed = diagnosed_on(myeloma, therapy.first)
        first = _first(by_drug.get(LENALIDOMIDE, ()))
        milestones = Milestones(diagnosed=diagnosed, treated=therapy.first, first_lenalidomide=first)
        orders, by_drug = self._phases(by_drug, therapy, transplants)
        other = other_evidence(reasons, milestones, as_of, conventions, value_sets)
        indication = indication_of(myeloma, other, conditions_known=self._known.conditions)
        malignancies, malignancy_notes = malignancies_of(
            self._of(Diagnosis), milestones, as_of, conventions, value_sets, only_other_indication=indication == "other"
        )
        self._notes += malignancy_notes
        birth = birth_of(self._record.patient, as_of, conventions, self._notes)
        patient = patient_episode(
            self._record.patient, birth, self._of(Statement), transplants, indication, as_of, conventions, self._notes
        )
        diseases: list[Disease] = []
        if myeloma:
            diseases.append(disease_of(MYELOMA, myeloma, diagnosed, birth, 1))
        if other:
            diseases.append(disease_of(OTHER, other, None, birth, len(diseases) + 1))
        courses, cumulated = self._courses(by_drug)
        measured, lab_notes = laboratory(self._of(LabValue), self._of(Smoking), as_of, conventions)
        self._notes += lab_notes
        plans = Plans(
            self._of(DrugNotTaken, PlannedDrug, NamedRegimen), courses, transplants, as_of, value_sets, self._notes
        )
        planned = plans.episodes()
        regimens = regimens_of(
            self._of(DrugOrder, NamedRegimen), courses, by_drug, plans, planned, self._clock, conventions, value_sets
        )
        result: list[Episode] = [
            patient,
            *courses,
            *cumulated,
            *numbered(orders),
            *numbered(planned),
            *numbered(regimens),
            *transplants,
            *diseases,
            *malignancies,
            *numbered(stated_of(self._of(Statement, Smoking), as_of)),
            *numbered(done_of(self._of(Procedure, Diagnosis), as_of, value_sets)),
            *measured,
        ]
        return [*result, *self._hidden(result, birth, indication)]

    # -- steps ------------------------------------------------------------------------------------------------------

    def _kinds(self, covers: Iterable[Cover], transplants: Sequence[Transplant]) -> dict[str, list[Cover]]:
        """The covers by drug, melphalan with its kind."""
        by_drug: defaultdict[str, list[Cover]] = defaultdict(list)
        for cover in covers:
            by_drug[cover.fact.drug].append(cover)
        result: dict[str, list[Cover]] = {}
        for drug in sorted(by_drug):
            group = sorted(by_drug[drug], key=lambda cover: cover.sort_key)
            if drug in self._conventions.kinds_told_apart:
                group = told_apart(group, transplants, self._conventions, transplants_known=self._known.procedures)
            result[drug] = with_last_proof(group, self._conventions)
        return result

    def _phases(
        self, by_drug: Mapping[str, Sequence[Cover]], therapy: Therapy, transplants: Sequence[Transplant]
    ) -> tuple[list[Order], dict[str, list[Cover]]]:
        """The draft orders, and the covers by drug, with their phases."""
        progressions = [
            Event(low=low, high=high, sure=fact.standing is Standing.COUNTS)
            for fact in self._of(Statement)
            if fact.what == PROGRESSION
            for low, high in [known_days(fact.date, self._as_of)]
        ]
        drafts = self._of(DrugOrder)
        beside = {draft.concept: draft for draft in drafts}.values()
        orders: list[Order] = []
        result: dict[str, list[Cover]] = {}
        for drug in sorted({*by_drug, *(draft.drug for draft in drafts)}):
            own = by_drug.get(drug, ())
            told = [draft for draft in drafts if draft.drug == drug]
            if drug not in self._conventions.phases_inferred_for:
                result[drug] = stated_only(own)
                orders += [order_of(draft, draft.phase or UNKNOWN, self._value_sets) for draft in told]
                continue
            phases = Phases(
                own,
                [cover for other, group in by_drug.items() if other != drug for cover in group],
                therapy=therapy,
                transplants=transplants,
                progressions=progressions,
                known=self._known,
                conventions=self._conventions,
                value_sets=self._value_sets,
            )
            result[drug] = phases.assign(own)
            orders += [
                order_of(draft, phases.phase_of_order(draft, beside, self._as_of), self._value_sets) for draft in told
            ]
        return each_once(orders), {drug: group for drug, group in result.items() if group}

    def _courses(self, by_drug: Mapping[str, Sequence[Cover]]) -> tuple[list[Course], list[Cumulative]]:
        """The courses of every drug by start, and each drug's courses together."""
        drugs = [DrugCourses(group, self._clock, self._conventions) for group in by_drug.values()]
        courses = [course for drug in drugs for course in drug.courses()]
        cumulated = [course for drug in drugs for course in drug.cumulated()]
        courses.sort(key=_course_key)
        cumulated.sort(key=lambda c: (c.drug, c.phase != "any", c.phase))
        return numbered(courses), numbered(cumulated)

    def _hidden(self, found: Sequence[Episode], birth: Span | None, indication: str) -> list[Episode]:
        """What unsupplied data could contain, and the myeloma that lenalidomide without a reason hints at."""
        hidden: list[Episode] = [*hidden_orders(self._of(UnidentifiedOrder), self._conventions)]
        if not self._known.medications:
            hidden += hidden_drugs(self._as_of, self._conventions)
        if not (self._known.procedures and self._known.conditions):  # status and history codes are Conditions
            hidden.append(hidden_transplant(self._as_of))
            hidden += hidden_procedures(self._as_of, self._conventions)
        has_myeloma = any(isinstance(e, Disease) and e.family == MYELOMA for e in found)
        has_drug = any(isinstance(e, (Course, Order)) and e.drug == LENALIDOMIDE for e in found)
        has_drug = has_drug or bool(self._of(UnidentifiedOrder))  # it may be one of lenalidomide
        unexplained = has_drug and indication in ("unrecorded", UNKNOWN)
        if not has_myeloma and (unexplained or not self._known.conditions):
            hidden.append(hidden_myeloma(self._as_of, years_between(birth, Span(FIRST_DAY, self._as_of))))
        if not self._known.conditions:
            hidden.append(hidden_malignancy(self._as_of))
        if self._record.coverage.lacks(OBSERVATION):
            hidden += hidden_values(self._as_of, self._conventions)
        return hidden


def _first(covers: Iterable[Cover]) -> Span | None:
    """The first day under a drug; its latest bound rests on counting records. None when none counts."""
    covers = list(covers)
    highs = [cover.start_max for cover in covers if cover.counts]
    return Span(min(cover.start_min for cover in covers), min(highs)) if highs else None


def _course_key(course: Course) -> tuple[object, ...]:
    return (
        course.drug,
        course.start.low,
        course.start.high,
        course.end.low,
        course.end.high,
        course.form,
        course.phase,
        course.standing,
        course.sources,
    )


# -- a summary ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """What a record says of the three things that matter most; FALSE means looked for and not found.

    `transplant_kind` and `transplant_date` are those of the first certain transplant; None when there is none.
    """

    lenalidomide: Truth
    melphalan: Truth
    transplant: Truth
    transplant_kind: str | None
    transplant_date: Span | None


def summarise(timeline: Timeline) -> RecordSummary:
    """Exposure and transplant of one patient in short."""
    transplants = [e for e in timeline.episodes if isinstance(e, Transplant)]
    certain = [t for t in transplants if t.standing is Standing.COUNTS]
    first = min(certain, key=lambda t: (t.date.high, t.date.low, t.id), default=None)
    return RecordSummary(
        lenalidomide=_exposed(timeline, LENALIDOMIDE),
        melphalan=_exposed(timeline, MELPHALAN),
        transplant=_truth(transplants),
        transplant_kind=None if first is None else first.kind,
        transplant_date=None if first is None else first.date,
    )


def _exposed(timeline: Timeline, drug: str) -> Truth:
    return _truth([e for e in timeline.episodes if isinstance(e, Course) and e.drug == drug])


def _truth(episodes: Sequence[Episode]) -> Truth:
    return Truth.of(certain=any(e.standing is Standing.COUNTS for e in episodes), possible=bool(episodes))
