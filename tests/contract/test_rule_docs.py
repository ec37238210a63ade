"""docs/rules is what `spmwatch rules docs` would write now."""

from __future__ import annotations

from pathlib import Path

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.rule_book.docs import docs_of, stale
from spmwatch.rule_book.scenarios import features_by_rule

ROOT = Path(__file__).parents[2]


def test_the_pages_are_fresh() -> None:
    pages = docs_of(load_rule_base(), features_by_rule(ROOT / "features"))
    assert stale(ROOT / "docs" / "rules", pages) == [], "run `make rule-docs`"
