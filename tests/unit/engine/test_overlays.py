"""What overlays change, one by one and laid over each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from tests.unit.engine.site_overlays import ADDED_EVIDENCE, ADDED_RULE, LONG, SITE, Write, load, rule, write

__all__ = ["write"]


def test_an_empty_overlay_changes_nothing_but_is_named(write: Write) -> None:
    base = load(write())
    assert base.digest == load_rule_base().digest
    assert base.rules == load_rule_base().rules
    assert [str(overlay) for overlay in base.overlays] == ["site 1.0.0"]
    assert base.overlays[0].responsible == "Ward pharmacist"


def test_a_parameter_changes_with_the_texts_that_show_it(write: Write) -> None:
    base = load(write("parameters:\n" + LONG % 30))
    changed = rule(base, "SPM-09")
    assert changed.parameters["long_maintenance"].value == 30
    assert changed.parameters["long_maintenance"].evidence == ("convention",)
    assert "over 30 months" in changed.variants[0].summary
    assert "convention" in changed.evidence
    assert changed.shown_version == f"{changed.version} + overlay site 1.0.0"
    assert base.digest != load_rule_base().digest


def test_other_rules_and_the_shipped_ones_stay_as_they_are(write: Write) -> None:
    base = load(write("parameters:\n" + LONG % 30))
    others = [rule for rule in base.all_rules if rule.id != "SPM-09"]
    assert others == [rule for rule in load_rule_base().all_rules if rule.id != "SPM-09"]
    assert rule(load_rule_base(), "SPM-09").parameters["long_maintenance"].value == 24


def test_a_convention_changes(write: Write) -> None:
    body = (
        "parameters:\n  conventions:\n    bridge_gap: {value: 90, unit: d, evidence: [convention], because: Agreed}\n"
    )
    assert load(write(body)).conventions.bridge_gap == 90


def test_a_local_code_is_recognised(write: Write) -> None:
    body = f"codes:\n  lenalidomide:\n    - {{system: '{SITE}', code: LENA10, display: Lenalidomide capsule}}\n"
    assert [match.concept.id for match in load(write(body)).value_sets.by_code(SITE, "LENA10")] == ["lenalidomide"]
    assert not load_rule_base().value_sets.by_code(SITE, "LENA10")


def test_texts_change_in_rules_and_shared_files(write: Write) -> None:
    body = """\
texts:
  SPM-09: {because: Shorter, card.summary: "Maintenance over {long_maintenance} months", variants.long.summary: Long}
  texts: {because: Ours, possibly: "Perhaps: {summary}"}
  gaps: {because: Ours, transplant: Was there ever a transplant?}
  wording: {because: Ours, concepts.lenalidomide: lenalidomide (Revlimid)}
"""
    base = load(write(body))
    assert [variant.summary for variant in rule(base, "SPM-09").variants] == ["Maintenance over 24 months", "Long"]
    assert base.texts.possible_summary("x") == "Perhaps: x"
    assert {topic.id: topic.question for topic in base.topics}["transplant"] == "Was there ever a transplant?"
    assert base.wording.concept("lenalidomide") == "lenalidomide (Revlimid)"


def test_a_rule_that_is_switched_off_is_named_with_its_reason(write: Write) -> None:
    base = load(write("switched_off:\n  SPM-04: {because: We discuss it at the tumour board}\n"))
    assert "SPM-04" not in {rule.id for rule in base.rules}
    assert rule(base, "SPM-04").status == "off"
    (off,) = base.switched_off
    assert (off.rule, off.because, off.overlay) == ("SPM-04", "We discuss it at the tumour board", "site 1.0.0")
    assert "SPM-09" in off.missed_by  # it asks for findings of SPM-04
    assert base.digest != load_rule_base().digest


def test_a_rule_of_the_sites_own_is_added_with_its_evidence(write: Write) -> None:
    overlay = write(files={"rules/site/tst-01-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE})
    base = load(overlay)
    added = rule(base, "TST-01")
    assert added.shown_version == "1.0.0 + overlay site 1.0.0"
    assert added.path == str(overlay / "rules/site/tst-01-list.yaml")
    assert base.evidence["TST-E01"].showable


def test_a_figure_of_the_sites_own_evidence_may_be_shown(write: Write) -> None:
    evidence = ADDED_EVIDENCE + "  year: 2025\n"
    summary = "Long maintenance; list of {TST-E01.year}"
    text = f"texts:\n  SPM-09: {{because: Ours, evidence: [TST-E01], card.summary: '{summary}'}}\n"
    base = load(write(text, files={"evidence.yaml": evidence}))
    assert rule(base, "SPM-09").variants[0].summary == "Long maintenance; list of 2025"


def test_the_cards_of_a_visit_are_the_sites_own_number(write: Write) -> None:
    assert load(write("cards:\n  most_cards: 2\n")).card_policy.most_cards == 2


def test_the_later_overlay_wins_and_the_conflict_is_named(write: Write) -> None:
    first, second = write("parameters:\n" + LONG % 30, "first"), write("parameters:\n" + LONG % 36, "second")
    base = load(first, second)
    assert rule(base, "SPM-09").parameters["long_maintenance"].value == 36
    assert rule(base, "SPM-09").overlays == ("first 1.0.0", "second 1.0.0")
    assert [str(conflict) for conflict in base.conflicts] == [
        "SPM-09 parameters.long_maintenance is changed by overlay first 1.0.0 and by second 1.0.0; second 1.0.0 holds"
    ]
    assert rule(load(second, first), "SPM-09").parameters["long_maintenance"].value == 30


def test_an_overlay_may_change_what_an_earlier_one_added(write: Write) -> None:
    first = write(name="first", files={"rules/site/tst-01-list.yaml": ADDED_RULE, "evidence.yaml": ADDED_EVIDENCE})
    second = write("texts:\n  TST-01: {because: Clearer, card.summary: On our list}\n", "second")
    assert rule(load(first, second), "TST-01").variants[0].summary == "On our list"


def test_formatting_does_not_change_an_overlays_digest(write: Write) -> None:
    plain, other = write("parameters:\n" + LONG % 30, "site"), write(name="other")
    text = (plain / "overlay.yaml").read_text(encoding="utf-8")
    (other / "overlay.yaml").write_text("# a remark\n" + text.replace("value: 30,", "value:  30.0,"), encoding="utf-8")
    assert load(plain).overlays[0].digest == load(other).overlays[0].digest


ACS = Path(__file__).parents[3] / "examples" / "overlays" / "acs"
LIMIT = "parameters:\n  breast:\n    limit: {value: %s, unit: mo%s, evidence: [convention], because: Agreed}\n"


def test_a_change_of_a_check_that_a_later_overlay_replaces_is_named_as_lost(write: Write) -> None:
    base = load(write(LIMIT % (30, "")), ACS)
    (conflict,) = base.conflicts
    assert str(conflict) == (
        "acs 1.0.0 replaces checks/breast.yaml, which site 1.0.0 had changed: "
        "site 1.0.0's change of parameters.limit is lost"
    )
    breast = next(check for check in base.checks if check.id == "breast")
    assert breast.parameters["limit"].value == 13
    assert "breast parameters.limit" not in base.overlays[0].reasons


def test_a_change_of_a_check_that_an_earlier_overlay_replaced_is_a_conflict(write: Write) -> None:
    base = load(ACS, write(LIMIT % (15, ", instead_of: 13")))
    assert [str(conflict) for conflict in base.conflicts] == [
        "breast parameters.limit is changed by overlay acs 1.0.0 and by site 1.0.0; site 1.0.0 holds"
    ]
    assert next(check for check in base.checks if check.id == "breast").parameters["limit"].value == 15


def test_instead_of_is_the_value_of_the_layers_below(write: Write) -> None:
    site = write(LIMIT % (30, ", instead_of: 27"))
    assert load(site).conflicts == ()
    with pytest.raises(RuleFileError) as refused:
        load(ACS, site)
    assert refused.value.field == "parameters.breast.limit.instead_of"
    assert refused.value.problem == "is 27; overlay acs 1.0.0, which lies below, set `limit` to 13"
    assert "write `instead_of: 13`" in refused.value.fix


def test_a_text_of_a_check_that_an_earlier_overlay_replaced_is_a_conflict(write: Write) -> None:
    site = write("texts:\n  breast: {because: Ours, title: Mammograms}\n")
    (conflict,) = load(ACS, site).conflicts
    assert str(conflict) == "breast title is changed by overlay acs 1.0.0 and by site 1.0.0; site 1.0.0 holds"
    (conflict,) = load(site, ACS).conflicts
    assert conflict.lost == ("title",)


@pytest.mark.parametrize(
    "body",
    [
        "parameters:\n  SPM-09:\n    long_maintenance: {value: 30, unit: mo, evidence: [convention]}\n",
        "parameters:\n  SPM-09:\n    long_maintenance: {value: many, unit: mo, evidence: [E24], because: x}\n",
        "parameters:\n  SPM-09:\n    long_maintenance: {valeu: 30, unit: mo, evidence: [E24], because: x}\n",
    ],
)
def test_a_fault_of_overlay_yaml_points_to_its_own_page(write: Write, body: str) -> None:
    with pytest.raises(RuleFileError) as refused:
        load(write(body))
    assert "docs/overlays.md" in refused.value.fix
    assert "rule-file.md" not in refused.value.fix
