"""The words for time, and tables."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from spmwatch.rule_testing.builder import Period
from spmwatch.rule_testing.steps.grammar import for_each_row, period, rows
from spmwatch.rule_testing.vocabulary import DRUGS, StepError, look_up, one_of


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("from 2024-01-01 to 2024-06-30", Period(start="2024-01-01", end="2024-06-30")),
        ("from 2024 and continues", Period(start="2024", continues=True)),
        ("from 2021-05 with no recorded end", Period(start="2021-05")),
        ("until 2021-05-31 with no recorded start", Period(end="2021-05-31")),
        ("on 2021-05-31", Period(on="2021-05-31")),
        ("at no recorded time", Period()),
    ],
)
def test_words_for_time(words: str, expected: Period) -> None:
    assert period(words) == expected


@pytest.mark.parametrize("words", ["since 2024", "from 24-01-01 and continues", "on 2021-5-31", ""])
def test_other_words_for_time_are_refused_with_an_example(words: str) -> None:
    with pytest.raises(StepError, match="Write e"):
        period(words)


def test_rows_by_column() -> None:
    table = [["date", "dose", "unit"], ["2021-06-13", "100", "mg/m2"]]
    assert rows(table, "date", "unit", optional=["dose"]) == [{"date": "2021-06-13", "dose": "100", "unit": "mg/m2"}]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(StepError, match="no column unit"):
        rows([["date"], ["2021-06-13"]], "date", "unit")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([["date", "statsu"], ["2021", "final"]], "`statsu` is no column .* Did you mean `status`"),
        ([["date", "lab"], ["2021", "A"]], "`lab` is no column .* Write one of: date, status"),
        ([["date", "date"], ["2021", "2022"]], "the column date twice"),
        ([["date"]], "a heading and no row"),
    ],
)
def test_a_table_of_which_something_would_be_passed_over_is_refused(table: list[list[str]], told: str) -> None:
    with pytest.raises(StepError, match=told):
        rows(table, "date", optional=["status"])


def test_the_row_of_a_wrong_cell_is_named() -> None:
    def refuse(row: Mapping[str, str]) -> None:
        one_of("unit", row["unit"], ["mg"])

    with pytest.raises(StepError, match=r"row 2 \(`2022 | mgg`\): `mgg` is no unit .* Did you mean `mg`"):
        for_each_row([["date", "unit"], ["2021", "mg"], ["2022", "mgg"]], refuse, "date", "unit")


def test_an_unknown_word_answers_with_the_known_ones() -> None:
    with pytest.raises(StepError, match=r"`aspirin` is no drug .* lenalidomide, oral melphalan"):
        look_up("drug", "aspirin", DRUGS)


def test_of_very_many_words_only_the_nearest_is_told() -> None:
    many = [f"word{number}" for number in range(1000)]
    with pytest.raises(StepError, match=r"Did you mean `word[0-9]+`\?$"):
        one_of("thing", "wrod7", many)
    with pytest.raises(StepError, match="too many to tell"):
        one_of("thing", "xyzzy", many)
