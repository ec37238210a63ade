"""Given: the day, and who the patient is."""

from __future__ import annotations

from datetime import date

from pytest_bdd import given

from spmwatch.rule_testing.builder import birth_date_at_age
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import DATE, DAY, sentence
from spmwatch.rule_testing.vocabulary import ELIGIBILITY

_ELIGIBILITY = rf"(?P<eligibility>{'|'.join(ELIGIBILITY)})"
_SEX = {"woman": "female", "man": "male", "person": None}


@given(sentence(rf"today is (?P<day>{DAY})"))
def today_is(scenario: Scenario, day: str) -> None:
    """The day on which everything is looked at; the first step of each scenario."""
    scenario.today = date.fromisoformat(day)


@given(sentence(r"the patient is a (?P<who>woman|man|person) aged (?P<years>\d+)"))
def patient_aged(scenario: Scenario, who: str, years: str) -> None:
    """The patient had the birthday about half a year ago."""
    birth = birth_date_at_age(int(years), scenario.today)
    scenario.builder.patient(gender=_SEX[who], birthDate=birth.isoformat())


@given(sentence(rf"the patient is a (?P<who>woman|man|person) born (?P<born>{DATE})"))
def patient_born(scenario: Scenario, who: str, born: str) -> None:
    """The birth date, whole or partial."""
    scenario.builder.patient(gender=_SEX[who], birthDate=born)


@given(sentence(r"the patient is a (?P<who>woman|man|person) of unrecorded age"))
def patient_without_age(scenario: Scenario, who: str) -> None:
    """No birth date is recorded."""
    scenario.builder.patient(gender=_SEX[who])


@given(sentence(r"the recorded sex is neither female nor male"))
def patient_of_other_sex(scenario: Scenario) -> None:
    """FHIR's administrative gender `other`."""
    scenario.builder.patient(gender="other")


@given(sentence(rf"the patient died on (?P<day>{DATE})"))
def patient_died(scenario: Scenario, day: str) -> None:
    """The patient is deceased."""
    scenario.builder.patient(deceasedDateTime=day)


@given(
    sentence(rf"the patient was stated to be (?P<eligibility>eligible|ineligible) for transplant on (?P<day>{DATE})")
)
def patient_eligibility(scenario: Scenario, eligibility: str, day: str) -> None:
    """The record states whether the patient is a candidate for a transplant."""
    code = scenario.builder.codes.concept(ELIGIBILITY[eligibility])
    scenario.builder.condition(code, onset=day, recorded=day)


@given(sentence(rf'an observation on (?P<day>{DATE}) says "(?P<text>[^"]+)"'))
def observation_in_words(scenario: Scenario, day: str, text: str) -> None:
    """An assessment is recorded in words only."""
    scenario.in_words = True
    scenario.builder.observation({"text": "Disease status"}, on=day, valueString=text)


@given(sentence(rf'an observation "(?P<question>[^"]+)" on (?P<day>{DATE}) says "(?P<text>[^"]+)"'))
def answer_in_words(scenario: Scenario, question: str, day: str, text: str) -> None:
    """A question is answered, both in words only."""
    scenario.in_words = True
    scenario.builder.observation({"text": question}, on=day, valueString=text)
