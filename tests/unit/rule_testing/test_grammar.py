"""The words for time, and tables."""

from __future__ import annotations

import pytest

from spmwatch.rule_testing.builder import Period
from spmwatch.rule_testing.steps.grammar import period, rows
from spmwatch.rule_testing.vocabulary import DRUGS, StepError, look_up


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
    assert rows(table, "date", "unit") == [{"date": "2021-06-13", "dose": "100", "unit": "mg/m2"}]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(StepError, match="no column unit"):
        rows([["date"], ["2021-06-13"]], "date", "unit")


def test_an_unknown_word_answers_with_the_known_ones() -> None:
    with pytest.raises(StepError, match=r"`aspirin` is no drug .* lenalidomide, oral melphalan"):
        look_up("drug", "aspirin", DRUGS)
