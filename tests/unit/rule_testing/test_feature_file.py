"""The features of this repository have the form that the kit asks of anybody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from spmwatch.rule_testing.feature_file import faults_of

ROOT = Path(__file__).parents[3]
FEATURES = sorted([*(ROOT / "features").rglob("*.feature"), *(ROOT / "examples").rglob("*.feature")])


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_scenario_is_passed_over_or_could_never_fail(path: Path) -> None:
    assert list(faults_of(path, path.name)) == []
