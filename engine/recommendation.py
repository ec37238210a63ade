"""What comes out for one patient: findings with their reasons, and what is not known.

Everything that leaves the engine (cards, rows, FHIR resources, explanations) is laid out from these values alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.rule import Grade, Indicator
from spmwatch.engine.episodes import Episode, Timeline
from spmwatch.engine.facts import Certainty, Gap
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
class RuleBaseIdentity:
    """Which rules spoke: version, hash of their meaning, names of the overlays laid over them."""

    version: str
    digest: str
    overlays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFailure:
    """A rule that could not be evaluated for this patient, through a fault of ours."""

    rule: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The result for one patient as of one day; equal for equal facts, rules and day, whatever the order of input.

    `tier` is the highest indicator among the findings. `gaps` are data that were seen but could not be used;
    `questions` data that are missing and matter. `truths` gives every evaluated rule as TRUE, FALSE or UNKNOWN.
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

    @property
    def decisive_questions(self) -> tuple[OpenQuestion, ...]:
        """The questions to ask a clinician, most decisive first."""
        return tuple(question for question in self.questions if question.decisive)
