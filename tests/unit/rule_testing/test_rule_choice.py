"""Which rules a feature is about, by where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.engine.errors import InputError
from spmwatch.rule_testing.rule_choice import RuleChoice, folder_named, rules_beside

ROOT = Path(__file__).parents[3]


def test_features_of_this_repository_are_about_the_shipped_rules() -> None:
    assert rules_beside(ROOT / "features" / "transplant" / "spm-05-autologous-transplant.feature") == RuleChoice()


def test_the_nearest_overlay_above_counts(tmp_path: Path) -> None:
    feature = tmp_path / "site" / "features" / "a" / "b.feature"
    assert rules_beside(feature) == RuleChoice()
    (tmp_path / "site").mkdir()
    (tmp_path / "overlay.yaml").touch()
    assert rules_beside(feature) == RuleChoice(overlays=(tmp_path,))
    (tmp_path / "site" / "overlay.yaml").touch()
    assert rules_beside(feature) == RuleChoice(overlays=(tmp_path / "site",))


def test_a_folder_of_rules_counts_only_when_it_is_a_whole_rule_base(tmp_path: Path) -> None:
    feature = tmp_path / "features" / "b.feature"
    (tmp_path / "rules").mkdir()
    assert rules_beside(feature) == RuleChoice()
    (tmp_path / "rules" / "common.yaml").touch()
    assert rules_beside(feature) == RuleChoice(root=tmp_path / "rules")


def test_an_overlay_lies_there_once(tmp_path: Path) -> None:
    once = RuleChoice().with_overlay(tmp_path)
    assert once.with_overlay(tmp_path / "." / "x" / "..") == once
    assert once.with_overlay(tmp_path / "other").overlays == (tmp_path, tmp_path / "other")


def test_a_folder_is_found_from_the_feature_upwards(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    feature = tmp_path / "features" / "a" / "b.feature"
    assert folder_named("ours", feature) == tmp_path / "ours"
    with pytest.raises(InputError, match=r"is no folder beside or above b\.feature"):
        folder_named("theirs", feature)
