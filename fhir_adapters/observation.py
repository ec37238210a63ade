"""Observation -> laboratory values, screening, smoking, and statements on response and eligibility (7.10, 7.13)."""

from __future__ import annotations

from collections.abc import Iterator

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Certainty, Fact, LabValue, Procedure, Smoking, Standing, Statement
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.reader import EXCLUDED, IRRELEVANT, Outcome, Reader, outcome, source
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import earliest_of, first_day, up_to
from spmwatch.fhir_adapters.terms import Hit, Reading

COUNTS = frozenset({"final", "amended", "corrected", "appended"})
PRELIMINARY = frozenset({"preliminary"})
POSSIBLE = frozenset({"unknown"}) | PRELIMINARY
NOT_COUNTING = frozenset({"registered", "specimen-in-process", "cancelled", "entered-in-error", "cannot-be-obtained"})
COMPARATORS = frozenset({"<", "<=", ">=", ">"})
CODE_CATEGORIES = ("lab", "procedure", "screening", "smoking", "statement")
VALUE_CATEGORIES = ("smoking", "statement")


def read_observation(reader: Reader, item: Item) -> Outcome:
    """The facts that one Observation tells of."""
    gaps_before = len(reader.gaps)
    view = reader.view(views.ObservationView, item)
    parts = [("", view), *((f"component[{i}].", part) for i, part in enumerate(view.component or ()))]
    found = [(prefix, part, list(_hits(reader, prefix, part))) for prefix, part in parts]
    if not any(hits for _, _, hits in found):
        if view.code is not None or item.resource.get("code") is None:
            del reader.gaps[gaps_before:]
            return IRRELEVANT
        return outcome(())
    if view.status in NOT_COUNTING:
        del reader.gaps[gaps_before:]
        return EXCLUDED
    preliminary = view.status in PRELIMINARY
    standing = Standing.POSSIBLE
    if not preliminary:
        standing = reader.standing(item, "status", view.status, COUNTS, POSSIBLE, NOT_COUNTING) or standing
    if reader.modified(item, view):
        standing = Standing.POSSIBLE
    day = _day(reader, item, view)
    facts: list[Fact] = []
    for prefix, part, hits in found:
        for hit, told_by_value in hits:
            fact = _fact(reader, item, prefix, part, hit, told_by_value, standing, day, preliminary)
            if fact is not None:
                facts.append(fact)
    if facts and day is None:
        reader.missing_date(item, "effective[x]", "the day")
    return outcome(facts)


def _hits(reader: Reader, prefix: str, part: views.ObservationValue) -> Iterator[tuple[Hit, bool]]:
    """What the answer, and what the question, stands for. Tests and procedures are told by code alone.

    Where the answer makes a statement, it outweighs the question ("progression of disease: complete response"). A question
    that names a state by words and has an answer of its own ("eligible for transplant: no") says nothing sure.
    """
    answered: set[str] = set()
    for category in VALUE_CATEGORIES:
        for hit in _value(reader, prefix, part, category).hits:
            answered.add(category)
            yield hit, True
    for category in CODE_CATEGORIES:
        if category in answered:
            continue
        words = category in VALUE_CATEGORIES and part.valueCodeableConcept is None and not part.valueString
        for hit in reader.terms.read(part.code, category, f"{prefix}code", by_words=words).hits:
            yield hit, False


def _value(reader: Reader, prefix: str, part: views.ObservationValue, category: str) -> Reading:
    if part.valueCodeableConcept is None and not part.valueString:
        return Reading()
    words = [(f"{prefix}valueString", part.valueString)] if part.valueString else []
    return reader.terms.read(part.valueCodeableConcept, category, f"{prefix}valueCodeableConcept", more_text=words)


def _fact(
    reader: Reader, item: Item, prefix: str, part: views.ObservationValue, hit: Hit, told_by_value: bool,
    standing: Standing, day: DateRange | None, preliminary: bool,
) -> Fact | None:  # fmt: skip
    concept, sources = hit.concept, source(item, hit.element)
    if concept.category == "lab":
        return _lab(reader, item, prefix, part, hit, standing, day, preliminary)
    if concept.category in ("procedure", "screening"):
        if not hit.proves or _absent(part):
            return None
        return Procedure(
            standing=standing,
            certainty=hit.certainty,
            sources=sources,
            concept=concept.id,
            date=up_to(day) if hit.is_status and day is not None else day,
            is_status=hit.is_status,
        )
    if concept.category == "smoking":
        if concept.analyte is not None:
            return _pack_years(reader, item, prefix, part, hit, standing, day)
        if concept.smoking is None or (not told_by_value and part.valueBoolean is False):
            return None
        return Smoking(standing=standing, certainty=hit.certainty, sources=sources, concept=concept.id, date=day)
    if not told_by_value and (part.valueBoolean is False or _absent(part)):
        return None
    if not told_by_value and (part.valueCodeableConcept is not None or part.valueString):
        problem = "the code states something, and the value is not understood"
        reader.gap(item, "undecided", f"{prefix}value[x]", problem, "Send the value as a code that is configured.")
        standing = Standing.POSSIBLE
    if hit.certainty is Certainty.LOW:
        reader.low_certainty(item, Reading((hit,)))
    return Statement(standing=standing, certainty=hit.certainty, sources=sources, what=concept.id, date=day)


def _absent(part: views.ObservationValue) -> bool:
    """Does it say why there is no result?"""
    return bool(part.dataAbsentReason)


def _lab(
    reader: Reader, item: Item, prefix: str, part: views.ObservationValue, hit: Hit, standing: Standing,
    day: DateRange | None, preliminary: bool,
) -> LabValue | None:  # fmt: skip
    analyte, quantity = hit.concept.analyte, part.valueQuantity
    element = f"{prefix}valueQuantity"
    if analyte is None:
        return None
    if quantity is None or quantity.value is None:
        if not (_absent(part) or (isinstance(part, views.ObservationView) and part.component)):
            reader.gap(item, "missing-element", element, "there is no number with a unit", "Record valueQuantity.")
        return None
    if quantity.comparator is not None and quantity.comparator not in COMPARATORS:
        problem = "the comparator is none of <, <=, >=, >"
        reader.gap(item, "unreadable", f"{element}.comparator", problem, "Correct it in the source.")
        return None
    written = [text for text in (quantity.code, quantity.unit) if text]
    for text in written:
        converted = reader.terms.value_sets.convert(quantity.value, text, analyte)
        if converted is not None:
            return LabValue(
                standing=standing,
                certainty=hit.certainty,
                sources=source(item, element),
                analyte=analyte,
                value=converted[0],
                unit=converted[1],
                date=day,
                comparator=quantity.comparator,
                preliminary=preliminary,
            )
    if written:
        problem, advice = "the unit is not known for this test", "Use a UCUM unit of the test."
        reader.gap(item, "unreadable", f"{element}.unit", problem, advice)
    else:
        reader.gap(item, "missing-element", f"{element}.unit", "the unit is missing, so the value was not used",
                   "Record a UCUM unit.")  # fmt: skip
    return None


def _pack_years(
    reader: Reader, item: Item, prefix: str, part: views.ObservationValue, hit: Hit, standing: Standing,
    day: DateRange | None,
) -> Smoking | None:  # fmt: skip
    """The question names the unit; a number without one, or with "1", is taken as pack-years."""
    quantity, analyte = part.valueQuantity, hit.concept.analyte or ""
    value = float(part.valueInteger) if part.valueInteger is not None else None
    if quantity is not None and quantity.value is not None and quantity.comparator is None:
        written = [text for text in (quantity.code, quantity.unit) if text and text != "1"]
        known = [reader.terms.value_sets.convert(quantity.value, text, analyte) for text in written]
        fitting = [pair[0] for pair in known if pair is not None]
        value = fitting[0] if fitting else None if written else quantity.value
    if value is None or value < 0:
        problem = "there is no number of pack-years"
        reader.gap(item, "missing-element", f"{prefix}valueQuantity", problem, "Record pack-years as a number.")
        return None
    return Smoking(
        standing=standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=day,
        pack_years=value,
    )


def _day(reader: Reader, item: Item, view: views.ObservationView) -> DateRange | None:
    """When it held; the day of issue is an upper bound of it."""
    moment = view.effectiveDateTime or view.effectiveInstant or first_day(view.effectivePeriod)
    if moment is None and view.effectiveTiming is not None:
        moment = earliest_of(view.effectiveTiming.event or ())
    if moment is None and view.issued is not None:
        problem = "the day is not recorded; the day of issue is an upper bound"
        reader.gap(item, "missing-element", "effective[x]", problem, "Record the day of the specimen.")
        return up_to(view.issued)
    return moment
