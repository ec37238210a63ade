"""Given: what the record as a whole lacks."""

from __future__ import annotations

from pytest_bdd import given

from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.rule_testing.named_rules import whole_rules
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import sentence
from spmwatch.rule_testing.vocabulary import StepError, one_of


@given(sentence(r"(?P<resource_type>[A-Z][A-Za-z]+) was not searched"))
def not_searched(scenario: Scenario, resource_type: str) -> None:
    """Records of this type were never asked for, so that none is there says nothing.

    Example:
        Given Procedure was not searched
    """
    scenario.not_searched.append(one_of("type of record", resource_type, READ_TYPES))


@given(sentence(r'the overlay "(?P<folder>[^"]+)" lies over the rules'))
def overlay_lies_over(scenario: Scenario, folder: str) -> None:
    """A site's overlay, by its folder as seen from the feature's folder or one above it.

    Example:
        Given the overlay "examples/overlays/acs" lies over the rules
    """
    scenario.lay_over(folder)


@given(sentence(r"only these rules are looked at: (?P<rules>.+)"))
def only_these(scenario: Scenario, rules: str) -> None:
    """Lists of rules that fire leave out all others; what those say is another feature's matter.

    Example:
        Given only these rules are looked at: SPM-05, SPM-09
    """
    if scenario.only is not None:
        raise StepError(
            "which rules are looked at was said already, by an earlier step or the background. Say it once."
        )
    scenario.only = whole_rules(rules, scenario.evaluator.rule_base)


@given(sentence(r"these rules are left out: (?P<rules>.+)"))
def left_out(scenario: Scenario, rules: str) -> None:
    """Lists of rules that fire leave these out.

    Example:
        Given these rules are left out: SPM-27
    """
    scenario.left_out += whole_rules(rules, scenario.evaluator.rule_base)
