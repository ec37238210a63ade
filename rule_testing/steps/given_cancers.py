"""Given: myeloma, and other diseases and cancers."""

from __future__ import annotations

from pytest_bdd import given

from spmwatch.rule_testing.builder import Json
from spmwatch.rule_testing.dates import DATE, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import CODED, sentence
from spmwatch.rule_testing.vocabulary import DISEASES, HISTORIES, RESPONSES, VERIFICATIONS, look_up, one_of

_DISEASE = r"(?P<disease>(?!an? |the )[A-Za-z][\w\-() ]*?)"
_CLINICAL = {"active": "active", "in remission": "remission", "resolved": "resolved", "of unrecorded state": None}
_STATE = rf"(?: and is (?P<state>{'|'.join(_CLINICAL)}))?"


@given(sentence(rf"{_DISEASE} was diagnosed {ON}(?P<day>{DATE}){_STATE}{CODED}"))
def diagnosed(scenario: Scenario, disease: str, day: str, state: str | None, system: str | None) -> None:
    """A confirmed diagnosis with its onset; active unless the step says otherwise.

    Example:
        Given multiple myeloma was diagnosed on 2019-03-01
        Given breast cancer was diagnosed on 2012 and is in remission
        Given multiple myeloma was diagnosed 6 years ago
    """
    clinical = _CLINICAL[state or "active"]
    scenario.builder.condition(_code(scenario, disease, system), onset=day, recorded=None, clinical=clinical)


@given(sentence(rf"{_DISEASE} was recorded {ON}(?P<day>{DATE}){_STATE}"))
def recorded(scenario: Scenario, disease: str, day: str, state: str | None) -> None:
    """A diagnosis of which only the day of recording is known.

    Example:
        Given MDS was recorded on 2025-06-10 and is active
    """
    scenario.builder.condition(_code(scenario, disease), recorded=day, clinical=_CLINICAL[state or "active"])


@given(sentence(rf"{_DISEASE} is on record without a date{_STATE}"))
def undated(scenario: Scenario, disease: str, state: str | None) -> None:
    """A diagnosis without any date.

    Example:
        Given breast cancer is on record without a date
    """
    scenario.builder.condition(_code(scenario, disease), clinical=_CLINICAL[state or "active"])


@given(sentence(rf'{_DISEASE} of (?P<day>{DATE}) has the verification status "(?P<status>[a-z-]+)"'))
def verification(scenario: Scenario, disease: str, day: str, status: str) -> None:
    """A diagnosis that is refuted, provisional, differential, unconfirmed, confirmed or entered in error.

    Example:
        Given multiple myeloma of 2024-12-01 has the verification status "provisional"
    """
    verified = one_of("verification status", status, VERIFICATIONS)
    scenario.builder.condition(_code(scenario, disease), onset=day, verification=verified)


@given(sentence(rf"a history of {_DISEASE} was recorded {ON}(?P<day>{DATE})"))
def history(scenario: Scenario, disease: str, day: str) -> None:
    """A history code: the disease was there once.

    Example:
        Given a history of basal cell carcinoma was recorded on 2017-05-01
    """
    meaning = look_up("disease with a history code", disease, HISTORIES)
    scenario.builder.condition(scenario.builder.codes.concept(meaning.concept, shown_as=meaning.shown_as), recorded=day)


@given(sentence(rf'a condition in words only says "(?P<text>[^"]+)" {ON}(?P<day>{DATE})'))
def condition_in_words(scenario: Scenario, text: str, day: str) -> None:
    """A diagnosis without any code.

    Example:
        Given a condition in words only says "Carcinoma of the breast" on 2012-06-10
    """
    scenario.in_words = True
    scenario.builder.condition({"text": text}, onset=day)


@given(sentence(rf"myeloma progressed {ON}(?P<day>{DATE})"))
def progressed(scenario: Scenario, day: str) -> None:
    """A confirmed relapse of the myeloma.

    Example:
        Given myeloma progressed on 2025-06-10
    """
    code = scenario.builder.codes.concept("multiple-myeloma", shown_as="relapse", system="ICD-10-CM")
    scenario.builder.condition(code, onset=day)


@given(sentence(rf'a progression of (?P<day>{DATE}) has the verification status "(?P<status>[a-z-]+)"'))
def progressed_perhaps(scenario: Scenario, day: str, status: str) -> None:
    """A relapse of the myeloma that is provisional, unconfirmed, refuted or entered in error.

    Example:
        Given a progression of 2025-06-10 has the verification status "provisional"
    """
    code = scenario.builder.codes.concept("multiple-myeloma", shown_as="relapse", system="ICD-10-CM")
    scenario.builder.condition(code, onset=day, verification=one_of("verification status", status, VERIFICATIONS))


@given(sentence(rf"a (?:response of )?(?P<response>{'|'.join(RESPONSES)}) was recorded {ON}(?P<day>{DATE})"))
def response_recorded(scenario: Scenario, response: str, day: str) -> None:
    """The response of the myeloma to treatment.

    Example:
        Given a complete response was recorded on 2024-05-01
    """
    answer = scenario.builder.codes.concept(look_up("response", response, RESPONSES))
    scenario.builder.observation({"text": "Myeloma response"}, on=day, valueCodeableConcept=answer)


def _code(scenario: Scenario, disease: str, system: str | None = None) -> Json:
    meaning = look_up("disease", disease, DISEASES)
    shown_as = "" if system else meaning.shown_as
    return scenario.builder.codes.concept(meaning.concept, shown_as=shown_as, system=system)
