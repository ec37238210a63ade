"""Draft orders of a CDS Hooks context -> DrugOrder. A draft is no exposure; it is what the order rules speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from spmwatch.engine.facts import ORDERED_DRUG, DrugOrder, Gap, NamedRegimen, Standing, UnidentifiedOrder
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.bundle import open_bundle
from spmwatch.fhir_adapters.drug_details import Drugs, dose_of, phase_of, regimen_of, regimens_of, route_of
from spmwatch.fhir_adapters.drug_plans import drugs_of_regimen, named_alone, regimen_facts
from spmwatch.fhir_adapters.drug_when import when
from spmwatch.fhir_adapters.effort import Effort
from spmwatch.fhir_adapters.evidence import may_be_evidence
from spmwatch.fhir_adapters.medication import drugs_of
from spmwatch.fhir_adapters.reader import Reader, source
from spmwatch.fhir_adapters.reasons import reasons_of
from spmwatch.fhir_adapters.references import Item, target_of
from spmwatch.fhir_adapters.shapes import is_sound
from spmwatch.fhir_adapters.subjects import subject_of
from spmwatch.fhir_adapters.terms import terms_of

Draft: TypeAlias = DrugOrder | NamedRegimen | UnidentifiedOrder

# An order that is taken back, or that says what not to give, is no order. Draft or active: both are about to be signed.
NO_ORDER = frozenset({"cancelled", "entered-in-error", "stopped", "completed", "ended"})
# What is refilled is often sent as the prescription that has run out.
NO_REFILL = frozenset({"cancelled", "entered-in-error"})


def orders_from_draft(
    bundle: Mapping[str, Any],
    *,
    value_sets: ValueSets,
    selections: Sequence[str] | None,
    patient_id: str | None = None,
    refill: bool = False,
    beside: Iterable[Item] = (),
    effort: Effort | None = None,
) -> tuple[tuple[Draft, ...], tuple[Gap, ...]]:
    """The drug orders of `context.draftOrders`, and what could not be read in it.

    Args:
        bundle: the draft orders; it may lack `type`, hold types that are not read, or orders without a medication yet.
        value_sets: codes and words.
        selections: `context.selections` of order-select, `Type/id` each; None at order-sign, where all are meant.
        patient_id: where given, orders for another patient are left out with a gap.
        refill: are these prescriptions to be refilled? Then one that is completed or stopped is asked for again.
        beside: what else was supplied; the Medications among it may be those that orders refer to.
        effort: bounds of what is costly; none when left out.

    Raises:
        TooCostlyError: a bound of `effort` was reached.
    """
    contents = open_bundle(bundle, "draftOrders")
    for item in beside:
        if item.type in ("Medication", "Substance"):
            contents.index.add(item)  # behind those of the Bundle itself
    reader = Reader(terms=terms_of(value_sets), index=contents.index, effort=effort or Effort())
    reader.gaps += [problem.as_gap() for problem in contents.problems]
    wanted = None if selections is None else {_name(one) for one in selections}
    orders: list[Draft] = []
    for item in sorted(contents.items, key=lambda one: one.label):
        if item.type != "MedicationRequest":
            continue
        if patient_id is not None:
            owner = subject_of(item, contents.index).key
            if owner is not None and owner != patient_id:
                problem = "it is an order for another patient, so it was left out"
                reader.gap(item, "other-patient", "subject", problem, "Send the orders of one patient.")
                continue
        made = len(orders)
        selected = wanted is None or item.label in wanted or _name(item.full_url) in wanted
        orders += draft_orders(reader, item, selected=selected, taken_back=NO_REFILL if refill else NO_ORDER)
        reader.effort.made(len(orders) - made)
        reader.note_long_texts(item)
    return tuple(orders), tuple(reader.gaps)


def _name(selection: str) -> str:
    target = target_of(selection)
    return selection if target is None else target.key


def draft_orders(
    reader: Reader, item: Item, *, selected: bool = True, taken_back: Collection[str] = NO_ORDER
) -> list[Draft]:
    """The drugs that one draft MedicationRequest orders; none while no medication has been chosen.

    Where it names a regimen and none of its drugs, that regimen and an order of each of its drugs, of low certainty. A
    status among `taken_back` makes it no order.
    """
    if item.type != "MedicationRequest":
        return []
    gaps_before = len(reader.gaps)
    view = reader.view(views.RequestView, item)
    drugs = drugs_of(reader, item, view)
    no_order = view.doNotPerform or view.status in taken_back
    named = named_alone(reader, drugs) if drugs.known and not drugs.reading.hits else []
    unnamed = drugs.known and not drugs.reading.hits and not named
    if unnamed and (drugs.cut_off or _says_nothing_to_us(reader, drugs) or _is_hidden(reader, item)):
        drugs.known = unnamed = False
    if no_order or unnamed:
        del reader.gaps[gaps_before:]
        return []
    if not drugs.known:
        return _unidentified(reader, item, view, selected=selected)
    doubtful = reader.modified(item, view) or drugs.doubtful or (drugs.reading.conflict and len(drugs.reading.hits) > 1)
    standing = Standing.POSSIBLE if doubtful else Standing.COUNTS
    if not named:
        reader.low_certainty(item, drugs.reading)
        return list(_drug_orders(reader, item, view, drugs, standing, selected=selected))
    drugs.reading, drugs.by_regimen = drugs_of_regimen(reader, item, drugs), True
    regimens = regimen_facts(reader, item, named, "ordered", standing, selected=selected)
    return [*regimens, *_drug_orders(reader, item, view, drugs, standing, selected=selected)]


def _unidentified(reader: Reader, item: Item, view: views.RequestView, *, selected: bool) -> list[Draft]:
    """An order that says that there is a medication, and not which; one without any is still being written (C050)."""
    concept = view.medicationCodeableConcept
    begun = concept is None or not (concept.text or concept.coding)
    if begun and view.medicationReference is None and view.medication is None and is_sound(item.type, item.resource):
        return []
    problem = "what medication is ordered cannot be told"
    advice = "Send the Medication with the order, a code of a known system, or its name."
    topic = ORDERED_DRUG if selected else None
    reader.gap(item, "unresolved-reference", "medication[x]", problem, advice, topic=topic)
    if not selected:  # background (C049), of which nothing is known
        return []
    return [UnidentifiedOrder(standing=Standing.POSSIBLE, sources=source(item, "medication[x]"))]


def _is_hidden(reader: Reader, item: Item) -> bool:
    """Has it the wrong type, so that what it says may be something else, and a drug of ours?"""
    return not is_sound(item.type, item.resource) and may_be_evidence(item.resource, reader.terms, item.type)


def _says_nothing_to_us(reader: Reader, drugs: Drugs) -> bool:
    """Are there codes alone, and none in a system that is known here? Then the drug may be any."""
    codings = [coding for concept in drugs.concepts for coding in concept.coding or ()]
    systems = [coding.system for coding in codings if coding.system and coding.code]
    return not drugs.words() and not any(map(reader.terms.value_sets.canonical_system, systems))


def _drug_orders(
    reader: Reader, item: Item, view: views.RequestView, drugs: Drugs, standing: Standing, *, selected: bool
) -> Iterator[DrugOrder]:
    """An order of each drug; of those that only the name of a regimen tells, neither route nor dose is known."""
    quiet = len(reader.gaps)
    times = when(reader, item, view, ongoing=True)
    del reader.gaps[quiet:]  # a draft needs no dates
    with_regimen = regimens_of(reader, view, drugs)
    for hit in drugs.reading.hits:
        yield DrugOrder(
            standing=standing,
            certainty=hit.certainty,
            sources=source(item, hit.element),
            concept=hit.concept.id,
            drug=hit.concept.drug or hit.concept.id,
            ordered_on=view.authoredOn,
            start=times.start,
            route=None if drugs.by_regimen else route_of(reader, item, view, drugs, hit),
            dose=None if drugs.by_regimen else dose_of(reader, view),
            phase=phase_of(reader, view, drugs),
            reasons=reasons_of(reader, item, view),
            regimen=regimen_of(reader, item, with_regimen, hit),
            selected=selected,
        )
