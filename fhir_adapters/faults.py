"""Malformed elements: read as what they must mean, or taken out of what is read; and named without their content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from spmwatch.fhir_adapters.problems import Fault
from spmwatch.fhir_adapters.shapes import mended
from spmwatch.fhir_adapters.views import V

_ROUNDS = 12
_MENDS = 8
"""Rounds in which elements of the wrong type are brought into shape; what is wrong after them is left out."""
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
    for round_ in range(_ROUNDS):
        try:
            return model.model_validate(current), faults
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False)
        changes = _mended(current, details, faults) if round_ < _MENDS else {}
        if not changes:
            lost = (_at(current, detail["loc"]) for detail in details)
            faults += [replace(fault, lost=one) for fault, one in zip(faults_of(details), lost, strict=True)]
            changes = {detail["loc"]: _GONE for detail in details}
        current = _changed(current, changes)
    return cast("V", model.model_construct()), faults


def _mended(value: object, details: Iterable[ErrorDetails], faults: list[Fault]) -> dict[Path, object]:
    """What can be read in place of elements of the wrong type; each is noted."""
    changes: dict[Path, object] = {}
    for detail in details:
        path = detail["loc"]
        if not path:
            continue
        expected = str(detail.get("ctx", {}).get("class_name", ""))
        found = mended(_at(value, path), detail["type"], expected, path[-1])
        if found is not None:
            changes[path] = found[0]
            faults.append(Fault(element=element_path(path), problem=found[1], mended=True))
    return changes


def _at(value: object, path: Path) -> object:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


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


_GONE = object()


def _changed(value: object, changes: Mapping[Path, object]) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """A copy of `value` with other elements at the paths, or none there; only what lies on the way is copied."""
    if () in changes:
        return changes[()]
    below: dict[int | str, dict[Path, object]] = {}
    for path, new in changes.items():
        below.setdefault(path[0], {})[path[1:]] = new
    if isinstance(value, dict):
        members = {name: _changed(member, below[name]) if name in below else member for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not _GONE}
    if isinstance(value, list):
        items = [_changed(item, below[at]) if at in below else item for at, item in enumerate(value)]
        return [item for item in items if item is not _GONE]
    return _GONE
