"""Each source is complete, and nothing is shown that nobody saw in its source."""

from __future__ import annotations

import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from spmwatch.engine.catalogue.evidence import Evidence, Kind, Status
from spmwatch.engine.catalogue.load import load_rule_base

BASE = load_rule_base()
ALL = pytest.mark.parametrize("source", BASE.evidence.values(), ids=lambda item: item.id)
ROOT = Path(str(resources.files("spmwatch.rules"))).resolve().parent
DOCUMENT = ROOT / "docs" / "evidence.md"
EARLIEST = date(2026, 1, 1)  # nothing was opened before the project began
WITHOUT_AN_ADDRESS = {"E09", "E11", "E26", "E27", "E31", "E37"}  # seen in copies whose address leads nowhere else
_PLACEHOLDER = re.compile(r"\{([EG]\d{2}[a-z]?)\.([a-z0-9-]+)\}")


@ALL
def test_a_source_says_what_it_is_and_where_it_was_opened(source: Evidence) -> None:
    assert source.title
    assert source.citation
    assert source.says
    assert source.checked
    assert source.read >= EARLIEST
    assert (
        source.year is not None or source.kind in (Kind.LABEL, Kind.CONVENTION, Kind.GUIDELINE) or not source.showable
    )


@ALL
def test_what_was_seen_can_be_found_again(source: Evidence) -> None:
    if source.showable and source.kind is not Kind.CONVENTION and source.id not in WITHOUT_AN_ADDRESS:
        assert source.links, "give a DOI, a PubMed number or the address that was opened"
    assert len(set(source.links)) == len(source.links)


@ALL
def test_what_is_open_says_what_was_tried(source: Evidence) -> None:
    unverified = [figure for figure in source.figures.values() if not figure.verified]
    is_open = bool(source.unverified or unverified or source.status is Status.UNVERIFIED)
    assert (source.tried is not None) == is_open
    if source.tried is not None:
        assert len(source.tried) > 30, "say what was tried, not only that it failed"


@ALL
def test_every_figure_says_of_what_it_is_and_where_it_was_seen(source: Evidence) -> None:
    for figure in source.figures.values():
        assert figure.text
        assert figure.meaning
        assert figure.checked
        assert figure.read >= EARLIEST
        assert not (figure.verified and re.search(r"not (opened|found)", figure.checked, re.IGNORECASE))


def test_every_figure_in_a_text_is_verified() -> None:
    """In the files themselves, whatever the loader makes of them."""
    shown: set[tuple[str, str]] = set()
    for path in (ROOT / "rules").rglob("*.yaml"):
        if path.name != "evidence.yaml" and "value_sets" not in path.parts:
            shown |= set(_PLACEHOLDER.findall(path.read_text(encoding="utf-8")))
    assert shown, "no text shows a figure"
    for id_, name in sorted(shown):
        if name == "year":
            assert BASE.evidence[id_].showable
            continue
        figure = BASE.evidence[id_].figures[name]
        assert figure.verified, f"{id_}.{name}"
        assert figure.checked


def open_points() -> str:
    """The table of docs/evidence.md, as it should read."""
    rows = ["| id | source | points open | what was tried |", "| --- | --- | --- | --- |"]
    for source in BASE.evidence.values():
        if source.tried is not None:
            count = max(len(source.unverified), sum(not figure.verified for figure in source.figures.values()))
            points = "all" if source.status is Status.UNVERIFIED else str(count)
            rows.append(f"| {source.id} | {source.title} | {points} | {source.tried} |")
    return "\n".join(rows)


def test_the_document_tells_what_could_not_be_verified() -> None:
    if not DOCUMENT.is_file():
        pytest.skip("no documents in this tree")
    text = DOCUMENT.read_text(encoding="utf-8")
    start, end = (
        "<!-- open points: generated from rules/evidence.yaml; tests/contract/test_evidence.py compares -->",
        "<!-- end -->",
    )
    assert start in text
    found = text.partition(start)[2].partition(end)[0].strip()
    assert found == open_points(), f"write this table into docs/evidence.md:\n\n{open_points()}"
