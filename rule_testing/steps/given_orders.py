"""Given: draft orders, seen when an order is selected or signed, never part of the record; and plans, which are."""

from __future__ import annotations

from pytest_bdd import given

from spmwatch.rule_testing.builder import DrugUse, Period
from spmwatch.rule_testing.dates import DATE, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.given_drugs import drug_use
from spmwatch.rule_testing.steps.grammar import DOSE, DRUG, PHASE, REASON, WHEN, period, sentence
from spmwatch.rule_testing.vocabulary import status_of


@given(sentence(rf"{DRUG}{DOSE} is ordered{PHASE}{REASON}"))
def drug_ordered(
    scenario: Scenario, drug: str, dose: str | None, unit: str | None, phase: str | None, reason: str | None
) -> None:
    """A draft order of today.

    Example:
        Given lenalidomide 10 mg is ordered as maintenance
    """
    when = Period(on=scenario.today.isoformat())
    scenario.builder.order(drug_use(scenario, drug, dose, unit, when, phase=phase, reason=reason))


@given(sentence(r'an order in words only says "(?P<text>[^"]+)"'))
def ordered_in_words(scenario: Scenario, text: str) -> None:
    """A draft order without any code.

    Example:
        Given an order in words only says "VRd"
    """
    scenario.in_words = True
    scenario.builder.order(DrugUse(medication={"text": text}, period=Period(on=scenario.today.isoformat())))


@given(sentence(rf"{DRUG}{DOSE} is planned{PHASE}"))
def drug_planned(scenario: Scenario, drug: str, dose: str | None, unit: str | None, phase: str | None) -> None:
    """A plan of today: a request that is no order.

    Example:
        Given cyclophosphamide is planned
    """
    when = Period(on=scenario.today.isoformat())
    scenario.builder.request(drug_use(scenario, drug, dose, unit, when, phase=phase, status="active"), intent="plan")


@given(sentence(rf'{DRUG} was planned {ON}(?P<day>{DATE})(?:, with the status "(?P<status>[a-z-]+)")?'))
def drug_was_planned(scenario: Scenario, drug: str, day: str, status: str | None) -> None:
    """A plan of that day, still open unless its status says otherwise.

    Example:
        Given cyclophosphamide was planned on 2026-01-05, with the status "cancelled"
    """
    open_or_not = status_of("MedicationRequest", status or "active")
    use = drug_use(scenario, drug, None, None, Period(on=day), status=open_or_not)
    scenario.builder.request(use, intent="plan")


@given(sentence(rf"a plan of (?P<written>{DATE}) is for {DRUG} {WHEN}"))
def drug_planned_for(scenario: Scenario, written: str, drug: str, when: str) -> None:
    """A plan for these days, still open.

    Example:
        Given a plan of 2025-09-05 is for cyclophosphamide from 2025-09-12 to 2025-10-12
    """
    use = drug_use(scenario, drug, None, None, period(when), status="active")
    scenario.builder.request(use, intent="plan", written=written)


@given(sentence(r'a plan in words only says "(?P<text>[^"]+)"'))
def planned_in_words(scenario: Scenario, text: str) -> None:
    """A plan of today without any code.

    Example:
        Given a plan in words only says "Dexa-BEAM"
    """
    scenario.in_words = True
    when = Period(on=scenario.today.isoformat())
    scenario.builder.request(DrugUse(medication={"text": text}, period=when, status="active"), intent="plan")
