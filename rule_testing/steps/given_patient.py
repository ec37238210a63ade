"""Given: the day, and who the patient is."""

from __future__ import annotations

from datetime import date

from pytest_bdd import given

from spmwatch.engine.dates import DateRange, add_months
from spmwatch.rule_testing.builder import birth_date_at_age
from spmwatch.rule_testing.dates import DATE, ON, WHOLE_DAY
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import sentence
from spmwatch.rule_testing.vocabulary import ELIGIBILITY, StepError

_ELIGIBILITY = rf"(?P<eligibility>{'|'.join(ELIGIBILITY)})"
_SEX = {"woman": "female", "man": "male", "person": None}


@given(sentence(rf"today is (?P<day>{WHOLE_DAY})"))
def today_is(scenario: Scenario, day: str) -> None:
    """The day on which everything is looked at, as a date; the first step of each scenario.

    Example:
        Given today is 2026-01-15
    """
    scenario.today = date.fromisoformat(day)


@given(sentence(r"the patient is a (?P<who>woman|man|person) aged (?P<years>-?\d+)"))
def patient_aged(scenario: Scenario, who: str, years: str) -> None:
    """The patient had the birthday about half a year ago.

    Example:
        Given the patient is a woman aged 62
    """
    oldest = scenario.evaluator.rule_base.conventions.oldest_plausible_age
    if not 0 <= int(years) <= oldest:
        raise StepError(f"nobody is {years} years old. Write an age from 0 to {oldest}.")
    scenario.introduce()
    birth = birth_date_at_age(int(years), scenario.today)
    scenario.builder.patient(gender=_SEX[who], birthDate=birth.isoformat())


@given(sentence(rf"the patient is a (?P<who>woman|man|person) born (?P<born>{DATE})"))
def patient_born(scenario: Scenario, who: str, born: str) -> None:
    """The birth date, whole or partial.

    Example:
        Given the patient is a man born 1961-01-15
        Given the patient is a woman born 65 years ago
    """
    if (DateRange.parse(born).earliest or date.min) > scenario.today:
        raise StepError(f"the birth date {born} lies after today, {scenario.today}. Write the earlier date.")
    scenario.introduce()
    scenario.builder.patient(gender=_SEX[who], birthDate=born)


@given(sentence(r"the patient is a (?P<who>woman|man|person) of unrecorded age"))
def patient_without_age(scenario: Scenario, who: str) -> None:
    """No birth date is recorded.

    Example:
        Given the patient is a woman of unrecorded age
    """
    scenario.introduce()
    scenario.builder.patient(gender=_SEX[who])


@given(sentence(r"the patient is a (?P<who>woman|man|person) with a birth date that cannot be"))
def patient_with_impossible_birth(scenario: Scenario, who: str) -> None:
    """The record holds a birth date of the time to come, which nobody can use.

    Example:
        Given the patient is a woman with a birth date that cannot be
    """
    scenario.introduce()
    scenario.builder.patient(gender=_SEX[who], birthDate=add_months(scenario.today, 12).isoformat())


@given(sentence(r"the recorded sex is neither female nor male"))
def patient_of_other_sex(scenario: Scenario) -> None:
    """FHIR's administrative gender `other`.

    Example:
        Given the recorded sex is neither female nor male
    """
    scenario.builder.patient(gender="other")


@given(sentence(rf"the patient died {ON}(?P<day>{DATE})"))
def patient_died(scenario: Scenario, day: str) -> None:
    """The patient is deceased.

    Example:
        Given the patient died on 2025-12-28
    """
    _dies_once(scenario)
    scenario.builder.patient(deceasedDateTime=day)


@given("the patient died at no recorded time")
def patient_died_undated(scenario: Scenario) -> None:
    """The patient is deceased, and no day is recorded.

    Example:
        Given the patient died at no recorded time
    """
    _dies_once(scenario)
    scenario.builder.patient(deceasedBoolean=True)


@given(
    sentence(rf"the patient was stated to be (?P<eligibility>eligible|ineligible) for transplant {ON}(?P<day>{DATE})")
)
def patient_eligibility(scenario: Scenario, eligibility: str, day: str) -> None:
    """The record states whether the patient is a candidate for a transplant.

    Example:
        Given the patient was stated to be eligible for transplant on 2019-03-01
    """
    code = scenario.builder.codes.concept(ELIGIBILITY[eligibility])
    scenario.builder.condition(code, onset=day, recorded=day)


@given(sentence(rf'an observation {ON}(?P<day>{DATE}) says "(?P<text>[^"]+)"'))
def observation_in_words(scenario: Scenario, day: str, text: str) -> None:
    """An assessment is recorded in words only.

    Example:
        Given an observation on 2024-05-20 says "near complete response"
    """
    scenario.in_words = True
    scenario.builder.observation({"text": "Disease status"}, on=day, valueString=text)


@given(sentence(rf'an observation "(?P<question>[^"]+)" {ON}(?P<day>{DATE}) says "(?P<text>[^"]+)"'))
def answer_in_words(scenario: Scenario, question: str, day: str, text: str) -> None:
    """A question is answered, both in words only.

    Example:
        Given an observation "Response" on 2024-05-01 says "CR"
    """
    scenario.in_words = True
    scenario.builder.observation({"text": question}, on=day, valueString=text)


def _dies_once(scenario: Scenario) -> None:
    """Raises StepError when the patient has died by an earlier step."""
    if scenario.builder.deceased:
        raise StepError("the patient died already, by an earlier step or the background. Leave one of the two out.")
