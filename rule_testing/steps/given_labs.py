"""Given: laboratory values, and radiotherapy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pytest_bdd import given

from spmwatch.rule_testing.builder import quantity
from spmwatch.rule_testing.dates import DATE, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import NUMBER, date_in, for_each_row, sentence
from spmwatch.rule_testing.vocabulary import COMPARISONS, TESTS, StepError, look_up, one_of, status_of

_NORMAL = (
    ("haemoglobin", 13.5, "g/dL"),
    ("white cells", 6.0, "10*9/L"),
    ("neutrophils", 3.5, "10*9/L"),
    ("platelets", 230.0, "10*9/L"),
    ("MCV", 90.0, "fL"),
)


@given(sentence(rf"the blood count {ON}(?P<day>{DATE}) was normal"))
def normal_count(scenario: Scenario, day: str) -> None:
    """Haemoglobin, white cells, neutrophils, platelets and MCV, all normal.

    Example:
        Given the blood count on 2026-01-05 was normal
    """
    for test, value, unit in _NORMAL:
        _result(scenario, test, day, value, unit)


@given("the laboratory found")
def laboratory_found(scenario: Scenario, datatable: Sequence[Sequence[str]]) -> None:
    """Results, one a row: date (or none), test, value (`<5` too), unit; a status where it is not final.

    A value that is no number is what a laboratory wrote in words, and has no unit; a unit can be missing. One that is
    none of the test, on purpose, stands in quotes.

    Example:
        Given the laboratory found
          | date       | test        | value | unit   |
          | 2025-12-10 | haemoglobin | 9.4   | g/dL   |
          | 2025-12-10 | neutrophils | <0.5  | 10*9/L |
          | 10 days ago | platelets  | 80    | "mm"   |
    """
    columns = ("date", "test", "value", "unit")
    for_each_row(datatable, lambda row: _reported(scenario, row), *columns, optional=("status",))


@given(sentence(rf"radiotherapy was completed {ON}(?P<day>{DATE})"))
def radiotherapy(scenario: Scenario, day: str) -> None:
    """A course of radiotherapy.

    Example:
        Given radiotherapy was completed on 2021-05-20
    """
    _radiotherapy(scenario, day, "completed")


@given(sentence(rf'radiotherapy {ON}(?P<day>{DATE}) has the status "(?P<status>[a-z-]+)"'))
def radiotherapy_with_status(scenario: Scenario, day: str, status: str) -> None:
    """A course of radiotherapy with that status of FHIR's.

    Example:
        Given radiotherapy on 2021-05-20 has the status "in-progress"
    """
    _radiotherapy(scenario, day, status_of("Procedure", status))


@given(sentence(rf"an encounter for radiotherapy was recorded {ON}(?P<day>{DATE})"))
def radiotherapy_encounter(scenario: Scenario, day: str) -> None:
    """A visit for it, which tells nothing of what was done.

    Example:
        Given an encounter for radiotherapy was recorded on 2021-05-20
    """
    code = scenario.builder.codes.concept("radiotherapy", shown_as="Encounter for antineoplastic radiation therapy")
    scenario.builder.condition(code, onset=day, recorded=day)


@given(sentence(rf'a procedure in words only says "(?P<text>[^"]+)" {ON}(?P<day>{DATE})'))
def procedure_in_words(scenario: Scenario, text: str, day: str) -> None:
    """A completed procedure without any code.

    Example:
        Given a procedure in words only says "Radiotherapy of the spine" on 2021-05-20
    """
    scenario.in_words = True
    scenario.builder.procedure({"text": text}, on=day)


def _radiotherapy(scenario: Scenario, day: str, status: str) -> None:
    scenario.builder.procedure(scenario.builder.codes.concept("radiotherapy"), on=day, status=status)


def _reported(scenario: Scenario, row: Mapping[str, str]) -> None:
    """One row of a report. Raises StepError for a cell that cannot be."""
    number = row["value"].lstrip("<>=")
    comparator = row["value"].removesuffix(number)
    status = status_of("Observation", row.get("status") or "final")
    day = date_in(row["date"]) if row["date"] else None
    code = scenario.builder.codes.concept(look_up("laboratory test", row["test"], TESTS).concept)
    unit = _unit(scenario, row["test"], row["unit"])
    if re.fullmatch(NUMBER, number):
        if comparator:
            one_of("comparison", comparator, COMPARISONS)
        _result(scenario, row["test"], day, float(number), unit, status, comparator)
        return
    if unit:
        fix = "Write a number such as 9.4, or leave the unit empty where the laboratory wrote words."
        raise StepError(f"`{row['value']}` is no number, yet it has a unit. {fix}")
    scenario.builder.observation(code, on=day, status=status, valueString=row["value"])


def _unit(scenario: Scenario, test: str, written: str) -> str:
    """The unit as the record is to have it. Raises StepError for one that is none of the test, unless it is quoted."""
    if quoted := re.fullmatch('"(.+)"', written):
        return quoted[1]
    value_sets = scenario.evaluator.rule_base.value_sets
    concept = value_sets.concept(look_up("laboratory test", test, TESTS).concept)
    if written and value_sets.convert(1.0, written, concept.analyte or "") is None:
        fix = f'Write e.g. `{concept.unit}`; one that is wrong on purpose stands in quotes: `"{written}"`.'
        raise StepError(f"`{written}` is no unit of {test}. {fix}")
    return written


def _result(
    scenario: Scenario, test: str, day: str | None, value: float, unit: str, status: str = "final", comparator: str = ""
) -> None:
    code = scenario.builder.codes.concept(look_up("laboratory test", test, TESTS).concept)
    amount = (quantity(value, unit) if unit else {"value": value}) | ({"comparator": comparator} if comparator else {})
    scenario.builder.observation(code, on=day, status=status, valueQuantity=amount)
