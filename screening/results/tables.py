"""One patient's recommendation as rows of the result tables, and rows as Arrow tables.

`yes`, `no` and `unknown` follow the timeline: `no` only where the records that would hold it were supplied whole and
none of them speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

import pyarrow as pa

from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import (
    UNBOUNDED,
    UNKNOWN,
    Course,
    Cumulative,
    Disease,
    Episode,
    Malignancy,
    Order,
    PatientEpisode,
    Planned,
    Regimen,
    Timeline,
    Transplant,
)
from spmwatch.engine.errors import CdsError
from spmwatch.engine.facts import PatientRecord, Standing
from spmwatch.engine.presentation import describe, references
from spmwatch.engine.recommendation import Finding, PlanItem, Recommendation, RuleBaseIdentity
from spmwatch.engine.timeline.build import LENALIDOMIDE, MELPHALAN, summarise
from spmwatch.engine.timeline.diseases import MYELOMA
from spmwatch.engine.truth import Truth
from spmwatch.fhir_adapters.evidence import HIDDEN
from spmwatch.fhir_adapters.intake import LOST
from spmwatch.fhir_adapters.relevance import DRUG_TYPES
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN, RESOURCES, SCHEMAS

Row = tuple[object, ...]
"""Cells in the order of the table's schema."""

_ANSWERS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "unknown"}
_SPM = "spm"
_ANY_PHASE = "any"
_EVIDENCE_TYPES = frozenset({*DRUG_TYPES, "Condition", "Procedure"})
_MOST_MONTHS = 1800.0
_NO_DAYS: tuple[date | None, date | None, date | None] = (None, None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """One patient's rows.

    Attributes:
        patient: the patient's key; every row has it.
        evidence: which of myeloma, lenalidomide, melphalan, transplant the record speaks of, be it in doubt; a patient
            without any is not part of the results, but for those in doubt.
        in_doubt: a line about the patient cannot be read that may have spoken of one of them.
        patients, findings, plan, resources: rows of the tables; `patients` is always one.
    """

    patient: str
    patients: tuple[Row, ...]
    findings: tuple[Row, ...] = ()
    plan: tuple[Row, ...] = ()
    resources: tuple[Row, ...] = ()
    evidence: frozenset[str] = field(default_factory=frozenset)
    failed: bool = False
    in_doubt: bool = False

    @property
    def belongs(self) -> bool:
        """Is the patient part of the results? Who could not be evaluated, or is in doubt, always is."""
        return self.failed or self.in_doubt or bool(self.evidence)

    def rows(self, table: str) -> tuple[Row, ...]:
        """The rows of one table."""
        return {PATIENTS: self.patients, FINDINGS: self.findings, PLAN: self.plan, RESOURCES: self.resources}[table]


def tables_of(record: PatientRecord, recommendation: Recommendation, resources: Iterable[Row] = ()) -> Tables:
    """The rows of a patient who was evaluated; `resources` as `resources_of` makes them, for a run with --fhir."""
    base = _base(recommendation.rulebase)
    return Tables(
        patient=_text(record.id),
        patients=(_patient_row(record, recommendation, base),),
        findings=tuple(_finding_row(finding, recommendation, base) for finding in recommendation.findings),
        plan=tuple(_plan_row(item, recommendation, base) for item in recommendation.plan),
        resources=tuple(resources),
        evidence=frozenset(evidence_of(recommendation.timeline)),
        in_doubt=_is_in_doubt(record),
    )


def failed_tables(patient: str, error: Exception, *, as_of: date, rulebase: RuleBaseIdentity) -> Tables:
    """The row of a patient who could not be evaluated: all unknown. Of an unforeseen error only its kind is told."""
    if isinstance(error, CdsError):
        code, message = error.code, str(error)
    else:
        code = "unexpected"
        message = f"could not be evaluated ({type(error).__name__}); a fault of spmwatch, please report it"
    known: dict[str, object] = {
        "patient": patient,
        "as_of": as_of,
        "incomplete": True,
        "error": code,
        "error_message": message,
        **dict.fromkeys(("myeloma", "lenalidomide", "melphalan", "transplant", "second_cancer"), UNKNOWN),
        **dict(zip(("rulebase_version", "rulebase_hash", "rulebase_overlays"), _base(rulebase), strict=True)),
    }
    row = tuple(_cell(known.get(name)) for name in SCHEMAS[PATIENTS].names)
    return Tables(patient=_text(patient), patients=(row,), failed=True)


def as_arrow(patients: Iterable[Tables], *, tables: Sequence[str] = (PATIENTS, FINDINGS, PLAN)) -> dict[str, pa.Table]:
    """The rows of many patients as Arrow tables, sorted by patient; one patient's rows keep their order."""
    ordered = sorted(patients, key=lambda one: one.patient)
    return {table: arrow_table(table, [row for one in ordered for row in one.rows(table)]) for table in tables}


def arrow_table(table: str, rows: Sequence[Row]) -> pa.Table:
    """Rows of one table as Arrow, in their order."""
    schema = SCHEMAS[table]
    columns: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table([pa.array(cells, kind) for cells, kind in zip(columns, schema.types, strict=True)], schema=schema)


def _is_in_doubt(record: PatientRecord) -> bool:
    """Was something not read that may have been evidence?"""
    unsupplied = record.coverage.unsupplied
    return HIDDEN in (why for _, why in unsupplied) or may_hold_evidence(
        kind for kind, why in unsupplied if why == LOST
    )


def may_hold_evidence(types: Iterable[str]) -> bool:
    """Could resources of these types speak of myeloma, lenalidomide, melphalan or a transplant?"""
    return not _EVIDENCE_TYPES.isdisjoint(types)


def evidence_of(timeline: Timeline) -> Iterator[str]:
    """Which of the four things that make a cohort the record itself speaks of; what it merely could hold is none."""
    for episode in timeline.episodes:
        if episode.hypothetical:
            continue
        if isinstance(episode, Transplant):
            yield "transplant"
        elif isinstance(episode, Disease) and episode.family == MYELOMA:
            yield MYELOMA
        elif isinstance(episode, (Course, Order, Planned)) and episode.drug in (LENALIDOMIDE, MELPHALAN):
            yield episode.drug
        elif isinstance(episode, Regimen):
            yield from (drug for drug in (LENALIDOMIDE, MELPHALAN) if getattr(episode, drug) == "contains")


# -- rows --------------------------------------------------------------------------------------------------------------


def _patient_row(record: PatientRecord, recommendation: Recommendation, base: Row) -> Row:
    timeline, plan = recommendation.timeline, recommendation.plan
    patient, summary = record.patient, summarise(timeline)
    transplant_days = None if summary.transplant_date is None else summary.transplant_date.days()
    forms = _sure(e.form for e in timeline.episodes if isinstance(e, Course) and e.drug == MELPHALAN and _counts(e))
    late = [item.overdue_days[1] for item in plan if item.state == "overdue" and item.overdue_days is not None]
    not_supplied = sorted({name for name, _ in record.coverage.unsupplied})
    failures = [failure.rule for failure in recommendation.failures]
    return (
        _text(record.id),
        recommendation.as_of,
        *_days(None if patient is None else patient.birth),
        None if patient is None else patient.sex,
        _vital_status(timeline) if patient is not None else UNKNOWN,
        _answer(e for e in timeline.episodes if isinstance(e, Disease) and e.family == MYELOMA),
        _ANSWERS[summary.lenalidomide],
        *_exposure(timeline, LENALIDOMIDE),
        _ANSWERS[summary.melphalan],
        forms or None,
        *_exposure(timeline, MELPHALAN)[1:],
        _ANSWERS[summary.transplant],
        summary.transplant_kind,
        sum(isinstance(e, Transplant) and _counts(e) for e in timeline.episodes),
        *_days(transplant_days)[1:],
        _second_cancer(timeline),
        recommendation.tier,
        _joined(f"{finding.rule}{finding.part or ''}" for finding in recommendation.findings),
        _joined(question.topic for question in recommendation.decisive_questions),
        *(_joined(item.check for item in plan if item.state == state) for state in ("overdue", "due", "none-recorded")),
        max(late, default=None),
        len(recommendation.gaps),
        _joined(not_supplied),
        bool(not_supplied or failures or any(gap.kind == "unreadable" for gap in recommendation.gaps)),
        _joined(failures),
        None,
        None,
        *base,
    )


def _finding_row(finding: Finding, recommendation: Recommendation, base: Row) -> Row:
    sources = [source for episode in finding.episodes for source in episode.sources]
    return (
        _text(recommendation.patient),
        recommendation.as_of,
        recommendation.tier,
        finding.rule,
        finding.part,
        finding.variant,
        finding.version,
        finding.indicator.value,
        finding.certainty.value,
        finding.grade.value,
        finding.title,
        finding.summary,
        "; ".join(fact.removeprefix("- ") for fact in finding.facts)
        or "; ".join(describe(episode, recommendation.wording) for episode in finding.episodes)
        or None,
        finding.source.id,
        _joined(item.id for item in finding.evidence),
        _joined(_text(reference) for reference in references(sources)),
        *base,
    )


def _plan_row(item: PlanItem, recommendation: Recommendation, base: Row) -> Row:
    return (
        _text(recommendation.patient),
        recommendation.as_of,
        item.check,
        item.title,
        item.state,
        item.test,
        *_days(item.last),
        *_days(item.next),
        *((None, None) if item.overdue_days is None else item.overdue_days),
        _joined(item.reasons),
        item.excluded,
        item.schedule,
        item.source.id,
        _joined(_text(reference) for reference in item.references),
        *base,
    )


# -- cells -------------------------------------------------------------------------------------------------------------


def _counts(episode: Episode) -> bool:
    return episode.standing is Standing.COUNTS


def _answer(episodes: Iterable[Episode]) -> str:
    found = list(episodes)
    return _ANSWERS[Truth.of(certain=any(_counts(episode) for episode in found), possible=bool(found))]


def _second_cancer(timeline: Timeline) -> str:
    """A cancer that came after the myeloma and is proven; one that may be one, or may be hidden, is unknown."""
    cancers = [e for e in timeline.episodes if isinstance(e, Malignancy) and e.role in (_SPM, UNKNOWN)]
    sure = any(cancer.role == _SPM and _counts(cancer) for cancer in cancers)
    return _ANSWERS[Truth.of(certain=sure, possible=bool(cancers))]


def _vital_status(timeline: Timeline) -> str:
    return next((e.vital_status for e in timeline.episodes if isinstance(e, PatientEpisode)), UNKNOWN)


def _exposure(timeline: Timeline, drug: str) -> tuple[str | None, float | None, float | None]:
    """`current`, `past` or `unknown`, and the months of all courses together; nothing where no course is proven."""
    for episode in timeline.episodes:
        if (
            isinstance(episode, Cumulative)
            and episode.drug == drug
            and episode.phase == _ANY_PHASE
            and _counts(episode)
        ):
            low, high = episode.duration.low, episode.duration.high
            return episode.active, round(low, 2), None if high >= min(_MOST_MONTHS, UNBOUNDED) else round(high, 2)
    return None, None, None


def _days(days: DateRange | None) -> tuple[date | None, date | None, date | None]:
    """The day where it is known exactly, then the earliest and the latest that it can be."""
    if days is None:
        return _NO_DAYS
    return days.earliest if days.exact else None, days.earliest, days.latest


def _sure(forms: Iterable[str]) -> str:
    return " ".join(sorted(set(forms)))


def _joined(items: Iterable[str]) -> str | None:
    """Each once, in their order; an empty list is an empty cell."""
    return " ".join(dict.fromkeys(items)) or None


def _text(text: str) -> str:
    """As Arrow takes it: a lone surrogate becomes its JSON escape."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _cell(value: object) -> object:
    return _text(value) if isinstance(value, str) else value


def _base(identity: RuleBaseIdentity) -> tuple[str, str, str | None]:
    return identity.version, identity.digest, "; ".join(identity.overlays) or None
