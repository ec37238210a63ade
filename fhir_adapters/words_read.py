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
                    if name in _WORDS:
                        yield f"{path}.{name}".lstrip("."), member
                elif isinstance(member, dict | list) and name not in _PASSED_OVER:
                    left.append((f"{path}.{name}".lstrip("."), member))
        elif isinstance(value, list):
            left += [(f"{path}[{at}]", member) for at, member in enumerate(value) if isinstance(member, dict | list)]
