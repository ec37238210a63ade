"""docs/results.md tells of every column of every table once, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spmwatch.screening.results.schemas import SCHEMAS, TABLES

DOC = (Path(__file__).resolve().parents[2] / "docs" / "results.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_told(table: str) -> None:
    part = DOC.partition(f"\n## {table}\n")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    told = [name for cell in first_cells for name in re.findall(r"`([a-z_]+)`", cell)]
    assert sorted(told) == sorted(SCHEMAS[table].names)
