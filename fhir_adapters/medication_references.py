"""Which Medications would have to be read from a server, because a record only refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.references import Item, Resource, ResourceIndex, Target, target_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, tells
from spmwatch.fhir_adapters.shapes import reference_in

ENTERED_IN_ERROR = "entered-in-error"


def wanted_medications(resources: Iterable[Resource], value_sets: ValueSets) -> tuple[Target, ...]:
    """Medications that are referred to, are not among the resources, and could change what is read.

    A reference with a display that names no drug or regimen of the value sets is decided by it: the reader takes it for
    something else. One whose display names such a drug wants the code, and so does one without any words. Those with
    such a name come first; each once, in the order of the resources.

    Two references that mean different servers' Medications under one id are left out: once read, the one would be
    taken for the other.
    """
    items = [Item(resource) for resource in resources]
    index = ResourceIndex()
    for item in items:
        if item.type == "Medication":
            index.add(item)
    named: dict[Target, None] = {}
    unnamed: dict[Target, None] = {}
    for item in items:
        for reference, shown in _references(item):
            target = target_of(reference)
            if target is None or target.type != "Medication" or index.find(reference, item.resource, "Medication"):
                continue
            if not shown:
                unnamed.setdefault(target)
            elif any(value_sets.by_text(shown, category) for category in ("drug", "regimen")):
                named.setdefault(target)
    return _of_one_server_each([*named, *(target for target in unnamed if target not in named)])


def _references(item: Item) -> Iterator[tuple[str, str]]:
    """(reference, display) of the medication of a record, where no code or text tells it."""
    resource = item.resource
    if item.type not in DRUG_TYPES or resource.get("status") == ENTERED_IN_ERROR:
        return
    concept, reference = resource.get("medicationCodeableConcept"), resource.get("medicationReference")
    medication = resource.get("medication")
    if isinstance(medication, Mapping):  # R5
        concept, reference = concept or medication.get("concept"), reference or medication.get("reference")
    reference, _ = reference_in(reference)
    if tells(concept) or reference is None:
        return
    literal, shown = reference.get("reference"), reference.get("display")
    if isinstance(literal, str) and not literal.strip().startswith("#"):
        yield literal, shown if isinstance(shown, str) else ""


def _of_one_server_each(targets: Sequence[Target]) -> tuple[Target, ...]:
    bases: dict[str, set[str]] = {}
    for target in targets:
        bases.setdefault(target.key, set()).add(target.base)
    return tuple(target for target in targets if len(bases[target.key] - {""}) <= 1)
