"""Hand-made recommendations for what comes after the rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from spmwatch.engine.acknowledgement import Acknowledgement
from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Grade, Indicator
from spmwatch.engine.dates import DateRange
from spmwatch.engine.episodes import Course, Span, Timeline
from spmwatch.engine.facts import Certainty
from spmwatch.engine.merging import Card, Merged
from spmwatch.engine.recommendation import Finding, Orderable, PlanItem, Recommendation, RuleBaseIdentity

AS_OF = date(2026, 1, 15)
INFO, WARNING, CRITICAL = Indicator
SOURCE: Evidence = next(e for e in load_rule_base().evidence.values() if e.kind is Kind.CONVENTION)


def day(text: str) -> Span:
    """A known day, as a span."""
    return Span.exactly(date.fromisoformat(text).toordinal())


def maintenance(as_of: date = AS_OF, **changes: Any) -> Course:
    """Lenalidomide that still goes on: its end and length move with the calendar."""
    start = day("2021-02-15")
    length = (as_of.toordinal() - start.low) / 30.4375
    course = Course(
        id="c1",
        drug="lenalidomide",
        form="oral",
        phase="maintenance",
        active="current",
        start=start,
        since=start,
        end=Span.exactly(as_of.toordinal()),
        duration=Span.exactly(length),
    )
    return replace(course, **changes)


def finding(rule: str, indicator: Indicator = INFO, **changes: Any) -> Finding:
    """What a rule found."""
    base = Finding(
        rule=rule,
        part=None,
        variant="v",
        version="1.0.0",
        title=rule,
        indicator=indicator,
        grade=Grade.B,
        certainty=Certainty.HIGH,
        summary=f"Summary of {rule}",
        detail=f"Detail of {rule}.",
        source=SOURCE,
        evidence=(SOURCE,),
        episodes=(maintenance(),),
    )
    return replace(base, **changes)


def orderable(name: str, **changes: Any) -> Orderable:
    """What may be ordered for a check."""
    base = Orderable(
        concept=None, system=None, code=None, display=name, label=f"Draft: {name}", confirm="the treating haematologist"
    )
    return replace(base, **changes)


def check(name: str, state: str = "overdue", orders: tuple[str, ...] = ("one",), **changes: Any) -> PlanItem:
    """A check of the plan."""
    base = PlanItem(
        check=name,
        title=name,
        state=state,
        schedule="every year",
        reasons=(),
        excluded=None,
        last=DateRange(date(2024, 12, 1), date(2024, 12, 1)),
        references=(),
        next=DateRange(date(2025, 12, 1), date(2025, 12, 1)),
        overdue_days=(45, 45),
        source=SOURCE,
        orderables=tuple(orderable(f"{name} {each}") for each in orders),
    )
    return replace(base, **changes)


def recommendation(*findings: Finding, **changes: Any) -> Recommendation:
    """One visit."""
    base = Recommendation(
        patient="p1",
        as_of=AS_OF,
        hook="patient-view",
        tier="info",
        findings=findings,
        questions=(),
        gaps=(),
        truths={},
        rulebase=RuleBaseIdentity(version="0.1.0", digest="abcdef0123456789"),
        timeline=Timeline(patient="p1", as_of=AS_OF, episodes=()),
    )
    return replace(base, **changes)


def leads(merged: Merged) -> list[str]:
    """The rule that speaks on each card."""
    return [card.advice.rule for card in merged.cards]


def places(merged: Merged) -> list[str]:
    """Every rule, once for each place where it is told or named."""
    on_cards = [one.rule for card in merged.cards for one in card.all_advice]
    return on_cards + [one.rule for one in merged.beyond] + [quiet.advice.rule for quiet in merged.quiet]


def acknowledge(card: Card, on: date) -> list[Acknowledgement]:
    """What a store keeps of a card that was set aside."""
    return [Acknowledgement(rule=one.rule, on=on, digest=one.digest) for one in card.all_advice]
