"""What comes out for one patient: findings with their reasons, and what is not known.

Everything that leaves the engine (cards, rows, FHIR resources, explanations) is laid out from these values alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.rule import Grade, Indicator
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Episode, Timeline
from spmwatch.engine.facts import Certainty, Gap
from spmwatch.engine.overlays.form import SwitchedOff
from spmwatch.engine.truth import Truth

Tier = Literal["none", "info", "warning", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that holds for the patient.

    Attributes:
        rule, part, variant, version: which rule spoke; `part` is the letter of a lettered part, else None.
        indicator: urgency; a critical finding that rests on words alone is lowered to warning.
        certainty: LOW when every way to it rests on at least one text-only match; then the texts say "possibly".
        summary: one plain sentence, fewer than 140 characters.
        detail: Markdown: why, on which facts, what is suggested.
        evidence: the studies and labels it rests on.
        episodes: the facts that fired it, each with its FHIR references.
        facts: the lines of `detail` that name these facts, in their order; then the open questions it rests on.
    """

    rule: str
    part: str | None
    variant: str
    version: str
    title: str
    indicator: Indicator
    grade: Grade
    certainty: Certainty
    summary: str
    detail: str
    source: Evidence
    evidence: tuple[Evidence, ...]
    episodes: tuple[Episode, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A datum whose absence leaves rules undecided.

    Attributes:
        topic: id in rules/gaps.yaml; `question` is what to find out.
        rules: the rules it leaves UNKNOWN, or that rest on it with low certainty.
        decisive: some value of it would raise the tier (or the convention asks whenever it is open); only these are
        asked
            of a clinician.
        references: FHIR references of the records that are incomplete.
    """

    topic: str
    question: str
    rules: tuple[str, ...]
    decisive: bool
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Orderable:
    """What may be ordered for a check, if the one who is named confirms it; never an order by itself.

    Attributes:
        concept: value-set concept it is coded from; `system` (canonical URI) and `code` None when no verified code is;
            `code_display` names the code as the value set does.
        display: the request in words; `label` is what a clinician accepts, fewer than 80 characters.
        confirm: who should confirm it.
    """

    concept: str | None
    system: str | None
    code: str | None
    display: str
    label: str
    confirm: str
    code_display: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanItem:
    """One check of a patient's screening and monitoring plan (rules/checks), as it stands on the day of evaluation.

    Attributes:
        check, title: id and name of the check.
        state: up-to-date | due | overdue | none-recorded | individual | excluded | unknown.
        schedule: how often and for whom, in words.
        reasons: findings that are a reason for the check, as rule id and part, e.g. `SPM-26b`.
        excluded: why it falls away, or may, in words; None when it does not.
        test: what was done last (a concept or analyte of the value sets); of several tests that which lasts longest.
        last: when it was last done; None when never recorded or not known. `references`: FHIR references of that.
        next: when it is next due.
        overdue_days: days since it was next due (low, high); None when that is not past or not known.
        source: the guideline, label or convention that sets the schedule.
        orderables: what a clinician may order for it.
        kept_in: kinds of record that hold the tests; where one was not sent, nothing is known to be due.
    """

    check: str
    title: str
    state: str
    schedule: str
    reasons: tuple[str, ...]
    excluded: str | None
    last: DateRange | None
    references: tuple[str, ...]
    next: DateRange | None
    overdue_days: tuple[int, int] | None
    source: Evidence
    orderables: tuple[Orderable, ...]
    test: str | None = None
    kept_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBaseIdentity:
    """Which rules spoke: version, hash of their meaning, overlays laid over them (`acs 1.0.0`), rules switched off."""

    version: str
    digest: str
    overlays: tuple[str, ...] = ()
    switched_off: tuple[SwitchedOff, ...] = ()

    def __str__(self) -> str:
        """In one line: `0.1.0 (abcdef012345) + overlay acs 1.0.0`."""
        return " + ".join([f"{self.version} ({self.digest[:12]})", *(f"overlay {name}" for name in self.overlays)])


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFailure:
    """A rule that could not be evaluated for this patient, through a fault of ours."""

    rule: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The result for one patient as of one day; equal for equal facts, rules and day, whatever the order of input.

    `tier` is the highest indicator among the findings. `gaps` are data that were seen but could not be used;
    `questions` data that are missing and matter. `plan` holds the checks of a patient on or after lenalidomide, most
    pressing first; empty for others. `truths` gives every evaluated rule as TRUE, FALSE or UNKNOWN.
    `wording` names facts as the rules do.
    """

    patient: str
    as_of: date
    hook: str
    tier: Tier
    findings: tuple[Finding, ...]
    questions: tuple[OpenQuestion, ...]
    gaps: tuple[Gap, ...]
    truths: Mapping[str, Truth]
    rulebase: RuleBaseIdentity
    timeline: Timeline
    failures: tuple[RuleFailure, ...] = ()
    plan: tuple[PlanItem, ...] = ()
    wording: Wording | None = field(default=None, compare=False, repr=False)

    @property
    def decisive_questions(self) -> tuple[OpenQuestion, ...]:
        """The questions to ask a clinician, most decisive first."""
        return tuple(question for question in self.questions if question.decisive)
