"""The four medication records -> exposures, or that a drug was not taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from spmwatch.engine.facts import Certainty, DrugExposure, DrugNotTaken, Fact, Gap, Proof, Standing
from spmwatch.fhir_adapters import drug_status, views
from spmwatch.fhir_adapters.drug_details import (
    Drugs,
    dose_of,
    group_of,
    phase_of,
    regimen_of,
    regimens_of,
    route_of,
    tells,
)
from spmwatch.fhir_adapters.drug_plans import drugs_of_regimen, planned_drugs, planned_regimens
from spmwatch.fhir_adapters.drug_status import StatusTable, verdict
from spmwatch.fhir_adapters.drug_when import when
from spmwatch.fhir_adapters.reader import EXCLUDED, IRRELEVANT, UNUSABLE, Outcome, Reader, source
from spmwatch.fhir_adapters.reasons import reasons_of
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.shapes import is_sound
from spmwatch.fhir_adapters.terms import Hit, Reading

UNRESOLVED = "Medication cannot be resolved"

_DEEPEST = 4
"""Ingredients of ingredients; deeper, or in a circle, they are not followed."""
MOST_INGREDIENTS = 100
"""Of one Medication, those of its ingredients included; what comes after them counts as not known."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one of the four types is read."""

    view: type[views.DrugView]
    proof: Proof
    statuses: StatusTable


KINDS = {
    "MedicationRequest": Kind(views.RequestView, Proof.REQUEST, drug_status.REQUEST),
    "MedicationDispense": Kind(views.DispenseView, Proof.DISPENSE, drug_status.DISPENSE),
    "MedicationStatement": Kind(views.StatementView, Proof.STATEMENT, drug_status.STATEMENT),
    "MedicationAdministration": Kind(views.AdministrationView, Proof.ADMINISTRATION, drug_status.ADMINISTRATION),
}


def read_medication(reader: Reader, item: Item) -> Outcome:
    """The exposures, or the drugs not taken, that one medication record tells of."""
    kind = KINDS[item.type]
    gaps_before = len(reader.gaps)
    view = reader.view(kind.view, item)
    drugs = drugs_of(reader, item, view)
    if drugs.known and not drugs.reading.hits:
        plan = planned_regimens(reader, item, view, drugs)
        if plan:
            return Outcome(plan)
        drugs.reading, drugs.by_regimen = drugs_of_regimen(reader, item, drugs), True
    if drugs.known and not drugs.reading.hits:
        if not drugs.cut_off and not _is_unread(reader.gaps[gaps_before:]):
            del reader.gaps[gaps_before:]  # faults of a record that no rule asks for
            return IRRELEVANT
        drugs.known = False
    decided = verdict(reader, item, view, kind.statuses)
    if decided.standing is None or (decided.not_taken and not drugs.known):  # what was not given hides no exposure
        del reader.gaps[gaps_before:]
        return EXCLUDED
    if not drugs.known:
        return _unknown(reader, item, planned=decided.planned)
    reader.low_certainty(item, drugs.reading)
    standing = decided.standing
    if drugs.doubtful or (drugs.reading.conflict and len(drugs.reading.hits) > 1):
        standing = Standing.POSSIBLE
    if decided.planned and isinstance(view, views.RequestView):
        return Outcome(planned_drugs(reader, item, view, drugs, standing))
    facts: list[Fact] = []
    named = [] if decided.not_taken or drugs.by_regimen else regimens_of(reader, view, drugs)
    times = when(reader, item, view, ongoing=decided.ongoing)
    for hit in drugs.reading.hits:
        if decided.not_taken:
            facts.append(
                DrugNotTaken(
                    standing=standing,
                    certainty=hit.certainty,
                    sources=source(item, "status"),
                    concept=hit.concept.id,
                    drug=hit.concept.drug or hit.concept.id,
                    start=times.start,
                    end=times.end,
                )
            )
            continue
        facts.append(
            DrugExposure(
                standing=standing,
                certainty=hit.certainty,
                sources=source(item, hit.element),
                concept=hit.concept.id,
                drug=hit.concept.drug or hit.concept.id,
                proof=kind.proof,
                start=times.start,
                end=times.end,
                ongoing=decided.ongoing,
                supply_days=times.supply_days,
                route=None if drugs.by_regimen else route_of(reader, item, view, drugs, hit),
                dose=None if drugs.by_regimen else dose_of(reader, view),
                phase=phase_of(reader, view, drugs),
                reasons=reasons_of(reader, item, view),
                regimen=regimen_of(reader, item, named, hit),
                group=group_of(view),
            )
        )
    return Outcome(tuple(facts))


def _is_unread(gaps: Iterable[Gap]) -> bool:
    """Is any of what would tell the medication malformed, and was left out?"""
    return any("medication" in gap.element for gap in gaps if gap.kind != "wrong-type")


def _unknown(reader: Reader, item: Item, *, planned: bool) -> Outcome:
    """Nothing tells which drug it was, so nothing can be said to be absent from records of this type either.

    A plan hides no exposure; one of the wrong type may still be evidence of the disease.
    """
    if planned:
        return EXCLUDED if is_sound(item.type, item.resource) else UNUSABLE
    problem = "what medication this is cannot be told: no code, no text, and no Medication resource that is here"
    reader.gap(
        item, "unresolved-reference", "medication[x]", problem, "Supply the Medication resource, or a code or text."
    )
    reader.unsupplied.setdefault(item.type, UNRESOLVED)
    return UNUSABLE


def drugs_of(reader: Reader, item: Item, view: views.DrugView) -> Drugs:
    """Which drugs the record is about, by its own code, or through the Medication that it refers to."""
    drugs = Drugs(known=False)
    concept = view.medicationCodeableConcept
    reference = view.medicationReference
    element, at = "medicationCodeableConcept", "medicationReference"
    if view.medication is not None:
        concept, reference = concept or view.medication.concept, reference or view.medication.reference
        element, at = "medication.concept", "medication.reference"
    if concept is not None and tells(concept):
        drugs.known = True
        drugs.concepts.append(concept)
        drugs.reading = reader.terms.read(concept, "drug", element)
    if reference is not None and not drugs.reading.hits:
        _by_reference(reader, item, reference, at, drugs)
    return drugs


def _by_reference(reader: Reader, item: Item, reference: views.Ref, at: str, drugs: Drugs) -> None:
    shown = [(f"{at}.display", reference.display)] if reference.display else []
    drugs.texts += [text for _, text in shown]
    found = _medication(reader, item, reference)
    if found is None:
        drugs.known = drugs.known or bool(shown)
        drugs.reading = reader.terms.read(None, "drug", at, more_text=shown)
        return
    medication = reader.medication(found) if found.type == "Medication" else None
    if medication is None:
        drugs.known = drugs.known or bool(shown)
        drugs.reading = reader.terms.read(None, "drug", at, more_text=shown)
        return
    drugs.known = drugs.known or bool(shown) or tells(medication.code)
    if medication.code is not None:
        drugs.concepts.append(medication.code)
    drugs.form = medication.form or medication.doseForm
    drugs.reading = reader.terms.read(medication.code, "drug", f"{at}.code", more_text=shown)
    if not any(hit.certainty is Certainty.HIGH for hit in drugs.reading.hits):
        own = (reference.reference or "").startswith("#")
        all_told = _by_ingredient(reader, item if own else found, None if own else found, medication, at, drugs)
        drugs.known = drugs.known or all_told or bool(drugs.reading.hits)
    if drugs.reading.hits and (medication.status == "entered-in-error" or reader.modified(found, medication)):
        drugs.doubtful = True
        problem = "the Medication is marked as an error or modified by something that is not known here"
        reader.gap(item, "unusable-status", at, problem, "Correct the Medication in the source.")


def _by_ingredient(
    reader: Reader, holder: Item, found: Item | None, medication: views.MedicationView, at: str, drugs: Drugs
) -> bool:
    """Drugs of the ingredients, where the code of the product tells none; whether every ingredient is known."""

    def read() -> _Ingredients:
        return _ingredients_read(reader, holder, medication, at)

    # What stands in the record itself is its own; all that refer to one Medication have the same ingredients.
    told = read() if found is None else reader.once(f"ingredients of {at}", found, read)
    drugs.concepts += told.concepts
    coded = tuple(hit for hit in told.hits if hit.certainty is Certainty.HIGH)
    if coded or (told.hits and not drugs.reading.hits):
        drugs.reading = Reading(coded or told.hits, coded=bool(coded))
    return told.all_told


@dataclass(frozen=True, slots=True)
class _Ingredients:
    """What the ingredients of a Medication tell."""

    concepts: Sequence[views.Concept]
    hits: tuple[Hit, ...]
    all_told: bool


def _ingredients_read(reader: Reader, holder: Item, medication: views.MedicationView, at: str) -> _Ingredients:
    hits: dict[str, Hit] = {}
    concepts: list[views.Concept] = []
    ingredients = list(islice(_ingredients(reader, holder, medication, at), MOST_INGREDIENTS + 1))
    if len(ingredients) > MOST_INGREDIENTS:  # references can multiply them to millions
        ingredients[-1] = at, None
        problem = f"the Medication has more than {MOST_INGREDIENTS} ingredients; only these were read"
        reader.gap(holder, "unreadable", at, problem, "Look at the Medication in its source system.")
    for element, concept in ingredients:
        if concept is not None:
            concepts.append(concept)
            for hit in reader.terms.read(concept, "drug", element).hits:
                hits.setdefault(hit.concept.id, hit)
    all_told = bool(ingredients) and all(tells(concept) for _, concept in ingredients)
    return _Ingredients(concepts, tuple(hits.values()), all_told)


def _ingredients(
    reader: Reader, holder: Item, medication: views.MedicationView, at: str, depth: int = 0
) -> Iterator[tuple[str, views.Concept | None]]:
    """(element, concept) of each active ingredient, those of its ingredients included; None: it cannot be told."""
    for index, ingredient in enumerate(medication.ingredient or ()):
        if ingredient.isActive is False:
            continue
        element = f"{at}.ingredient[{index}]"
        concept, reference = ingredient.itemCodeableConcept, ingredient.itemReference
        if ingredient.item is not None:
            concept, reference = concept or ingredient.item.concept, reference or ingredient.item.reference
        if tells(concept) or reference is None:
            yield element, concept
            continue
        inner = _medication(reader, holder, reference)
        if inner is None or inner.type not in ("Medication", "Substance"):
            yield element, views.Concept(text=reference.display) if reference.display else None
            continue
        view = reader.medication(inner)
        within = holder if (reference.reference or "").startswith("#") else inner
        further = (
            []
            if depth >= _DEEPEST
            else list(islice(_ingredients(reader, within, view, element, depth + 1), MOST_INGREDIENTS + 1))
        )
        if tells(view.code) or not further:
            yield element, view.code
        yield from further


def _medication(reader: Reader, item: Item, reference: views.Ref) -> Item | None:
    """The Medication behind a reference; one that stands in a contained resource looks into the same container."""
    index = reader.index_for(item)
    if reference.reference:
        return index.find(reference.reference, item.resource, "Medication", address=item.full_url)
    if reference.identifier is not None and reference.identifier.system and reference.identifier.value:
        return index.find_identifier("Medication", reference.identifier.system, reference.identifier.value)
    return None
