"""Given: transplants, and what looks like one and is none."""

from __future__ import annotations

from pytest_bdd import given

from spmwatch.rule_testing.dates import DATE, ON
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import BECAUSE, CODED, sentence
from spmwatch.rule_testing.vocabulary import TRANSPLANTS, look_up, status_of

_KIND = r"an? (?P<kind>[a-z -]+?) stem cell transplant"


@given(sentence(rf"{_KIND} was done {ON}(?P<day>{DATE}){CODED}"))
def transplant_done(scenario: Scenario, kind: str, day: str, system: str | None) -> None:
    """A completed transplant: autologous, donor, identical-twin or gene-modified autologous.

    Example:
        Given an autologous stem cell transplant was done on 2020-11-10
        Given a donor stem cell transplant was done on 2020-11-10
    """
    _transplant(scenario, kind, day, "completed", system=system)


@given(sentence(rf"{_KIND} was done at no recorded time{CODED}"))
def transplant_undated(scenario: Scenario, kind: str, system: str | None) -> None:
    """A completed transplant without a date.

    Example:
        Given an autologous stem cell transplant was done at no recorded time
    """
    _transplant(scenario, kind, None, "completed", system=system)


@given(sentence(rf"{_KIND} was not done {ON}(?P<day>{DATE}){BECAUSE}"))
def transplant_not_done(scenario: Scenario, kind: str, day: str, because: str | None) -> None:
    """A transplant that was recorded as not done; the reason is in words.

    Example:
        Given an autologous stem cell transplant was not done on 2020-11-10 because "patient declined"
    """
    scenario.in_words = because is not None or scenario.in_words
    _transplant(scenario, kind, day, "not-done", because=because)


@given(sentence(rf'{_KIND} {ON}(?P<day>{DATE}) has the status "(?P<status>[a-z-]+)"'))
def transplant_with_status(scenario: Scenario, kind: str, day: str, status: str) -> None:
    """A transplant record with that status of FHIR's.

    Example:
        Given an autologous stem cell transplant on 2020-11-10 has the status "on-hold"
    """
    _transplant(scenario, kind, day, status_of("Procedure", status))


@given(sentence(rf"a stem cell transplant of unknown kind was done {ON}(?P<day>{DATE})"))
def transplant_of_unknown_kind(scenario: Scenario, day: str) -> None:
    """A code that does not tell the patient's own cells from a donor's.

    Example:
        Given a stem cell transplant of unknown kind was done on 2022-11-10
    """
    code = scenario.builder.codes.concept("sct-unspecified", shown_as="stem cell transplant", system="SNOMED CT")
    scenario.builder.procedure(code, on=day)


@given(sentence(rf"the status after a stem cell transplant was recorded {ON}(?P<day>{DATE})"))
def transplant_status(scenario: Scenario, day: str) -> None:
    """Only a status code: there was a transplant, of whatever kind, at whatever time before.

    Example:
        Given the status after a stem cell transplant was recorded on 2025-06-01
    """
    code = scenario.builder.codes.concept("sct-unspecified", shown_as="Stem cells transplant status")
    scenario.builder.condition(code, recorded=day)


@given(sentence(rf"a history of an autologous stem cell transplant was recorded {ON}(?P<day>{DATE})"))
def transplant_history(scenario: Scenario, day: str) -> None:
    """A history code that tells the kind, not the day.

    Example:
        Given a history of an autologous stem cell transplant was recorded on 2025-06-01
    """
    code = scenario.builder.codes.concept("autologous-sct", shown_as="History of", system="SNOMED CT")
    scenario.builder.condition(code, recorded=day)


@given(sentence(rf"an autologous stem cell transplant was awaited {ON}(?P<day>{DATE})"))
def transplant_awaited(scenario: Scenario, day: str) -> None:
    """The patient waits for a transplant.

    Example:
        Given an autologous stem cell transplant was awaited on 2025-11-10
    """
    scenario.builder.condition(scenario.builder.codes.concept("sct-planned"), onset=day, recorded=day)


@given(sentence(rf"stem cells were collected {ON}(?P<day>{DATE}){CODED}"))
def cells_collected(scenario: Scenario, day: str, system: str | None) -> None:
    """A harvest: no transplant.

    Example:
        Given stem cells were collected on 2019-10-20
    """
    shown_as = "Blood stem cell harvest, autologous" if system in (None, "CPT") else ""
    code = scenario.builder.codes.concept("stem-cell-collection", shown_as=shown_as, system=system)
    scenario.builder.procedure(code, on=day)


@given(sentence(rf"donor lymphocytes were given {ON}(?P<day>{DATE})"))
def donor_lymphocytes(scenario: Scenario, day: str) -> None:
    """A donor lymphocyte infusion, which follows a donor transplant.

    Example:
        Given donor lymphocytes were given on 2021-11-10
    """
    scenario.builder.procedure(scenario.builder.codes.concept("allogeneic-lymphocyte-infusion"), on=day)


def _transplant(
    scenario: Scenario,
    kind: str,
    day: str | None,
    status: str,
    *,
    because: str | None = None,
    system: str | None = None,
) -> None:
    meaning = look_up("kind of transplant", kind, TRANSPLANTS)
    shown_as = "" if system else meaning.shown_as
    code = scenario.builder.codes.concept(meaning.concept, shown_as=shown_as, system=system)
    scenario.builder.procedure(code, on=day, status=status, status_reason=because)
