"""Results files as if all scenarios had run: the tests of pages change one thing in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.version import version
from spmwatch.rule_book.results import CaseResult, Reached, Result, Results, rules_used
from spmwatch.rule_book.scenarios import Feature, Scenario

DAY = date(2026, 1, 15)


def all_passed(base: RuleBase, features: Sequence[Feature], coverage: tuple[Reached, ...] | None = None) -> Results:
    """Every scenario of the features ran on these rules and held."""
    cases = [
        case for feature in features for scenario in feature.scenarios for case in _cases(feature.path, scenario, base)
    ]
    return Results(
        day=DAY, software=version(), rule_bases=(rules_used(base),), coverage=coverage, scenarios=tuple(cases)
    )


def _cases(path: str, scenario: Scenario, base: RuleBase) -> list[CaseResult]:
    lines = scenario.example_lines or (scenario.line,)
    return [
        CaseResult(
            file=path,
            line=line,
            scenario=scenario.name,
            name=scenario.name,
            example=index if scenario.example_lines else None,
            names=scenario.about,
            result=Result.PASSED,
            rule_base=base.digest,
            digest=scenario.digest,
        )
        for index, line in enumerate(lines)
    ]
