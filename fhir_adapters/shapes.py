"""Elements of the wrong JSON type: what they must mean, where that cannot be mistaken, is read; the rest is left.

A list of one where one thing belongs is that thing, one thing where a list belongs a list of it; a string where a
CodeableConcept belongs is its text, where a Reference belongs its reference; a Coding where a CodeableConcept belongs
is its coding. A list of several where one belongs is ambiguous, so it is not read. Nor are statuses and dates: those of
the wrong type prove nothing. Sound resources never come here: only where a view, or whoever asks for the subject, met a
wrong type (faults.py, subjects.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from spmwatch.fhir_adapters.references import Resource, target_of

Mended = tuple[object, str]
"""What to read in place of a value, and how that is told."""

DRUG_ELEMENTS = ("medicationCodeableConcept", "medicationReference", "medication")
TELLING = frozenset({*DRUG_ELEMENTS, "code", "ingredient", "valueCodeableConcept", "valueString", "component"})
"""Elements that tell what a resource is about."""

_WORDS_OF = {
    "Concept": ("text", "is a string; it was read as its text"),
    "Coding": ("display", "is a string; it was read as its display"),
    "Ref": ("reference", "is a string; it was read as its reference"),
    "Annotation": ("text", "is a string; it was read as its text"),
    "Dosage": ("text", "is a string; it was read as its text"),
}
"""View that a string stands in the place of -> the member that the string must be."""
_NAMING = frozenset({"system", "code", "display", "text", "reference", "valueString"})
"""Members that name something."""
_NOT_TELLING = frozenset({"id", "extension", "system", "version"})
"""Members of a CodeableConcept and its codings that name nothing by themselves."""
_IN_CODINGS = ("system", "code", "display")
_SILENT = frozenset({"id", "extension", "version", "userSelected", "_code", "_system", "_display", "_version"})
"""Members of a Coding that name nothing."""
_OF_CONCEPTS = _SILENT | {*_IN_CODINGS, "coding", "text", "_text"}
_OF_REFERENCES = frozenset({"id", "extension", "reference", "_reference", "type", "identifier", "display", "_display"})
_OF_CODEABLE_REFERENCES = frozenset({"id", "extension", "concept", "reference", "coding", "text", "code"})
_ITEMS = frozenset({"itemCodeableConcept", "itemReference", "item"})
_OF_INGREDIENTS = frozenset({"id", "extension", "modifierExtension", "isActive", "strength", "amount"})
_ONE_OF_LIST = "is a list of one; it was read as what is in it"
_LIST_OF_ONE = "is not a list; it was read as a list of one"
_NUMBER = "is a number; it was read as a string of its digits"
_STRAYS = {
    "stray_coding": ("coding", "is a Coding; it was read as a CodeableConcept with that coding"),
    "stray_concept": ("concept", "is a CodeableConcept; it was read as the concept of a CodeableReference"),
}
"""What views.py calls it -> the member that it must be."""


def mended(value: object, fault: str, expected: str, name: int | str) -> Mended | None:
    """What a value of the wrong type must mean; None where that cannot be told.

    Args:
        value: as it stands in the resource.
        fault: pydantic's word for what is wrong with it.
        expected: the view that belongs there, or "".
        name: the last step of its path.
    """
    if fault in _STRAYS:
        member, told = _STRAYS[fault]
        return {member: [value] if member == "coding" else value}, told
    if fault == "list_type":
        return ([value], _LIST_OF_ONE) if isinstance(value, dict) or _says(value) else None
    if isinstance(value, list):
        names = fault == "model_type" or (fault == "string_type" and name in _NAMING)
        return (value[0], _ONE_OF_LIST) if names and len(value) == 1 and value[0] is not None else None
    if fault == "string_type" and name == "code" and type(value) is int:
        return str(value), _NUMBER
    return _words(str(value), expected) if fault == "model_type" and _says(value) else None


def _words(text: str, expected: str) -> Mended | None:
    """What a string must mean in the place of an object."""
    if expected == "ConceptOrRef":
        member = "reference" if target_of(text) is not None or text.strip().startswith(("#", "urn:")) else "concept"
        return {member: text}, f"is a string; it was read as its {member}"
    member, told = _WORDS_OF.get(expected, ("", ""))
    return ({member: text}, told) if member else None


def reference_in(value: object) -> tuple[Resource | None, str]:
    """A Reference, and "" where it was written as one; else what it must mean and how that is told; None: nothing."""
    told = ""
    while isinstance(value, list) and len(value) == 1:
        value, told = value[0], _ONE_OF_LIST
    if isinstance(value, str) and _says(value):
        return {"reference": value}, _WORDS_OF["Ref"][1]
    if not isinstance(value, dict):
        return None, ""
    literal = value.get("reference")
    if isinstance(literal, list) and len(literal) == 1 and _says(literal[0]):
        return {**value, "reference": literal[0]}, _ONE_OF_LIST
    return value, told


def subject_in(resource: Resource) -> tuple[Resource | None, str]:
    """The Reference to its patient (`subject`, else `patient`), and how that was read if it is malformed, else ""."""
    value = resource.get("subject")
    if value is None:
        value = resource.get("patient")
    if type(value) is dict and type(value.get("reference")) is str:
        return value, ""
    return reference_in(value)


def patients_in(resource: Resource) -> list[Resource]:
    """Every Reference in `subject` and `patient`, also several where one belongs."""
    return references_in(resource.get("subject"), resource.get("patient"))


def references_in(*values: object) -> list[Resource]:
    """Every Reference in these values, also several where one belongs, or where its members belong."""
    found: list[Resource] = []
    left = [*reversed(values)]
    while left:
        value = left.pop()
        if isinstance(value, list):
            left += reversed(value)
        elif isinstance(value, dict) and isinstance(value.get("reference"), list):
            left += [{**value, "reference": one} for one in reversed(value["reference"])]
        else:
            reference, _ = reference_in(value)
            if reference is not None and (_says(reference.get("reference")) or "identifier" in reference):
                found.append(reference)
    return found


def says_nothing(value: object) -> bool:
    """Is there no word or code in it, wherever it stands? A number, or the name of a code system, is none."""
    left = [value]
    while left:
        one = left.pop()
        if _says(one):
            return False
        if isinstance(one, dict):
            left += [member for name, member in one.items() if name not in _NOT_TELLING]
        elif isinstance(one, list):
            left += one
    return True


# -- Is it as it should be? -------------------------------------------------------------------------------------------


def is_sound(kind: str, resource: Resource) -> bool:
    """Has everything that tells what a resource of this type is about the right JSON type? A quick look.

    What is contained in it counts with it: its Medication may be there.
    """
    inside = resource.get("contained")
    if inside is not None and not _all(inside, _is_sound_inside):
        return False
    return _is_sound(kind, resource)


def _is_sound_inside(one: object) -> bool:
    """A contained resource: with its type, and an id by which it can be found."""
    return (
        isinstance(one, dict)
        and isinstance(one.get("resourceType"), str)
        and isinstance(one.get("id"), str | None)
        and _is_sound(one["resourceType"], one)
    )


def _is_sound(kind: str, resource: Resource) -> bool:
    if kind == "Observation":
        parts = resource.get("component")
        return _is_sound_answer(resource) and (parts is None or _all(parts, _is_sound_answer))
    if not is_sound_concept(resource.get("code")):
        return False
    if kind == "Medication":
        ingredients = resource.get("ingredient")
        return ingredients is None or _all(ingredients, _is_sound_ingredient)
    return (
        is_sound_concept(resource.get("medicationCodeableConcept"))
        and _is_sound_reference(resource.get("medicationReference"))
        and _is_sound_either(resource.get("medication"))
    )


def is_sound_concept(concept: object) -> bool:
    """Is it a CodeableConcept, or nothing?"""
    if concept is None:
        return True
    if not isinstance(concept, dict):
        return False
    codings, text = concept.get("coding"), concept.get("text")
    if text is not None and not isinstance(text, str):
        return False
    if codings is None:
        return text is not None or not (is_stray_coding(concept) or is_wrapped(concept))
    return _all(codings, is_sound_coding)


def is_sound_coding(coding: object) -> bool:
    """Is it a Coding, and no CodeableConcept in its place?"""
    if not isinstance(coding, dict):
        return False
    if type(coding.get("system")) is str and type(coding.get("code")) is str:  # nearly all of them
        return isinstance(coding.get("display"), str | None)
    told = [coding[name] for name in _IN_CODINGS if name in coding]
    return all(one is None or isinstance(one, str) for one in told) and (bool(told) or coding.keys() <= _SILENT)


def is_wrapped(concept: Mapping[str, object]) -> bool:
    """Has a CodeableConcept members that FHIR does not have there? They may hold what it means."""
    return not concept.keys() <= _OF_CONCEPTS


def is_stray_coding(value: object) -> bool:
    """Is it a Coding where a CodeableConcept belongs?"""
    return (
        isinstance(value, Mapping)
        and value.get("coding") is None
        and value.get("text") is None
        and any(value.get(name) is not None for name in _IN_CODINGS)
    )


def is_stray_concept(value: object) -> bool:
    """Is it a CodeableConcept where a CodeableReference belongs?"""
    return (
        isinstance(value, Mapping)
        and value.get("concept") is None
        and value.get("reference") is None
        and any(value.get(name) is not None for name in ("coding", "text", "code"))
    )


def _is_sound_answer(part: object) -> bool:
    return (
        isinstance(part, dict)
        and is_sound_concept(part.get("code"))
        and is_sound_concept(part.get("valueCodeableConcept"))
        and isinstance(part.get("valueString"), str | None)
    )


def _is_sound_ingredient(one: object) -> bool:
    return (
        isinstance(one, dict)
        and (not _ITEMS.isdisjoint(one) or one.keys() <= _OF_INGREDIENTS)
        and is_sound_concept(one.get("itemCodeableConcept"))
        and _is_sound_reference(one.get("itemReference"))
        and _is_sound_either(one.get("item"))
    )


def _is_sound_either(value: object) -> bool:
    """A CodeableReference, or nothing."""
    if not isinstance(value, dict):
        return value is None
    return (
        is_sound_concept(value.get("concept"))
        and _is_sound_reference(value.get("reference"))
        and not is_stray_concept(value)
        and value.keys() <= _OF_CODEABLE_REFERENCES
    )


def _is_sound_reference(value: object) -> bool:
    if not isinstance(value, dict):
        return value is None
    told = isinstance(value.get("reference"), str | None) and isinstance(value.get("display"), str | None)
    return told and value.keys() <= _OF_REFERENCES


def _all(values: object, sound: Callable[[object], bool]) -> bool:
    return isinstance(values, list) and all(map(sound, values))


def _says(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
