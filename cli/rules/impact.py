"""Which patients' results a change of the rules would change: both rule bases run over the same data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from spmwatch.cli.edge import told
from spmwatch.cli.reading import no_patient, read_input, show_problems
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.dates import DateRange
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import Recommendation
from spmwatch.fhir_adapters.gather import NotRead

FAILED = "failed"
EXAMPLES = 3
"""Patients named for each rule."""

_READ_BY = ("rules/value_sets/", "rules/conventions.yaml")
"""Files that decide what is read; where they are the same, the data are read once for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a patient's result says, as far as a clinician sees it. Texts are by what they stand for."""

    tier: str
    findings: Mapping[str, str]
    details: Mapping[str, str]
    checks: Mapping[str, str]
    questions: Mapping[str, str]


_NOTHING = Outcome(tier=FAILED, findings={}, details={}, checks={}, questions={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that changes for a patient.

    Attributes:
        kind: tier, finding, check, question, or text (the same finding in other words).
        name: the rule with its part, e.g. `SPM-02a`, the check's title, the question; "" for the tier.
        before, after: None where it was not there, or is no more.
    """

    kind: str
    name: str
    before: str | None
    after: str | None

    @property
    def change(self) -> str:
        """`gained`, `lost` or `changed`."""
        return "gained" if self.before is None else "lost" if self.after is None else "changed"

    def __str__(self) -> str:
        """In one line."""
        name = {"check": f"check {self.name}", "question": f"asks: {self.name}"}.get(self.kind, self.name)
        if self.kind == "tier":
            return f"tier {self.before} -> {self.after}"
        if self.before is None or self.after is None:
            return f"{'+' if self.before is None else '-'} {name} {self.after or self.before or ''}".rstrip()
        return f"{name}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A patient whose result changes."""

    patient: str
    before: Outcome
    after: Outcome

    def differences(self) -> Iterator[Difference]:
        """What changes; other words for the same finding are left out."""
        if self.before.tier != self.after.tier:
            yield Difference(kind="tier", name="", before=self.before.tier, after=self.after.tier)
        yield from _changed("finding", self.before.findings, self.after.findings)
        yield from _changed("check", self.before.checks, self.after.checks)
        yield from _changed("question", self.before.questions, self.after.questions)

    def lines(self) -> Iterator[str]:
        """What changes, in words."""
        return (str(difference) for difference in self.differences())

    def reworded(self) -> list[str]:
        """Rules whose finding stays and whose text changes."""
        before, after = self.before, self.after
        same = [rule for rule, said in after.findings.items() if before.findings.get(rule) == said]
        return [rule for rule in same if before.details.get(rule) != after.details.get(rule)]


@dataclass(slots=True)
class Tally:
    """Of one rule, check or question: how many patients gain it, lose it, have it otherwise; the first of them."""

    gained: int = 0
    lost: int = 0
    changed: int = 0
    reworded: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, change: str, patient: str) -> None:
        """Count a patient."""
        setattr(self, change, getattr(self, change) + 1)
        if len(self.examples) < EXAMPLES and patient not in self.examples:
            self.examples.append(patient)

    @property
    def total(self) -> int:
        """Of all kinds."""
        return self.gained + self.lost + self.changed + self.reworded


@dataclass(slots=True, kw_only=True)
class Impact:
    """The patients who were looked at, and those whose result changes, sorted by id.

    Attributes:
        tallies: (kind, name) -> what changes for how many; findings, checks and questions.
        tiers: (before, after) -> patients whose tier changes.
    """

    patients: int = 0
    changes: list[Change] = field(default_factory=list)
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    tiers: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count a patient; only one whose result changes is kept."""
        self.patients += 1
        for rule in change.reworded():
            self._tally("finding", rule).add("reworded", change.patient)
        differences = list(change.differences())
        if not differences:
            return
        self.changes.append(change)
        for difference in differences:
            if difference.kind == "tier":
                self.tiers[change.before.tier, change.after.tier] += 1
            else:
                self._tally(difference.kind, difference.name).add(difference.change, change.patient)

    def _tally(self, kind: str, name: str) -> Tally:
        return self.tallies.setdefault((kind, name), Tally())

    @property
    def reworded(self) -> dict[str, int]:
        """Rule -> how many patients would read another text under the same finding."""
        return {name: tally.reworded for (_, name), tally in self.tallies.items() if tally.reworded}

    def ordered(self) -> list[tuple[str, str, Tally]]:
        """Findings by rule, then checks, then questions."""
        kinds = ("finding", "check", "question")
        rows = sorted(self.tallies.items(), key=lambda item: (kinds.index(item[0][0]), item[0][1]))
        return [(kind, name, tally) for (kind, name), tally in rows]


def impact_of(before: RuleBase, after: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None) -> Impact:
    """Both rule bases on everyone under a path; each reads the data with its own value sets. Raises InputError."""
    impact = Impact()
    pairs = _pairs if _read_alike(before, after) else _pairs_read_twice
    for change in pairs(before, after, path, as_of, partial):
        impact.add(change)
    if not impact.patients:
        raise no_patient(path)
    return impact


def _read_alike(before: RuleBase, after: RuleBase) -> bool:
    """Do both make the same facts of the same data?"""
    first, second = (
        {name: content for name, content in base.meaning.items() if name.startswith(_READ_BY)}
        for base in (before, after)
    )
    return first == second


def _pairs(
    before: RuleBase, after: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None
) -> Iterator[Change]:
    """Read once, patient by patient."""
    old, new = Evaluator(before), Evaluator(after)
    source = read_input(path, new, as_of=as_of, partial=partial, strict=False)
    for record in source.outcomes():
        yield Change(patient=record.id, before=_outcome(old, record, as_of), after=_outcome(new, record, as_of))
    show_problems(source.problems)


def _pairs_read_twice(
    before: RuleBase, after: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None
) -> Iterator[Change]:
    """Read by each; the old outcomes are kept until the new ones are there."""
    old, new = Evaluator(before), Evaluator(after)
    first = {
        record.id: _outcome(old, record, as_of)
        for record in read_input(path, old, as_of=as_of, partial=partial, strict=False).outcomes()
    }
    source = read_input(path, new, as_of=as_of, partial=partial, strict=False)
    for record in source.outcomes():
        outcome = _outcome(new, record, as_of)
        yield Change(patient=record.id, before=first.pop(record.id, _NOTHING), after=outcome)
    for patient, outcome in first.items():
        yield Change(patient=patient, before=outcome, after=_NOTHING)
    show_problems(source.problems)


def _outcome(evaluator: Evaluator, record: PatientRecord | NotRead, as_of: date) -> Outcome:
    try:
        if isinstance(record, NotRead):
            raise record.error
        return _seen(evaluator.evaluate(record, as_of=as_of))
    except Exception as error:  # noqa: BLE001 - as in screening: one patient's failure is named, the others go on
        return Outcome(tier=FAILED, findings={"": told(error)}, details={}, checks={}, questions={})


def _seen(result: Recommendation) -> Outcome:
    return Outcome(
        tier=result.tier,
        findings={f"{f.rule}{f.part or ''}": f"{f.indicator.value}: {f.summary}" for f in result.findings},
        details={f"{f.rule}{f.part or ''}": f.detail for f in result.findings},
        checks={item.title: check_text(item.state, item.next) for item in result.plan},
        questions={question.question: "" for question in result.decisive_questions},
    )


def check_text(state: str, due: DateRange | None) -> str:
    """How a check stands, and when it is next due."""
    return state if due is None else f"{state}, next {due}"


def _changed(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield Difference(kind=kind, name=name, before=before.get(name), after=after.get(name))
