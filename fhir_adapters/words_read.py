"""The words of a resource that are held against our terms: what takes most of the time of a long record."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from spmwatch.fhir_adapters.references import Resource

_WORDS = frozenset({
    "text", "display", "patientInstruction", "valueString", "onsetString", "abatementString", "performedString",
    "occurrenceString",
})  # fmt: skip
"""Members whose texts are read somewhere, by name (views.py has them); elsewhere they are counted all the same."""
_AS_WORDS = frozenset({
    "medicationCodeableConcept", "itemCodeableConcept", "valueCodeableConcept", "medication", "concept", "item",
    "coding", "reasonCode", "reason", "note", "dosage", "dosageInstruction", "statusReason", "notDoneReason", "route",
    "form", "doseForm",
})  # fmt: skip
"""Members whose strings are read as words where an object belongs (shapes.py)."""
_LISTED = _WORDS | _AS_WORDS | {"code"}
_PASSED_OVER = frozenset({"extension", "modifierExtension", "meta", "identifier"})


def is_longer_than(resource: Resource, length: int) -> bool:
    """Has the resource more bytes of JSON than this, so that a text of it may be as long? A quick look."""
    try:
        return len(orjson.dumps(resource)) > length
    except orjson.JSONEncodeError:  # nested too deep, half of a character
        return True


def words_read(resource: Resource) -> Iterator[tuple[str, str]]:
    """(path, text) of each text that may be read, e.g. `code.coding[0].display`; the narrative is not among them."""
    left: list[tuple[str, object]] = [("", resource)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            for name, member in value.items():
                if isinstance(member, str):
                    if name in _WORDS or name in _AS_WORDS or (name == "code" and _is_asked(value)):
                        yield f"{path}.{name}".lstrip("."), member
                elif isinstance(member, dict | list) and name not in _PASSED_OVER:
                    left.append((f"{path}.{name}".lstrip("."), member))
        elif isinstance(value, list):
            for at, member in enumerate(value):
                if isinstance(member, dict | list):
                    left.append((f"{path}[{at}]", member))
                elif isinstance(member, str) and _name(path) in _LISTED:
                    yield f"{path}[{at}]", member


def _is_asked(holder: Resource) -> bool:
    """Does a CodeableConcept belong there under the name `code`? Not in a Coding or a Quantity."""
    return "resourceType" in holder or "valueString" in holder or "valueCodeableConcept" in holder


def _name(path: str) -> str:
    return path.rpartition(".")[2].partition("[")[0]
