"""Evidence of myeloma, lenalidomide, melphalan or a transplant: what it is; whether what cannot be read may be it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from spmwatch.engine.terminology.concept import Concept
from spmwatch.engine.terminology.value_sets import TEXT_CATEGORIES
from spmwatch.fhir_adapters.relevance import CATEGORIES, DRUG_TYPES, WORD_CATEGORIES
from spmwatch.fhir_adapters.terms import Terms

EVIDENCE_DRUGS = frozenset({"lenalidomide", "melphalan"})
"""Drugs, by their names in the value sets, that bring a patient into the cohort."""
HIDDEN = "a resource about the patient cannot be read, and may speak of myeloma, its treatment or a transplant"
"""Why a type was not supplied whole; stands in the Coverage of that patient."""

_BARE_CODE = re.compile(r"(?=[A-Za-z]*[0-9])[0-9A-Za-z]{3}[0-9A-Za-z.\-*]{0,17}")
_NOT_ASKED = frozenset({"id", "reference", "resourceType", "system", "subject", "patient", "meta", "identifier"})
"""Members that say whose something is, or where it is from, not what it is."""


def is_evidence(concept: Concept) -> bool:
    """Does it bring a patient into the cohort: the myeloma family, lenalidomide, melphalan, or a transplant?"""
    return (
        concept.family == "myeloma"
        or concept.drug in EVIDENCE_DRUGS
        or not EVIDENCE_DRUGS.isdisjoint(concept.drugs)
        or concept.transplant is not None
        or concept.implies_prior is not None
    )


def may_be_evidence(value: object, terms: Terms, kind: str) -> bool:
    """Is any text or code in it evidence, wherever it stands, also a code without its system? As `evidence_in`."""
    return next(evidence_in(value, terms, kind), None) is not None


def evidence_in(value: object, terms: Terms, kind: str) -> Iterator[Concept]:
    """Evidence that something names which could not be read as what it stands for.

    Args:
        value: JSON.
        terms: the value sets.
        kind: type of the resource; of an Observation nothing is asked that would not be read in one.
    """
    codes = CATEGORIES["Observation"] if kind == "Observation" else frozenset[str]()
    words = WORD_CATEGORIES["Observation"] if kind == "Observation" else TEXT_CATEGORIES
    for system, text in _told(value):
        systems = (system,) if system else _systems(terms) if _BARE_CODE.fullmatch(text.strip()) else ()
        coded = [match.concept for one in systems for match in terms.by_code(one, text)]
        yield from (one for one in coded if is_evidence(one) and (not codes or one.category in codes))
        if "://" in text or text.startswith("urn:"):  # the name of a code system, or an address
            continue
        named = [match.concept for name in sorted(words) for match in terms.value_sets.by_text(text, name)]
        yield from filter(is_evidence, named)


def types_in_doubt(concepts: Iterable[Concept], kind: str) -> frozenset[str]:
    """Types of resources that may not be whole, where something in a resource of type `kind` names these concepts."""
    types: set[str] = set()
    for concept in concepts:
        types.add(kind)
        if concept.family is not None:
            types.add("Condition")
        if concept.transplant is not None or concept.implies_prior is not None:
            types.add("Procedure")
        if (concept.drug is not None or concept.drugs) and kind not in DRUG_TYPES:
            types.add("MedicationAdministration")
    return frozenset(types)


@lru_cache(maxsize=4)
def _systems(terms: Terms) -> tuple[str, ...]:
    """Every system with a code that is evidence."""
    concepts = [concept for concept in terms.value_sets.all_concepts() if is_evidence(concept)]
    listed = {row.system for one in concepts for row in one.codes}
    return tuple(sorted(listed | {row.system for one in concepts for row in one.local_codes}))


def _told(value: object) -> Iterator[tuple[str | None, str]]:
    """(system, text) of each string and whole number in it; the system where it stands beside a code."""
    left: list[tuple[str | None, object]] = [(None, value)]
    while left:
        system, one = left.pop()
        if isinstance(one, str):
            yield system, one
        elif type(one) is int:
            yield system, str(one)
        elif isinstance(one, dict):
            beside = next(_strings(one.get("system")), None)
            left += [(beside if name == "code" else None, member) for name, member in one.items()
                     if name not in _NOT_ASKED]  # fmt: skip
        elif isinstance(one, list):
            left += [(system, member) for member in one]


def _strings(value: object) -> Iterator[str]:
    values: Iterable[object] = value if isinstance(value, list) else (value,)
    yield from (one for one in values if isinstance(one, str))
