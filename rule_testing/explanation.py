"""Why the rules did what they did, in lines for a clinician whose scenario failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spmwatch.engine.presentation import describe
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.truth import Truth
from spmwatch.explaining.reasons import Condition, Reasons, Way, reasons_of

_MARKS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "not known"}


def explained(recommendation: Recommendation, reports: Iterable[RuleReport]) -> str:
    """What fired, what is asked, what the engine saw, then each rule condition by condition."""
    questions = {question.topic: question.question for question in recommendation.questions}
    reasons = [reasons_of(report, questions, recommendation.wording) for report in reports]
    return "\n".join([*_overview(recommendation), *(line for each in reasons for line in _rule(each))])


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


def _rule(reasons: Reasons) -> Iterator[str]:
    yield ""
    yield f"{reasons.rule} {reasons.title}: {_MARKS[reasons.truth]}"
    for variant in reasons.variants:
        part = f"part {variant.part}, " if variant.part else ""
        yield f"  {part}{variant.id.replace('-', ' ')} ({variant.indicator}): {_MARKS[variant.truth]}"
        for number, way in enumerate(variant.ways, start=1):
            if len(variant.ways) > 1:
                yield f"    way {number} of {len(variant.ways)}: {_MARKS[way.truth]}"
            yield from _way(way)
        yield from (f"    would decide: {topic}" for topic in variant.topics)


def _way(way: Way) -> Iterator[str]:
    for condition in way.conditions:
        yield from _condition(condition, "")
    for negative in way.negatives:
        if negative.condition.truth is not Truth.FALSE:
            yield from _condition(negative.condition, f"unless {negative.id.replace('-', ' ')}: ")


def _condition(condition: Condition, before: str) -> Iterator[str]:
    yield f"      {before}{condition.kind}: {_MARKS[condition.truth]} - {condition.fact or 'none on record'}"
    for test in condition.tests:
        value = f"{test.field}: {test.value}" if test.value else test.field
        asked = "" if test.asked == test.value else f"; asked: {test.asked}"
        yield f"        {value}{asked}: {_MARKS[test.truth]}"
