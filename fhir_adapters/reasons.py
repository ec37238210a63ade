"""What a drug was given for: concept ids of its recorded indication."""

from __future__ import annotations

from collections.abc import Iterator

from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.condition_status import EXCLUDED_VERIFICATION, status_code
from spmwatch.fhir_adapters.faults import view_of
from spmwatch.fhir_adapters.reader import Reader
from spmwatch.fhir_adapters.references import Item, target_of

OTHER = "other"
"""A coded reason outside every value set."""


def reasons_of(reader: Reader, item: Item, view: views.DrugView) -> tuple[str, ...]:
    """Concepts of reasonCode, reasonReference and R5's reason, sorted; `other` for a code that no value set has."""
    found: set[str] = set()
    for concept in view.reasonCode or ():
        found.update(_of_concept(reader, concept))
    for reference in view.reasonReference or ():
        found.update(_of_reference(reader, item, reference))
    for reason in view.reason or ():
        if reason.concept is not None:
            found.update(_of_concept(reader, reason.concept))
        if reason.reference is not None:
            found.update(_of_reference(reader, item, reason.reference))
    return tuple(sorted(found))


def _of_concept(reader: Reader, concept: views.Concept) -> Iterator[str]:
    reading = reader.terms.read(concept, "condition", "reasonCode")
    if reading.hits:
        yield from (hit.concept.id for hit in reading.hits if hit.proves)
        return
    codes = [coding for coding in concept.coding or () if coding.system and coding.code]
    if codes and not any(reader.terms.by_code(one.system or "", one.code or "") for one in codes):
        yield OTHER


def _of_reference(reader: Reader, item: Item, reference: views.Ref) -> Iterator[str]:
    if not reference.reference:
        return
    index = reader.index_for(item)
    found = index.find(reference.reference, item.resource, "Condition", address=item.full_url)
    if found is None:
        target = target_of(reference.reference)
        if target is not None and index.is_known_irrelevant(target.key):
            yield OTHER
        elif reference.display:
            hits = reader.terms.read(None, "condition", "", more_text=[("", reference.display)]).hits
            yield from (hit.concept.id for hit in hits)
        return
    if found.type != "Condition":
        return
    view, _ = view_of(views.ConditionView, found.resource)
    if view.code is not None and status_code(view.verificationStatus) not in EXCLUDED_VERIFICATION:
        yield from _of_concept(reader, view.code)
