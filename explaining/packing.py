"""Finds a row and a place for each shape and its label so that nothing lies on anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """A shape from `left` to `right` with labels of falling length.

    Bars keep to the upper rows, whatever room their labels take; `inside` says that a label may stand on the bar.
    """

    left: float
    right: float
    labels: tuple[str, ...]
    is_bar: bool = False
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Row of the shape; the label that found room ("" for none), its row and start; `inside`: it lies on the shape."""

    row: int
    label: str = ""
    label_row: int = 0
    at: float = 0
    inside: bool = False


@dataclass(slots=True)
class _Row:
    taken: list[tuple[float, float]] = field(default_factory=list)

    def free(self, left: float, right: float) -> bool:
        return all(right <= a or left >= b for a, b in self.taken)

    def take(self, left: float, right: float) -> None:
        self.taken.append((left, right))


class _Packer:
    def __init__(self, width: float, gap: float, measure: Callable[[str], float], label_rows: int) -> None:
        self.rows: list[_Row] = []
        self._width, self._gap, self._measure, self._label_rows = width, gap, measure, label_rows

    def bare(self, item: Item) -> int:
        """The first row with room for the shape itself."""
        index = 0
        while not self._row(index).free(item.left, item.right):
            index += 1
        self._row(index).take(item.left, item.right)
        return index

    def bar_label(self, item: Item, row: int) -> Place:
        """A bar's label: on it, beside it, else under it."""
        for label in item.labels:
            size = self._measure(label)
            if item.inside and size + 2 * self._gap <= item.right - item.left:
                return Place(row, label, row, (item.left + item.right - size) / 2, True)
            for at in self._beside(item, size):
                if self._fits(row, at, size):
                    return self._put(row, label, row, at, size)
        for index in range(row + 1, row + 1 + self._label_rows):
            for label in item.labels:
                size = self._measure(label)
                at = max(0.0, min(item.left, self._width - size))
                if size <= self._width and self._fits(index, at, size):
                    return self._put(row, label, index, at, size)
        return Place(row)

    def mark(self, item: Item) -> Place:
        """A mark with its label beside it on one row, the longest label that finds such a row; else the mark alone."""
        for label in item.labels:
            size = self._measure(label)
            for index in range(self._label_rows):
                for at in self._beside(item, size):
                    left, right = min(at, item.left), max(at + size, item.right)
                    free = self._row(index).free(left - self._gap, right + self._gap)
                    if at >= 0 and at + size <= self._width and free:
                        self._row(index).take(left, right)
                        return Place(index, label, index, at)
        return Place(self.bare(item))

    def _beside(self, item: Item, size: float) -> Iterator[float]:
        yield item.right + self._gap
        yield item.left - self._gap - size

    def _fits(self, index: int, at: float, size: float) -> bool:
        inside = at >= 0 and at + size <= self._width
        return inside and self._row(index).free(at - self._gap + 0.01, at + size + self._gap)

    def _put(self, row: int, label: str, label_row: int, at: float, size: float) -> Place:
        self._row(label_row).take(at, at + size)
        return Place(row, label, label_row, at)

    def _row(self, index: int) -> _Row:
        while len(self.rows) <= index:
            self.rows.append(_Row())
        return self.rows[index]


def pack(
    items: Sequence[Item], *, width: float, gap: float, measure: Callable[[str], float], label_rows: int
) -> tuple[list[Place], int]:
    """A place for each item, in their order, and the number of rows in use.

    Args:
        items: sorted by where they start.
        width: of the whole, from 0.
        gap: between a label and anything else.
        measure: the width of a label.
        label_rows: how many rows labels may open.
    """
    packer = _Packer(width, gap, measure, label_rows)
    rows = {index: packer.bare(item) for index, item in enumerate(items) if item.is_bar}
    places = [
        packer.bar_label(item, rows[index]) if item.is_bar else packer.mark(item) for index, item in enumerate(items)
    ]
    used = max((max(place.row, place.label_row) + 1 for place in places), default=0)
    return places, used
