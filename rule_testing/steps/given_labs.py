"""Given: laboratory values, and radiotherapy."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import given

from spmwatch.rule_testing.builder import quantity
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import DATE, rows, sentence
from spmwatch.rule_testing.vocabulary import TESTS, look_up

_NORMAL = (
    ("haemoglobin", 13.5, "g/dL"),
    ("white cells", 6.0, "10*9/L"),
    ("neutrophils", 3.5, "10*9/L"),
    ("platelets", 230.0, "10*9/L"),
    ("MCV", 90.0, "fL"),
)


@given(sentence(rf"the blood count on (?P<day>{DATE}) was normal"))
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

    A value that is no number is what a laboratory wrote in words; a unit can be missing.

    Example:
        Given the laboratory found
          | date       | test        | value | unit   |
          | 2025-12-10 | haemoglobin | 9.4   | g/dL   |
          | 2025-12-10 | neutrophils | <0.5  | 10*9/L |
    """
    for row in rows(datatable, "date", "test", "value", "unit"):
        number = row["value"].lstrip("<>=")
        comparator = row["value"].removesuffix(number)
        status = row.get("status") or "final"
        if not number.replace(".", "", 1).isdigit():
            code = scenario.builder.codes.concept(look_up("laboratory test", row["test"], TESTS).concept)
            scenario.builder.observation(code, on=row["date"] or None, status=status, valueString=row["value"])
            continue
        _result(scenario, row["test"], row["date"], float(number), row["unit"], status, comparator)


@given(sentence(rf"radiotherapy was completed on (?P<day>{DATE})"))
def radiotherapy(scenario: Scenario, day: str) -> None:
    """A course of radiotherapy.

    Example:
        Given radiotherapy was completed on 2021-05-20
    """
    _radiotherapy(scenario, day, "completed")


@given(sentence(rf'radiotherapy on (?P<day>{DATE}) has the status "(?P<status>[a-z-]+)"'))
def radiotherapy_with_status(scenario: Scenario, day: str, status: str) -> None:
    """A course of radiotherapy with that status of FHIR's.

    Example:
        Given radiotherapy on 2021-05-20 has the status "in-progress"
    """
    _radiotherapy(scenario, day, status)


@given(sentence(rf"an encounter for radiotherapy was recorded on (?P<day>{DATE})"))
def radiotherapy_encounter(scenario: Scenario, day: str) -> None:
    """A visit for it, which tells nothing of what was done.

    Example:
        Given an encounter for radiotherapy was recorded on 2021-05-20
    """
    code = scenario.builder.codes.concept("radiotherapy", shown_as="Encounter for antineoplastic radiation therapy")
    scenario.builder.condition(code, onset=day, recorded=day)


@given(sentence(rf'a procedure in words only says "(?P<text>[^"]+)" on (?P<day>{DATE})'))
def procedure_in_words(scenario: Scenario, text: str, day: str) -> None:
    """A completed procedure without any code.

    Example:
        Given a procedure in words only says "Radiotherapy of the spine" on 2021-05-20
    """
    scenario.in_words = True
    scenario.builder.procedure({"text": text}, on=day)


def _radiotherapy(scenario: Scenario, day: str, status: str) -> None:
    scenario.builder.procedure(scenario.builder.codes.concept("radiotherapy"), on=day, status=status)


def _result(
    scenario: Scenario, test: str, day: str, value: float, unit: str, status: str = "final", comparator: str = ""
) -> None:
    code = scenario.builder.codes.concept(look_up("laboratory test", test, TESTS).concept)
    amount = (quantity(value, unit) if unit else {"value": value}) | ({"comparator": comparator} if comparator else {})
    scenario.builder.observation(code, on=day or None, status=status, valueQuantity=amount)
