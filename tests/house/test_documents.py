"""Documents lead to each other, and the map of the code names every folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)")


def links(page: Path) -> set[Path]:
    """The files that a page leads to."""
    return {(page.parent / target).resolve() for target in LINK.findall(page.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_link_is_dead(page: Path) -> None:
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_the_readme_leads_to_the_index_and_the_index_to_every_document() -> None:
    index = ROOT / "docs" / "index.md"
    assert index in links(ROOT / "README.md")
    assert set((ROOT / "docs").glob("*.md")) <= links(index) | {index}


def test_the_readme_fits_on_a_screen() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 70


def test_the_map_of_the_code_names_every_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    top = {folder.parent.name for folder in ROOT.glob("*/py.typed")}
    below = {init.parent.name for name in ("engine", "cds_hooks") for init in (ROOT / name).glob("*/__init__.py")}
    assert sorted(name for name in top | below if f"`{name}/`" not in text) == []
