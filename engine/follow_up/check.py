"""The shape of a check file (rules/checks), and the check that the engine works with.

A check says who is due for what, how often, when it falls away, and what may be ordered for it. docs/checks.md
explains the file to its authors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.catalogue.conditions import Branch, Parameter
from spmwatch.engine.catalogue.evidence import Evidence
from spmwatch.engine.catalogue.rule import ParameterFile, Text
from spmwatch.engine.recommendation import Orderable

RecordType = Literal["Condition", "Procedure", "Observation"]
"""Kinds of record, as `Coverage` names them, that can hold what was done or measured."""
Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AcceptedFile(_Model):
    """A test that serves the check: a concept that was performed, or an analyte that was measured."""

    concept: str | None = None
    analyte: str | None = None
    due: str
    overdue: str


class ScheduleFile(_Model):
    """For whom the check is due how often; without `who` for everybody."""

    id: Id
    words: Text
    who: dict[str, object] | None = None
    individual: bool = False
    tests: list[AcceptedFile] = []


class OrderFile(_Model):
    """What may be ordered for the check."""

    concept: str
    system: str | None = None
    code: str | None = None
    display: Text
    label: Text
    confirm: Text


class CheckFile(_Model):
    """A check file, key by key."""

    id: Id
    title: Text
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    source: str
    evidence: list[str] = Field(min_length=1)
    kept_in: list[RecordType] = Field(min_length=1)
    ask: str
    parameters: dict[str, ParameterFile]
    schedules: list[ScheduleFile] = Field(min_length=1)
    exclusions: list[dict[str, object]]
    orders: list[OrderFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A test that serves the check.

    Attributes:
        concept, analyte: what was performed or measured; one of them is None.
        due: how long after it the next one is due.
        overdue: how long after it a rule may call the next one overdue; not shorter than `due`.
    """

    concept: str | None
    analyte: str | None
    due: Parameter
    overdue: Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """For whom the check is due how often.

    Attributes:
        words: the same for people.
        who: ways for it to apply; empty: to everybody.
        individual: the guideline leaves it to an individual decision; nothing is ever due.
    """

    id: str
    words: str
    who: tuple[Branch, ...]
    individual: bool
    tests: tuple[Accepted, ...]

    def accepts(self, concept: str | None) -> bool:
        """Does this performed test serve the check on this schedule?"""
        return concept is not None and any(test.concept == concept for test in self.tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Why the check falls away, in one of `branches`. `doubtful`: it hints at the reason and does not prove it."""

    id: str
    words: str
    branches: tuple[Branch, ...]
    doubtful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check, ready to be worked out for a patient.

    Attributes:
        schedules: the first that applies to the patient holds.
        kept_in: kinds of record that hold the tests; where one was not supplied nothing is known to be overdue.
        ask: topic of rules/gaps.yaml that is open where the dates do not decide.
        orderables: what may be ordered for it, on the schedules that accept it.
        overlays: those that changed or brought it, e.g. `acs 1.0.0`.
    """

    id: str
    title: str
    version: str
    source: Evidence
    evidence: tuple[str, ...]
    kept_in: tuple[str, ...]
    ask: str
    parameters: Mapping[str, Parameter]
    schedules: tuple[Schedule, ...]
    exclusions: tuple[Exclusion, ...]
    orderables: tuple[Orderable, ...]
    path: str
    overlays: tuple[str, ...] = ()

    @property
    def shown_version(self) -> str:
        """As pages name it: `1.0.0`, or `1.0.0 + overlay acs 1.0.0` when an overlay changed or brought the check."""
        return " + ".join([self.version, *(f"overlay {name}" for name in self.overlays)])

    def schedule(self, id_: str) -> Schedule | None:
        """The schedule with that id."""
        return next((schedule for schedule in self.schedules if schedule.id == id_), None)
