"""The graph of facts and rules, and its picture."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.reasoning.chaining import references
from spmwatch.rule_book.drawing import svg_of
from spmwatch.rule_book.graph import Arc, Cell, Column, Graph, Row, graph_of

BASE = load_rule_base()
WHOLE = graph_of(BASE)
SVG = "{http://www.w3.org/2000/svg}"


def cells_of(id_: str) -> dict[str, Cell]:
    """What a rule looks at, by column."""
    return {cell.column: cell for cell in WHOLE.cells if cell.rule == id_}


def test_every_rule_has_a_row_and_looks_at_something() -> None:
    assert {row.id for row in WHOLE.rows} == {rule.id for rule in BASE.rules}
    assert {cell.rule for cell in WHOLE.cells} == {rule.id for rule in BASE.rules}


def test_every_reference_is_an_arc() -> None:
    expected = {(other, rule.id) for rule in BASE.rules for other in references(rule)}
    assert {(arc.source, arc.target) for arc in WHOLE.arcs} == expected


def test_a_fact_that_only_silences_is_told_apart() -> None:
    found = cells_of("SPM-19")["exposed lenalidomide"]
    assert (found.speaks, found.silences) == (False, True)
    found = cells_of("SPM-03")["exposed melphalan"]
    assert (found.speaks, found.silences) == (True, False)


def test_courses_in_total_stand_with_the_courses() -> None:
    assert "exposed lenalidomide" in cells_of("SPM-02")
    assert not any(column.key.startswith("cumulated") for column in WHOLE.columns)


def test_the_neighbourhood_of_a_rule() -> None:
    rows = {row.id for row in graph_of(BASE, "SPM-03").rows}
    assert {"SPM-03", "SPM-09"} <= rows
    assert "SPM-07" not in rows
    assert {row.id for row in graph_of(BASE, "SPM-09").rows} >= {"SPM-03", "SPM-04", "SPM-17"}


def test_the_picture_shows_every_row_column_cell_and_arc() -> None:
    root = ET.fromstring(svg_of(WHOLE))
    classes = [element.get("class", "") for element in root.iter()]
    texts = {element.text for element in root.iter(f"{SVG}text")}
    assert {row.id for row in WHOLE.rows} <= texts
    assert {column.label for column in WHOLE.columns} <= texts
    legend = 2
    speaking = sum(cell.speaks for cell in WHOLE.cells)
    assert classes.count("speaks") == speaking + legend
    assert sum(name.startswith("arc tone") for name in classes) == len(WHOLE.arcs)


def test_the_same_rules_give_the_same_picture() -> None:
    assert svg_of(WHOLE) == svg_of(graph_of(BASE))


def test_texts_stay_texts() -> None:
    nasty = '<script>alert("x")</script>&'
    row = Row("SPM-01", nasty, nasty, BASE.rules[0].variants[0].indicator)
    cell = Cell("SPM-01", "a", speaks=True, silences=True)
    text = svg_of(Graph(rows=(row,), columns=(Column("a", nasty),), cells=(cell,), arcs=()))
    assert "<script" not in text
    assert ET.fromstring(text) is not None


def test_the_command_line_does_not_load_the_drawing_library() -> None:
    code = "import sys; import spmwatch.cli.commands; sys.exit('drawsvg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_arcs_point_at_the_rule_that_builds() -> None:
    rows = tuple(Row(f"SPM-0{n}", "t", "a", BASE.rules[0].variants[0].indicator) for n in (1, 2))
    cells = tuple(Cell(row.id, "a", speaks=True, silences=False) for row in rows)
    text = svg_of(Graph(rows=rows, columns=(Column("a", "a"),), cells=cells, arcs=(Arc("SPM-01", "SPM-02"),)))
    assert "SPM-02 builds on SPM-01" in text
