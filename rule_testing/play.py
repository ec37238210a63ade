"""Sentences said without pytest: each finds its step and fills, evaluates or questions a scenario in this process."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spmwatch.engine.evaluate import Evaluator
from spmwatch.rule_testing.builder import PatientBuilder
from spmwatch.rule_testing.codes import ValueSetCodes
from spmwatch.rule_testing.dates import make_absolute
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.step_list import step_definitions
from spmwatch.rule_testing.vocabulary import StepError

GIVEN, WHEN, THEN = "given", "when", "then"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with its table, heading first; `kind` is given, when or then."""

    kind: str
    sentence: str
    table: Sequence[Sequence[str]] = ()


def new_scenario(evaluator: Evaluator) -> Scenario:
    """A scenario of which nothing was told yet, about all rules."""
    return Scenario(evaluator, PatientBuilder(ValueSetCodes(evaluator.rule_base.value_sets)))


def play(scenario: Scenario, sentences: Iterable[Said]) -> None:
    """Say each of the sentences.

    Raises:
        CdsError: a sentence that no step reads, or that its step refuses.
        ValueError: a value that FHIR does not allow.
        AssertionError: a Then does not hold.
    """
    for said in sentences:
        if said.kind == GIVEN:
            scenario.take_up()
        _say(scenario, said)


def _say(scenario: Scenario, said: Said) -> None:
    for definition in step_definitions():
        if definition.kind == said.kind and definition.matches(said.sentence):
            wanted = inspect.signature(definition.call).parameters
            parsed = definition.parser.parse_arguments(said.sentence) or {}
            arguments: dict[str, object] = {name: value for name, value in parsed.items() if name in wanted}
            if "datatable" in wanted:
                arguments["datatable"] = said.table
            make_absolute(arguments, lambda: scenario.today)
            definition.call(scenario=scenario, **arguments)
            return
    raise StepError(f"no step reads like `{said.sentence}`. docs/steps.md lists all.")
