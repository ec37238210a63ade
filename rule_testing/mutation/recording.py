"""Scenarios as they ran once: their records, their episodes, what they ask; ready to be asked of other rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spmwatch.engine.evaluate import Evaluator
from spmwatch.engine.facts import PatientRecord
from spmwatch.engine.recommendation import Recommendation
from spmwatch.rule_testing.asked import Asked
from spmwatch.rule_testing.run import FileDone, Run, Wanted, run, scenario_name
from spmwatch.rule_testing.scenario import Scenario


@dataclass(slots=True, kw_only=True)
class Case:
    """One evaluation that a scenario made, and what it asked of it.

    Attributes:
        path, name: of the scenario.
        before: what the rules came to, as they are.
    """

    path: Path
    name: str
    scenario: Scenario
    before: Recommendation
    record: PatientRecord
    asked: list[Asked] = field(default_factory=list[Asked])

    @property
    def evaluator(self) -> Evaluator:
        """The rules that the scenario is about."""
        return self.scenario.evaluator

    def asked_of(self, evaluator: Evaluator, recommendation: Recommendation) -> bool:
        """Does everything hold that the scenario asks, of what other rules came to?"""
        try:
            scenario = self.scenario.on(evaluator, recommendation)
            for each in self.asked:
                each.of(scenario)
        except Exception:  # noqa: BLE001 - whatever a step raises, the scenario would not hold
            return False
        return True


def record_scenarios(
    wanted: Wanted, root: Path, file_done: FileDone = lambda _path, _outcomes: None
) -> tuple[Run, Sequence[Case]]:
    """Run the scenarios and keep what they asked. Raises as `run`."""
    cases: dict[tuple[str, int], Case] = {}

    def keep(item: pytest.Item, asked: Asked, scenario: Scenario) -> None:
        assert scenario.read is not None, "a Then step asks after When"
        key = item.nodeid, id(scenario.recommendation)
        if key not in cases:
            cases[key] = Case(
                path=item.path,
                name=scenario_name(item),
                scenario=scenario.on(scenario.evaluator, scenario.recommendation),
                before=scenario.recommendation,
                record=scenario.read,
            )
        cases[key].asked.append(asked)

    done = run(wanted, root=root, file_done=file_done, asked=keep)
    return done, list(cases.values())
