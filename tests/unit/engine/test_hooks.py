"""rules/hooks.yaml: other moments of work at which the rules of a hook are asked."""

from __future__ import annotations

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from tests.unit.engine.rule_folders import RuleFolder, folder

__all__ = ["folder"]


def rules_of(hook: str) -> set[str]:
    return {rule.id for rule in load_rule_base().rules if hook in rule.hooks}


def test_a_visit_asks_what_the_chart_asks() -> None:
    assert rules_of("encounter-start") == rules_of("patient-view")


def test_a_refill_asks_what_the_signing_asks_but_for_the_first_order() -> None:
    assert rules_of("medication-refill") == rules_of("order-sign") - {"SPM-28"}
    assert "SPM-28" in rules_of("order-sign")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("but: [SPM-28]", "but: [SPM-99]", "like.medication-refill.but"),
        ("but: []", "but: [SPM-28]", "like.encounter-start.but"),
        ("asks: order-sign", "asks: order-review", "like.medication-refill.asks"),
        ("encounter-start:\n    asks", "appointment-book:\n    asks", "like.appointment-book"),
        ("title: Second-cancer watch when a visit begins", "title: ''", "services.at.encounter-start.title"),
        ("title: Second-cancer watch when a visit begins", "name: Visit", "services.at.encounter-start.title"),
        ("title: Second-cancer watch when a visit begins", "title: '{visit}'", "services.at.encounter-start.title"),
        ("adds: Says what it says", "adds: An EHR must say what it says", "services.at.encounter-start.adds"),
        ("the answer is {status}", "the answer is 412", "services.needs"),
        ("Silent for", "In the 2 of us silent for", "services.about"),
        ("order-select:\n", "order-dispatch:\n", "services.at.order-dispatch"),
    ],
)
def test_what_cannot_be_meant_is_refused(old: str, new: str, field: str, folder: RuleFolder) -> None:
    folder.change("hooks.yaml", old, new)
    refusal = str(folder.refusal())
    assert refusal.startswith(f"rules/hooks.yaml: {field}")


def test_every_hook_has_a_service_that_says_what_it_is(folder: RuleFolder) -> None:
    folder.change(
        "hooks.yaml",
        "    encounter-start:\n      title: Second-cancer watch when a visit begins\n      adds: Says",
        "    #",
    )
    assert str(folder.refusal()).startswith("rules/hooks.yaml: services.at: has nothing for encounter-start")


def test_the_mapping_is_part_of_what_the_rules_mean(folder: RuleFolder) -> None:
    before = folder.load().digest
    folder.change("hooks.yaml", "but: [SPM-28]", "but: []")
    assert folder.load().digest != before
