"""The pages under docs/rules: what they are and which of them are stale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spmwatch.engine.catalogue.load import RuleBase
from spmwatch.rule_book.catalogue import catalogue_of
from spmwatch.rule_book.drawing import svg_of
from spmwatch.rule_book.graph import graph_of
from spmwatch.rule_book.render import markdown, page_name, rule_markdown
from spmwatch.rule_book.scenarios import Feature
from spmwatch.rule_book.standing import Standing

PICTURE = "rules.svg"
SHARED_PAGES = ("index", "evidence", "checks", "disagreements", "conventions", "value-sets")


def docs_of(base: RuleBase, features: Mapping[str, Feature] | None, standing: Standing | None = None) -> dict[str, str]:
    """File name -> content, the same for the same arguments.

    Args:
        base: the rules.
        features: the scenarios of each rule; None where none are at hand.
        standing: how scenarios stand, to be told too. Pages that are kept in a repository go without (ADR 0020).
    """
    catalogue = catalogue_of(base, features)
    pages = {f"{name}.md": markdown(f"{name}.md.j2", catalogue=catalogue, standing=standing) for name in SHARED_PAGES}
    pages |= {f"{page_name(page.id)}.md": rule_markdown(page, standing=standing) for page in catalogue.pages}
    pages[PICTURE] = svg_of(graph_of(base))
    return dict(sorted(pages.items()))


def stale(folder: Path, pages: Mapping[str, str]) -> list[str]:
    """Names of the files in `folder` that are missing, differ from `pages`, or belong to no page any more."""
    there = {path.name for path in folder.iterdir() if path.is_file()} if folder.is_dir() else set()
    changed = [name for name, text in pages.items() if name not in there or _differs(folder / name, text)]
    return sorted([*changed, *(there - pages.keys())])


def _differs(path: Path, text: str) -> bool:
    return path.read_bytes() != text.encode("utf-8")
