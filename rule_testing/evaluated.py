"""What one evaluation of a scenario came to, and what has to be true of each, whatever the scenario asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import Certainty
from spmwatch.engine.reasoning.reports import RuleReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.truth import Truth, any_of
from spmwatch.rule_testing.explanation import explained
from spmwatch.rule_testing.failures import ScenarioFailedError

DISAGREE = "network and explainer disagree"


class Evaluated:
    """What one evaluation came to, and the plain reader's second look; its full reports are made when asked for."""

    def __init__(self, evaluator: Evaluator, recommendation: Recommendation) -> None:
        self.evaluator, self.recommendation = evaluator, recommendation

    @cached_property
    def truths(self) -> Mapping[tuple[str, str], Truth]:
        """The truth of each variant, by the ids of rule and variant."""
        return self.evaluator.second_truths(self.recommendation)

    @cached_property
    def reports(self) -> Mapping[str, RuleReport]:
        """Each rule's report, by its id."""
        return self.evaluator.reports(self.recommendation)


def agree(result: Evaluated) -> None:
    """Both readers of the rules come to the same result."""
    recommendation = result.recommendation
    second: defaultdict[str, list[Truth]] = defaultdict(list)
    for (rule, _), truth in result.truths.items():
        second[rule].append(truth)
    apart = [rule for rule, truths in second.items() if any_of(truths) is not recommendation.truths[rule]]
    if apart or recommendation.failures:
        text = explained(recommendation, [result.reports[rule] for rule in apart])
        raise ScenarioFailedError(f"{DISAGREE} on {apart}, failures {recommendation.failures}", text)


def stand_on_records(recommendation: Recommendation, references: frozenset[str]) -> None:
    """Every finding names at least one record, and only records that the patient has."""
    for finding in recommendation.findings:
        named = {source.reference for episode in finding.episodes for source in episode.sources if source.reference}
        if strange := sorted(named - references):
            raise AssertionError(f"{finding.rule} names records that do not exist: {', '.join(strange)}")
        if finding.episodes and not named and any(e.verb != "missing" for e in finding.episodes):
            raise AssertionError(f"{finding.rule} names no record at all: {[e.id for e in finding.episodes]}")


def are_certain(recommendation: Recommendation) -> None:
    """What was coded was recognised by its code, not by the words beside it."""
    for finding in recommendation.findings:
        if finding.certainty is not Certainty.HIGH:
            text = explained(recommendation, [])
            raise ScenarioFailedError(f"{finding.rule} is of low certainty, though all is coded", text)
