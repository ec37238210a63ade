"""What was read about one patient: frozen, FHIR-free facts, each with where it stands in the record.

Readers (fhir_adapters, test steps) make these; engine/timeline turns them into episodes. Values that name a thing
are concept ids of rules/value_sets; free text from a record never enters a fact. `None` means "not recorded".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from spmwatch.engine.dates import DateRange


class Standing(StrEnum):
    """Does the source prove the thing (knowledge 7.1)? What proves nothing is no fact at all."""

    COUNTS = "counts"
    POSSIBLE = "possible"


class Certainty(StrEnum):
    """HIGH when a code says it; LOW when only words were matched (knowledge 7.2)."""

    HIGH = "high"
    LOW = "low"


class Proof(StrEnum):
    """What kind of record speaks of an exposure; the nearer to the patient the stronger."""

    ADMINISTRATION = "administration"
    DISPENSE = "dispense"
    STATEMENT = "statement"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Source:
    """Where a fact stands: `MedicationRequest/m1` and the element that told it, e.g. `dosageInstruction[0].route`."""

    reference: str
    element: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Common to all facts: its standing, its certainty, and at least one source."""

    standing: Standing = Standing.COUNTS
    certainty: Certainty = Certainty.HIGH
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient(Fact):
    """Who the patient is. `sex` is FHIR's administrative gender: male, female, other, unknown, or None."""

    id: str
    birth: DateRange | None = None
    sex: str | None = None
    deceased: bool | None = None
    deceased_on: DateRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """An amount in a UCUM unit, e.g. 10 mg or 200 mg/m2. Nothing converts mg to mg/m2."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugExposure(Fact):
    """One record that a drug was, or may have been, given.

    Attributes:
        concept: value-set concept that matched, e.g. `melphalan-oral`.
        drug: ingredient of that concept, e.g. `melphalan`.
        start: first day; `DateRange(None, day)` when only an upper bound is known; None when nothing is.
        end: last day that the record states; None when it states none.
        ongoing: the status says it still goes on (active, in-progress), so without `end` it reaches to `as_of`.
        supply_days: days that this supply lasts, counted from `start` (dispenses; default applied by the timeline).
        route: oral, intravenous, local, or None when neither the code nor the record tells.
        dose: amount of one administration or one day's intake.
        phase: induction, consolidation or maintenance where the record says so.
        reasons: concept ids of the recorded indication (reasonCode, reasonReference); `other` for a coded reason
        outside
            every value set.
        regimen: regimen id named by the record, or None.
        group: identifier shared by orders written together, or None.
    """

    concept: str
    drug: str
    proof: Proof
    start: DateRange | None = None
    end: DateRange | None = None
    ongoing: bool = False
    supply_days: int | None = None
    route: str | None = None
    dose: Dose | None = None
    phase: str | None = None
    reasons: tuple[str, ...] = ()
    regimen: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugNotTaken(Fact):
    """A record that a drug was not given or not taken (not-done, not-taken, refused) in a period.

    It outweighs a request for the same drug and period that nothing else proves (knowledge 7.1). None: not stated.
    """

    concept: str
    drug: str
    start: DateRange | None = None
    end: DateRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrugOrder(Fact):
    """A draft order in the CDS Hooks context: not exposure; what the order rules speak of."""

    concept: str
    drug: str
    ordered_on: DateRange | None = None
    start: DateRange | None = None
    route: str | None = None
    dose: Dose | None = None
    phase: str | None = None
    reasons: tuple[str, ...] = ()
    regimen: str | None = None
    selected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDrug(Fact):
    """A drug that the record plans or proposes and does not order: neither exposure nor a draft order.

    Attributes:
        planned_on: when the plan was written; a plan dated after the day of evaluation does not count.
        start, end: the days that it is for, where the plan names them.
    """

    concept: str
    drug: str
    planned_on: DateRange | None = None
    start: DateRange | None = None
    end: DateRange | None = None
    route: str | None = None
    dose: Dose | None = None
    phase: str | None = None
    reasons: tuple[str, ...] = ()
    regimen: str | None = None


ORDERED_DRUG = "ordered-drug"
"""The topic of rules/gaps.yaml that asks what an order is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnidentifiedOrder(Fact):
    """A draft order of a medication of which nothing tells what it is; it may be any drug."""

    selected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRegimen(Fact):
    """A draft order or a plan that names a regimen and none of its drugs, e.g. "VTD-PACE". Always of low certainty.

    Beside that of a draft stand orders of its drugs, as unsure and with the same source.
    """

    regimen: str
    stage: Literal["ordered", "planned"]
    selected: bool = True
    planned_on: DateRange | None = None
    start: DateRange | None = None
    end: DateRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Fact):
    """A procedure that was done, or may have been: transplants, harvests, radiotherapy, examinations, screening tests.

    Also a history or status code that tells of one (e.g. Z94.84); then `date` is an upper bound `DateRange(None, day)`
    or None, and `is_status` is set.
    """

    concept: str
    date: DateRange | None = None
    is_status: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis(Fact):
    """A condition by concept.

    Attributes:
        onset: onsetDateTime / onsetPeriod.start / onsetAge turned into a span.
        recorded: recordedDate; used where onset is missing (knowledge 7.8).
        abated: when it was over.
        clinical_status: active, recurrence, relapse, inactive, remission, resolved, or None.
        history: a "history of" code; it says that the condition was, not when.
    """

    concept: str
    onset: DateRange | None = None
    recorded: DateRange | None = None
    abated: DateRange | None = None
    clinical_status: str | None = None
    history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LabValue(Fact):
    """A laboratory result in the canonical unit of its analyte. `comparator` is FHIR's (<, <=, >=, >) or None.

    A result that cannot be read is told too, as ">= 0": something was measured, and it may be any value.
    """

    analyte: str
    value: float
    unit: str
    date: DateRange | None = None
    comparator: str | None = None
    preliminary: bool = False

    @property
    def says_nothing(self) -> bool:
        """Does it leave every value open?"""
        return self.comparator == ">=" and self.value == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Fact):
    """Something that the record states in so many words or by a local code (knowledge 7.13).

    `what` is a concept id of category `statement`: transplant-ineligible, transplant-eligible, progression,
    response-cr, ...
    """

    what: str
    date: DateRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoking(Fact):
    """Smoking status by concept; pack-years and quit date where recorded."""

    concept: str
    date: DateRange | None = None
    pack_years: float | None = None
    quit_on: DateRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something seen but not usable, or needed but not there: shown with the results, never dropped.

    Attributes:
        kind: unreadable | wrong-type | unusable-status | missing-element | unresolved-reference | not-supplied |
            conflict | other-patient | out-of-scope-date | low-certainty | undecided (stable words for programs).
        topic: datum that a rule would need (an id of rules/gaps.yaml), or None for a data-quality remark.
        reference: `Type/id` of the resource, or "" when it is about the record as a whole.
        element: FHIR path within it, or "".
        problem: what was found and expected, without free text of the record.
        advice: what would mend it.
    """

    kind: str
    problem: str
    advice: str
    reference: str = ""
    element: str = ""
    topic: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which kinds of record were supplied or searched.

    Attributes:
        unsupplied: resource type -> why it is not there ("prefetch key missing", "file named by the manifest is
        absent",
            "--partial"). A type that is absent from this mapping was looked for.
        until: last day for which the record speaks, or None when it speaks up to `as_of`.
    """

    unsupplied: tuple[tuple[str, str], ...] = ()
    until: date | None = None

    def lacks(self, *types: str) -> bool:
        """Was one of these resource types not supplied?"""
        return any(name in types for name, _ in self.unsupplied)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """All that was read about one patient, in no particular order.

    `patient` is None when no Patient resource came; then nothing is known of age and sex.
    """

    id: str
    patient: Patient | None = None
    facts: tuple[Fact, ...] = ()
    coverage: Coverage = field(default_factory=Coverage)
    gaps: tuple[Gap, ...] = ()
