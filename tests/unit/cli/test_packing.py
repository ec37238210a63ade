"""Nothing lies on anything else."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from spmwatch.explaining.packing import Item, pack

WIDTH = 60


@st.composite
def items(draw: st.DrawFn) -> list[Item]:
    found = []
    for _ in range(draw(st.integers(0, 8))):
        left = draw(st.integers(0, WIDTH - 1))
        right = draw(st.integers(left + 1, WIDTH))
        labels = sorted(draw(st.lists(st.text("x", min_size=1, max_size=30), max_size=3)), key=len, reverse=True)
        is_bar = draw(st.booleans())
        right = right if is_bar else left + 1
        found.append(
            Item(left=left, right=right, labels=tuple(labels), is_bar=is_bar, inside=is_bar and draw(st.booleans()))
        )
    return sorted(found, key=lambda item: (item.left, item.right))


@given(items())
def test_no_shape_and_no_label_overlaps_another(found: list[Item]) -> None:
    places, rows = pack(found, width=WIDTH, gap=1, measure=len, label_rows=3)
    boxes = []
    for item, place in zip(found, places, strict=True):
        assert place.row < rows
        boxes.append((place.row, item.left, item.right))
        if place.label:
            assert place.at >= 0
            assert place.at + len(place.label) <= WIDTH
            assert place.label in item.labels
            if place.inside:
                assert item.left < place.at
                assert place.at + len(place.label) < item.right
            else:
                boxes.append((place.label_row, place.at, place.at + len(place.label)))
    for (row, left, right), (other_row, other_left, other_right) in combinations(boxes, 2):
        assert row != other_row or right <= other_left or other_right <= left


def test_bars_of_one_drug_share_a_row_and_a_label_without_room_goes_below() -> None:
    first = Item(left=0, right=5, labels=("induction", "ind"), is_bar=True, inside=True)
    second = Item(left=7, right=60, labels=("maintenance",), is_bar=True, inside=True)
    places, rows = pack([first, second], width=60, gap=1, measure=len, label_rows=3)
    assert [place.row for place in places] == [0, 0]
    assert (places[0].label, places[0].label_row) == ("ind", 0)
    assert places[1].inside
    assert rows == 1


def test_without_items_there_are_no_rows() -> None:
    assert pack([], width=10, gap=1, measure=len, label_rows=1) == ([], 0)
