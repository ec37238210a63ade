"""Patient -> who it is; several Patient resources of one id that disagree leave the disputed element unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spmwatch.engine.facts import Patient, Standing
from spmwatch.fhir_adapters import views
from spmwatch.fhir_adapters.reader import Reader, source
from spmwatch.fhir_adapters.references import Item

GENDERS = frozenset({"male", "female", "other", "unknown"})
_ELEMENTS = ("birthDate", "gender", "deceasedBoolean", "deceasedDateTime")


def read_patient(reader: Reader, patient_id: str, items: Sequence[Item]) -> Patient | None:
    """The one patient that these Patient resources tell of; None when there is none."""
    if not items:
        return None
    item = items[0]
    read = [reader.view(views.PatientView, one) for one in items]
    told: dict[str, Any] = {name: _agreed(reader, item, name, read) for name in _ELEMENTS}
    gender = told["gender"]
    if gender is not None and gender not in GENDERS:
        problem = "'gender' is none of male, female, other, unknown"
        reader.gap(item, "unreadable", "gender", problem, "Correct it in the source.")
        gender = None
    if told["birthDate"] is None and not _has_gap(reader, item, "birthDate"):
        reader.missing_date(item, "birthDate", "the day of birth")
    deceased = told["deceasedBoolean"]
    if told["deceasedDateTime"] is not None or (deceased is None and item.resource.get("deceasedDateTime")):
        deceased = True  # a date of death that cannot be read is a death all the same
    modified = [reader.modified(one, view) for one, view in zip(items, read, strict=True)]
    return Patient(
        standing=Standing.POSSIBLE if any(modified) else Standing.COUNTS,
        sources=source(item),
        id=patient_id,
        birth=told["birthDate"],
        sex=gender,
        deceased=deceased,
        deceased_on=told["deceasedDateTime"],
    )


def _agreed(reader: Reader, item: Item, name: str, read: Sequence[views.PatientView]) -> Any:  # noqa: ANN401 - of whatever type the element is
    """What all that have the element say; None with a gap when they differ."""
    values = {getattr(view, name) for view in read} - {None}
    if len(values) > 1:
        problem = f"Patient resources with this id disagree on {name}, so it was not used"
        reader.gap(item, "conflict", name, problem, "Find out which is right, and send one Patient.")
        return None
    return next(iter(values), None)


def _has_gap(reader: Reader, item: Item, element: str) -> bool:
    return any(gap.reference == item.label and gap.element == element for gap in reader.gaps)
