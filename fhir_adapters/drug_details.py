"""What a medication record says beside the drug itself: route, dose, phase, and the regimen that its words name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from spmwatch.engine.facts import Dose
from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.phrases import TEXT_LIMIT
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.drug_when import dosages_of
from spmwatch.fhir_adapters.reader import Reader
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.spans import amount
from spmwatch.fhir_adapters.terms import Hit, Named, Reading


@dataclass(slots=True)
class Drugs:
    """Which drugs a record is about.

    Attributes:
        reading: concepts, by code or by words.
        concepts: the coded elements that told, for route and phase words in them.
        texts: further words, e.g. the display of a reference.
        form: pharmaceutical form.
        known: False when nothing tells what the medication is.
        by_regimen: only the name of a regimen told, so route and dose are those of none of its drugs for certain.
        doubtful: the Medication itself is marked as an error, or modified by something we do not know.
        named: what the words of the record name, once they were looked at.
    """

    reading: Reading = field(default_factory=Reading)
    concepts: list[views.Concept] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    form: views.Concept | None = None
    known: bool = True
    by_regimen: bool = False
    doubtful: bool = False
    named: Named | None = None

    @property
    def cut_off(self) -> bool:
        """Are some of the words not read to their end?"""
        return any(len(text) > TEXT_LIMIT for text in self.words())

    def words(self) -> list[str]:
        """All words about the medication."""
        return [*self.texts, *(word for concept in self.concepts for word in words_of(concept))]


def tells(concept: views.Concept | None) -> bool:
    """Does it name anything: a code with its system, or words?"""
    return concept is not None and (
        any(coding.system and coding.code for coding in concept.coding or ()) or any(words_of(concept))
    )


def words_of(concept: views.Concept | None) -> Iterator[str]:
    """Displays and text of a CodeableConcept."""
    if concept is not None:
        for coding in concept.coding or ():
            if coding.display:
                yield coding.display
        if concept.text:
            yield concept.text


def route_of(reader: Reader, item: Item, view: views.DrugView, drugs: Drugs, hit: Hit) -> str | None:
    """Route by the dosage, else by the drug's code, form or words. Local use outweighs the code (7.3)."""
    told = {route for dosage in dosages_of(view) if (route := _dosage_route(reader, dosage)) is not None}
    if "local" in told:
        return "local" if len(told) == 1 else None
    own = hit.concept.route
    if len(told) > 1 or (told and own is not None and own not in told and own != "local"):
        problem = "routes contradict each other, so none was used"
        reader.gap(item, "conflict", "dosage.route", problem, "Correct route or code in the source.")
        return None
    if told and own != "local":
        return next(iter(told))
    if own is not None:
        return own
    by_form = reader.terms.route(drugs.form, None)
    if by_form is not None:
        return by_form
    worded = {route for text in drugs.words() if (route := reader.terms.route(None, text)) is not None}
    return next(iter(worded)) if len(worded) == 1 else None


def _dosage_route(reader: Reader, dosage: views.Dosage) -> str | None:
    route = reader.terms.route(dosage.route, None)
    site = reader.terms.route(dosage.site, None)
    if "local" in (route, site):
        return "local"
    return route or site or reader.terms.route(None, dosage.text or dosage.patientInstruction)


def dose_of(reader: Reader, view: views.DrugView) -> Dose | None:
    """Amount of one intake or administration; None when several dosages differ or the unit is not known."""
    doses = set()
    for dosage in dosages_of(view):
        quantities = [part.doseQuantity for part in dosage.doseAndRate or ()] or [dosage.doseQuantity or dosage.dose]
        for quantity in quantities:
            doses.add(amount(quantity, reader.terms.value_sets))
    only = next(iter(doses)) if len(doses) == 1 else None
    return Dose(value=only[0], unit=only[1]) if only is not None else None


def phase_of(reader: Reader, view: views.DrugView, drugs: Drugs) -> str | None:
    """Phase of treatment by code or word in reason, dosage, note or medication (7.13)."""
    reasons: Sequence[views.Concept] = [
        *(view.reasonCode or ()),
        *(reason.concept for reason in view.reason or () if reason.concept is not None),
    ]
    return reader.phase(_named_beside(reader, view, drugs).phases, reasons)


def _named_beside(reader: Reader, view: views.DrugView, drugs: Drugs) -> Named:
    """What the words of the record name; looked up once for all its drugs."""
    if drugs.named is None:
        drugs.named = reader.terms.named_in(words_beside(view, drugs))
    return drugs.named


def words_beside(view: views.DrugView, drugs: Drugs) -> list[tuple[str, str]]:
    """All words that may tell of phase and regimen, with the element that each stands in."""
    told: list[tuple[str, str]] = []
    for concept in (*(view.reasonCode or ()), *(one.concept for one in view.reason or ())):
        told += [("reasonCode", word) for word in words_of(concept)]
    for dosage in dosages_of(view):
        told += [("dosage.text", text) for text in (dosage.text, dosage.patientInstruction) if text]
    if view.note:
        told += [("note", note.text) for note in view.note if note.text]
    if view.reasonReference:
        told += [("reasonReference.display", ref.display) for ref in view.reasonReference if ref.display]
    return told + [("medication[x]", word) for word in drugs.words()]


def regimens_of(reader: Reader, view: views.DrugView, drugs: Drugs) -> Sequence[tuple[str, Concept]]:
    """The regimens that the words of a record name as today's, each with the element that names it."""
    return _named_beside(reader, view, drugs).regimens


def regimen_of(reader: Reader, item: Item, named: Sequence[tuple[str, Concept]], hit: Hit) -> str | None:
    """The one named regimen that the drug is part of; None when there is none, or several.

    A regimen without the drug is noted and left out. A name never makes an exposure to the other drugs of a regimen.
    """
    drug = hit.concept.drug or hit.concept.id
    for element, regimen in named:
        if drug not in regimen.drugs:
            problem = f"the record names the regimen {regimen.title}, which does not contain {drug}; it was left out"
            reader.gap(item, "conflict", element, problem, "Correct the drug or the regimen in the source.")
    fitting = [regimen.id for _, regimen in named if drug in regimen.drugs]
    return fitting[0] if len(fitting) == 1 else None


def group_of(view: views.DrugView) -> str | None:
    """A short name for the identifier that orders written together share; never the identifier itself."""
    identifier = view.groupIdentifier if isinstance(view, views.RequestView) else None
    if identifier is None or not identifier.value:
        return None
    return hashlib.sha256(f"{identifier.system}|{identifier.value}".encode()).hexdigest()[:12]
