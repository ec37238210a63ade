"""Condition -> diagnoses, and what else a problem list tells: transplants done once, smoking, statements."""

from __future__ import annotations

from collections.abc import Mapping

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Diagnosis, Fact, Procedure, Smoking, Standing, Statement
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.condition_status import (
    CLINICAL,
    COUNTING_VERIFICATION,
    EXCLUDED_VERIFICATION,
    OVER,
    POSSIBLE_VERIFICATION,
    status_code,
)
from spmwatch.fhir_adapters.reader import EXCLUDED, IRRELEVANT, Outcome, Reader, is_understood, outcome, source
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import at_age, first_day, up_to
from spmwatch.fhir_adapters.terms import Reading
from spmwatch.fhir_adapters.views import worded_date

CATEGORIES = ("condition", "procedure", "exclusion", "smoking", "statement")


def read_condition(reader: Reader, item: Item) -> Outcome:
    """The diagnoses and other facts that one Condition tells of."""
    gaps_before = len(reader.gaps)
    view = reader.view(views.ConditionView, item)
    verification = status_code(view.verificationStatus)
    readings = reader.terms.read_all(view.code, CATEGORIES, "code")
    if not any(reading.hits for reading in readings.values()):
        if is_understood(view.code, item):
            del reader.gaps[gaps_before:]
            return IRRELEVANT
        return reader.not_understood(item, hides=verification not in EXCLUDED_VERIFICATION)
    if verification in EXCLUDED_VERIFICATION:
        del reader.gaps[gaps_before:]
        return EXCLUDED
    standing = _standing(reader, item, view, verification)
    for reading in readings.values():
        if reading.hits:
            reader.low_certainty(item, reading)
    return outcome(_facts(reader, item, view, standing, readings))


def _standing(reader: Reader, item: Item, view: views.ConditionView, verification: str | None) -> Standing:
    standing = Standing.COUNTS  # an absent verificationStatus counts (7.1)
    if verification is not None and verification not in COUNTING_VERIFICATION:
        standing = Standing.POSSIBLE
        told = verification if verification in POSSIBLE_VERIFICATION else "without a code that FHIR has for it"
        problem = f"verificationStatus {told} does not prove the condition"
        reader.gap(item, "unusable-status", "verificationStatus", problem, "Confirm or refute it.")
    return Standing.POSSIBLE if reader.modified(item, view) else standing


def _facts(
    reader: Reader, item: Item, view: views.ConditionView, standing: Standing, readings: Mapping[str, Reading]
) -> list[Fact]:
    onset = _onset(reader, item, view)
    recorded = view.recordedDate or view.assertedDate
    abated = _abated(reader, item, view)
    clinical = status_code(view.clinicalStatus)
    if clinical is not None and clinical not in CLINICAL:
        problem = "clinicalStatus is no code that FHIR has for it"
        reader.gap(item, "unreadable", "clinicalStatus", problem, "Correct it in the source.")
        clinical = None
    if clinical is None and (abated is not None or view.abatementBoolean or view.abatementString):
        clinical = "resolved"
    over = clinical in OVER or abated is not None
    facts: list[Fact] = []
    for category, reading in readings.items():
        sure = Standing.POSSIBLE if reading.conflict else standing
        for hit in reading.hits:
            if not hit.proves:
                continue
            concept, sources = hit.concept.id, source(item, hit.element)
            if category == "condition":
                facts.append(
                    Diagnosis(
                        standing=sure,
                        certainty=hit.certainty,
                        sources=sources,
                        concept=concept,
                        onset=onset,
                        recorded=recorded,
                        abated=abated,
                        clinical_status=clinical,
                        history=hit.history,
                    )
                )
            elif category in ("procedure", "exclusion"):
                # A problem list says that it was done once: on the day of onset, else by the day of recording.
                done = onset or (up_to(recorded) if recorded is not None else None)
                is_status = hit.is_status or onset is None
                if hit.is_status:
                    done = up_to(done) if done is not None else None
                facts.append(
                    Procedure(
                        standing=sure,
                        certainty=hit.certainty,
                        sources=sources,
                        concept=concept,
                        date=done,
                        is_status=is_status,
                    )
                )
            elif category == "smoking":
                when = onset or recorded
                facts.append(
                    Smoking(standing=sure, certainty=hit.certainty, sources=sources, concept=concept, date=when)
                )
            else:
                # A response is an event; eligibility is a state, which a condition that is over no longer proves.
                held = Standing.POSSIBLE if over and hit.concept.response is None else sure
                day = onset or recorded
                facts.append(Statement(standing=held, certainty=hit.certainty, sources=sources, what=concept, date=day))
    if any(isinstance(fact, Diagnosis) for fact in facts) and onset is None and recorded is None:
        reader.missing_date(item, "onset[x]", "the day of onset or of recording")
    return facts


def _onset(reader: Reader, item: Item, view: views.ConditionView) -> DateRange | None:
    if view.onsetDateTime is not None:
        return view.onsetDateTime
    if view.onsetPeriod is not None:
        return first_day(view.onsetPeriod)
    ages = _ages(view.onsetAge, view.onsetRange)
    if ages is not None:
        return reader.readable(item, "onsetAge" if view.onsetAge else "onsetRange", lambda: at_age(reader.birth, *ages))
    return _worded(reader, item, "onsetString", view.onsetString)


def _abated(reader: Reader, item: Item, view: views.ConditionView) -> DateRange | None:
    if view.abatementDateTime is not None:
        return view.abatementDateTime
    if view.abatementPeriod is not None:
        return view.abatementPeriod.end or view.abatementPeriod.start
    ages = _ages(view.abatementAge, view.abatementRange)
    if ages is not None:
        return reader.readable(item, "abatementAge", lambda: at_age(reader.birth, *ages))
    return _worded(reader, item, "abatementString", view.abatementString)


def _ages(
    age: views.Quantity | None, ages: views.Range | None
) -> tuple[views.Quantity | None, views.Quantity | None] | None:
    if age is not None:
        return age, age
    return (ages.low, ages.high) if ages is not None else None


def _worded(reader: Reader, item: Item, element: str, text: str | None) -> DateRange | None:
    """A date that was put into a text element; any other words are a gap."""
    day = worded_date(text)
    if text is not None and day is None:
        reader.gap(item, "missing-element", element, "told in words, not as a date", "Record it as a date.")
    return day
