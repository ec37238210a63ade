"""Requests that plan or propose a drug -> planned drugs; and records that name a regimen and none of its drugs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import Certainty, Fact, NamedRegimen, PlannedDrug, Standing
from spmwatch.fhir_adapters import drug_status, views
from spmwatch.fhir_adapters.drug_details import Drugs, dose_of, phase_of, regimen_of, regimens_of, route_of
from spmwatch.fhir_adapters.drug_status import verdict
from spmwatch.fhir_adapters.drug_when import When, when
from spmwatch.fhir_adapters.reader import Reader, source
from spmwatch.fhir_adapters.reasons import reasons_of
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.terms import Hit, Reading

NO_DAYS = When()


def planned_drugs(
    reader: Reader, item: Item, view: views.RequestView, drugs: Drugs, standing: Standing
) -> tuple[Fact, ...]:
    """The drugs that a plan is about."""
    days = when(reader, item, view, ongoing=True)
    named = regimens_of(reader, view, drugs)
    return tuple(
        PlannedDrug(
            standing=standing,
            certainty=hit.certainty,
            sources=source(item, hit.element),
            concept=hit.concept.id,
            drug=hit.concept.drug or hit.concept.id,
            planned_on=view.authoredOn,
            start=days.start,
            end=days.end,
            route=route_of(reader, item, view, drugs, hit),
            dose=dose_of(reader, view),
            phase=phase_of(reader, view, drugs),
            reasons=reasons_of(reader, item, view),
            regimen=regimen_of(reader, item, named, hit),
        )
        for hit in drugs.reading.hits
    )


def planned_regimens(reader: Reader, item: Item, view: views.DrugView, drugs: Drugs) -> tuple[Fact, ...]:
    """The regimens that a plan names where it names no drug.

    Its drugs are not planned one by one: what was given since tells whether the regimen was begun, not each drug of it.
    """
    if not isinstance(view, views.RequestView):
        return ()
    named = named_alone(reader, drugs)
    if not named:
        return ()
    decided = verdict(reader, item, view, drug_status.REQUEST)
    if not decided.planned or decided.standing is None:
        return ()
    times = when(reader, item, view, ongoing=True)
    written = view.authoredOn
    return tuple(regimen_facts(reader, item, named, "planned", decided.standing, planned_on=written, times=times))


def drugs_of_regimen(reader: Reader, item: Item, drugs: Drugs) -> Reading:
    """The drugs of the regimen that the words for the medication itself name; of several, the drugs of all of them.

    What is recorded as "VRd" holds lenalidomide, but in words only: each drug is of low certainty.
    """
    named = named_alone(reader, drugs)
    if not named:
        return Reading()
    value_sets = reader.terms.value_sets
    common = set.intersection(*(set(value_sets.concept(regimen).drugs) for regimen in named))
    members = [
        concept for concept in value_sets.concepts("drug") if concept.id == concept.drug and concept.id in common
    ]
    if not members:
        problem = "several regimens are named, which have no drug in common"
        reader.gap(item, "conflict", "medication[x]", problem, "Record the drugs, each with a code.")
    return Reading(tuple(Hit(concept, Certainty.LOW, "medication[x]") for concept in members))


def named_alone(reader: Reader, drugs: Drugs) -> list[str]:
    """The regimens that the words for the medication itself name, e.g. "VTD-PACE"."""
    named: dict[str, None] = {}
    for text in drugs.words():
        found = reader.terms.value_sets.by_text(text, "regimen")
        named |= dict.fromkeys(match.concept.id for match in found if not match.history)
    return list(named)


def regimen_facts(
    reader: Reader,
    item: Item,
    named: Sequence[str],
    stage: Literal["ordered", "planned"],
    standing: Standing,
    *,
    selected: bool = True,
    planned_on: DateRange | None = None,
    times: When = NO_DAYS,
) -> Iterator[NamedRegimen]:
    """A fact for each regimen, with a gap: a name in words is of low certainty."""
    element = "medication[x]"
    problem = "a regimen is named in words only; none of its drugs is"
    reader.gap(item, "low-certainty", element, problem, "Record the drugs of the regimen, each with a code.")
    for regimen in named:
        yield NamedRegimen(
            standing=standing,
            certainty=Certainty.LOW,
            sources=source(item, element),
            regimen=regimen,
            stage=stage,
            selected=selected,
            planned_on=planned_on,
            start=times.start,
            end=times.end,
        )
