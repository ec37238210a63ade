"""Samples in the documentation are those of the shipped rules."""

from __future__ import annotations

from pathlib import Path

from spmwatch.engine.catalogue.load import load_rule_base

ROOT = Path(__file__).parents[2]


def test_the_example_of_a_rule_file_is_the_shipped_one() -> None:
    (shipped,) = (ROOT / "rules" / "lenalidomide").glob("spm-09-*.yaml")
    _, _, rest = (ROOT / "docs" / "rule-file.md").read_text(encoding="utf-8").partition("```yaml\nid: SPM-09")
    assert "id: SPM-09" + rest.partition("```\n")[0] == shipped.read_text(encoding="utf-8")


def test_the_result_of_the_first_look_has_the_versions_of_the_rules() -> None:
    base, shown = load_rule_base(), (ROOT / "docs" / "first-look.md").read_text(encoding="utf-8")
    rule = next(rule for rule in base.rules if rule.id == "SPM-05")
    assert f'"rulebase": {{"version": "{base.version}"' in shown
    assert f'"rule": "SPM-05", "part": null, "version": "{rule.version}"' in shown


def test_the_page_on_overlays_shows_the_version_that_is_printed() -> None:
    rule = next(rule for rule in load_rule_base().rules if rule.id == "SPM-09")
    assert f"`{rule.version} + overlay our-site 1.0.0`" in (ROOT / "docs" / "overlays.md").read_text(encoding="utf-8")
