"""The pytest plugin: brings the step language, and one `scenario` to each Gherkin scenario.

It is loaded through the entry point `spmwatch`, so `.feature` files and one `scenarios(...)` call are all that
a hospital's own rule tests need.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.rule_testing.builder import PatientBuilder
from spmwatch.rule_testing.codes import ValueSetCodes
from spmwatch.rule_testing.scenario import Scenario

_STEPS = "spmwatch.rule_testing.steps"
_MODULES = (
    "given_patient",
    "given_drugs",
    "given_transplants",
    "given_cancers",
    "given_labs",
    "given_checks",
    "given_record",
    "given_orders",
    "when_then",
    "then_plan",
    "then_cards",
)
pytest_plugins = [f"{_STEPS}.{name}" for name in _MODULES if find_spec("pytest_bdd")]
"""The step modules; none without pytest-bdd (the extra `testing`), so that other tests run undisturbed."""

TAGS = {
    "fires": "a way for the rule to fire",
    "near-miss": "one step short of firing: a threshold missed by one, a part of the condition missing",
    "unless": "a negative of the rule keeps it silent",
    "unknown": "an incomplete record: asked about, not guessed",
}


def pytest_configure(config: pytest.Config) -> None:
    """Register the tags that features use."""
    config.addinivalue_line("markers", "rule(id): the rule that a feature is about")
    for tag, meaning in TAGS.items():
        config.addinivalue_line("markers", f"{tag.replace('-', '_')}: {meaning}")


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_bdd_apply_tag(tag: str, function: Callable[..., object]) -> bool | None:
    """Turn `@rule:SPM-05` and `@near-miss` into markers; other tags are pytest-bdd's."""
    if tag.startswith("rule:"):
        pytest.mark.rule(tag.removeprefix("rule:"))(function)
        return True
    if tag in TAGS:
        getattr(pytest.mark, tag.replace("-", "_"))(function)
        return True
    return None


@pytest.fixture(scope="session")
def spmwatch_evaluator() -> Evaluator:
    """The engine with the shipped rules; override this fixture to test others."""
    return Evaluator(load_rule_base())


@pytest.fixture
def scenario(request: pytest.FixtureRequest, spmwatch_evaluator: Evaluator) -> Scenario:
    """What the steps of one scenario share; a draft rule is looked at in its own feature, and in no other."""
    marker = request.node.get_closest_marker("rule")
    rule = marker.args[0] if marker else None
    evaluator = with_draft(spmwatch_evaluator, rule)
    return Scenario(evaluator, PatientBuilder(ValueSetCodes(evaluator.rule_base.value_sets)), rule=rule)


@lru_cache(maxsize=8)
def with_draft(evaluator: Evaluator, rule: str | None) -> Evaluator:
    """The same evaluator, or one that looks at this draft rule too."""
    base = evaluator.rule_base
    drafts = tuple(other for other in base.all_rules if other.id == rule and other.status == "draft")
    if not drafts:
        return evaluator
    rules = sorted((*base.rules, *drafts), key=lambda each: each.id)
    return Evaluator(dataclasses.replace(base, rules=tuple(rules)))
