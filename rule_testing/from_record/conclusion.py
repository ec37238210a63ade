"""What the engine came to, without dates and references: by this two records are held against each other."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.selected_orders import about_selected


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What has to be the same of a record and of the scenario made of it.

    Attributes:
        truths: of each rule.
        findings: rule, part, variant, indicator, certainty of each.
        plan: check, state, reasons, exclusion, last test, and whether it is overdue, in its order.
        asked: the topics that are asked about.
    """

    tier: str
    truths: tuple[tuple[str, str], ...]
    findings: tuple[tuple[str, ...], ...]
    plan: tuple[tuple[str, ...], ...]
    asked: tuple[str, ...]

    @classmethod
    def of(cls, recommendation: Recommendation) -> Conclusion:
        """The conclusion of a recommendation."""
        return cls(
            tier=recommendation.tier,
            truths=tuple(sorted((rule, truth.name) for rule, truth in recommendation.truths.items())),
            findings=tuple(
                sorted(
                    (one.rule, one.part or "", one.variant, one.indicator.value, one.certainty.value)
                    for one in recommendation.findings
                )
            ),
            plan=tuple(
                (
                    item.check,
                    item.state,
                    " ".join(item.reasons),
                    item.excluded or "",
                    item.test or "",
                    "overdue" if item.overdue_days else "",
                )
                for item in recommendation.plan
            ),
            asked=tuple(question.topic for question in recommendation.decisive_questions),
        )

    def differences(self, other: Conclusion) -> list[str]:
        """In what the two differ, in words; empty where they agree."""
        told: list[str] = []
        for field in fields(self):
            mine, its = getattr(self, field.name), getattr(other, field.name)
            if mine != its:
                told.append(f"{field.name}: {_apart(mine, its)}")
        return told


def concluded(record: PatientRecord, evaluator: Evaluator, as_of: date, hook: str) -> Recommendation:
    """What the service would tell: of draft orders, those that were selected."""
    return about_selected(evaluator.evaluate(record, as_of=as_of, hook=hook), record)


def _apart(mine: object, its: object) -> str:
    if not isinstance(mine, tuple) or not isinstance(its, tuple):
        return f"`{mine}` became `{its}`"
    lost, added = [one for one in mine if one not in its], [one for one in its if one not in mine]
    return (
        "; ".join(f"{word} {_said(one)}" for word, some in (("lost", lost), ("new", added)) for one in some) or "order"
    )


def _said(one: object) -> str:
    return " ".join(part for part in one if part) if isinstance(one, tuple) else str(one)
