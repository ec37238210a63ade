"""How rules build on each other's findings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from spmwatch.engine.catalogue.rule import Rule, Variant
from spmwatch.engine.episodes import Found
from spmwatch.engine.facts import Standing


def found_episode(rule: Rule, variant: Variant, *, certain: bool) -> Found:
    """A finding as an episode that other rules may build on: it counts when it is certain."""
    return _found_episode(rule.id, variant.id, variant.indicator.value, certain)


@lru_cache(maxsize=10_000)  # it holds nothing of a patient
def _found_episode(rule: str, variant: str, indicator: str, certain: bool) -> Found:
    return Found(
        id=f"finding-{rule}-{variant}-{'certain' if certain else 'possible'}",
        standing=Standing.COUNTS if certain else Standing.POSSIBLE,
        rule=rule,
        variant=variant,
        indicator=indicator,
    )


def verbs(rule: Rule) -> set[str]:
    """Every kind of episode that the rule's `when` speaks of."""
    return {c.verb for variant in rule.variants for branch in variant.branches for c in branch.conditions}


def references(rule: Rule) -> set[str]:
    """Ids of the rules whose findings this rule's conditions name (the catalogue refuses cycles)."""
    return {
        value
        for variant in rule.variants
        for branch in variant.branches
        for condition in branch.conditions
        if condition.verb == Found.verb
        for test in condition.words
        if test.field == "rule"
        for value in test.values
    }


def in_order_of_reference(rules: Sequence[Rule]) -> list[Rule]:
    """The rules so that each comes after those whose findings it builds on; otherwise as given."""
    by_id = {rule.id: rule for rule in rules}
    ordered: dict[str, Rule] = {}

    def visit(rule: Rule) -> None:
        if rule.id in ordered:
            return
        for other in sorted(references(rule) & by_id.keys()):
            visit(by_id[other])
        ordered[rule.id] = rule

    for rule in rules:
        visit(rule)
    return list(ordered.values())
