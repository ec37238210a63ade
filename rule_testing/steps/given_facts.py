"""Given: facts as a record tells them, row by row; where no other sentence says exactly that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_bdd import given

from spmwatch.engine.facts import Fact
from spmwatch.rule_testing.dates import absolute
from spmwatch.rule_testing.facts_in_words import KINDS, FactWords, columns_of
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import for_each_row, sentence

_KIND = rf"(?P<kind>{'|'.join(sorted(KINDS, key=len, reverse=True))})"


@given(sentence(rf"the record tells of these {_KIND}"))
def record_tells(scenario: Scenario, kind: str, datatable: Sequence[Sequence[str]]) -> None:
    """Facts, one a row, as they are read from a record: `spmwatch scenario` writes so what no other sentence says.

    A column is left out where it says nothing. Concepts stand by their titles in the value sets; a date that is known
    within bounds is a span (`2024-05-01..2024-08-31`, `..2024-05-01`). `standing` is `counts` or `possible`,
    `certainty` `high` or `low` (known by words alone). Facts of one and the same record bear one name under `record`.

    Example:
        Given the record tells of these diagnoses
          | concept          | onset                  | clinical status | standing |
          | Multiple myeloma | 2018-03-05..2019-03-04 | active          | possible |
        Given the record tells of these drugs
          | concept      | proof     | start      | ongoing | dose  | reasons          | certainty |
          | Lenalidomide | statement | 3 years ago | yes    | 10 mg | Multiple myeloma | low       |
    """
    words = FactWords(scenario.evaluator.rule_base.value_sets)
    found: list[Fact] = []

    def told(row: Mapping[str, str]) -> None:
        cells = {name: absolute(cell, lambda: scenario.today) for name, cell in row.items()}
        found.extend(words.facts(kind, [cells], scenario.place))

    for_each_row(datatable, told, optional=columns_of(kind))
    scenario.tell(found)
