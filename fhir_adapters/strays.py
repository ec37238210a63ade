"""What stands where no resource is read, or under a type that cannot be read, and may matter all the same.

A line without `resourceType`, a type in the wrong case, resources in Parameters or contained in something else: nothing
of it becomes a fact, for nobody can say what it is. But whom it names must not be told "no" on the strength of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spmwatch.fhir_adapters.bundle import ALL_CLINICAL
from spmwatch.fhir_adapters.evidence import HIDDEN, evidence_in, types_in_doubt
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.references import Item, Resource, target_of
from spmwatch.fhir_adapters.relevance import DRUG_TYPES, READ_TYPES, relevance_of
from spmwatch.fhir_adapters.resource_types import is_resource_type
from spmwatch.fhir_adapters.shapes import DRUG_ELEMENTS, TELLING, patients_in, references_in
from spmwatch.fhir_adapters.terms import Terms

UNTYPED = "something about the patient stands where it is not read, or under no type that is read"
"""Why a type was not supplied whole; stands in the Coverage of that patient."""

_REFERRING = frozenset({"medicationReference", "medication"})
_TOLD_APART = frozenset({"Bundle", "OperationOutcome"})
_PARAMETERS = "Parameters"
_ADVICE = "Write it as a resource of its type on a line, or in an entry, of its own."
_NEAR = {kind.casefold(): kind for kind in (*READ_TYPES, "Bundle")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Something that is not read and may matter.

    Attributes:
        subjects: References to whom it is about; none where it names nobody.
        medications: References to what may be the medication of a record.
        types: resource type -> why it was not supplied whole for them.
        element: where it stands in its line, or "-" for all of it.
        found: what it is, in words.
    """

    subjects: tuple[Resource, ...]
    medications: tuple[Resource, ...]
    types: Mapping[str, str]
    element: str
    found: str

    @property
    def is_evidence(self) -> bool:
        """May it speak of myeloma, lenalidomide, melphalan or a transplant?"""
        return HIDDEN in self.types.values()

    def problem(self, where: str) -> Problem:
        """As it is told. What is inside of something that was used costs no line."""
        inside = self.element.startswith("contained")
        expected = "a FHIR resource of a type that is read"
        return Problem(
            where=where, element=self.element, found=self.found, expected=expected, advice=_ADVICE, lost=not inside
        )


def strays_of(resource: Resource, terms: Terms) -> list[Stray]:
    """Of a resource in its place: itself if its type is none that FHIR has, else what stands in it out of place."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not is_resource_type(kind):
        return strays_in(resource, terms, "resourceType", _NO_TYPE)
    if kind in _TOLD_APART or not (kind == _PARAMETERS or "contained" in resource):
        return []
    found: list[Stray] = []
    for element, part in _inside(resource):
        told = part.get("resourceType")
        name = f"a {told}" if isinstance(told, str) and is_resource_type(told) else _NO_TYPE
        stray = _stray(part, terms, resource, element, f"{name} inside of a {kind}, where it is not read")
        found += [stray] if stray is not None else []
    return found


def strays_in(value: object, terms: Terms, element: str, found: str) -> list[Stray]:
    """Of JSON that is no resource in its place; each of a list by itself.

    Args:
        value: JSON.
        terms: the value sets.
        element: where it stands.
        found: what it is, in words.
    """
    parts = value if isinstance(value, list) else [value]
    strays = (_stray(part, terms, None, element, found) for part in _objects(parts))
    return [one for one in strays if one is not None]


_NO_TYPE = "a resource of no type that FHIR has"


def _objects(values: Iterable[object]) -> Iterator[Resource]:
    left = [*values]
    while left:
        one = left.pop(0)
        if isinstance(one, dict):
            yield one
        elif isinstance(one, list):
            left += one


def _stray(part: Resource, terms: Terms, holder: Resource | None, element: str, found: str) -> Stray | None:
    """None when nothing in it could matter to anybody."""
    kinds = _possible_types(part)
    if kinds is None:
        return None
    only = kinds[0] if len(kinds) == 1 else ""
    doubted = types_in_doubt(evidence_in(part, terms, only), only) - {""}
    types = dict.fromkeys(sorted({*doubted, *kinds}), HIDDEN) if doubted else {}
    if not types:
        types = {kind: UNTYPED for kind in kinds if _may_matter(part, kind, terms)}
    if not types:
        return None
    subjects = patients_in(part) or ([] if holder is None else patients_in(holder)) or [*_anybody_in(part)]
    medications = tuple(_medications_in(part))
    return Stray(subjects=tuple(subjects), medications=medications, types=types, element=element, found=found)


def _possible_types(part: Resource) -> tuple[str, ...] | None:
    """Types that facts come from which it may be of; none for one that FHIR lacks altogether, None for another one."""
    kind: Any = part.get("resourceType")
    while isinstance(kind, list) and len(kind) == 1:
        kind = kind[0]
    if not isinstance(kind, str):
        return ALL_CLINICAL
    near = _NEAR.get("".join(filter(str.isalpha, kind)).casefold(), "")
    if near == "Bundle":
        return ALL_CLINICAL
    if near in ALL_CLINICAL:
        return (near,)
    if near or is_resource_type(kind):
        return None
    return () if _REFERRING.isdisjoint(part) else DRUG_TYPES


def _may_matter(part: Resource, kind: str, terms: Terms) -> bool:
    """Could a rule ask for it, if it is of this type? What tells nothing of what it is about may be about anything."""
    if TELLING.isdisjoint(part):
        return True
    if kind in DRUG_TYPES and not any(name in part for name in DRUG_ELEMENTS):
        return False
    return relevance_of(terms).might_matter(Item({**part, "resourceType": kind}))


def _inside(holder: Resource) -> Iterator[tuple[str, Resource]]:
    """(element, resource) of what stands in Parameters, or is contained and not what a reference of the holder means.

    What its holder refers to is read with it, where that is read at all.
    """
    if holder["resourceType"] == _PARAMETERS:
        yield from (("parameter", one) for one in _typed(holder.get("parameter")))
        return
    meant = set(_contained_references(holder)) if holder["resourceType"] in READ_TYPES else set[str]()
    for number, one in enumerate(_objects([holder["contained"]])):
        ident = one.get("id")
        if not (isinstance(ident, str) and f"#{ident.removeprefix('#')}" in meant):
            yield f"contained[{number}]", one


def _typed(value: object) -> Iterator[Resource]:
    """Every object in it that calls itself a resource."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if "resourceType" in one:
                yield one
            left += one.values()
        elif isinstance(one, list):
            left += one


def _contained_references(value: object) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            if one.startswith("#"):
                yield one
        elif isinstance(one, dict):
            left += (member for name, member in one.items() if name != "id")
        elif isinstance(one, list):
            left += one


def _medications_in(value: object) -> Iterator[Resource]:
    """References to what may be the medication of a record, wherever in it."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            yield from (found for name in DRUG_ELEMENTS for found in references_in(one.get(name)))
            left += one.values()
        elif isinstance(one, list):
            left += one


def _anybody_in(value: object) -> Iterator[Resource]:
    """References to Patients, wherever in it; each once."""
    left, seen = [value], set[str]()
    while left:
        one = left.pop()
        if isinstance(one, dict):
            for reference in patients_in(one):
                target = target_of(str(reference.get("reference")))
                if target is None or target.key not in seen:
                    seen.add("" if target is None else target.key)
                    yield reference
            literal = one.get("reference")
            target = target_of(literal) if isinstance(literal, str) else None
            if target is not None and target.type.casefold() == "patient" and target.key not in seen:
                seen.add(target.key)
                yield one
            left += one.values()
        elif isinstance(one, list):
            left += one
