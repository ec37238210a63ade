"""Why the rules did what they did, in lines for a clinician whose scenario failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spmwatch.engine.presentation import describe
from spmwatch.engine.reasoning.reports import BranchReport, ConditionReport, RuleReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.truth import Truth

_MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "not known"}


def explained(recommendation: Recommendation, reports: Iterable[RuleReport]) -> str:
    """What fired, what is asked, what the engine saw, then each rule condition by condition."""
    return "\n".join([*_overview(recommendation), *(line for report in reports for line in _rule(report))])


def _overview(recommendation: Recommendation) -> Iterator[str]:
    fired = [f"{f.rule}{f.part or ''} ({f.indicator.value}, {f.variant})" for f in recommendation.findings]
    undecided = [rule for rule, truth in recommendation.truths.items() if truth is Truth.UNKNOWN]
    yield f"Tier {recommendation.tier} on {recommendation.as_of} at {recommendation.hook}."
    yield f"Fired: {', '.join(fired) or 'nothing'}."
    yield f"Undecided: {', '.join(undecided) or 'nothing'}."
    for question in recommendation.questions:
        weight = "asked" if question.decisive else "open, not asked"
        yield f"  {question.topic} ({weight}; {', '.join(question.rules)})"
    yield "Seen:"
    for episode in recommendation.timeline.episodes:
        references = ", ".join(source.reference for source in episode.sources)
        yield f"  {describe(episode)} [{references or '-'}]"
    for gap in recommendation.gaps:
        yield f"  gap: {gap.kind} {gap.reference} {gap.element} {gap.problem}"


def _rule(report: RuleReport) -> Iterator[str]:
    yield ""
    yield f"{report.rule.id} {report.rule.title}: {_MARKS[report.truth]}"
    for variant in report.variants:
        part = f" (part {variant.variant.part})" if variant.variant.part else ""
        yield f"  {variant.variant.id}{part}, {variant.variant.indicator.value}: {_MARKS[variant.truth]}"
        for branch in variant.branches:
            yield from _branch(branch)


def _branch(branch: BranchReport) -> Iterator[str]:
    yield f"    way: {_MARKS[branch.truth]}"
    for condition in branch.conditions:
        yield from _condition(condition, "")
    for item in branch.unless:
        yield from _condition(item.report, f"unless {item.id}: ")


def _condition(report: ConditionReport, before: str) -> Iterator[str]:
    nearest = "there is none" if report.episode is None else describe(report.episode)
    yield f"      {before}{report.condition.verb}: {_MARKS[report.truth]} - {nearest}"
    for test in report.tests:
        yield f"        {test.field} {test.value}, expected {test.expected}: {_MARKS[test.truth]}"
