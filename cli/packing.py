"""Finds a row and a place for each shape and its label so that nothing lies on anything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """A shape from `left` to `right` with labels of falling length; `inside` when a label may stand on the shape itself."""

    left: float
    right: float
    labels: tuple[str, ...]
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Row of the shape, the label that found room ("" for none), where that starts, and whether it lies on the shape."""

    row: int
    label: str = ""
    at: float = 0
    inside: bool = False


@dataclass(slots=True)
class _Row:
    taken: list[tuple[float, float]] = field(default_factory=list)

    def free(self, left: float, right: float) -> bool:
        return all(right <= a or left >= b for a, b in self.taken)


def pack(
    items: Sequence[Item], *, width: float, gap: float, measure: Callable[[str], float], label_rows: int
) -> tuple[list[Place], int]:
    """A place for each item, in their order, and the number of rows.

    A label is tried longest first, on the shape, right of it, left of it, in each of the first `label_rows` rows; a shape
    without room for any label stands bare in the first row that has room for itself.
    """
    rows: list[_Row] = []
    places = []
    for item in items:
        place = _labelled(item, rows, width, gap, measure, label_rows) or _bare(item, rows)
        places.append(place)
    return places, len(rows)


def _labelled(
    item: Item, rows: list[_Row], width: float, gap: float, measure: Callable[[str], float], label_rows: int
) -> Place | None:
    for label in item.labels:
        size = measure(label)
        if item.inside and size + 2 * gap <= item.right - item.left:
            place = _bare(item, rows)
            return Place(place.row, label, (item.left + item.right - size) / 2, True)
        for index in range(label_rows):
            row = rows[index] if index < len(rows) else _Row()
            for at in (item.right + gap, item.left - gap - size):
                left, right = min(at, item.left), max(at + size, item.right)
                if at >= 0 and right <= width and row.free(left - gap, right + gap):
                    if index >= len(rows):
                        rows.append(row)
                    row.taken.append((left, right))
                    return Place(index, label, at)
            if index >= len(rows):
                break
    return None


def _bare(item: Item, rows: list[_Row]) -> Place:
    for index, row in enumerate(rows):
        if row.free(item.left, item.right):
            row.taken.append((item.left, item.right))
            return Place(index)
    rows.append(_Row([(item.left, item.right)]))
    return Place(len(rows) - 1)
