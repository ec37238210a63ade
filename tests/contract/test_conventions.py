"""What all rules share, against the rules: lists of which scenarios cannot hold each entry."""

from __future__ import annotations

from spmwatch.engine.catalogue.load import load_rule_base

BASE = load_rule_base()


def test_what_the_rules_ask_of_irradiation_is_unknown_where_procedures_were_not_supplied() -> None:
    asked = {
        value
        for rule in BASE.rules
        if rule.id == "SPM-14"
        for variant in rule.variants
        for branch in variant.branches
        for condition in branch.conditions
        if condition.verb == "performed"
        for test in condition.words
        if test.field == "what"
        for value in test.values
    }
    assert asked == set(BASE.conventions.procedures_looked_for)
