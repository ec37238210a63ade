"""The timeline as characters: one lane under the other on an axis of years, in Unicode or plain ASCII."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rich.text import Text

from spmwatch.explaining.packing import Item, Place, pack
from spmwatch.explaining.picture import Lane, Picture, Shape, year_ticks

TONES = {
    "lenalidomide": "bold bright_blue",
    "melphalan": "bold dark_orange",
    "drug": "bold grey62",
    "transplant": "bold magenta",
    "myeloma": "bold cyan",
    "spm": "bold red",
    "prior": "bold yellow",
    "cancer": "bold red",
    "statement": "cyan",
    "procedure": "grey70",
    "lab": "green",
    "order": "bold bright_blue",
}
LEAST_CHART = 30
"""Columns below which a chart is no use; then only the list of facts is printed."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters to draw with."""

    bar: str
    faint: str
    onward: str
    rule: str
    tick: str
    today: str
    between: str
    earlier: str
    marks: dict[str, str]

    def mark(self, tone: str) -> str:
        """The sign of a mark."""
        return self.marks.get(tone, self.marks["procedure"])


UNICODE = Signs(
    bar="█",
    faint="░",
    onward="▶",
    rule="─",
    tick="┬",
    today="▲",
    between="┄",
    earlier="◂",
    marks={
        "transplant": "◆",
        "myeloma": "●",
        "spm": "✖",
        "cancer": "✖",
        "prior": "○",
        "statement": "■",
        "procedure": "□",
        "lab": "•",
        "order": "▷",
    },
)
ASCII = Signs(
    bar="#",
    faint=":",
    onward=">",
    rule="-",
    tick="+",
    today="^",
    between=".",
    earlier="<",
    marks={
        "transplant": "T",
        "myeloma": "M",
        "spm": "X",
        "cancer": "X",
        "prior": "o",
        "statement": "s",
        "procedure": "p",
        "lab": "*",
        "order": ">",
    },
)


def signs_for(encoding: str | None) -> Signs:
    """Unicode where the output's encoding can carry every sign, else ASCII."""
    signs = "".join(
        (UNICODE.bar, UNICODE.faint, UNICODE.onward, UNICODE.rule, UNICODE.tick, UNICODE.today, *UNICODE.marks.values())
    )
    try:
        signs.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def chart_lines(picture: Picture, width: int, signs: Signs) -> Iterator[Text]:
    """The lines of the chart, each at most `width` columns; none when there is no room or nothing to draw."""
    margin = min(max((len(lane.title) for lane in picture.lanes), default=0), 22) + 2
    columns = width - margin
    if columns < LEAST_CHART or not picture.lanes:
        return
    for lane in picture.lanes:
        yield from _lane(lane, picture, margin, columns, signs)
    yield from _axis(picture, margin, columns, signs)
    yield from (Text(line, style="dim") for line in _legend(picture, signs, width))


def _column(picture: Picture, day: float, columns: int) -> int:
    return round(picture.fraction(day) * (columns - 1))


def _item(shape: Shape, picture: Picture, columns: int) -> Item:
    left = _column(picture, shape.start.low, columns)
    right = _column(picture, shape.end.high, columns) + 1
    if not shape.is_bar and shape.start.high < picture.first:
        right = left + 2
    return Item(left=left, right=right, labels=shape.labels, is_bar=shape.is_bar, inside=shape.is_bar)


def _lane(lane: Lane, picture: Picture, margin: int, columns: int, signs: Signs) -> Iterator[Text]:
    if lane.tone == "lab":
        yield from _titled(lane, _series(lane, picture, columns, signs), margin)
        return
    items = [_item(shape, picture, columns) for shape in lane.shapes]
    places, count = pack(items, width=columns, gap=1, measure=len, label_rows=3)
    rows = [Text(" " * columns) for _ in range(count)]
    for shape, item, place in zip(lane.shapes, items, places, strict=True):
        _draw(rows, shape, item, place, picture, signs, columns)
    yield from _titled(lane, rows, margin)


def _series(lane: Lane, picture: Picture, columns: int, signs: Signs) -> list[Text]:
    """Marks of a laboratory series on one row, and under them the values that find room, the latest first."""
    marks, values = Text(" " * columns), Text(" " * columns)
    limit = columns + 1
    for shape in reversed(lane.shapes):
        at = _column(picture, (shape.start.low + shape.end.high) / 2, columns)
        marks = _put(marks, at, signs.mark(shape.tone), TONES[shape.tone])
        label = shape.labels[-1] if shape.labels else ""
        left = min(at, columns - len(label))
        if label and left + len(label) < limit:
            values = _put(values, left, label, "")
            limit = left
    return [marks, values]


def _titled(lane: Lane, rows: list[Text], margin: int) -> Iterator[Text]:
    for index, row in enumerate(rows):
        title = lane.title if index == 0 else ""
        title = title if len(title) <= margin - 2 else f"{title[: margin - 3]}~"
        line = Text(f"{title:<{margin}}", style="bold")
        line.append_text(row)
        line.rstrip()
        yield line


def _draw(
    rows: list[Text], shape: Shape, item: Item, place: Place, picture: Picture, signs: Signs, columns: int
) -> None:
    left, right = int(item.left), int(item.right)
    style = TONES[shape.tone]
    if not shape.is_bar and shape.start.high < picture.first:
        body = signs.earlier + signs.mark(shape.tone)
    elif shape.is_bar:
        sure_from, sure_to = _column(picture, shape.start.high, columns), _column(picture, shape.end.low, columns) + 1
        cells = [signs.bar if shape.sure and sure_from <= x < sure_to else signs.faint for x in range(left, right)]
        if shape.ongoing:
            cells[-1] = signs.onward
        body = "".join(cells)
    elif right - left > 1:
        middle = (right - left) // 2
        body = signs.between * middle + signs.mark(shape.tone) + signs.between * (right - left - middle - 1)
    else:
        body = signs.mark(shape.tone)
    rows[place.row] = _put(rows[place.row], left, body, style)
    if place.label:
        text = f" {place.label} " if place.inside else place.label
        at = int(place.at) - (1 if place.inside else 0)
        rows[place.label_row] = _put(rows[place.label_row], at, text, style)


def _put(row: Text, at: int, text: str, style: str) -> Text:
    """The row with `text` written over it."""
    result = row[:at]
    result.append(text, style=style)
    result.append_text(row[at + len(text) :])
    return result


def _axis(picture: Picture, margin: int, columns: int, signs: Signs) -> Iterator[Text]:
    today = _column(picture, picture.today, columns)
    line, labels = [signs.rule] * columns, [" "] * columns
    for day, label in year_ticks(picture, most=max(2, columns // 7)):
        at = _column(picture, day, columns)
        line[at] = signs.tick
        if at + len(label) <= columns and all(cell == " " for cell in labels[max(0, at - 1) : at + len(label) + 1]):
            labels[at : at + len(label)] = label
    line[today] = signs.today
    yield Text(" " * margin + "".join(line), style="dim")
    yield Text(" " * margin + "".join(labels).rstrip(), style="dim")


def _legend(picture: Picture, signs: Signs, width: int) -> Iterator[str]:
    """What cannot be guessed from the labels, in lines of at most `width` columns."""
    shapes = [shape for lane in picture.lanes for shape in lane.shapes]
    bars = [shape for shape in shapes if shape.is_bar]
    marks = [shape for shape in shapes if not shape.is_bar]
    parts = [f"{signs.today} {date.fromordinal(picture.today)}"]
    if any(shape.ongoing for shape in bars):
        parts.append(f"{signs.onward} goes on")
    if any(not shape.sure or not shape.start.exact or not shape.end.exact for shape in bars):
        parts.append(f"{signs.faint} not certain")
    if any(not shape.start.exact for shape in marks):
        parts.append(f"{signs.between} on some day there")
    if any(shape.start.high < picture.first for shape in marks):
        parts.append(f"{signs.earlier} before the axis begins")
    line = ""
    for part in parts:
        if line and len(line) + 3 + len(part) > width:
            yield line
            line = part
        else:
            line = f"{line}   {part}" if line else part
    yield line
