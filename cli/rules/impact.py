"""Which patients' results a change of the rules would change: both rule bases run over the same data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from spmwatch.cli.edge import told
from spmwatch.cli.reading import no_patient, read_input, show_problems
from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.recommendation import Recommendation
from spmwatch.fhir_adapters.gather import NotRead

FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a patient's result says, as far as a clinician sees it. Texts are by what they stand for."""

    tier: str
    findings: Mapping[str, str]
    details: Mapping[str, str]
    checks: Mapping[str, str]
    questions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A patient whose result changes."""

    patient: str
    before: Outcome
    after: Outcome

    def lines(self) -> Iterator[str]:
        """What changes, in words."""
        if self.before.tier != self.after.tier:
            yield f"tier {self.before.tier} -> {self.after.tier}"
        yield from _changed("", self.before.findings, self.after.findings)
        yield from _changed("check ", self.before.checks, self.after.checks)
        yield from _changed("asks: ", self.before.questions, self.after.questions)

    def reworded(self) -> list[str]:
        """Rules whose finding stays and whose text changes."""
        before, after = self.before, self.after
        same = [rule for rule, said in after.findings.items() if before.findings.get(rule) == said]
        return [rule for rule in same if before.details.get(rule) != after.details.get(rule)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """The patients who were looked at, and those whose result changes.

    `reworded`: rule -> how many patients would read another text under the same finding.
    """

    patients: int
    changes: Sequence[Change]
    reworded: Mapping[str, int]

    def text(self) -> Iterator[str]:
        """For people."""
        yield ""
        yield f"{len(self.changes)} of {self.patients} patients would have another result"
        for change in self.changes:
            yield f"  {change.patient}"
            yield from (f"    {line}" for line in change.lines())
        for rule, number in self.reworded.items():
            yield f"{rule}: the same finding in other words, {number} {'patient' if number == 1 else 'patients'}"

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "looked_at": self.patients,
            "reworded": dict(self.reworded),
            "changed": [
                {
                    "patient": change.patient,
                    "tier": {"before": change.before.tier, "after": change.after.tier},
                    "changes": list(change.lines()),
                }
                for change in self.changes
            ],
        }


def impact_of(before: RuleBase, after: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None) -> Impact:
    """Both rule bases on everyone under a path; each reads the data with its own value sets. Raises InputError."""
    first = dict(_outcomes(before, path, as_of, partial, tell=False))
    second = dict(_outcomes(after, path, as_of, partial, tell=True))
    if not second:
        raise no_patient(path)
    none = Outcome(tier=FAILED, findings={}, details={}, checks={}, questions={})
    pairs = [
        Change(patient=patient, before=first.get(patient, none), after=outcome)
        for patient, outcome in sorted(second.items())
    ]
    return Impact(
        patients=len(second),
        changes=[change for change in pairs if any(change.lines())],
        reworded=Counter(rule for change in pairs for rule in change.reworded()),
    )


def _outcomes(
    base: RuleBase, path: Path, as_of: date, partial: Sequence[str] | None, *, tell: bool
) -> Iterator[tuple[str, Outcome]]:
    evaluator = Evaluator(base)
    source = read_input(path, evaluator, as_of=as_of, partial=partial, strict=False)
    for record in source.outcomes():
        try:
            if isinstance(record, NotRead):
                raise record.error
            yield record.id, _outcome(evaluator.evaluate(record, as_of=as_of))
        except Exception as error:  # noqa: BLE001 - as in screening: one patient's failure is named, the others go on
            yield record.id, Outcome(tier=FAILED, findings={"": told(error)}, details={}, checks={}, questions={})
    if tell:
        show_problems(source.problems)


def _outcome(result: Recommendation) -> Outcome:
    return Outcome(
        tier=result.tier,
        findings={f"{f.rule}{f.part or ''}": f"{f.indicator.value}: {f.summary}" for f in result.findings},
        details={f"{f.rule}{f.part or ''}": f.detail for f in result.findings},
        checks={item.title: _check(item.state, str(item.next) if item.next else None) for item in result.plan},
        questions={question.question: "" for question in result.decisive_questions},
    )


def _check(state: str, due: str | None) -> str:
    return state if due is None else f"{state}, next {due}"


def _changed(label: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"- {label}{name} {before[name]}".rstrip()
        elif name not in before:
            yield f"+ {label}{name} {after[name]}".rstrip()
        elif before[name] != after[name]:
            yield f"{label}{name}: {before[name]} -> {after[name]}"
