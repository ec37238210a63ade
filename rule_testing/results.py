"""A run as the results file tells it (rule_book/results.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.version import version
from spmwatch.rule_book.results import CaseResult, Reached, Result, Results, rules_used
from spmwatch.rule_book.scenarios import Scenario, read_feature
from spmwatch.rule_book.standing import named_in
from spmwatch.rule_testing.coverage_table import Table
from spmwatch.rule_testing.feature_file import title_of
from spmwatch.rule_testing.run import Collected, Outcome, Run, State

_RESULTS: Mapping[State, Result] = {
    State.HELD: Result.PASSED,
    State.FAILED: Result.FAILED,
    State.UNREADABLE: Result.FAILED,
    State.FAULT: Result.FAILED,
    State.LEFT_OUT: Result.NOT_RUN,
}
_NOT_ASKED_FOR = "it was not asked for"


def results_of(done: Run, day: date, *, named: str = "", coverage: Table | None = None) -> Results:
    """The results of a run.

    Args:
        done: the run.
        day: when it was.
        named: the words that names of scenarios were asked to hold.
        coverage: what was reached, where that was measured.

    Raises:
        InputError: a feature file that ran a moment ago is no Gherkin any more.
    """
    written = _written(done.collected)
    outcomes = _worst(done.outcomes)
    ran_on = {each.rule_base.digest: each.rule_base for each in done.collected}
    ran_on |= {each.rule_base.digest: each.rule_base for each in outcomes.values() if each.rule_base is not None}
    return Results(
        day=day,
        software=version(),
        only=named,
        rule_bases=tuple(rules_used(base) for base in ran_on.values()),
        faults=tuple(done.faults),
        coverage=None if coverage is None else _reached(coverage),
        not_covered=() if coverage is None else coverage.untold,
        scenarios=tuple(_case(each, written[each.path, each.title], outcomes.get(each.id)) for each in done.collected),
    )


def _written(collected: Iterable[Collected]) -> Mapping[tuple[str, str], Scenario]:
    """The scenarios as their files tell them, by path and title."""
    files = {each.path: each.file for each in collected}
    features = {path: read_feature(file, path) for path, file in files.items()}
    return {
        (path, title_of(scenario.name)): scenario
        for path, feature in features.items()
        if feature is not None
        for scenario in feature.scenarios
    }


def _worst(outcomes: Iterable[Outcome]) -> Mapping[str, Outcome]:
    """The outcome of each scenario; one that held and then failed in being cleared away has failed."""
    found: dict[str, Outcome] = {}
    for outcome in outcomes:
        if outcome.id not in found or _RESULTS[outcome.state] is Result.FAILED:
            found[outcome.id] = outcome
    return found


def _case(each: Collected, scenario: Scenario, outcome: Outcome | None) -> CaseResult:
    lines, rows = scenario.example_lines, scenario.rows
    base: RuleBase = (outcome.rule_base if outcome else None) or each.rule_base
    row = None if each.example is None else rows[each.example]
    told = outcome.told if outcome else None
    return CaseResult(
        file=each.path,
        line=scenario.line if each.example is None else lines[each.example],
        scenario=scenario.name,
        name=each.name,
        example=each.example,
        names=tuple(sorted(named_in(scenario, (rule.id for rule in base.all_rules), row))),
        result=Result.NOT_RUN if outcome is None else _RESULTS[outcome.state],
        rule_base=base.digest,
        digest=scenario.digest,
        because=_NOT_ASKED_FOR if outcome is None else outcome.because,
        expected=told.step if told else "",
        got=told.got if told else "",
    )


def _reached(table: Table) -> tuple[Reached, ...]:
    return tuple(
        Reached(
            rule=row.rule,
            kinds={kind.value: (share.reached, share.all) for kind, share in row.shares.items()},
            missing=row.missing,
        )
        for row in table.rows
    )
