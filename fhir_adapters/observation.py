"""Observation -> laboratory values, screening, smoking, and statements on response and eligibility (7.10, 7.13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Certainty, Fact, LabValue, Procedure, Smoking, Standing, Statement
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.plain_lab import plain_lab
from spmwatch.fhir_adapters.reader import EXCLUDED, IRRELEVANT, Outcome, Reader, is_understood, outcome, source
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import earliest_of, first_day, up_to
from spmwatch.fhir_adapters.terms import Hit, Reading

COUNTS = frozenset({"final", "amended", "corrected", "appended"})
PRELIMINARY = frozenset({"preliminary"})
POSSIBLE = frozenset({"unknown"}) | PRELIMINARY
NOT_COUNTING = frozenset({"registered", "specimen-in-process", "cancelled", "entered-in-error", "cannot-be-obtained"})
COMPARATORS = frozenset({"<", "<=", ">=", ">"})
SMOKING_QUIT = "smoking-quit"
LARGEST = 1e9
"""A result above it, in the unit of its test, is a slip or an attack; the engine counts in spans below 1e15."""
CODE_CATEGORIES = ("lab", "procedure", "screening", "smoking", "statement")
VALUE_CATEGORIES = ("smoking", "statement")


def read_observation(reader: Reader, item: Item) -> Outcome:
    """The facts that one Observation tells of."""
    value = plain_lab(reader, item, statuses=COUNTS, categories=CODE_CATEGORIES, by_words=VALUE_CATEGORIES)
    return read_fully(reader, item) if value is None else Outcome((value,))


def read_fully(reader: Reader, item: Item) -> Outcome:
    """The same of any Observation, plain or not."""
    gaps_before = len(reader.gaps)
    view = reader.view(views.ObservationView, item)
    parts = [("", view), *((f"component[{i}].", part) for i, part in enumerate(view.component or ()))]
    found = [(prefix, part, list(_hits(reader, prefix, part, view.code))) for prefix, part in parts]
    if not any(hits for _, _, hits in found):
        if is_understood(view.code, item):
            del reader.gaps[gaps_before:]
            return IRRELEVANT
        return reader.not_understood(item, hides=view.status not in NOT_COUNTING)
    if view.status in NOT_COUNTING:
        del reader.gaps[gaps_before:]
        return EXCLUDED
    preliminary = view.status in PRELIMINARY
    standing = Standing.POSSIBLE
    if not preliminary:
        standing = reader.standing(item, "status", view.status, COUNTS, POSSIBLE, NOT_COUNTING) or standing
    modified = reader.modified(item, view)
    if modified:
        standing = Standing.POSSIBLE
    of_value = (
        Standing.COUNTS if preliminary and not modified else standing
    )  # a value says itself that it is preliminary
    day = _day(reader, item, view)
    facts: list[Fact] = []
    for prefix, part, hits in found:
        for hit, by_value, conflict in hits:
            if conflict:
                reader.low_certainty(item, Reading((hit,), conflict=True))
            told = of_value if hit.concept.category == "lab" else standing
            proved = Standing.POSSIBLE if conflict or (by_value and _unasked(reader, item, view, part, hit)) else told
            fact = _fact(reader, item, _Told(prefix, part, hit, by_value, proved, day, preliminary))
            if fact is not None:
                facts.append(fact)
    if facts and day is None:
        reader.missing_date(item, "effective[x]", "the day")
    return outcome(facts)


def _hits(
    reader: Reader, prefix: str, part: views.ObservationValue, whole: views.Concept | None
) -> Iterator[tuple[Hit, bool, bool]]:
    """What the answer, and what the question, stands for: (hit, by the answer, codes contradict each other).

    Tests and procedures are told by code alone.
    Where the answer makes a statement, it outweighs the question ("progression of disease: complete response"). A
    question that names a state by words and has an answer of its own ("eligible for transplant: no") says nothing sure.
    """
    has_value = part.valueCodeableConcept is not None or bool(part.valueString)
    answers: Mapping[str, Reading] = {}
    if has_value:
        asked = reader.terms.asks_for_response(whole, part.code)
        words = [(f"{prefix}valueString", part.valueString)] if part.valueString else []
        element = f"{prefix}valueCodeableConcept"
        answers = reader.terms.read_all(
            part.valueCodeableConcept, VALUE_CATEGORIES, element, more_text=words, asked=asked is not False
        )
    for reading in answers.values():
        for hit in reading.hits:
            yield hit, True, reading.conflict
    by_words = () if has_value else VALUE_CATEGORIES
    questions = reader.terms.read_all(part.code, CODE_CATEGORIES, f"{prefix}code", by_words=by_words)
    for category, reading in questions.items():
        if category not in answers or not answers[category].hits:
            for hit in reading.hits:
                yield hit, False, reading.conflict


def _unasked(reader: Reader, item: Item, view: views.ObservationView, part: views.ObservationValue, hit: Hit) -> bool:
    """Is it a response in words to a question that asks for none, e.g. a kidney review with "disease progression"?"""
    if hit.concept.response is None or hit.certainty is Certainty.HIGH:
        return False
    terms = reader.terms
    if terms.asks_for_response(view.code, part.code) or terms.name_the_disease(
        part.valueCodeableConcept, part.valueString
    ):
        return False
    problem = "the words state a response or a progression, and the question does not ask how the myeloma does"
    reader.gap(item, "undecided", hit.element, problem, "Name the disease in the question or in the answer.")
    return True


@dataclass(frozen=True, slots=True)
class _Told:
    """One hit in one part of an Observation, with what holds for the whole of it."""

    prefix: str
    part: views.ObservationValue
    hit: Hit
    by_value: bool
    standing: Standing
    day: DateRange | None
    preliminary: bool


def _fact(reader: Reader, item: Item, told: _Told) -> Fact | None:
    category = told.hit.concept.category
    if category == "lab":
        return _lab(reader, item, told)
    if category in ("procedure", "screening"):
        return _procedure(item, told)
    return _smoking(reader, item, told) if category == "smoking" else _statement(reader, item, told)


def _procedure(item: Item, told: _Told) -> Procedure | None:
    hit, day = told.hit, told.day
    if not hit.proves or _absent(told.part):
        return None
    return Procedure(
        standing=told.standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=up_to(day) if hit.is_status and day is not None else day,
        is_status=hit.is_status,
    )


def _smoking(reader: Reader, item: Item, told: _Told) -> Smoking | None:
    hit = told.hit
    if hit.concept.analyte is not None:
        return _pack_years(reader, item, told)
    if hit.concept.id == SMOKING_QUIT:
        return _quit(reader, item, told)
    if hit.concept.smoking is None or (not told.by_value and told.part.valueBoolean is False):
        return None
    return Smoking(
        standing=told.standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=told.day,
    )


def _statement(reader: Reader, item: Item, told: _Told) -> Statement | None:
    hit, part, standing = told.hit, told.part, told.standing
    if not told.by_value and (part.valueBoolean is False or _absent(part)):
        return None
    if not told.by_value and (part.valueCodeableConcept is not None or part.valueString):
        problem = "the code states something, and the value is not understood"
        reader.gap(item, "undecided", f"{told.prefix}value[x]", problem, "Send a value with a code that is configured.")
        standing = Standing.POSSIBLE
    reader.low_certainty(item, Reading((hit,)))
    return Statement(
        standing=standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        what=hit.concept.id,
        date=told.day,
    )


def _absent(part: views.ObservationValue) -> bool:
    """Does it say why there is no result?"""
    return bool(part.dataAbsentReason)


def _lab(reader: Reader, item: Item, told: _Told) -> LabValue | None:
    hit, part, prefix = told.hit, told.part, told.prefix
    analyte, quantity = hit.concept.analyte, part.valueQuantity
    element = f"{prefix}valueQuantity"
    if analyte is None:
        return None
    if quantity is None or quantity.value is None:
        if _absent(part) or (isinstance(part, views.ObservationView) and part.component):
            return None
        reader.gap(item, "missing-element", element, "there is no number with a unit", "Record valueQuantity.")
        return _unread_lab(item, told)
    written = [text for text in (quantity.code, quantity.unit) if text]
    known = (reader.terms.value_sets.convert(quantity.value, text, analyte) for text in written)
    converted = next((pair for pair in known if pair is not None), None)
    if (fault := _fault(quantity, written, converted)) is not None:
        reader.gap(item, fault.kind, f"{element}.{fault.element}", fault.problem, fault.advice)
    if fault is not None or converted is None:
        return _unread_lab(item, told)
    return LabValue(
        standing=told.standing,
        certainty=hit.certainty,
        sources=source(item, element),
        analyte=analyte,
        value=converted[0],
        unit=converted[1],
        date=told.day,
        comparator=quantity.comparator,
        preliminary=told.preliminary,
    )


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a number with a unit cannot be used."""

    kind: str
    element: str
    problem: str
    advice: str = "Correct it in the source."


def _fault(quantity: views.Quantity, written: list[str], converted: tuple[float, str] | None) -> _Fault | None:
    if quantity.value is not None and quantity.value < 0:
        return _Fault("unreadable", "value", "a laboratory value below zero cannot be right, so it was not used")
    if quantity.comparator is not None and quantity.comparator not in COMPARATORS:
        return _Fault("unreadable", "comparator", "the comparator is none of <, <=, >=, >")
    if converted is not None and abs(converted[0]) > LARGEST:
        return _Fault("unreadable", "value", "the number is larger than any result of a test")
    if converted is not None:
        return None
    if written:
        return _Fault("unreadable", "unit", "the unit is not known for this test", "Use a UCUM unit of the test.")
    problem = "the unit is missing, so the value was not used"
    return _Fault("missing-element", "unit", problem, "Record a UCUM unit.")


def _unread_lab(item: Item, told: _Told) -> LabValue:
    """Something was measured, and what was found is not known: not to tell would look as if all were well."""
    analyte = told.hit.concept.analyte or ""
    return LabValue(
        standing=Standing.POSSIBLE,
        certainty=told.hit.certainty,
        sources=source(item, f"{told.prefix}value[x]"),
        analyte=analyte,
        value=0.0,
        unit=told.hit.concept.unit or "",
        date=told.day,
        comparator=">=",
        preliminary=told.preliminary,
    )


def _quit(reader: Reader, item: Item, told: _Told) -> Smoking | None:
    """The answer is the day of stopping; without one the record says only that there was such a day."""
    hit, day = told.hit, told.part.valueDateTime
    if day is None:
        if not _absent(told.part):
            problem = "the day of stopping smoking is not there"
            reader.gap(item, "missing-element", f"{told.prefix}valueDateTime", problem, "Record valueDateTime.")
        return None
    return Smoking(
        standing=told.standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=told.day,
        quit_on=day,
    )


def _pack_years(reader: Reader, item: Item, told: _Told) -> Smoking | None:
    """The question names the unit; a number without one, or with "1", is taken as pack-years."""
    hit, part, prefix = told.hit, told.part, told.prefix
    quantity, analyte = part.valueQuantity, hit.concept.analyte or ""
    value = float(part.valueInteger) if part.valueInteger is not None else None
    if quantity is not None and quantity.value is not None and quantity.comparator is None:
        written = [text for text in (quantity.code, quantity.unit) if text and text != "1"]
        known = [reader.terms.value_sets.convert(quantity.value, text, analyte) for text in written]
        fitting = [pair[0] for pair in known if pair is not None]
        value = fitting[0] if fitting else None if written else quantity.value
    if value is None or not 0 <= value <= LARGEST:
        problem = "there is no number of pack-years"
        reader.gap(item, "missing-element", f"{prefix}valueQuantity", problem, "Record pack-years as a number.")
        return None
    return Smoking(
        standing=told.standing,
        certainty=hit.certainty,
        sources=source(item, hit.element),
        concept=hit.concept.id,
        date=told.day,
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
