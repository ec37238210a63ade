"""Short ways to write down facts, and to read the timeline that comes of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import (
    Course,
    Cumulative,
    Disease,
    Episode,
    Malignancy,
    PatientEpisode,
    Span,
    Timeline,
    Transplant,
)
from spmwatch.engine.facts import (
    Coverage,
    Diagnosis,
    Dose,
    DrugExposure,
    DrugNotTaken,
    Fact,
    Patient,
    PatientRecord,
    Procedure,
    Proof,
    Source,
    Standing,
    Statement,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.engine.timeline.build import build_timeline
from spmwatch.engine.timeline.conventions import Conventions

RULES = Path(__file__).parents[3] / "rules"
AS_OF = date(2026, 1, 15)
DRUGS = {
    "melphalan-oral": "melphalan",
    "melphalan-iv": "melphalan",
    "melphalan-hepatic-perfusion": "melphalan",
    "carmustine-implant": "carmustine",
}
E = TypeVar("E", bound=Episode)


@functools.cache
def value_sets() -> ValueSets:
    """The shipped value sets, read once."""
    return ValueSets.load(RULES)


@functools.cache
def conventions() -> Conventions:
    """The shipped conventions, read once."""
    return Conventions.load(RULES)


def days(text: str | None) -> DateRange | None:
    """`2021-05-03`, `2021`, `..2021-05-03` (not after), or None."""
    if text is None:
        return None
    if text.startswith(".."):
        return DateRange(None, date.fromisoformat(text[2:]))
    return DateRange.parse(text)


def given(
    start: str | None = None,
    end: str | None = None,
    *,
    concept: str = "lenalidomide",
    proof: Proof = Proof.STATEMENT,
    ongoing: bool = False,
    mg: float | None = None,
    m2: float | None = None,
    **more: object,
) -> DrugExposure:
    """An exposure, of lenalidomide by a statement unless said otherwise."""
    dose = Dose(value=mg, unit="mg") if mg is not None else Dose(value=m2, unit="mg/m2") if m2 is not None else None
    more.setdefault("sources", (Source(reference=f"Medication/{concept}-{proof}-{start}-{end}-{mg}-{m2}"),))
    return DrugExposure(
        concept=concept,
        drug=DRUGS.get(concept, concept),
        proof=proof,
        start=days(start),
        end=days(end),
        ongoing=ongoing,
        dose=dose,
        **more,  # type: ignore[arg-type]  # named fields of DrugExposure
    )


def maintenance(start: str | None, end: str | None = None, **more: object) -> DrugExposure:
    """Lenalidomide that the record calls maintenance; it goes on unless it ends."""
    return given(start, end, ongoing=end is None, phase="maintenance", **more)  # type: ignore[arg-type]


def dispensed(start: str, supply: int | None = None, **more: object) -> DrugExposure:
    """A dispense of lenalidomide."""
    return given(start, proof=Proof.DISPENSE, supply_days=supply, **more)  # type: ignore[arg-type]


def melphalan_iv(day: str, m2: float | None = None, **more: object) -> DrugExposure:
    """An administration of intravenous melphalan."""
    return given(day, concept="melphalan-iv", proof=Proof.ADMINISTRATION, m2=m2, **more)  # type: ignore[arg-type]


def not_taken(
    start: str | None = None, end: str | None = None, concept: str = "lenalidomide", **more: object
) -> DrugNotTaken:
    """A record that a drug was not taken."""
    return DrugNotTaken(concept=concept, drug=DRUGS.get(concept, concept), start=days(start), end=days(end), **more)  # type: ignore[arg-type]


def procedure(concept: str, day: str | None = None, **more: object) -> Procedure:
    """A procedure."""
    more.setdefault("sources", (Source(reference=f"Procedure/{concept}-{day}"),))
    return Procedure(concept=concept, date=days(day), **more)  # type: ignore[arg-type]


def asct(day: str | None, **more: object) -> Procedure:
    """An autologous transplant."""
    return procedure("autologous-sct", day, **more)


def condition(concept: str, onset: str | None = None, *, recorded: str | None = None, **more: object) -> Diagnosis:
    """A Condition."""
    more.setdefault("sources", (Source(reference=f"Condition/{concept}-{onset}-{recorded}"),))
    return Diagnosis(concept=concept, onset=days(onset), recorded=days(recorded), **more)  # type: ignore[arg-type]


def myeloma(onset: str | None = "2018-01-10", **more: object) -> Diagnosis:
    """Multiple myeloma."""
    return condition("multiple-myeloma", onset, **more)


def stated(what: str, day: str | None = None, **more: object) -> Statement:
    """A statement of the record."""
    more.setdefault("sources", (Source(reference=f"Observation/{what}-{day}"),))
    return Statement(what=what, date=days(day), **more)  # type: ignore[arg-type]


def person(birth: str | None = "1960-06-01", sex: str = "female", **more: object) -> Patient:
    """The patient."""
    return Patient(id="p", birth=days(birth), sex=sex, **more)  # type: ignore[arg-type]


def timeline(
    *facts: Fact,
    patient: Patient | None = None,
    missing: Iterable[str] = (),
    as_of: date = AS_OF,
    until: date | None = None,
) -> Timeline:
    """The timeline of these facts."""
    record = PatientRecord(
        id="p",
        patient=patient or person(),
        facts=facts,
        coverage=Coverage(unsupplied=tuple((name, "test") for name in missing), until=until),
    )
    return build_timeline(record, as_of=as_of, conventions=conventions(), value_sets=value_sets())


def only(timeline_: Timeline, kind: type[E]) -> list[E]:
    """The episodes of a kind that somebody recorded."""
    return [e for e in timeline_.episodes if isinstance(e, kind) and not e.hypothetical]


def courses(*facts: Fact, drug: str = "lenalidomide", **more: object) -> list[Course]:
    """The courses of a drug."""
    return [c for c in only(timeline(*facts, **more), Course) if c.drug == drug]  # type: ignore[arg-type]


def the_course(*facts: Fact, drug: str = "lenalidomide", **more: object) -> Course:
    """The one course of a drug."""
    found = courses(*facts, drug=drug, **more)
    assert len(found) == 1, found
    return found[0]


def total(*facts: Fact, drug: str = "lenalidomide", phase: str = "any", **more: object) -> Cumulative:
    """All courses of a drug together."""
    found = [c for c in only(timeline(*facts, **more), Cumulative) if c.drug == drug and c.phase == phase]  # type: ignore[arg-type]
    assert len(found) == 1, found
    return found[0]


def transplants(*facts: Fact, **more: object) -> list[Transplant]:
    """The transplants."""
    return only(timeline(*facts, **more), Transplant)  # type: ignore[arg-type]


def malignancies(*facts: Fact, **more: object) -> list[Malignancy]:
    """The other cancers."""
    return only(timeline(*facts, **more), Malignancy)  # type: ignore[arg-type]


def diseases(*facts: Fact, **more: object) -> list[Disease]:
    """The diseases."""
    return only(timeline(*facts, **more), Disease)  # type: ignore[arg-type]


def the_patient(*facts: Fact, **more: object) -> PatientEpisode:
    """The patient episode."""
    return only(timeline(*facts, **more), PatientEpisode)[0]  # type: ignore[arg-type]


def ordinal(text: str) -> int:
    """A day as the spans count it."""
    return date.fromisoformat(text).toordinal()


def day_span(first: str, last: str | None = None) -> Span:
    """A span of days."""
    return Span(ordinal(first), ordinal(last or first))


POSSIBLE = Standing.POSSIBLE
