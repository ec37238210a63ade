"""Small counts cannot be read from a page that hides them, nor worked out from what it shows."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spmwatch.screening.results.charts import Series, bars
from spmwatch.screening.results.finish import Wanted
from spmwatch.screening.results.report_page import report_page
from spmwatch.screening.results.report_view import View
from spmwatch.screening.results.schemas import FINDINGS, PATIENTS, PLAN
from spmwatch.screening.results.statistics import Statistics
from spmwatch.screening.results.suppression import HIDDEN, SHOW_ALL, Shown, Suppression
from spmwatch.screening.results.tables import as_arrow
from tests.support.results import AS_OF, evaluator, facts, many

BELOW = 5


def possible(shown: dict[str, Shown], total: int, below: int, name: str) -> set[int]:
    """Every value that the count of that name can have, for all that a reader knows: what is shown, and the total."""
    hidden = [key for key, one in shown.items() if one.hidden]
    left = total - sum(one.number or 0 for one in shown.values())
    others = [key for key in hidden if key != name]
    small = sum(shown[key].text != HIDDEN for key in others)
    large = len(others) - small
    values = range(below) if shown[name].text != HIDDEN else range(below, total + 1)
    return {
        value
        for value in values
        # The others take what is left: each small one from 0 to below - 1, each other one at least `below`.
        if large * below <= left - value and (large or left - value <= small * (below - 1))
    }


@given(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 40), min_size=1), st.integers(2, 12))
def test_no_small_count_follows_from_the_sum(counts: dict[str, int], below: int) -> None:
    shown = Suppression(below).parts(counts)
    total = sum(counts.values())
    if {one.text for one in shown.values()} == {HIDDEN}:  # nobody knows which are small
        assert min(counts.values()) < below
        return
    for name, number in counts.items():
        if number < below:
            assert shown[name].text == f"<{below}"
            assert possible(shown, total, below, name) == set(range(below))
        elif not shown[name].hidden:
            assert shown[name] == Shown(f"{number:,}", number)


@given(st.dictionaries(st.sampled_from("abc"), st.integers(0, 100)), st.integers(100, 100))
def test_a_share_does_not_tell_who_is_left_over(counts: dict[str, int], of: int) -> None:
    for name, shown in Suppression(BELOW).shares(counts, of=of).items():
        if not shown.hidden:
            assert counts[name] >= BELOW
            assert of - counts[name] >= BELOW
        else:
            assert shown.text in {f"<{BELOW}", f"over {of - BELOW}"}


def test_parts_of_a_hidden_count_are_hidden() -> None:
    shown = Suppression(BELOW).parts({"a": 40, "b": 2}, of=Shown(HIDDEN, None))
    assert [shown[name].text for name in "ab"] == [HIDDEN, "<5"]


def test_nothing_is_hidden_where_it_was_not_asked_for() -> None:
    counts = {"a": 0, "b": 1, "c": 1234}
    assert [one.text for one in SHOW_ALL.parts(counts).values()] == ["0", "1", "1,234"]
    assert [one.text for one in SHOW_ALL.shares(counts, of=1234).values()] == ["0", "1", "1,234"]


@pytest.mark.parametrize("number", [3, 60])
def test_a_page_with_small_counts_hidden_names_nobody_and_shows_none(number: int) -> None:
    statistics = Statistics(as_of=AS_OF, most=Wanted().work_list)
    tables = as_arrow(many(number))
    for table in (PATIENTS, FINDINGS, PLAN):
        assert list(statistics.counted(table, [tables[table]]))
    page = report_page(
        statistics, facts(), rule_base=evaluator().rule_base, wanted=[], quarantined=0, suppression=Suppression(BELOW)
    )
    assert not re.search(r"q\d{6}", page)
    assert 'id="work"' not in page
    counts = re.findall(r'<td class="number">([^<]*)</td>', page.partition('id="run"')[0])
    assert counts
    assert not [text for text in counts if text.isdecimal() and int(text) < BELOW]
    assert "&lt;5" in page


def test_the_rule_of_hiding_is_told() -> None:
    """Whoever reads `hidden` finds out why."""
    for first, second in itertools.pairwise((2, 10)):
        assert Suppression(first).parts({"a": 1, "b": 50})["b"].text == HIDDEN
        assert Suppression(second).parts({"a": 1, "b": 50})["b"].text == HIDDEN


def test_what_is_hidden_is_not_drawn() -> None:
    def drawn(second: Shown) -> str:
        counts = [Shown("9", 9), second]
        return str(bars("c", ["a", "b"], [Series(name="n", tone="--bar", counts=counts)], told="Counts."))

    assert drawn(Shown("<5", None)) == drawn(Shown("0", 0)) != drawn(Shown("4", 4))


def test_kinds_of_melphalan_do_not_tell_how_many_had_it_where_that_is_hidden() -> None:
    statistics = Statistics(as_of=AS_OF, most=1, patients=50)
    statistics.words["melphalan"].update({"yes": 12, "no": 36, "unknown": 2})
    statistics.forms.update({"oral": 11, "iv-high-dose": 9})
    view = View(statistics, evaluator().rule_base, Suppression(BELOW))
    assert view.record().rows[2][1][0].text == HIDDEN
    assert [row.shown.text for row in view.forms().rows] == [HIDDEN, HIDDEN]
