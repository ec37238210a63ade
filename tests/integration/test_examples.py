"""The shipped examples: as fresh as the features, readable whole, and with the tiers of the worked patients."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.evaluate import Evaluator
from spmwatch.fhir_adapters import read_path, validate_resource

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
AS_OF = date(2026, 1, 15)
TIERS = {
    "p01": "warning",
    "p01-b": "warning",
    "p03": "warning",
    "p05": "none",
    "p07": "none",
    "p09": "info",
    "p11": "critical",
    "p13": "info",
    "p15": "info",
    "p17": "info",
    "p19": "warning",
    "p21": "info",
    "p23": "warning",
    "p25": "info",
    "p27": "info",
    "p29": "none",
    "p31": "none",
    "p32": "warning",
    "p33": "warning",
    "p35": "warning",
    "p35-b": "warning",
    "p36": "critical",
    "p37": "warning",
    "p39": "info",
    "p41": "warning",
    "p43": "info",
    "p45": "info",
    "p46": "info",
    "p47": "info",
    "p49": "info",
    "p51": "info",
    "p51-b": "info",
    "p53": "info",
    "p55": "info",
    "p57": "info",
    "p59": "info",
    "p61": "info",
    "p63": "none",
    "p65": "info",
    "p67": "none",
    "p69": "warning",
    "p69-b": "info",
}
"""The tier of every worked patient at chart opening; what an order adds (p07, p35, p43, p46, p67) is not seen then."""


def tiers(path: Path) -> dict[str, str]:
    rule_base = load_rule_base()
    result = read_path(path, value_sets=rule_base.value_sets)
    evaluator = Evaluator(rule_base)
    found = {record.id: evaluator.evaluate(record, as_of=AS_OF).tier for record in result.records()}
    assert list(result.problems) == []
    return dict(found)


@pytest.mark.parametrize("folder", ["bundles", "export"])
def test_tiers_of_the_worked_patients(folder: str) -> None:
    found = tiers(EXAMPLES / folder)
    assert found == TIERS


def test_bundles_and_export_hold_the_same_patients() -> None:
    assert tiers(EXAMPLES / "bundles") == tiers(EXAMPLES / "export")


def test_every_example_is_valid_fhir() -> None:
    for path in sorted((EXAMPLES / "bundles").glob("*.json")):
        for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]:
            assert list(validate_resource(entry["resource"])) == [], path.name


def test_examples_are_what_the_features_build(tmp_path: Path) -> None:
    """In a process of its own: the scenarios are run by pytest."""
    made = subprocess.run(
        [sys.executable, str(EXAMPLES / "make_examples.py"), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    for folder in ("bundles", "export"):
        names = sorted(path.name for path in (tmp_path / folder).iterdir())
        assert names == sorted(path.name for path in (EXAMPLES / folder).iterdir())
        stale = [n for n in names if (tmp_path / folder / n).read_bytes() != (EXAMPLES / folder / n).read_bytes()]
        assert stale == [], "run `make examples`"
