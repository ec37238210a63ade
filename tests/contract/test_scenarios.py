"""Each active rule owes its scenarios (style guide, section 4): counted here, at the mirrored path."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from pytest_bdd.feature import get_feature
from pytest_bdd.parser import Feature

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule, Variant

ROOT = Path(__file__).parents[2]
RULES = load_rule_base().rules
COMMON = frozenset(str(entry["id"]) for entry in load_rule_base().common_unless)

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@cache
def feature_of(path: str) -> Feature:
    """A parsed feature file."""
    return get_feature(str(ROOT), path, encoding="utf-8")


def tags(rule: Rule) -> Counter[str]:
    """How many scenarios of the rule's feature carry each tag; an outline counts once for each example."""
    counted: Counter[str] = Counter()
    for scenario in feature_of(rule.tests).scenarios.values():
        examples = sum(len(table.examples) for table in scenario.examples) or 1
        for tag in scenario.tags:
            counted[tag] += examples
    return counted


def own_negatives(variant: Variant) -> set[str]:
    """Ids of the `unless` entries that are not common to all rules."""
    return {item.id for item in variant.unless} - COMMON


@every_rule
def test_features_mirror_rules(rule: Rule) -> None:
    assert Path(rule.tests).with_suffix("") == Path("features", *Path(rule.path).with_suffix("").parts[1:])
    assert (ROOT / rule.tests).is_file()


@every_rule
def test_a_feature_names_its_rule(rule: Rule) -> None:
    assert f"rule:{rule.id}" in feature_of(rule.tests).tags


@every_rule
def test_every_way_to_fire_has_a_scenario(rule: Rule) -> None:
    assert tags(rule)["fires"] >= sum(len(variant.branches) for variant in rule.variants)


@every_rule
def test_every_part_and_parameter_has_a_near_miss(rule: Rule) -> None:
    conditions = [c for variant in rule.variants for branch in variant.branches for c in branch.conditions]
    used = {test.parameter.name for condition in conditions for test in condition.spans if test.parameter}
    assert tags(rule)["near-miss"] >= max(1, len(used))


@every_rule
def test_every_negative_has_a_scenario(rule: Rule) -> None:
    negatives = sum(len(own_negatives(variant)) for variant in rule.variants)
    assert tags(rule)["unless"] >= negatives + len(COMMON)


@every_rule
def test_an_incomplete_record_has_a_scenario(rule: Rule) -> None:
    if rule.asks:
        assert tags(rule)["unknown"] >= 1


@every_rule
def test_a_feature_says_nothing_of_codes_or_json(rule: Rule) -> None:
    text = (ROOT / rule.tests).read_text(encoding="utf-8")
    assert not {"{", "}", "http", "resourceType"} & set(text.split())
    assert "http" not in text
