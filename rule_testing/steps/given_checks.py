"""Given: checks that were done, what makes one fall away, and smoking."""

from __future__ import annotations

from datetime import timedelta

from pytest_bdd import given

from spmwatch.rule_testing.builder import quantity
from spmwatch.rule_testing.dates import DATE, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import NUMBER, sentence
from spmwatch.rule_testing.vocabulary import ABSENCES, CHECKS, look_up, status_of

_UP_TO_DATE = {"colonoscopy": 700, "skin examination": 90, "mammography": 200, "cervical smear": 300}
_WOMEN_ONLY = ("mammography", "cervical smear")
_CHECK = rf"an? (?P<check>{'|'.join(sorted(CHECKS, key=len, reverse=True))})"


@given(sentence(r"cancer screening and skin checks of an?(?: (?P<who>woman|man)) are up to date"))
def screening_up_to_date(scenario: Scenario, who: str) -> None:
    """Colonoscopy and skin examination; for a woman mammography and cervical smear too.

    Example:
        Given cancer screening and skin checks of a woman are up to date
    """
    for check, days in _UP_TO_DATE.items():
        if who == "woman" or check not in _WOMEN_ONLY:
            check_done(scenario, check, (scenario.today - timedelta(days=days)).isoformat())


@given(sentence(rf"{_CHECK} was done {ON}(?P<day>{DATE})"))
def check_done(scenario: Scenario, check: str, day: str) -> None:
    """A check or treatment that second-cancer follow-up asks about.

    Example:
        Given a colonoscopy was done on 2024-05-05
    """
    meaning = look_up("check", check, CHECKS)
    code = scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as)
    scenario.builder.procedure(code, on=day)


@given(sentence(rf"{_CHECK} was done at no recorded time"))
def check_undated(scenario: Scenario, check: str) -> None:
    """A check of which the day is not recorded.

    Example:
        Given a skin examination was done at no recorded time
    """
    meaning = look_up("check", check, CHECKS)
    code = scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as)
    scenario.builder.procedure(code, on=None)


@given(sentence(rf'{_CHECK} {ON}(?P<day>{DATE}) has the status "(?P<status>[a-z-]+)"'))
def check_with_status(scenario: Scenario, check: str, day: str, status: str) -> None:
    """A check whose record has that status of FHIR's.

    Example:
        Given a skin examination on 2025-11-10 has the status "unknown"
    """
    meaning = look_up("check", check, CHECKS)
    code = scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as)
    scenario.builder.procedure(code, on=day, status=status_of("Procedure", status))


@given(sentence(rf"the absence of (?P<organ>{'|'.join(ABSENCES)}) was recorded {ON}(?P<day>{DATE})"))
def organ_absent(scenario: Scenario, organ: str, day: str) -> None:
    """A code for an organ that is no longer there.

    Example:
        Given the absence of the right breast was recorded on 2012-05-01
    """
    meaning = look_up("organ", organ, ABSENCES)
    scenario.builder.condition(scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as), recorded=day)


@given(sentence(rf"an inherited risk of (?P<organ>breast )?cancer was recorded {ON}(?P<day>{DATE})"))
def inherited_risk(scenario: Scenario, organ: str | None, day: str) -> None:
    """A genetic susceptibility to cancer of the breast, or to another.

    Example:
        Given an inherited risk of breast cancer was recorded on 2012-05-01
    """
    concept = "hereditary-breast-cancer-risk" if organ else "hereditary-cancer-risk"
    scenario.builder.condition(scenario.builder.codes.concept(concept), recorded=day)


@given(sentence(rf"hospice care began {ON}(?P<day>{DATE})"))
def hospice_care(scenario: Scenario, day: str) -> None:
    """An admission to a hospice.

    Example:
        Given hospice care began on 2026-01-10
    """
    scenario.builder.procedure(scenario.builder.codes.concept("hospice", shown_as="Admission to hospice"), on=day)


@given("the patient never smoked")
def never_smoked(scenario: Scenario) -> None:
    """The smoking status is recorded.

    Example:
        Given the patient never smoked
    """
    _status(scenario, "smoking-never", None)


@given(sentence(rf"the patient smoked (?P<amount>{NUMBER}) pack-years until (?P<day>{DATE})"))
def former_smoker(scenario: Scenario, amount: str, day: str) -> None:
    """A former smoker, with the amount and the day of stopping, recorded that day.

    Example:
        Given the patient smoked 30 pack-years until 2015-03-10
    """
    _status(scenario, "smoking-former", day)
    _pack_years(scenario, amount, day)
    scenario.builder.observation(scenario.builder.codes.concept("smoking-quit"), on=day, valueDateTime=day)


@given(sentence(rf"a former smoker of (?P<amount>{NUMBER}) pack-years was recorded {ON}(?P<day>{DATE})"))
def former_smoker_undated(scenario: Scenario, amount: str, day: str) -> None:
    """A former smoker, with the amount; when it ended is not recorded, only that it had by then.

    Example:
        Given a former smoker of 30 pack-years was recorded on 2020-12-01
    """
    _status(scenario, "smoking-former", day)
    _pack_years(scenario, amount, day)


@given(sentence(rf"a smoker of (?P<amount>{NUMBER}) pack-years was recorded {ON}(?P<day>{DATE})"))
def smoker(scenario: Scenario, amount: str, day: str) -> None:
    """Somebody who smokes, with the amount so far.

    Example:
        Given a smoker of 30 pack-years was recorded on 2025-12-01
    """
    _status(scenario, "smoking-current", day)
    _pack_years(scenario, amount, day)


@given(sentence(rf"a smoker of an unrecorded amount was recorded {ON}(?P<day>{DATE})"))
def smoker_unmeasured(scenario: Scenario, day: str) -> None:
    """Somebody who smokes; how much is not recorded.

    Example:
        Given a smoker of an unrecorded amount was recorded on 2025-12-01
    """
    _status(scenario, "smoking-current", day)


def _status(scenario: Scenario, concept: str, day: str | None) -> None:
    codes = scenario.builder.codes
    scenario.builder.observation(codes.concept("smoking-status"), on=day, valueCodeableConcept=codes.concept(concept))


def _pack_years(scenario: Scenario, amount: str, day: str) -> None:
    code = scenario.builder.codes.concept("pack-years")
    scenario.builder.observation(code, on=day, valueQuantity=quantity(float(amount), "{PackYears}"))
