"""The invented patients of the try-it page, and the orders that may be drafted for them; both come with the package."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

from pydantic import BaseModel, TypeAdapter

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """A patient who never lived.

    Attributes:
        hook, order: the moment at which the story plays: what the EHR reports, and which order is drafted then.
        bundle: the record as JSON text.
    """

    id: str
    title: str
    story: str
    hook: str
    order: str
    bundle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """An order that may be drafted; `resource` is a MedicationRequest without subject and day."""

    id: str
    label: str
    resource: Json

    def for_patient(self, patient: str, day: date) -> Json:
        """The order as an EHR would hold it on that day."""
        about = {"subject": {"reference": f"Patient/{patient}"}, "authoredOn": day.isoformat()}
        return copy.deepcopy(self.resource) | about


class _Told(BaseModel):
    """A patient as index.json has it."""

    id: str
    title: str
    story: str
    hook: str
    order: str | None


class _Index(BaseModel):
    """index.json."""

    as_of: date
    patients: list[_Told]


class _Order(BaseModel):
    """An order as orders.json has it."""

    id: str
    label: str
    order: Json


@lru_cache(maxsize=1)
def _index() -> _Index:
    return _Index.model_validate_json(_file("index.json"))


def told_on() -> date:
    """The day on which the stories play."""
    return _index().as_of


@lru_cache(maxsize=1)
def invented() -> Mapping[str, Invented]:
    """The patients by id, in the order in which they are offered."""
    return {
        one.id: Invented(
            id=one.id,
            title=one.title,
            story=one.story,
            hook=one.hook,
            order=one.order or "",
            bundle=_file(f"{one.id}.json"),
        )
        for one in _index().patients
    }


@lru_cache(maxsize=1)
def orders() -> Mapping[str, Drafted]:
    """The orders by id."""
    found = TypeAdapter(list[_Order]).validate_json(_file("orders.json"))
    return {one.id: Drafted(id=one.id, label=one.label, resource=one.order) for one in found}


def _file(name: str) -> bytes:
    return (resources.files("spmwatch.cds_hooks.pages") / "patients" / name).read_bytes()
