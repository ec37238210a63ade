"""Given: what the record as a whole lacks."""

from __future__ import annotations

import pytest
from pytest_bdd import given

from spmwatch.rule_testing.scenario import Scenario, rule_names
from spmwatch.rule_testing.steps.grammar import sentence


@given(sentence(r"(?P<resource_type>[A-Z][A-Za-z]+) was not searched"))
def not_searched(scenario: Scenario, resource_type: str) -> None:
    """Records of this type were never asked for, so that none is there says nothing."""
    scenario.not_searched.append(resource_type)


@given(sentence(r'the overlay "(?P<folder>[^"]+)" lies over the rules'))
def overlay_lies_over(scenario: Scenario, pytestconfig: pytest.Config, folder: str) -> None:
    """A site's overlay, by its folder below the root of the project."""
    scenario.lay_over(pytestconfig.rootpath / folder)


@given(sentence(r"only these rules are looked at: (?P<rules>.+)"))
def only_these(scenario: Scenario, rules: str) -> None:
    """Lists of rules that fire leave out all others; what those say is another feature's matter."""
    scenario.only = tuple(rule_names(rules))


@given(sentence(r"these rules are left out: (?P<rules>.+)"))
def left_out(scenario: Scenario, rules: str) -> None:
    """Lists of rules that fire leave these out."""
    scenario.left_out = tuple(rule_names(rules))
