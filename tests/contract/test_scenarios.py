"""Each active rule owes its scenarios (style guide, section 4): counted here, at the mirrored path."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Rule
from spmwatch.rule_book.owed import owed

ROOT = Path(__file__).parents[2]
RULES = load_rule_base().rules
COMMON = frozenset(str(entry["id"]) for entry in load_rule_base().common_unless)

every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)


@every_rule
def test_features_mirror_rules(rule: Rule) -> None:
    assert Path(rule.tests).with_suffix("") == Path("features", *Path(rule.path).with_suffix("").parts[1:])
    assert (ROOT / rule.tests).is_file()


@every_rule
def test_a_rule_has_the_scenarios_that_it_owes(rule: Rule) -> None:
    assert list(owed(rule, [ROOT / "features"], COMMON)) == []


@every_rule
def test_a_feature_says_nothing_of_codes_or_json(rule: Rule) -> None:
    text = (ROOT / rule.tests).read_text(encoding="utf-8")
    assert not {"{", "}", "http", "resourceType"} & set(text.split())
    assert "http" not in text
