"""Given: drugs that were prescribed, dispensed, taken or given; each verb is one kind of record.

prescribed: a request. dispensed: hand-overs of the pharmacy. taken: a statement. given: an administration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from pytest_bdd import given

from spmwatch.rule_testing.builder import DrugUse, Json, Period
from spmwatch.rule_testing.dates import WHOLE_DAY
from spmwatch.rule_testing.scenario import Scenario
from spmwatch.rule_testing.steps.grammar import (
    BECAUSE,
    CODED,
    DOSE,
    DRUG,
    PHASE,
    REASON,
    WHEN,
    date_in,
    for_each_row,
    number_in,
    period,
    sentence,
)
from spmwatch.rule_testing.vocabulary import (
    DISEASES,
    DOSE_UNITS,
    DRUGS,
    INTENTS,
    RECORD_KINDS,
    VERBS,
    Drug,
    StepError,
    look_up,
    one_of,
    status_of,
)

_STATUS = r"(?P<status>[a-z-]+)"
_KIND = r"(?P<kind>request|dispense|statement|administration)"


@given(sentence(rf"{DRUG}{DOSE} was (?P<verb>prescribed|taken|given){PHASE}{REASON} {WHEN}{CODED}"))
def drug_used(
    scenario: Scenario,
    drug: str,
    dose: str | None,
    unit: str | None,
    verb: str,
    phase: str | None,
    reason: str | None,
    when: str,
    system: str | None,
) -> None:
    """A drug with its dates; phase and reason only where the record states them.

    Example:
        Given lenalidomide 10 mg was taken as maintenance from 2023-07-15 and continues
        Given oral melphalan 9 mg was prescribed for multiple myeloma from 2021-03 to 2021-09-30
        Given intravenous melphalan was given at no recorded time, coded in ATC
        Given lenalidomide 10 mg was taken as maintenance from 2 years and 1 day ago to 3 months ago
    """
    use = drug_use(scenario, drug, dose, unit, period(when), phase=phase, reason=reason, system=system)
    recorder(scenario, VERBS[verb])(use)


@given(sentence(rf"{DRUG}{DOSE} was dispensed{PHASE} every (?P<days>\d+) days {WHEN}"))
def drug_dispensed_regularly(
    scenario: Scenario, drug: str, dose: str | None, unit: str | None, phase: str | None, days: str, when: str
) -> None:
    """Hand-overs, each with its supply; the last supply ends with the period, or reaches beyond today.

    Example:
        Given lenalidomide 10 mg was dispensed as maintenance every 28 days from 2023-02-01 to 2024-08-31
    """
    span, step = period(when), _days(days)
    first = _whole_day(span.start, when)
    last = _whole_day(span.end, when) if span.end else scenario.today
    while first <= last:
        supply = step if span.continues else min(step, (last - first).days + 1)
        use = drug_use(scenario, drug, dose, unit, Period(on=first.isoformat()), phase=phase)
        scenario.builder.dispense(use, supply_days=supply)
        first += timedelta(days=step)


@given(sentence(rf"{DRUG}{DOSE} was dispensed{PHASE} {WHEN}(?: for (?P<days>\d+) days)?"))
def drug_dispensed(
    scenario: Scenario, drug: str, dose: str | None, unit: str | None, phase: str | None, when: str, days: str | None
) -> None:
    """One hand-over, with or without days of supply.

    Example:
        Given lenalidomide 10 mg was dispensed as maintenance on 2025-07-18 for 28 days
    """
    span = period(when)
    if span.end or span.continues:
        raise StepError(
            f"a hand-over is on one day, not `{when}`. Write `on` a date, or `every 28 days` before the period."
        )
    use = drug_use(scenario, drug, dose, unit, span, phase=phase)
    scenario.builder.dispense(use, supply_days=_days(days) if days else None)


@given(sentence(rf"{DRUG} was given"))
def drug_given_by_table(scenario: Scenario, drug: str, datatable: Sequence[Sequence[str]]) -> None:
    """Administrations, one a row: date, dose, unit.

    Example:
        Given intravenous melphalan was given
          | date       | dose | unit  |
          | 2019-11-08 | 200  | mg/m2 |
    """

    def given_once(row: Mapping[str, str]) -> None:
        number_in(row["dose"], "dose")
        unit = one_of("unit of a dose", row["unit"], DOSE_UNITS)
        use = drug_use(scenario, drug, row["dose"], unit, Period(on=date_in(row["date"])))
        scenario.builder.administration(use)

    for_each_row(datatable, given_once, "date", "dose", "unit")


@given(sentence(rf"{DRUG} was refused {WHEN}"))
def drug_refused(scenario: Scenario, drug: str, when: str) -> None:
    """An administration that was not done because the patient declined.

    Example:
        Given lenalidomide was refused on 2025-06-01
    """
    use = drug_use(scenario, drug, None, None, period(when), status="not-done", because="patient declined")
    scenario.builder.administration(use)


@given(
    sentence(
        rf"a medication {_KIND} of {DRUG}{DOSE}{PHASE} {WHEN}"
        rf' has the status "{_STATUS}"{BECAUSE}'
    )
)
def drug_record_with_status(
    scenario: Scenario,
    kind: str,
    drug: str,
    dose: str | None,
    unit: str | None,
    phase: str | None,
    when: str,
    status: str,
    because: str | None,
) -> None:
    """A record with that status of FHIR's.

    Example:
        Given a medication statement of lenalidomide from 2020-01-01 to 2025-12-31 has the status "not-taken"
        Given a medication request of lenalidomide from 2024-02-01 to 2025-06-30 has the status "stopped" because "rash"
    """
    known = status_of(RECORD_KINDS[kind], status)
    use = drug_use(scenario, drug, dose, unit, period(when), phase=phase, status=known, because=because)
    recorder(scenario, kind)(use)


@given(sentence(rf'a medication request of {DRUG}{DOSE} {WHEN} has the intent "(?P<intent>[a-z-]+)"'))
def drug_request_with_intent(
    scenario: Scenario, drug: str, dose: str | None, unit: str | None, when: str, intent: str
) -> None:
    """A request that is a proposal, a plan or another kind of order.

    Example:
        Given a medication request of lenalidomide from 2025-01-01 to 2025-06-30 has the intent "proposal"
    """
    scenario.builder.request(
        drug_use(scenario, drug, dose, unit, period(when)), intent=one_of("intent", intent, INTENTS)
    )


@given(sentence(rf"a medication request forbids {DRUG} {WHEN}"))
def drug_forbidden(scenario: Scenario, drug: str, when: str) -> None:
    """A request not to give the drug.

    Example:
        Given a medication request forbids lenalidomide from 2025-01-01 to 2025-06-30
    """
    scenario.builder.request(drug_use(scenario, drug, None, None, period(when)), forbids=True)


@given(sentence(rf'a medication {_KIND} in words only says "(?P<text>[^"]+)" {WHEN}'))
def drug_in_words(scenario: Scenario, kind: str, text: str, when: str) -> None:
    """A record without any code.

    Example:
        Given a medication statement in words only says "Revlimid maintenance" from 2025-01-01 and continues
    """
    scenario.in_words = True
    recorder(scenario, kind)(DrugUse(medication={"text": text}, period=period(when)))


def _days(words: str) -> int:
    """Days of supply. Raises StepError for none."""
    if not int(words):
        raise StepError("a supply of 0 days is none. Write e.g. `28 days`.")
    return int(words)


def _whole_day(day: str | None, when: str) -> date:
    """The day on which hand-overs begin or end. Raises StepError where the words do not tell it."""
    if day is None or re.fullmatch(WHOLE_DAY, day) is None:
        fix = "Write whole days, e.g. `from 2023-02-01 to 2024-08-31` or `from 2023-02-01 and continues`."
        raise StepError(f"regular hand-overs have to begin and end on a day, unlike `{when}`. {fix}")
    return date.fromisoformat(day)


def drug_use(
    scenario: Scenario,
    name: str,
    dose: str | None,
    unit: str | None,
    when: Period,
    *,
    phase: str | None = None,
    reason: str | None = None,
    status: str | None = None,
    because: str | None = None,
    system: str | None = None,
) -> DrugUse:
    """What the words say, with codes. Raises StepError for a drug or disease that the steps do not know."""
    drug = look_up("drug", name, DRUGS)
    codes = scenario.builder.codes
    disease = look_up("disease", reason, DISEASES) if reason else None
    return DrugUse(
        medication=_medication(scenario, name, drug, dose if unit == "mg" else None, system),
        period=when,
        route=codes.route(drug.route) if drug.route else None,
        dose=(float(dose), unit) if dose and unit else None,
        phase=phase,
        reason=codes.concept(disease.concept, shown_as=disease.shown_as) if disease else None,
        status=status,
        status_reason=because,
    )


def recorder(scenario: Scenario, kind: str) -> Callable[[DrugUse], str]:
    """The builder's way to write that kind of record. Raises StepError."""
    builder = scenario.builder
    writers: dict[str, Callable[[DrugUse], str]] = {
        "MedicationRequest": builder.request,
        "MedicationDispense": builder.dispense,
        "MedicationStatement": builder.statement,
        "MedicationAdministration": builder.administration,
    }
    return writers[look_up("kind of medication record", kind, RECORD_KINDS)]


def _medication(scenario: Scenario, name: str, drug: Drug, strength: str | None, system: str | None) -> Json:
    if drug.concept is None:
        if system:
            raise StepError(f"{name} is known by words only, so it has no code in {system}")
        return {"text": name}
    strength_mg = float(strength) if strength else None
    return scenario.builder.codes.drug(drug.concept, strength_mg=strength_mg, system=system)
