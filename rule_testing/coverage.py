"""Which parts of the rules scenarios reach, taken from the explanation of each evaluation that a scenario makes.

An **aim** is something that a rule owes a scenario: each variant that speaks, and each that is left undecided; each way
of `any` by which alone it holds; each side of each number, and each `unless`, where nothing else decides. So an edge is
reached by a value next to its limit when the rule would have come to something else on the other side.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from spmwatch.engine.catalogue.conditions import Condition, SpanTest, WordTest
from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.catalogue.wording import Wording
from spmwatch.engine.episodes import VOCABULARY, Found, Missing
from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.reasoning.reports import BranchReport, ConditionReport, RuleReport, TestReport, VariantReport
from spmwatch.engine.recommendation import Recommendation
from spmwatch.engine.truth import Truth

MONTHS_IN_A_DAY = 0.05
"""A day as months, rounded up: how far a length in months may be from its limit to be next to it."""
SHARE_OF_A_LIMIT = 0.1
"""A laboratory value is next to a limit when it is within a tenth of it: 9.5 and 10, 0.9 and 1.0."""
NEXT_TO_NOTHING = 0.1
"""And from nothing at all so far, in the unit of the analyte."""
_ROUNDING = 1e-6


class Kind(StrEnum):
    """What may be reached, in the order in which it is shown."""

    FIRES = "fires"
    WAY = "way"
    EDGE = "edge"
    UNLESS = "unless"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Aim:
    """One thing to reach, named by the rule's own words.

    Attributes:
        rule: the rule's id.
        kind: see Kind.
        variant: of FIRES, UNKNOWN and WAY the variant's id; numbers and negatives are the whole rule's.
        what: WAY: the number of the way, from 1. EDGE: the parameter's name and `passes` or `fails`. UNLESS: its id.
    """

    rule: str
    kind: Kind
    variant: str = ""
    what: str = ""


PASSES, FAILS = "passes", "fails"


def aims_of(rule: Rule) -> Iterator[Aim]:
    """Everything that the rule owes a scenario."""
    yield from dict.fromkeys(_aims(rule))


def _aims(rule: Rule) -> Iterator[Aim]:
    for variant in rule.variants:
        yield Aim(rule.id, Kind.FIRES, variant.id)
        if any(condition.verb != Missing.verb for branch in variant.branches for condition in branch.conditions):
            yield Aim(rule.id, Kind.UNKNOWN, variant.id)  # that a datum is missing is never itself unknown
        if len(variant.branches) > 1:
            for number, _ in enumerate(variant.branches, start=1):
                yield Aim(rule.id, Kind.WAY, variant.id, str(number))
        for item in variant.unless:
            yield Aim(rule.id, Kind.UNLESS, what=item.id)
        for condition in _conditions(variant):
            for test in condition.spans:
                if test.parameter is not None:
                    yield Aim(rule.id, Kind.EDGE, what=f"{test.parameter.name} {PASSES}")
                    yield Aim(rule.id, Kind.EDGE, what=f"{test.parameter.name} {FAILS}")


def _conditions(variant: Variant) -> Iterator[Condition]:
    for branch in variant.branches:
        yield from branch.conditions
    yield from (item.condition for item in variant.unless)


@dataclass(slots=True)
class Coverage:
    """What was reached so far; `observe` is told of each evaluation.

    A rule that an overlay changes is another rule: what is reached of it does not count for the one beneath. The
    version with the fewest overlays is the one that is told of.
    """

    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])
    reached: dict[Aim, int] = field(default_factory=dict[Aim, int])
    wording: Wording | None = None

    def observe(self, evaluator: Evaluator, recommendation: Recommendation, reports: Mapping[str, RuleReport]) -> None:
        """Take up what one evaluation reached."""
        self.wording = self.wording or evaluator.rule_base.wording
        for rule in evaluator.rule_base.rules:
            self._know(rule)
        spoke = {(finding.rule, finding.variant) for finding in recommendation.findings}
        for report in reports.values():
            if report.rule is self.rules.get(report.rule.id):
                for aim in dict.fromkeys(_reached(report, spoke)):
                    self.reached[aim] = self.reached.get(aim, 0) + 1

    def _know(self, rule: Rule) -> None:
        known = self.rules.get(rule.id)
        if known is None or len(rule.overlays) < len(known.overlays):
            self.rules[rule.id] = rule
            self.reached = {aim: times for aim, times in self.reached.items() if aim.rule != rule.id}


def _reached(report: RuleReport, spoke: Container[tuple[str, str]]) -> Iterator[Aim]:
    rule = report.rule.id
    for variant in report.variants:
        id_ = variant.variant.id
        if (rule, id_) in spoke:
            yield Aim(rule, Kind.FIRES, id_)
        if variant.truth is Truth.UNKNOWN:
            yield Aim(rule, Kind.UNKNOWN, id_)
        for number in _ways(variant):
            yield Aim(rule, Kind.WAY, id_, str(number))
        for branch in variant.branches:
            yield from (Aim(rule, kind, what=what) for kind, what in _decided_by(branch))


def _ways(variant: VariantReport) -> Iterator[int]:
    """The way by which alone the variant holds.

    One that asks for all that another asks for, and more, can never hold alone: it counts when it holds.
    """
    holding = [index for index, branch in enumerate(variant.branches) if branch.truth is Truth.TRUE]
    for index in holding:
        if len(variant.branches) > 1 and all(
            other == index or _same_or_less(variant, other, index) for other in holding
        ):
            yield index + 1


def _same_or_less(variant: VariantReport, other: int, index: int) -> bool:
    """Does the other way ask for nothing that this one does not ask for?"""
    branches = variant.variant.branches
    asked = {_content(condition) for condition in branches[index].conditions}
    return {_content(condition) for condition in branches[other].conditions} <= asked


def _content(condition: Condition) -> tuple[str, tuple[WordTest, ...], tuple[SpanTest, ...]]:
    return condition.verb, condition.words, condition.spans


def _decided_by(branch: BranchReport) -> Iterator[tuple[Kind, str]]:
    """The negative or the numbers that alone decided the branch, each as kind and name."""
    short = [report for report in branch.conditions if report.truth is not Truth.TRUE]
    # A negative of every rule silences those too on whose findings this one builds.
    short_of_record = [report for report in short if report.condition.verb not in (Found.verb, Missing.verb)]
    silencing = [item for item in branch.unless if item.report.truth is not Truth.FALSE]
    if not short and not silencing:
        for report in branch.conditions:
            yield from _edges(report, PASSES)
        for item in branch.unless:
            yield from _edges(item.report, FAILS)
    elif not short_of_record and len(silencing) == 1 and silencing[0].report.truth is Truth.TRUE:
        yield Kind.UNLESS, silencing[0].id
        yield from _edges(silencing[0].report, PASSES)
    elif not silencing and len(short) == 1:
        yield from _edges(short[0], FAILS)


def _edges(report: ConditionReport, side: str) -> Iterator[tuple[Kind, str]]:
    """The numbers of a condition that a value stands next to, on this side; all else of the condition holds."""
    tests = list(zip(report.condition.spans, report.tests[len(report.condition.words) :], strict=False))
    failing = [test for test in report.tests if test.truth is not Truth.TRUE]
    if side == FAILS and len(failing) != 1:
        return
    for asked, test in tests:
        passes = test.truth is Truth.TRUE
        if asked.parameter is not None and passes is (side == PASSES) and _next_to(report.condition, asked, test):
            yield Kind.EDGE, f"{asked.parameter.name} {side}"


def _next_to(condition: Condition, asked: SpanTest, test: TestReport) -> bool:
    if test.found is None or test.limit is None or asked.parameter is None or test.truth is Truth.UNKNOWN:
        return False
    gap = max(0.0, test.found.low - test.limit.high, test.limit.low - test.found.high)
    unit = VOCABULARY[condition.verb].spans[asked.field]
    if unit.is_day or unit.ucum in ("d", "a"):
        step = 1.0
    elif unit.ucum == "mo":
        step = MONTHS_IN_A_DAY
    else:
        step = abs(asked.parameter.value) * SHARE_OF_A_LIMIT or NEXT_TO_NOTHING
    return gap <= step + _ROUNDING
