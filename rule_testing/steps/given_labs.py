"""Given: laboratory values, and checks that were done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pytest_bdd import given

from spmwatch.rule_testing.builder import quantity
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import DATE, rows, sentence
from spmwatch.rule_testing.vocabulary import CHECKS, TESTS, look_up

_NORMAL = (
    ("haemoglobin", 13.5, "g/dL"),
    ("white cells", 6.0, "10*9/L"),
    ("neutrophils", 3.5, "10*9/L"),
    ("platelets", 230.0, "10*9/L"),
    ("MCV", 90.0, "fL"),
)
_UP_TO_DATE = {"colonoscopy": 700, "skin examination": 90, "mammography": 200, "cervical smear": 300}
_WOMEN_ONLY = ("mammography", "cervical smear")


@given(sentence(rf"the blood count on (?P<day>{DATE}) was normal"))
def normal_count(scenario: Scenario, day: str) -> None:
    """Haemoglobin, white cells, neutrophils, platelets and MCV, all normal."""
    for test, value, unit in _NORMAL:
        _result(scenario, test, day, value, unit)


@given("the laboratory found")
def laboratory_found(scenario: Scenario, datatable: Sequence[Sequence[str]]) -> None:
    """Results, one a row: date (or none), test, value (`<5` too), unit; a status where it is not final."""
    for row in rows(datatable, "date", "test", "value", "unit"):
        number = row["value"].lstrip("<>=")
        comparator = row["value"].removesuffix(number)
        status = row.get("status") or "final"
        _result(scenario, row["test"], row["date"], float(number), row["unit"], status, comparator)


@given("the patient never smoked")
def never_smoked(scenario: Scenario) -> None:
    """The smoking status is recorded."""
    codes = scenario.builder.codes
    scenario.builder.observation(codes.concept("smoking-status"), valueCodeableConcept=codes.concept("smoking-never"))


@given(sentence(rf"the patient smoked (?P<amount>[\d.]+) pack-years until (?P<day>{DATE})"))
def former_smoker(scenario: Scenario, amount: str, day: str) -> None:
    """A former smoker, with the amount; the day of quitting stands as a status of that day."""
    codes = scenario.builder.codes
    former = codes.concept("smoking-former")
    scenario.builder.observation(codes.concept("smoking-status"), on=day, valueCodeableConcept=former)
    pack_years = quantity(float(amount), "{PackYears}")
    scenario.builder.observation(codes.concept("pack-years"), on=day, valueQuantity=pack_years)


@given(sentence(r"cancer screening and skin checks of an?(?: (?P<who>woman|man)) are up to date"))
def screening_up_to_date(scenario: Scenario, who: str) -> None:
    """Colonoscopy and skin examination; for a woman mammography and cervical smear too."""
    for check, days in _UP_TO_DATE.items():
        if who == "woman" or check not in _WOMEN_ONLY:
            check_done(scenario, check, (scenario.today - timedelta(days=days)).isoformat())


@given(sentence(rf"an? (?P<check>{'|'.join(CHECKS)}) was done on (?P<day>{DATE})"))
def check_done(scenario: Scenario, check: str, day: str) -> None:
    """A check or treatment that second-cancer follow-up asks about."""
    meaning = look_up("check", check, CHECKS)
    code = scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as)
    scenario.builder.procedure(code, on=day)


@given(sentence(rf"radiotherapy was completed on (?P<day>{DATE})"))
def radiotherapy(scenario: Scenario, day: str) -> None:
    """A course of radiotherapy."""
    _radiotherapy(scenario, day, "completed")


@given(sentence(rf'radiotherapy on (?P<day>{DATE}) has the status "(?P<status>[a-z-]+)"'))
def radiotherapy_with_status(scenario: Scenario, day: str, status: str) -> None:
    """A course of radiotherapy with that status of FHIR's."""
    _radiotherapy(scenario, day, status)


@given(sentence(rf"an encounter for radiotherapy was recorded on (?P<day>{DATE})"))
def radiotherapy_encounter(scenario: Scenario, day: str) -> None:
    """A visit for it, which tells nothing of what was done."""
    code = scenario.builder.codes.concept("radiotherapy", shown_as="Encounter for antineoplastic radiation therapy")
    scenario.builder.condition(code, onset=day, recorded=day)


@given(sentence(rf'a procedure in words only says "(?P<text>[^"]+)" on (?P<day>{DATE})'))
def procedure_in_words(scenario: Scenario, text: str, day: str) -> None:
    """A completed procedure without any code."""
    scenario.in_words = True
    scenario.builder.procedure({"text": text}, on=day)


def _radiotherapy(scenario: Scenario, day: str, status: str) -> None:
    scenario.builder.procedure(scenario.builder.codes.concept("radiotherapy"), on=day, status=status)


def _result(
    scenario: Scenario, test: str, day: str, value: float, unit: str, status: str = "final", comparator: str = ""
) -> None:
    code = scenario.builder.codes.concept(look_up("laboratory test", test, TESTS).concept)
    amount = quantity(value, unit) | ({"comparator": comparator} if comparator else {})
    scenario.builder.observation(code, on=day or None, status=status, valueQuantity=amount)
