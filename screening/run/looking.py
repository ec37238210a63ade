"""A candidate line, looked at: whose it is, whether it brings anybody into the cohort, what it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from spmwatch.fhir_adapters.bundle import Deletion, open_bundle
from spmwatch.fhir_adapters.corrections import CORRECTED
from spmwatch.fhir_adapters.intake import is_list_of_resources, no_resource
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.record import READERS
from spmwatch.fhir_adapters.references import Item, Resource, contained, identifiers_of, target_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES, Relevance, relevance_of
from spmwatch.fhir_adapters.shapes import patients_in, subject_in
from spmwatch.fhir_adapters.speaking import (
    PRODUCTS,
    Identifier,
    name_of,
    products_named_by,
    references_to_products,
    speaks_of_evidence,
)
from spmwatch.fhir_adapters.strays import Stray, strays_in, strays_of
from spmwatch.fhir_adapters.subjects import names_several, patient_key
from spmwatch.fhir_adapters.terms import Terms


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a resource says that it is, or may be, as far as itself and what stands beside it tell."""

    keys: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()


@dataclass(slots=True)
class Look:
    """What one line, or one document, is about.

    Attributes:
        keys, identifiers: patients whose it is, or could be.
        evidence: it may bring these patients into the cohort; not looked at when they are in it.
        relevant: something in it would be kept by the plain reader, or may be a later version of what is.
        nobodys: something relevant in it names no patient.
        products: Medications and Substances in it (`Medication/id`), with their identifiers, by name.
        refers_to: the Medications and Substances it refers to, by name.
        patients: Patient.id -> identifiers of the Patients in it.
        deletions: what it says is deleted.
        types: of the resources in it that stand outside Bundles.
        problems: what it holds that is no resource, or stands where none is read.
        labels: `Type/id` of what is relevant in it and stands outside Bundles.
    """

    keys: set[str] = field(default_factory=set)
    identifiers: set[Identifier] = field(default_factory=set)
    evidence: bool = False
    relevant: bool = False
    nobodys: bool = False
    products: set[str] = field(default_factory=set)
    refers_to: set[str] = field(default_factory=set)
    patients: dict[str, list[Identifier]] = field(default_factory=dict)
    deletions: list[Deletion] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


Known = Callable[[str], bool]


def _nobody(_: str) -> bool:
    return False


class Looker:
    """Looks at lines. It may see evidence where there is none, never the other way round."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._relevance: Relevance = relevance_of(terms)

    def look(self, value: object, where: str, products: frozenset[str], known: Known = _nobody) -> Look:
        """What a parsed line is about.

        Args:
            value: of the line.
            where: its place.
            products: names of Medications that hold lenalidomide or melphalan.
            known: is a patient in the cohort already? Whether a single resource is evidence for that is not looked at.
        """
        look = Look()
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if isinstance(value, dict) and isinstance(kind, str) and kind != "Bundle":
            self._item(Item(value, where), look, products, known)
            return look
        for item, is_odd in _items(value, where, look):
            if is_odd:
                self._strays(item, strays_in(item.resource, self._terms, "", ""), look, products)
            else:
                self._item(item, look, products, _nobody)
        return look

    def _strays(self, item: Item, strays: Iterable[Stray], look: Look, products: frozenset[str]) -> None:
        """What is not read where it stands makes those whom it names some of the cohort, if it may be evidence."""
        for stray in strays:
            if stray.found:
                look.problems.append(stray.problem(item.where))
            refers_to = {name for one in stray.medications for name in references_to_products({"reference": one})}
            look.refers_to |= refers_to
            look.evidence = look.evidence or stray.is_evidence or not products.isdisjoint(refers_to)
            for reference in stray.subjects:
                owner = owner_of(Item({"subject": reference}, item.where, item.full_url, item.scope))
                look.relevant = look.relevant or bool(owner.keys or owner.identifiers)
                look.keys.update(owner.keys)
                look.identifiers.update(owner.identifiers)

    def _item(self, item: Item, look: Look, products: frozenset[str], known: Known) -> None:
        if item.scope is None:
            look.types.add(item.type)
        if item.type not in READ_TYPES or "contained" in item.resource:
            self._strays(item, strays_of(item.resource, self._terms), look, products)
        if item.type == "Patient":
            key = patient_key(item)
            look.relevant = True
            if key is not None:
                look.keys.add(key)
                look.patients[key] = list(identifiers_of(item.resource))
            return
        if item.type in PRODUCTS:
            look.products.update(_names(item))
            look.refers_to.update(products_named_by(item))
            look.evidence = look.evidence or self._tells(item, look.refers_to, products)
            return
        if item.type not in READERS:
            return
        relevant = self._relevance.might_matter(item)
        look.relevant = look.relevant or relevant or item.type in CORRECTED
        owner = owner_of(item)
        look.keys.update(owner.keys)
        look.identifiers.update(owner.identifiers)
        look.nobodys = look.nobodys or (relevant and owner == Owner())
        if relevant:
            if item.scope is None and item.text("id"):
                look.labels.append(item.label)
            refers_to = set(products_named_by(item)) if item.type in DRUG_TYPES else set[str]()
            look.refers_to |= refers_to
            if owner.identifiers or not owner.keys or not all(map(known, owner.keys)):
                look.evidence = look.evidence or self._tells(item, refers_to, products)

    def _tells(self, item: Item, refers_to: Iterable[str], products: frozenset[str]) -> bool:
        """Is one of its codes, texts or Medications evidence, wherever in it that stands?"""
        return not products.isdisjoint(refers_to) or speaks_of_evidence(item, self._terms)


def _items(value: object, where: str, look: Look) -> Iterator[tuple[Item, bool]]:
    """Every resource of a line: itself, those of a Bundle, those of a list; True for what is none."""
    if is_list_of_resources(value) and isinstance(value, list):
        for one in value:
            yield from _items(one, where, look)
        return
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        look.problems.append(no_resource(value, where))
        for one in value if isinstance(value, list) else (value,):
            yield Item(one if isinstance(one, dict) else {"": one}, where), True
        return
    if value["resourceType"] != "Bundle":
        yield Item(value, where), False
        return
    contents = open_bundle(value, where)
    look.deletions += contents.deletions
    yield from ((item, False) for item in contents.items)
    yield from ((item, True) for item in contents.odd)


def owner_of(item: Item) -> Owner:
    """Whose a resource is by `subject` or `patient`; what only other files tell stays open."""
    if names_several(item.resource):
        found = [_owner(item, reference) for reference in patients_in(item.resource)]
        keys = (key for one in found for key in one.keys)
        return Owner(tuple(dict.fromkeys(keys)), tuple(one for each in found for one in each.identifiers))
    reference, _ = subject_in(item.resource)
    return Owner() if reference is None else _owner(item, reference)


def _owner(item: Item, reference: Resource) -> Owner:
    literal = reference.get("reference")
    if not isinstance(literal, str) or not literal.strip():
        return Owner(identifiers=tuple(identifiers_of(reference)))
    literal = literal.strip()
    found = None if item.scope is None else item.scope.find(literal, item.resource, "Patient", address=item.full_url)
    if found is not None and not literal.startswith("#"):
        key = patient_key(found) if found.type == "Patient" else None
        return Owner() if key is None else Owner((key,))
    if literal.startswith("#"):
        inside = contained(item.resource, literal[1:])
        return Owner() if inside is None else Owner(identifiers=tuple(identifiers_of(inside.resource)))
    target = target_of(literal)
    if target is not None:
        return Owner((target.id,)) if target.type.casefold() == "patient" else Owner()
    return Owner((literal,)) if literal.startswith("urn:") or "/" not in literal else Owner()


def _names(item: Item) -> Iterator[str]:
    """Every name by which a reference may mean a Medication or Substance."""
    if item.text("id"):
        yield f"{item.type}/{item.text('id')}"
    for identifier in identifiers_of(item.resource):
        yield name_of(identifier)
