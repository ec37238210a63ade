"""Given: draft orders, seen when an order is selected or signed, never part of the record."""

from __future__ import annotations

from pytest_bdd import given

from spmwatch.rule_testing.builder import DrugUse, Period
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.given_drugs import drug_use
from spmwatch.rule_testing.steps.grammar import DOSE, DRUG, PHASE, REASON, sentence


@given(sentence(rf"{DRUG}{DOSE} is ordered{PHASE}{REASON}"))
def drug_ordered(
    scenario: Scenario, drug: str, dose: str | None, unit: str | None, phase: str | None, reason: str | None
) -> None:
    """A draft order of today."""
    when = Period(on=scenario.today.isoformat())
    scenario.builder.order(drug_use(scenario, drug, dose, unit, when, phase=phase, reason=reason))


@given(sentence(r'an order in words only says "(?P<text>[^"]+)"'))
def ordered_in_words(scenario: Scenario, text: str) -> None:
    """A draft order without any code."""
    scenario.in_words = True
    scenario.builder.order(DrugUse(medication={"text": text}, period=Period(on=scenario.today.isoformat())))
