"""How the scenarios of the rules stand: their last results, and whether these still tell anything.

A result is of one text of a scenario, on one rule base, by one version of the software. Where any of them is another
now, the result is stale, whatever it was: it tells neither that the scenario holds nor that it fails.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.engine.version import version
from spmwatch.rule_book.results import CaseResult, Result, Results, rules_used
from spmwatch.rule_book.scenarios import FOLDER, Feature, Scenario


class State(StrEnum):
    """How a scenario stands."""

    PASSED = "passed"
    FAILED = "failed"
    STALE = "stale"
    NOT_RUN = "not run"
    ELSEWHERE = "other rules"
    """It ran with an overlay that does not lie over these rules, so it tells nothing of them."""


STATES: Mapping[State, str] = {
    State.PASSED: "it held when it last ran, on exactly these rules and in exactly these words",
    State.FAILED: "the rules came to something else than it expects, or a sentence of it could not be understood",
    State.STALE: "the rules, its words or spmwatch have changed since it last ran: its result tells nothing any more",
    State.NOT_RUN: "there is no result of it",
    State.ELSEWHERE: "it lays an overlay over the rules that is not part of these, so it tells nothing of them",
}
"""What each state means, for pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One scenario of a feature file, with its examples.

    Attributes:
        names: ids of the rules that it is tagged with or names in a sentence.
        passed: how many of its examples held.
        why: what the state does not say by itself: what has changed, or why it did not run.
        failures: the examples that failed, also where they are stale.
    """

    feature: Feature
    scenario: Scenario
    names: frozenset[str]
    state: State
    passed: int
    why: str = ""
    failures: tuple[CaseResult, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How every scenario stands.

    Attributes:
        results: the last run; None where there was none.
        lines: every scenario of the features, in their order.
        gone: results of scenarios that are no longer there.
    """

    results: Results | None
    lines: tuple[Line, ...]
    gone: tuple[CaseResult, ...]

    @cached_property
    def counts(self) -> Mapping[State, int]:
        """How many scenarios stand how."""
        return counted(self.lines)

    def of(self, rule: str) -> tuple[Line, ...]:
        """The scenarios that are about a rule: its features' own."""
        return tuple(line for line in self.lines if rule in line.scenario.about)

    def naming(self, rule: str) -> tuple[Line, ...]:
        """The scenarios of other features that name the rule."""
        return tuple(line for line in self.lines if rule in line.names and rule not in line.scenario.about)

    @property
    def of_none(self) -> tuple[Line, ...]:
        """The scenarios that are about no rule and name none: of the service, of what is read."""
        return tuple(line for line in self.lines if not line.names)


def counted(lines: Iterable[Line]) -> Mapping[State, int]:
    """How many of them stand how."""
    found = Counter(line.state for line in lines)
    return {state: found[state] for state in State}


def standing_of(base: RuleBase, features: Iterable[Feature], results: Results | None) -> Standing:
    """How the scenarios of these features stand on these rules."""
    known = _by_scenario(() if results is None else results.scenarios)
    ids = {rule.id for rule in base.all_rules}
    taken: set[tuple[str, str]] = set()
    lines = []
    for feature in features:
        file = _file_in(known, feature.path)
        for scenario in feature.scenarios:
            taken.add((file, scenario.name))
            cases = known.get(file, {}).get(scenario.name, ())
            lines.append(_line(feature, scenario, named_in(scenario, ids), cases, base, results))
    gone = tuple(
        case
        for file, scenarios in known.items()
        for name, cases in scenarios.items()
        if (file, name) not in taken
        for case in cases
    )
    return Standing(results, tuple(lines), gone)


def named_in(scenario: Scenario, ids: Iterable[str], row: Sequence[str] | None = None) -> frozenset[str]:
    """The rules that a scenario is tagged with or names in a sentence, with or without the letter of a part.

    Args:
        scenario: which.
        ids: of the rules that there are.
        row: of an outline, the example; None: any of them.
    """
    cells = scenario.rows if row is None else (row,)
    tables = (cell for step in scenario.steps for line in step.table for cell in line)
    text = "\n".join((*(step.text for step in scenario.steps), *tables, *(cell for line in cells for cell in line)))
    return frozenset((*_naming(frozenset(ids)).findall(text), *scenario.about))


@lru_cache(maxsize=8)
def _naming(ids: frozenset[str]) -> re.Pattern[str]:
    """Finds any of the ids, with or without the letter of a part."""
    return re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, sorted(ids)))})[a-z]?(?![\w-])")


_Known = dict[str, dict[str, tuple[CaseResult, ...]]]


def _by_scenario(cases: Iterable[CaseResult]) -> _Known:
    """File -> name of the scenario -> its results."""
    found: _Known = {}
    for case in cases:
        of_file = found.setdefault(case.file, {})
        of_file[case.scenario] = (*of_file.get(case.scenario, ()), case)
    return found


def _file_in(known: _Known, path: str) -> str:
    """The file among the results; the run may have seen it from another folder, as long as only one can be meant."""
    if path in known:
        return path
    same = [file for file in known if _below_features(file) == _below_features(path)]
    return same[0] if len(same) == 1 else path


def _below_features(path: str) -> str:
    return f"/{path}".rpartition(f"/{FOLDER}/")[2].lstrip("/")


def _line(
    feature: Feature,
    scenario: Scenario,
    names: frozenset[str],
    cases: Sequence[CaseResult],
    base: RuleBase,
    results: Results | None,
) -> Line:
    failures = tuple(case for case in cases if case.result is Result.FAILED)
    passed = sum(case.result is Result.PASSED for case in cases)
    state, why = _state(scenario, cases, base, results)
    return Line(feature=feature, scenario=scenario, names=names, state=state, passed=passed, why=why, failures=failures)


def _state(
    scenario: Scenario, cases: Sequence[CaseResult], base: RuleBase, results: Results | None
) -> tuple[State, str]:
    ran = [case for case in cases if case.result is not Result.NOT_RUN]
    if results is None or not ran:
        return State.NOT_RUN, "; ".join(dict.fromkeys(case.because for case in cases if case.because))
    used = [results.used(case.rule_base) for case in ran]
    ours = rules_used(base).overlays
    if any(each is not None and each.overlays != ours for each in used):
        others = sorted({overlay for each in used if each is not None for overlay in set(each.overlays) ^ set(ours)})
        return State.ELSEWHERE, f"run with other overlays than these rules: {', '.join(others)}"
    if changed := list(_changed(scenario, ran, base, results)):
        then = Result.FAILED if any(case.result is Result.FAILED for case in ran) else Result.PASSED
        return State.STALE, f"{' and '.join(changed)} since it {then}"
    if any(case.result is Result.FAILED for case in ran):
        return State.FAILED, ""
    if len(ran) < scenario.cases:
        return State.NOT_RUN, f"only {len(ran)} of {scenario.cases} examples ran"
    return State.PASSED, ""


def _changed(scenario: Scenario, ran: Sequence[CaseResult], base: RuleBase, results: Results) -> Iterator[str]:
    """What is another now than when it ran."""
    if any(case.digest != scenario.digest for case in ran):
        yield "its text has changed"
    if any(case.rule_base != base.digest for case in ran):
        yield "the rules have changed"
    if results.software != version():
        yield f"spmwatch has changed (it was {results.software})"
