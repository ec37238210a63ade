"""Sentences of the step language that might say a fact, the plainest first. Whether one does, telling.py finds out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import (
    Diagnosis,
    Dose,
    DrugExposure,
    DrugNotTaken,
    DrugOrder,
    Fact,
    LabValue,
    PlannedDrug,
    Procedure,
    Proof,
    Smoking,
    Standing,
    Statement,
)
from spmwatch.rule_testing.vocabulary import (
    ABSENCES,
    CHECKS,
    DISEASES,
    DRUGS,
    ELIGIBILITY,
    HISTORIES,
    RESPONSES,
    TESTS,
    TRANSPLANTS,
    VERBS,
    Meaning,
)

_WIDTHS = (len("2024"), len("2024-05"), len("2024-05-01"))
_STATES: Mapping[str | None, str] = {
    "active": "",
    "remission": " and is in remission",
    "resolved": " and is resolved",
    None: " and is of unrecorded state",
}
_KINDS = {
    Proof.REQUEST: "request",
    Proof.DISPENSE: "dispense",
    Proof.STATEMENT: "statement",
    Proof.ADMINISTRATION: "administration",
}
_VERB_OF = {kind: verb for verb, kind in VERBS.items()}


def sentences_for(fact: Fact) -> Iterator[str]:
    """Sentences that might say it."""
    write = _WRITERS.get(type(fact))
    if write is not None:
        yield from write(fact)


def result_rows(fact: LabValue) -> Iterator[tuple[str, ...]]:
    """Rows of `the laboratory found` that might say it: date, test, value, unit, and a status that is not final."""
    when = "" if fact.date is None else written(fact.date)
    if when is None:
        return
    number = str(int(fact.value)) if fact.value == int(fact.value) else repr(fact.value)
    for test in TESTS:
        row = (when, test, f"{fact.comparator or ''}{number}", fact.unit)
        yield (*row, "preliminary") if fact.preliminary else row


def written(day: DateRange | None) -> str | None:
    """A date as a sentence can say it: a year, a month or a day; None for any other span."""
    return str(day) if day is not None and ".." not in str(day) and len(str(day)) in _WIDTHS else None


def _names(words: Mapping[str, Meaning], concept: str) -> Iterator[str]:
    return (word for word, meaning in words.items() if meaning.concept == concept)


def _diagnosis(fact: Diagnosis) -> Iterator[str]:
    onset, recorded = written(fact.onset), written(fact.recorded)
    if fact.concept.startswith("hereditary"):
        for organ in ("breast ", ""):
            yield f"an inherited risk of {organ}cancer was recorded on {recorded}"
    for name in _names(HISTORIES, fact.concept):
        yield f"a history of {name} was recorded on {recorded}"
    state = _STATES.get(fact.clinical_status)
    for name in _names(DISEASES, fact.concept) if state is not None else ():
        if fact.standing is Standing.POSSIBLE:
            yield f'{name} of {onset} has the verification status "unconfirmed"'
        elif onset:
            yield f"{name} was diagnosed on {onset}{state}"
        elif recorded:
            yield f"{name} was recorded on {recorded}{state}"
        else:
            yield f"{name} is on record without a date{state}"


def _when(start: DateRange | None, end: DateRange | None, *, continues: bool) -> Iterator[str]:
    first, last = written(start), written(end)
    if first and first == last:
        yield f"on {first}"
    if first and last:
        yield f"from {first} to {last}"
    elif first and not end:
        yield f"from {first} and continues" if continues else f"on {first}"
        yield f"from {first} with no recorded end"
    elif last:
        yield f"until {last} with no recorded start"
    elif start is None and end is None:
        yield "at no recorded time"


def _drugs(concept: str, route: str | None, dose: Dose | None) -> Iterator[str]:
    """A drug with its dose, by each of its names; that with the recorded route first."""
    amount = "" if dose is None else f" {dose.value:g} {dose.unit}"
    names = [(name, drug) for name, drug in DRUGS.items() if drug.concept == concept]
    for name, _ in sorted(names, key=lambda each: each[1].route != route):
        yield f"{name}{amount}"


def _reason(reasons: tuple[str, ...]) -> list[str]:
    """` for multiple myeloma`, by each name of the one reason; nothing where there is none or several."""
    if not reasons:
        return [""]
    return [f" for {name}" for name in _names(DISEASES, reasons[0])] if len(reasons) == 1 else []


def _exposure(fact: DrugExposure) -> Iterator[str]:
    kind, phase = _KINDS[fact.proof], f" as {fact.phase}" if fact.phase else ""
    for drug in _drugs(fact.concept, fact.route, fact.dose):
        if fact.supply_days is not None:
            yield f"{drug} was dispensed{phase} on {written(fact.start)} for {fact.supply_days} days"
            continue
        for when in _when(fact.start, fact.end, continues=fact.ongoing):
            if fact.standing is Standing.POSSIBLE:
                yield f'a medication {kind} of {drug}{phase} {when} has the status "unknown"'
            elif fact.proof is Proof.DISPENSE:
                yield f"{drug} was dispensed{phase} {when}"
            else:
                for reason in _reason(fact.reasons):
                    yield f"{drug} was {_VERB_OF[kind]}{phase}{reason} {when}"


def dispensed_regularly(series: Sequence[DrugExposure]) -> Iterator[str]:
    """Sentences that might say a series of hand-overs, each when the supply of the last one ends."""
    first, last, days = series[0], series[-1], series[0].supply_days or 0
    if first.start is None or last.start is None:
        return
    phase, end = f" as {first.phase}" if first.phase else "", last.start.plus_days(days - 1)
    for drug in _drugs(first.concept, first.route, first.dose):
        yield f"{drug} was dispensed{phase} every {days} days from {first.start} to {end}"


def _not_taken(fact: DrugNotTaken) -> Iterator[str]:
    for drug in _drugs(fact.concept, None, None):
        for when in _when(fact.start, fact.end, continues=False):
            yield f"{drug} was refused {when}"


def _order(fact: DrugOrder) -> Iterator[str]:
    phase = f" as {fact.phase}" if fact.phase else ""
    for drug in _drugs(fact.concept, fact.route, fact.dose):
        for reason in _reason(fact.reasons):
            yield f"{drug} is ordered{phase}{reason}"


def _plan(fact: PlannedDrug) -> Iterator[str]:
    for drug in _drugs(fact.concept, fact.route, fact.dose):
        yield f"{drug} was planned on {written(fact.planned_on)}"
        for when in _when(fact.start, fact.end, continues=False):
            yield f"a plan of {written(fact.planned_on)} is for {drug} {when}"


def _procedure(fact: Procedure) -> Iterator[str]:
    on = written(fact.date)
    done = f"was done on {on}" if fact.date is not None else "was done at no recorded time"
    for kind in _names(TRANSPLANTS, fact.concept):
        article = "an" if kind[0] in "aeiou" else "a"
        yield f"{article} {kind} stem cell transplant {done}"
    for check in _names(CHECKS, fact.concept):
        yield f"a {check} {done}"
        yield f'a {check} on {on} has the status "unknown"'
    for organ in _names(ABSENCES, fact.concept):
        yield f"the absence of {organ} was recorded on {on}"
    yield f"a stem cell transplant of unknown kind was done on {on}"
    yield f"radiotherapy was completed on {on}"
    yield f'radiotherapy on {on} has the status "unknown"'
    yield f"stem cells were collected on {on}"
    yield f"donor lymphocytes were given on {on}"
    yield f"hospice care began on {on}"
    if fact.date is not None and fact.date.latest is not None:
        yield f"the status after a stem cell transplant was recorded on {fact.date.latest}"
        yield f"a history of an autologous stem cell transplant was recorded on {fact.date.latest}"
        yield f"a history of irradiation was recorded on {fact.date.latest}"


def _statement(fact: Statement) -> Iterator[str]:
    on = written(fact.date)
    yield f"myeloma progressed on {on}"
    yield f'a progression of {on} has the verification status "unconfirmed"'
    for name, concept in RESPONSES.items():
        if concept == fact.what:
            yield f"a {name} was recorded on {on}"
    for name, concept in ELIGIBILITY.items():
        if concept == fact.what:
            yield f"the patient was stated to be {name} for transplant on {on}"


def _smoking(fact: Smoking) -> Iterator[str]:
    yield "the patient never smoked"
    yield f"a smoker of an unrecorded amount was recorded on {written(fact.date)}"


_WRITERS: Mapping[type[Fact], Callable[[Any], Iterator[str]]] = {
    Diagnosis: _diagnosis,
    DrugExposure: _exposure,
    DrugNotTaken: _not_taken,
    DrugOrder: _order,
    PlannedDrug: _plan,
    Procedure: _procedure,
    Statement: _statement,
    Smoking: _smoking,
}
