"""fhir.resources as the authority on what is valid: every fault of a resource by path, without its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from spmwatch.fhir_adapters.faults import MOST_FAULTS, faults_of
from spmwatch.fhir_adapters.problems import Fault

Version = Literal["STU3", "R4B", "R5"]
_MODULES = {"STU3": "fhir.resources.STU3", "R4B": "fhir.resources.R4B", "R5": "fhir.resources"}

# Elements that only one version has, by resource type. R4 and R4B do not differ in what is read here.
_ONLY_R5 = {
    "MedicationRequest": ("medication", "reason", "statusChanged", "reported", "effectiveDosePeriod"),
    "MedicationDispense": ("medication", "statusChanged", "notPerformedReason"),
    "MedicationStatement": ("medication", "adherence", "reason", "effectiveTiming"),
    "MedicationAdministration": ("medication", "occurenceDateTime", "occurencePeriod", "occurenceTiming", "reason"),
    "Procedure": (
        "occurrenceDateTime",
        "occurrencePeriod",
        "occurrenceString",
        "occurrenceAge",
        "occurrenceRange",
        "occurrenceTiming",
        "recorded",
    ),
    "Medication": ("doseForm",),
    "Condition": ("participant",),
}
_ONLY_STU3 = {
    "MedicationRequest": ("context", "definition"),
    "MedicationDispense": ("notDone", "notDoneReasonCodeableConcept"),
    "MedicationStatement": ("taken", "reasonNotTaken"),
    "MedicationAdministration": ("notGiven", "reasonNotGiven", "prescription"),
    "Procedure": ("notDone", "notDoneReason", "context"),
    "Condition": ("assertedDate", "abatementBoolean"),
    "Medication": ("isBrand", "isOverTheCounter", "package"),
}


def version_of(resource: Mapping[str, Any]) -> Version:
    """STU3 or R5 when the resource has an element that only they have; else R4B."""
    kind = resource.get("resourceType")
    if isinstance(kind, str):
        if any(name in resource for name in _ONLY_R5.get(kind, ())):
            return "R5"
        if any(name in resource for name in _ONLY_STU3.get(kind, ())):
            return "STU3"
        if kind == "Condition" and isinstance(resource.get("clinicalStatus"), str):
            return "STU3"
    return "R4B"


@lru_cache(maxsize=256)
def _model(version: Version, kind: str) -> type[BaseModel] | None:
    getter: Callable[[str], type[BaseModel]] = import_module(_MODULES[version]).get_fhir_model_class
    try:
        return getter(kind)
    except (LookupError, ValueError):
        return None


def validate_resource(resource: Mapping[str, Any], version: Version | None = None) -> list[Fault]:
    """Every fault of a resource, at most 20 of them listed; empty when it is valid.

    Args:
        resource: parsed JSON.
        version: the FHIR version to hold it against; told by its shape when None (R4B by default).
    """
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return [Fault(element="resourceType", problem="is missing or not a string")]
    against = version or version_of(resource)
    model = _model(against, kind)
    if model is None:
        return [Fault(element="resourceType", problem=f"is not a resource of FHIR {against}")]
    try:
        model.model_validate(resource)
    except ValidationError as error:
        faults = faults_of(error.errors(include_input=False, include_url=False))
    except (ValueError, TypeError, RecursionError, ArithmeticError) as error:
        # fhir.resources lets some malformed values through to code that does not expect them.
        faults = [Fault(element="", problem=f"cannot be validated ({type(error).__name__})")]
    else:
        return []
    listed = list({(fault.element, fault.problem): fault for fault in faults}.values())
    rest = len(listed) - MOST_FAULTS
    return listed if rest <= 0 else [*listed[:MOST_FAULTS], Fault(element="", problem=f"has {rest} more faults")]
