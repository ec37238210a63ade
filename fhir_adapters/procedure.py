"""Procedure -> procedures of interest, and what the reason of a transplant not done says (7.1, 7.13)."""

from __future__ import annotations

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import DrugExposure, Fact, Procedure, Proof, Standing, Statement
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.reader import EXCLUDED, IRRELEVANT, Outcome, Reader, is_understood, outcome, source
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import at_age, earliest_of, first_day, up_to
from spmwatch.fhir_adapters.terms import Hit, Reading
from spmwatch.fhir_adapters.views import worded_date

CATEGORIES = ("procedure", "screening", "exclusion", "drug")
WORD_CATEGORIES = ("procedure", "screening", "exclusion")  # a drug in the words of a procedure may be its topic only

# STU3's `aborted` is R4's stopped, `suspended` R4's on-hold.
COUNTS = frozenset({"completed"})
POSSIBLE = frozenset({"in-progress", "stopped", "aborted", "unknown"})
NOT_COUNTING = frozenset({"not-done", "preparation", "on-hold", "suspended", "entered-in-error"})


def read_procedure(reader: Reader, item: Item) -> Outcome:
    """The procedures that one Procedure resource tells of."""
    gaps_before = len(reader.gaps)
    view = reader.view(views.ProcedureView, item)
    readings = list(reader.terms.read_all(view.code, CATEGORIES, "code", by_words=WORD_CATEGORIES).values())
    if not any(reading.hits for reading in readings):
        if is_understood(view.code, item):
            del reader.gaps[gaps_before:]
            return IRRELEVANT
        return reader.not_understood(item, hides=not (view.notDone or view.status in NOT_COUNTING))
    if view.notDone or view.status in NOT_COUNTING:
        if view.status != "entered-in-error" and _is_transplant(readings):
            statements = _why_not(reader, item, view)
            if statements:
                return outcome(statements)
        del reader.gaps[gaps_before:]
        return EXCLUDED
    standing = reader.standing(item, "status", view.status, COUNTS, POSSIBLE, NOT_COUNTING) or Standing.POSSIBLE
    if reader.modified(item, view) or (item.resource.get("notDone") is not None and view.notDone is None):
        standing = Standing.POSSIBLE
    day = _day(reader, item, view)
    if day is None:
        reader.missing_date(item, "performed[x]", "the day")
    facts: list[Fact] = []
    for reading in readings:
        reader.low_certainty(item, reading)
        sure = Standing.POSSIBLE if reading.conflict else standing
        facts += [_fact(item, hit, sure, day) for hit in reading.hits if hit.proves]
    return outcome(facts, EXCLUDED)


def _fact(item: Item, hit: Hit, standing: Standing, day: DateRange | None) -> Fact:
    """The procedure; or, where its code is that of an infused drug (HCPCS J codes), the drug that was given."""
    if hit.concept.category == "drug":
        return DrugExposure(
            standing=standing,
            certainty=hit.certainty,
            sources=source(item, hit.element),
            concept=hit.concept.id,
            drug=hit.concept.drug or hit.concept.id,
            proof=Proof.ADMINISTRATION,
            start=day,
            end=day,
            route=hit.concept.route,
        )
    return Procedure(
        standing=standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=up_to(day) if hit.is_status and day is not None else day,
        is_status=hit.is_status,
    )


def _is_transplant(readings: list[Reading]) -> bool:
    return any(hit.concept.transplant is not None for reading in readings for hit in reading.hits)


def _why_not(reader: Reader, item: Item, view: views.ProcedureView) -> list[Fact]:
    """Statements in the reason for which a transplant was not done."""
    day = _day(reader, item, view)
    facts: list[Fact] = []
    for element, reason in (("statusReason", view.statusReason), ("notDoneReason", view.notDoneReason)):
        reading = reader.terms.read(reason, "statement", element)
        facts += [
            Statement(certainty=hit.certainty, sources=source(item, hit.element), what=hit.concept.id, date=day)
            for hit in reading.hits
        ]
    return facts


def _day(reader: Reader, item: Item, view: views.ProcedureView) -> DateRange | None:
    """The day; the first one of a period or timing; the day of recording is an upper bound. R5 has `occurrence`."""
    moment = view.performedDateTime or view.occurrenceDateTime
    if moment is not None:
        return moment
    period = view.performedPeriod or view.occurrencePeriod
    if period is not None:
        return first_day(period)
    age, ages = view.performedAge or view.occurrenceAge, view.performedRange or view.occurrenceRange
    if age is not None:
        return reader.readable(item, "performedAge", lambda: at_age(reader.birth, age, age))
    if ages is not None:
        return reader.readable(item, "performedRange", lambda: at_age(reader.birth, ages.low, ages.high))
    worded = worded_date(view.performedString or view.occurrenceString)
    if worded is not None:
        return worded
    timing = view.occurrenceTiming
    repeat = timing.repeat if timing is not None else None
    timed = (timing and earliest_of(timing.event or ())) or (repeat and first_day(repeat.boundsPeriod))
    return timed or (up_to(view.recorded) if view.recorded is not None else None)
