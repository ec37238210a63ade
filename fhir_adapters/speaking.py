"""What a resource speaks of, wherever in it that stands: evidence of the cohort, and Medications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spmwatch.fhir_adapters.evidence import is_evidence, may_be_evidence
from spmwatch.fhir_adapters.references import Item, identifiers_of, target_of
from spmwatch.fhir_adapters.shapes import is_sound
from spmwatch.fhir_adapters.terms import Terms
from spmwatch.fhir_adapters.words_read import words_read

CATEGORIES = ("drug", "regimen", "condition", "procedure")
PRODUCTS = frozenset({"Medication", "Substance"})

Identifier = tuple[str, str]
"""(system, value)."""


def name_of(identifier: Identifier) -> str:
    """An identifier of a Medication among the names of Medications."""
    return "|".join(identifier)


def speaks_of_evidence(item: Item, terms: Terms) -> bool:
    """Is one of its own codes or texts evidence? It may be seen where there is none, never the other way round."""
    for system, code in _codes(item.resource):
        if any(is_evidence(match.concept) for match in terms.by_code(system, code)):
            return True
    find = terms.value_sets.by_text
    texts = {text for _, text in words_read(item.resource)}
    if any(is_evidence(match.concept) for text in texts for name in CATEGORIES for match in find(text, name)):
        return True
    sound = is_sound(item.type, item.resource)
    return not sound and may_be_evidence(item.resource, terms, item.type)


_REFERS = frozenset({"medicationReference", "medication", "itemReference", "item", "reference"})
"""Members under which a reference to a Medication or Substance stands."""


def products_named_by(item: Item) -> Iterator[str]:
    """Names of the Medications and Substances that a resource could refer to."""
    yield from references_to_products(item.resource)
    if not is_sound(item.type, item.resource):
        yield from _bare_references(item.resource)


def references_to_products(resource: Mapping[str, Any]) -> Iterator[str]:
    """Names of the Medications and Substances that it could refer to, wherever in it."""
    for name, part in _objects(resource):
        if name not in _REFERS:
            continue
        literal = _one(part.get("reference"))
        if isinstance(literal, str) and literal.strip()[:1] not in ("#", ""):
            target = target_of(literal)
            if target is not None and target.type in PRODUCTS:
                yield target.key
            elif target is None and "/" not in literal and not literal.startswith("urn:"):
                yield f"Medication/{literal.strip()}"
        elif "identifier" in part:
            yield from (name_of(one) for one in identifiers_of(part))


def _bare_references(resource: Mapping[str, Any]) -> Iterator[str]:
    """As `references_to_products`, of what stands there as a string and not as a Reference."""
    for _, part in _objects(resource):
        for member in _REFERS & part.keys():
            written = _one(part[member])
            if isinstance(written, str):
                yield from references_to_products({"reference": {"reference": written}})


def _codes(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for _, part in _objects(resource):
        system, code = part.get("system"), part.get("code")
        if type(system) is str and type(code) is str:
            yield system, code
        elif system is not None and code is not None:  # in the wrong type, but readable (shapes.py)
            system, code = _one(system), _one(code)
            if isinstance(system, str) and (isinstance(code, str) or type(code) is int):
                yield system, str(code)


def _one(value: object) -> object:
    """What is in a list of one."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value


def _objects(resource: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(member, object) of the resource and every object in it, however deep; what is in a list has the list's name."""
    left: list[tuple[str, object]] = [("", resource)]
    while left:
        name, value = left.pop()
        if isinstance(value, dict):
            yield name, value
            left += [(inner, member) for inner, member in value.items() if isinstance(member, dict | list)]
        elif isinstance(value, list):
            left += [(name, member) for member in value if isinstance(member, dict | list)]
