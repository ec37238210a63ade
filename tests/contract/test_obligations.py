"""docs/obligations.md names every obligation once, and each is named by the test that it names (C171)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spmwatch.cds_hooks.prefetch.reading import TEMPLATES
from spmwatch.cds_hooks.wire.discovery import SERVICES

ROOT = Path(__file__).parents[2]
OBLIGATIONS = (ROOT / "docs/obligations.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/cds-hooks.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (C[\d, C-]+) \| .+ \| `(\S+\.py)` \|$", OBLIGATIONS, re.MULTILINE)
OWED = {
    *(1, 2, 3, 6, 7, 8),
    *range(10, 28),
    *range(30, 40),
    *range(40, 60),
    *range(60, 71),
    *range(75, 84),
    *(set(range(90, 124)) - {120}),
    *range(130, 139),
    *range(145, 160),
    *(165, 166, 167, 170, 171, 172),
}


def numbers(text: str) -> list[int]:
    """`C010, C012-C014` -> 10, 12, 13, 14; also `C012-014` and `C012-14`."""
    found: list[int] = []
    for first, last in re.findall(r"\bC(\d{3})(?:-C?(\d{2,3}))?\b", text):
        found += range(int(first), int(first[: 3 - len(last)] + last) + 1 if last else int(first) + 1)
    return found


def test_every_obligation_stands_there_once() -> None:
    listed = [number for row, _ in ROWS for number in numbers(row)]
    assert sorted(listed) == sorted(OWED)


@pytest.mark.parametrize(("row", "file"), ROWS, ids=[row for row, _ in ROWS])
def test_the_test_that_is_named_names_the_number(row: str, file: str) -> None:
    named = numbers((ROOT / "tests" / file).read_text(encoding="utf-8"))
    assert [f"C{number:03}" for number in numbers(row) if number not in named] == []


def test_the_guide_names_every_service_and_every_key() -> None:
    """C171: hooks, their versions, and the data that they need."""
    for service in SERVICES.values():
        assert f"| `{service.id}` | {service.hook} ({service.hook_version}) |" in GUIDE
    for template in TEMPLATES:
        assert f"| `{template.key}` | `{template.query}` |" in GUIDE
    for heading in (
        "## When is it silent?",
        "## What does an analyst do?",
        "## What is answered when data are missing",
    ):
        assert heading in GUIDE
