"""The picture of facts and rules, drawn with drawsvg: rules as rows, kinds of facts as columns, arcs between rules.

Not a web of lines: with thirty rules and a hundred edges nobody could follow one. The same rules give the same file.
Imported only where a picture is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import drawsvg

from spmwatch.rule_book.graph import Cell, Column, Graph, Row

ROW, COLUMN, TOPIC, LABELS, MARGIN = 24, 38, 30, 450, 16
SLANT, LETTER = -50, 7.2
RISE, RUN = 0.766, 0.643
LONGEST = 52
ARC_TONES = 4


def svg_of(graph: Graph, *, header: bool = True) -> str:
    """The picture as SVG text; `header`: with the XML declaration, which a page that holds it must not have."""
    longest = max((len(column.label) for column in graph.columns), default=0) * LETTER
    top = 24 + longest * RISE
    heights = _heights(graph.rows, top)
    reach = max((abs(heights[a.source] - heights[a.target]) for a in graph.arcs), default=0.0)
    room = 30 + _bulge(reach)
    width = MARGIN + LABELS + len(graph.columns) * COLUMN + max(room, longest * RUN - COLUMN / 2) + MARGIN
    bottom = max(heights.values(), default=top) + ROW
    drawing = drawsvg.Drawing(round(width), round(bottom + 2.6 * ROW), class_="rule-graph", role="img")
    drawing.append_css(files("spmwatch.rule_book").joinpath("templates", "graph.css").read_text(encoding="utf-8"))
    drawing.append_title("Which facts feed which rules, and which rules feed which")
    drawing.append(drawsvg.Rectangle(0, 0, "100%", "100%", class_="page"))
    _draw_rows(drawing, graph, heights)
    for index, column in enumerate(graph.columns):
        _draw_column(drawing, column, _x(index), top, bottom - ROW / 2)
    places = {column.key: _x(index) for index, column in enumerate(graph.columns)}
    titles = {column.key: column.label for column in graph.columns}
    for cell in graph.cells:
        _draw_cell(drawing, cell, places[cell.column], heights[cell.rule], titles[cell.column])
    edge = _x(len(graph.columns)) - COLUMN / 2 + 8
    _draw_arcs(drawing, graph, heights, edge)
    _draw_legend(drawing, bottom + ROW, has_arcs=bool(graph.arcs))
    text = drawing.as_svg(header='<?xml version="1.0" encoding="UTF-8"?>\n' if header else "")
    return str(text).rstrip() + "\n"


def _x(index: int) -> float:
    return MARGIN + LABELS + (index + 0.5) * COLUMN


def _heights(rows: Sequence[Row], top: float) -> dict[str, float]:
    """The middle of each rule's row; a topic's name stands above its rules."""
    heights: dict[str, float] = {}
    at = top
    topic = ""
    for row in rows:
        if row.topic != topic:
            at += TOPIC
            topic = row.topic
        heights[row.id] = at + ROW / 2
        at += ROW
    return heights


def _draw_rows(drawing: drawsvg.Drawing, graph: Graph, heights: dict[str, float]) -> None:
    right = _x(len(graph.columns)) - COLUMN / 2
    topic = ""
    for index, row in enumerate(graph.rows):
        y = heights[row.id]
        if row.topic != topic:
            topic = row.topic
            heading = topic.replace("-", " ").capitalize()
            drawing.append(drawsvg.Text(heading, 14, MARGIN, y - ROW / 2 - 8, class_="topic"))
        if index % 2 == 0:
            drawing.append(drawsvg.Rectangle(MARGIN, y - ROW / 2, right - MARGIN, ROW, class_="band"))
        chip = drawsvg.Rectangle(MARGIN + 2, y - 6, 5, 12, class_=row.indicator.value)
        chip.append_title(f"at most {row.indicator.value}")
        drawing.append(chip)
        drawing.append(drawsvg.Text(row.id, 13, MARGIN + 14, y + 4.5, class_="id"))
        title = row.title if len(row.title) <= LONGEST else f"{row.title[:LONGEST].rstrip()}…"
        label = drawsvg.Text(title, 13, MARGIN + 74, y + 4.5)
        label.append_title(row.title)
        drawing.append(label)


def _draw_column(drawing: drawsvg.Drawing, column: Column, x: float, top: float, bottom: float) -> None:
    top += 6
    drawing.append(drawsvg.Line(x, top, x, bottom, class_="grid"))
    turn = f"rotate({SLANT} {x:g} {top - 6:g})"
    drawing.append(drawsvg.Text(column.label, 13, x, top - 6, transform=turn))


def _draw_cell(drawing: drawsvg.Drawing, cell: Cell, x: float, y: float, label: str) -> None:
    kind = "speaks" if cell.speaks else "silences"
    dot = drawsvg.Circle(x, y, 5.5, class_=kind)
    dot.append_title(f"{cell.rule}: {label}")
    drawing.append(dot)
    if cell.speaks and cell.silences:
        drawing.append(drawsvg.Circle(x, y, 9, class_="both"))


def _draw_arcs(drawing: drawsvg.Drawing, graph: Graph, heights: dict[str, float], x: float) -> None:
    targets = list(dict.fromkeys(arc.target for arc in graph.arcs))
    for arc in graph.arcs:
        tone = f"tone-{targets.index(arc.target) % ARC_TONES}"
        source, target = heights[arc.source], heights[arc.target]
        target += 4 if source > target else -4
        out = x + _bulge(abs(source - target))
        path = drawsvg.Path(class_=f"arc {tone}")
        path.M(x, source).C(out, source, out, target, x + 7, target)
        path.append_title(f"{arc.target} builds on {arc.source}")
        drawing.append(path)
        drawing.append(drawsvg.Circle(x, source, 2.5, class_=f"tip {tone}"))
        drawing.append(drawsvg.Lines(x, target, x + 8, target - 4, x + 8, target + 4, close=True, class_=f"tip {tone}"))


def _bulge(distance: float) -> float:
    """How far an arc reaches to the side."""
    return 24 + 0.28 * distance


def _draw_legend(drawing: drawsvg.Drawing, y: float, *, has_arcs: bool) -> None:
    x = float(MARGIN + 10)
    for kind, text in (("speaks", "speaks because of it"), ("silences", "is silenced by it"), ("both", "both")):
        if kind == "both":
            drawing.append(drawsvg.Circle(x, y, 5.5, class_="speaks"))
        drawing.append(drawsvg.Circle(x, y, 9 if kind == "both" else 5.5, class_=kind))
        drawing.append(drawsvg.Text(text, 13, x + 14, y + 4.5, class_="soft"))
        x += 46 + len(text) * LETTER
    if has_arcs:
        drawing.append(drawsvg.Path(class_="arc").M(x, y).L(x + 20, y))
        drawing.append(drawsvg.Lines(x + 16, y, x + 24, y - 4, x + 24, y + 4, close=True, class_="tip"))
        drawing.append(
            drawsvg.Text("builds on its finding (arrow at the rule that builds)", 13, x + 32, y + 4.5, class_="soft")
        )
    y += 1.1 * ROW
    x = float(MARGIN + 8)
    for indicator in ("critical", "warning", "info"):
        drawing.append(drawsvg.Rectangle(x, y - 6, 5, 12, class_=indicator))
        text = f"at most {indicator}"
        drawing.append(drawsvg.Text(text, 13, x + 16, y + 4.5, class_="soft"))
        x += 46 + len(text) * LETTER
