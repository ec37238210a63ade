"""Malformed elements: take them out of what is read, and name them without their content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spmwatch.fhir_adapters.problems import Fault
from spmwatch.fhir_adapters.views import V

_ROUNDS = 4
MOST_FAULTS = 20
"""More faults than these in one resource are counted, not listed."""

_WORDS = {
    "string_type": "is not a string",
    "bool_type": "is not true or false",
    "float_type": "is not a number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "list_type": "is not a list",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "dict_type": "is not an object",
    "json_invalid": "is not an object",
    "missing": "is missing",
    "finite_number": "is not a finite number",
    "int_parsing_size": "is a number too large to hold",
    "extra_forbidden": "is not an element of this resource",
    "string_pattern_mismatch": "has characters that its type does not allow",
    "literal_error": "is not one of the codes allowed here",
    "date_from_datetime_parsing": "is not a date that exists",
    "datetime_from_date_parsing": "is not a date that exists",
    "date_parsing": "is not a date that exists",
    "datetime_parsing": "is not a date that exists",
}
Path = tuple[int | str, ...]


def view_of(model: type[V], resource: Mapping[str, Any]) -> tuple[V, list[Fault]]:
    """The view of a resource, and the faults of what had to be left out of it. Never raises."""
    faults: list[Fault] = []
    current: Mapping[str, Any] = resource
    for _ in range(_ROUNDS):
        try:
            return model.model_validate(current), faults
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False)
        faults += faults_of(details)
        current = _without(current, [detail["loc"] for detail in details])
    return cast("V", model.model_construct()), faults


def faults_of(details: Iterable[ErrorDetails]) -> list[Fault]:
    """Pydantic's findings as faults, without the offending values."""
    return [Fault(element=element_path(detail["loc"]), problem=_problem(detail)) for detail in details]


def element_path(path: Path) -> str:
    """`dosageInstruction[0].route` from a pydantic location."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" if text else _printable(step)
    return text


def _printable(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and len(name) <= 60 else "?"


def _problem(detail: ErrorDetails) -> str:
    known = _WORDS.get(detail["type"])
    if known is not None:
        return known
    cause = detail.get("ctx", {}).get("error")
    if detail["type"] == "value_error" and isinstance(cause, ValueError) and "date" in str(cause).split("'")[0]:
        return "is not a date that exists or says something"
    if detail["type"] == "value_error":
        return "does not have the form that its type asks for"
    return f"is malformed ({detail['type']})"


def _without(value: object, paths: list[Path]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A copy of `value` without the elements at `paths`; only what lies on the way is copied."""
    if any(not path for path in paths):
        return None
    below: dict[int | str, list[Path]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    if isinstance(value, dict):
        kept = {}
        for name, member in value.items():
            rest = _without(member, below[name]) if name in below else member
            if rest is not None or name not in below:
                kept[name] = rest
        return kept
    if isinstance(value, list):
        items = (_without(item, below[i]) if i in below else item for i, item in enumerate(value))
        return [item for item in items if item is not None]
    return None
