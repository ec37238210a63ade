"""Could a rule ask for this resource? A cheap look at its codes and words, before anything else is made of it."""

from __future__ import annotations

from functools import lru_cache

from spmwatch.engine.terminology.memory import Memory
from spmwatch.engine.terminology.phrases import TEXT_LIMIT
from spmwatch.fhir_adapters import condition, observation, procedure
from spmwatch.fhir_adapters.references import Item, Resource, digest_of_json
from spmwatch.fhir_adapters.shapes import is_sound_coding, is_stray_coding, is_wrapped
from spmwatch.fhir_adapters.terms import Terms

DRUG_TYPES = ("MedicationRequest", "MedicationDispense", "MedicationStatement", "MedicationAdministration")
READ_TYPES = ("Patient", "Medication", *DRUG_TYPES, "Procedure", "Condition", "Observation")
"""Resource types that facts come from, or that are needed to understand those."""

CATEGORIES: dict[str, frozenset[str]] = {
    **dict.fromkeys(DRUG_TYPES, frozenset({"drug"})),
    "Procedure": frozenset(procedure.CATEGORIES),
    "Condition": frozenset(condition.CATEGORIES),
    "Observation": frozenset(observation.CODE_CATEGORIES),
}
# Words are looked at for these only: tests and drugs given are told by code alone.
WORD_CATEGORIES = {
    **CATEGORIES,
    "Observation": frozenset(observation.VALUE_CATEGORIES),
    "Procedure": frozenset(procedure.WORD_CATEGORIES),
    **dict.fromkeys(DRUG_TYPES, frozenset({"drug", "regimen"})),  # words may name a regimen and none of its drugs
}
_CONCEPTS_REMEMBERED = 65_536


class Relevance:
    """Says which resources are worth reading; remembers its answers on codes and texts, by digest."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._concepts: Memory[bool] = Memory(_CONCEPTS_REMEMBERED)

    def might_matter(self, item: Item) -> bool:
        """False only when nothing in the resource could become a fact; malformed ones are left to the reader."""
        resource, kind = item.resource, item.type
        if kind in ("Condition", "Procedure"):
            return self._concept(kind, resource.get("code"), item.code_digest)
        if kind == "Observation":
            return (
                self._concept(kind, resource.get("code"), item.code_digest)
                or self._answered(kind, resource)
                or ("component" in resource and self._in_parts(kind, resource["component"]))
            )
        return kind in DRUG_TYPES and self._medication(kind, resource)

    def _medication(self, kind: str, resource: Resource) -> bool:
        """A reference must be followed first, and a medication that is missing or malformed must be told of."""
        concept = resource.get("medicationCodeableConcept")
        medication = resource.get("medication")
        if medication is not None:
            if not isinstance(medication, dict) or "reference" in medication:
                return True
            concept = medication.get("concept")
        return "medicationReference" in resource or not tells(concept) or self._concept(kind, concept)

    def _in_parts(self, kind: str, components: object) -> bool:
        return not isinstance(components, list) or any(self._asked_or_answered(kind, one) for one in components)

    def _asked_or_answered(self, kind: str, part: object) -> bool:
        if not isinstance(part, dict):
            return True
        return self._concept(kind, part.get("code")) or self._answered(kind, part)

    def _answered(self, kind: str, part: Resource) -> bool:
        if "valueCodeableConcept" in part and self._concept(kind, part["valueCodeableConcept"]):
            return True
        text = part.get("valueString")
        return text is not None and (not isinstance(text, str) or self._says(kind, text))

    def _concept(self, kind: str, concept: object, digest: bytes | None = None) -> bool:
        if not isinstance(concept, dict):
            return concept is not None
        digest = digest_of_json(concept) if digest is None else digest
        if not digest:
            return self._asked_for(kind, concept)
        key = (kind, digest)
        known = self._concepts.get(key)
        return self._concepts.keep(key, self._asked_for(kind, concept)) if known is None else known

    def _asked_for(self, kind: str, concept: Resource) -> bool:
        codings, text = concept.get("coding"), concept.get("text")
        if (codings is not None and not isinstance(codings, list)) or is_stray_coding(concept):
            return True
        if codings is None and text is None:
            return is_wrapped(concept)
        if any(not isinstance(coding, dict) or self._coding(kind, coding) for coding in codings or ()):
            return True
        return text is not None and (not isinstance(text, str) or self._says(kind, text))

    def _coding(self, kind: str, coding: Resource) -> bool:
        system, code, display = coding.get("system"), coding.get("code"), coding.get("display")
        if isinstance(system, str) and isinstance(code, str):
            categories = CATEGORIES[kind]
            if any(match.concept.category in categories for match in self._terms.by_code(system, code)):
                return True
        elif not is_sound_coding(coding):
            return True
        return display is not None and (not isinstance(display, str) or self._says(kind, display))

    def _says(self, kind: str, text: str) -> bool:
        if len(text) > TEXT_LIMIT:
            return True  # what follows is not looked at, so it is not known; the reader tells of it
        find = self._terms.value_sets.by_text
        return any(find(text, category) for category in sorted(WORD_CATEGORIES[kind]))


def tells(concept: object) -> bool:
    """Does it name anything, as far as it can be read: a code with its system, or words?"""
    if not isinstance(concept, dict):
        return False
    codings = concept.get("coding")
    return bool(concept.get("text")) or any(
        isinstance(one, dict) and ((one.get("system") and one.get("code")) or one.get("display"))
        for one in (codings if isinstance(codings, list) else ())
    )


@lru_cache(maxsize=4)
def relevance_of(terms: Terms) -> Relevance:
    """The one Relevance of these terms, so that its memory serves every Bundle."""
    return Relevance(terms)


def is_coded(item: Item) -> bool:
    """Has its code a coding with system and code?"""
    concept = item.resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return isinstance(codings, list) and any(
        isinstance(one, dict) and one.get("system") and one.get("code") for one in codings
    )
