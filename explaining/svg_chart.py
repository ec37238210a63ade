"""The timeline as geometry: every rectangle, mark and label with its place; templates/timeline.svg.j2 draws it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from spmwatch.explaining.packing import Item, Place, pack
from spmwatch.explaining.picture import Lane, Picture, Shape, year_ticks

WIDTH, LEFT, RIGHT = 1080.0, 190.0, 22.0
TOP, ROW, BAR, SERIES, FOOT, BETWEEN = 30.0, 24.0, 16.0, 40.0, 26.0, 8.0
_CHARACTER = 7.4
"""Width of an average character at the labels' 12 px, on the generous side: labels are measured without a font."""
_FAINT = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Text at a place; `on_bar` when it lies on a filled bar."""

    x: float
    y: float
    text: str
    on_bar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BarBox:
    """A bar. `fade` holds (offset, opacity) stops along its width; empty when it is certain from end to end."""

    id: int
    x: float
    y: float
    width: float
    tone: str
    sure: bool
    ongoing: bool
    fade: tuple[tuple[float, float], ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkBox:
    """A mark, and the stretch of days in which it lies when its day is not known. `earlier`: before the axis begins."""

    x: float
    y: float
    low: float
    high: float
    tone: str
    sure: bool
    earlier: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneBox:
    """A lane with everything in it; `line` joins the values of a series, `note` stands under its title."""

    title: str
    note: str
    y: float
    height: float
    bars: tuple[BarBox, ...]
    marks: tuple[MarkBox, ...]
    labels: tuple[Label, ...]
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The whole drawing."""

    width: float
    height: float
    left: float
    lanes: tuple[LaneBox, ...]
    ticks: tuple[tuple[float, str], ...]
    today_x: float
    today: str
    description: str


def chart_of(picture: Picture, description: str) -> Chart:
    """The drawing of a picture; `description` is what a screen reader says of it."""
    y = TOP
    lanes = []
    for number, lane in enumerate(picture.lanes):
        box = _series(lane, picture, y) if lane.tone == "lab" else _lane(lane, picture, y, number * 1000)
        lanes.append(box)
        y += box.height + BETWEEN
    return Chart(
        width=WIDTH,
        height=y + FOOT,
        left=LEFT,
        lanes=tuple(lanes),
        ticks=tuple((round(_x(picture, day), 1), label) for day, label in year_ticks(picture, most=14)),
        today_x=round(_x(picture, picture.today), 1),
        today=date.fromordinal(picture.today).isoformat(),
        description=description,
    )


def _x(picture: Picture, day: float) -> float:
    return LEFT + picture.fraction(day) * (WIDTH - LEFT - RIGHT)


def _measure(text: str) -> float:
    return len(text) * _CHARACTER


def _item(shape: Shape, picture: Picture) -> Item:
    left, right = _x(picture, shape.start.low) - LEFT, _x(picture, shape.end.high) - LEFT
    if shape.is_bar:
        plain = shape.sure and shape.start.exact and shape.end.exact
        right = max(right, left + 3) + (9 if shape.ongoing else 0)
        return Item(left=left, right=right, labels=shape.labels, is_bar=True, inside=plain)
    return Item(left=left - 7, right=right + 7, labels=shape.labels)


def _lane(lane: Lane, picture: Picture, y: float, first_id: int) -> LaneBox:
    items = [_item(shape, picture) for shape in lane.shapes]
    places, rows = pack(items, width=WIDTH - LEFT, gap=5, measure=_measure, label_rows=4)
    bars, marks = [], []
    labels: list[Label] = []
    for number, (shape, place) in enumerate(zip(lane.shapes, places, strict=True)):
        middle = y + place.row * ROW + ROW / 2
        if shape.is_bar:
            bars.append(_bar(shape, picture, middle, first_id + number))
        else:
            marks.append(_mark(shape, picture, middle))
        labels += _label(place, y + place.label_row * ROW + ROW / 2)
    return LaneBox(
        title=lane.title,
        note="",
        y=y,
        height=rows * ROW,
        bars=tuple(bars),
        marks=tuple(marks),
        labels=tuple(labels),
        line="",
    )


def _label(place: Place, middle: float) -> Iterator[Label]:
    if place.label:
        yield Label(x=round(LEFT + place.at, 1), y=round(middle + 4, 1), text=place.label, on_bar=place.inside)


def _bar(shape: Shape, picture: Picture, middle: float, id_: int) -> BarBox:
    left, right = _x(picture, shape.start.low), _x(picture, shape.end.high)
    width = max(3.0, right - left)
    first = (_x(picture, shape.start.high) - left) / width
    last = (_x(picture, shape.end.low) - left) / width
    return BarBox(
        id=id_,
        x=round(left, 1),
        y=round(middle - BAR / 2, 1),
        width=round(width, 1),
        tone=shape.tone,
        sure=shape.sure,
        ongoing=shape.ongoing,
        fade=() if shape.start.exact and shape.end.exact else _stops(first, last),
        text=shape.text,
    )


def _stops(first: float, last: float) -> tuple[tuple[float, float], ...]:
    """Opacity along a bar that is certain from `first` to `last` (fractions of its width), if anywhere."""
    if first > last:
        return (0, _FAINT), (0.5, 0.5), (1, _FAINT)
    return (0, _FAINT if first > 0 else 1), (round(first, 3), 1), (round(last, 3), 1), (1, _FAINT if last < 1 else 1)


def _mark(shape: Shape, picture: Picture, y: float) -> MarkBox:
    low, high = _x(picture, shape.start.low), _x(picture, shape.end.high)
    return MarkBox(
        x=round((low + high) / 2, 1),
        y=round(y, 1),
        low=round(low, 1),
        high=round(high, 1),
        tone=shape.tone,
        sure=shape.sure,
        earlier=shape.start.high < picture.first,
        text=shape.text,
    )


def _series(lane: Lane, picture: Picture, y: float) -> LaneBox:
    """A laboratory series as a line over time, lowest value at the foot; the values stand in the note."""
    values = [shape.value for shape in lane.shapes if shape.value is not None]
    low, high = min(values), max(values)
    marks = []
    for shape in lane.shapes:
        share = 0.5 if high == low or shape.value is None else (shape.value - low) / (high - low)
        marks.append(_mark(shape, picture, y + SERIES - 6 - share * (SERIES - 12)))
    marks.sort(key=lambda mark: mark.x)
    last = max(lane.shapes, key=lambda shape: shape.start.low)
    note = f"last {last.labels[-1]}" if last.labels else ""
    if len(values) > 1:
        note = f"{note} (lowest {low:g}, highest {high:g})"
    return LaneBox(
        title=lane.title,
        note=note,
        y=y,
        height=SERIES,
        bars=(),
        marks=tuple(marks),
        labels=(),
        line=" ".join(f"{mark.x},{mark.y}" for mark in marks) if len(marks) > 1 else "",
    )
