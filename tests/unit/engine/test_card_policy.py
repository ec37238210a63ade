"""rules/cards.yaml: how many cards, and the words on each."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.card_policy import check_rules, load_card_policy
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.catalogue.rule import Indicator
from spmwatch.engine.errors import RuleFileError

SHIPPED = (files("spmwatch.rules") / "cards.yaml").read_text(encoding="utf-8")


def test_the_shipped_policy_is_the_clinical_one() -> None:
    """Clinical merge policy: four cards a visit, one critical card a cause, four override reasons, five gaps."""
    policy = load_rule_base().card_policy
    assert (policy.most_cards, len(policy.override_reasons)) == (4, 4)
    assert policy.cause_of("SPM-03") == policy.cause_of("SPM-20") == policy.cause_of("SPM-19") == "melphalan"
    assert policy.cause_of("SPM-17") == "new-cancer"
    assert policy.cause_of("SPM-21") == policy.cause_of("SPM-23") == "marrow"
    assert policy.cause_of("SPM-17", ["aml", "mds"]) == "marrow"
    assert policy.cause_of("SPM-17", ["aml", "solid"]) == "new-cancer"
    assert policy.cause_of("SPM-03", ["aml"]) == "melphalan"
    assert policy.cause_of("SPM-01") is None
    assert policy.quiet_days == 90


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("most_cards: 4", "most_cards: 0", "most_cards"),
        ("most_cards: 4", "most_cards: true", "most_cards"),
        ("display: Intended and discussed", "display: Recommended action was already completed", "override_reasons"),
        ("code: patient-refuses", "code: cds-not-applicable", "override_reasons"),
        ('"Data as sent, as of {as_of}."', '"This must be seen, as of {as_of}."', "lines.as_of"),
        ('"Data as sent, as of {as_of}."', '"Data of 2 years, as of {as_of}."', "lines.as_of"),
        ("overdue: overdue", "overdue: do **not** wait", "plan.states.overdue"),
        ("most_links: 3", "most_links: 3\nmost_fun: 1", "most_fun"),
        ("urn:spmwatch:rule ", "rules ", "topic_system"),
        ("data_gaps: SPM-29", "data_gaps: gaps", "data_gaps"),
        ("rules: [SPM-17]", "rules: [SPM-17, SPM-03]", "causes"),
        ("value: 90", "value: 90.5", "quiet_after_acknowledgement"),
        ("value: 90", "value: -1", "quiet_after_acknowledgement"),
        ("unit: d", "unit: mo", "quiet_after_acknowledgement"),
        ("told: line", "told: softly", "context[0].told"),
        ("rule: SPM-27,", "rule: SPM-01,", "context"),
        ("rule: SPM-27,", "rule: SPM-29,", "context"),
        ("[SPM-28, SPM-24,", "[SPM-28, SPM-29,", "checks"),
        ("suggested_when: [due,", "suggested_when: [excluded,", "suggested_when[0]"),
        ("- id: marrow", "- id: checks", "causes"),
        ("({rule})", "({rules})", "lines.also"),
        ('as_of: "Data as sent, as of {as_of}."', "as_of: Data as sent.", "lines.as_of"),
        ("display: Intended and discussed", "", "override_reasons[0].display"),
        ("code: patient-refuses", "code: patient refuses", "override_reasons[3].code"),
    ],
)
def test_a_faulty_policy_is_refused_by_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in SHIPPED
    (tmp_path / "cards.yaml").write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(RuleFileError) as refused:
        load_card_policy(tmp_path / "cards.yaml", load_rule_base().texts)
    assert refused.value.field == field


def test_what_a_card_is_shared_for() -> None:
    policy = load_rule_base().card_policy
    assert policy.shares("SPM-24", Indicator.INFO) == policy.shares("SPM-26", Indicator.WARNING) == "checks"
    assert policy.shares("SPM-03", Indicator.CRITICAL) == "melphalan"
    assert policy.shares("SPM-03", Indicator.WARNING) is None
    assert policy.shares("SPM-24", Indicator.CRITICAL) is None


def test_a_rule_that_nobody_knows_is_named() -> None:
    policy = load_rule_base().card_policy
    known = {rule for rules in policy.rules_named().values() for rule in rules}
    check_rules(policy, known)
    with pytest.raises(RuleFileError, match="SPM-26") as refused:
        check_rules(policy, known - {"SPM-26"})
    assert refused.value.field == "checks"
