"""The numbers by which a record becomes a timeline: rules/conventions.yaml, read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Annotated, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.episodes import UNKNOWN, VOCABULARY, FollowUp
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import read_yaml, validated

FILE = "conventions.yaml"
PATH = PurePosixPath("rules", FILE)

Days = Annotated[int, "d"]
_STATES = VOCABULARY[FollowUp.verb].words["state"].values
Drugs = frozenset[str]


class ParameterFile(BaseModel):
    """One named number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(gt=0, le=10_000, strict=True)
    unit: str
    meaning: str = Field(min_length=1)
    evidence: tuple[str, ...] = Field(min_length=1)


class ComputedShare(BaseModel):
    """A value that is a share (per cent) of a total: `analyte` = `share` x `total`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    analyte: str
    share: str
    total: str


class StandIn(BaseModel):
    """A `broader` count that is at least as large as `analyte` and stands in for it where it is not there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    analyte: str
    broader: str


class ConventionsFile(BaseModel):
    """rules/conventions.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    parameters: dict[str, ParameterFile]
    looked_for: tuple[str, ...]
    procedures_looked_for: tuple[str, ...]
    phases_inferred_for: tuple[str, ...]
    kinds_told_apart: tuple[str, ...]
    not_single_agent: tuple[str, ...]
    myeloma_only_classes: tuple[str, ...]
    myeloma_only_drugs: tuple[str, ...]
    precursors: tuple[str, ...]
    broad_organs: tuple[str, ...]
    values_looked_for: tuple[str, ...]
    shown_while_preliminary: tuple[str, ...]
    computed_shares: tuple[ComputedShare, ...]
    stand_ins: tuple[StandIn, ...]
    plan_order: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Every number of the timeline, by name; what each means stands in rules/conventions.yaml.

    The annotation of a number is the UCUM unit that the file has to state.
    """

    bridge_gap: Days
    default_supply: Days
    active_grace: Days
    days_per_month: Annotated[float, "d"]
    conditioning_dose: Annotated[float, "mg/m2"]
    conditioning_window: Days
    conditioning_before_transplant: Days
    same_transplant: Days
    another_transplant: Days
    maintenance_dose: Annotated[float, "mg"]
    maintenance_dexamethasone: Days
    maintenance_after_transplant_from: Days
    maintenance_after_transplant_to: Days
    maintenance_after_first_therapy: Days
    restated_within: Days
    refused_within: Days
    eligibility_question_age: Annotated[int, "a"]
    oldest_plausible_age: Annotated[int, "a"]
    laboratory_window: Days
    sustained_apart: Days
    sustained_window: Days
    looked_for: tuple[str, ...]
    procedures_looked_for: tuple[str, ...]
    phases_inferred_for: Drugs
    kinds_told_apart: Drugs
    not_single_agent: frozenset[str]
    myeloma_only_classes: frozenset[str]
    myeloma_only_drugs: Drugs
    precursors: frozenset[str]
    broad_organs: frozenset[str]
    values_looked_for: tuple[str, ...]
    shown_while_preliminary: frozenset[str]
    computed_shares: tuple[ComputedShare, ...]
    stand_ins: tuple[StandIn, ...]
    plan_order: tuple[str, ...]

    @classmethod
    def load(cls, root: Traversable | Path) -> Conventions:
        """Read `conventions.yaml` in the folder `root`.

        Raises:
            RuleFileError: not readable, a key too many or too few, or a number in another unit than the timeline's.
        """
        return cls.parse(read_yaml(root.joinpath(FILE), PATH))

    @classmethod
    def parse(cls, data: object) -> Conventions:
        """The same from what YAML read. Raises RuleFileError."""
        file = validated(ConventionsFile, data, PATH)
        numbers = _numbers(file.parameters)
        if numbers["same_transplant"] >= numbers["another_transplant"]:
            field = "parameters.another_transplant.value"
            raise RuleFileError(PATH, field, "is not more than same_transplant", "Raise it, or lower the other")
        if numbers["maintenance_after_transplant_from"] > numbers["maintenance_after_transplant_to"]:
            field = "parameters.maintenance_after_transplant_to.value"
            raise RuleFileError(PATH, field, "is less than maintenance_after_transplant_from", "Raise it")
        if not numbers["sustained_apart"] <= numbers["sustained_window"] <= numbers["laboratory_window"]:
            field = "parameters.sustained_window.value"
            problem = "is not between sustained_apart and laboratory_window"
            raise RuleFileError(PATH, field, problem, "Choose it so that two values fit in, and both are kept")
        if sorted(file.plan_order) != sorted((*_STATES, UNKNOWN)):
            fix = f"Name each of {', '.join((*_STATES, UNKNOWN))} once"
            raise RuleFileError(PATH, "plan_order", "is no order of all states of a check", fix)
        return cls(
            **numbers,  # type: ignore[arg-type]  # int where `_numbers` has checked for int
            looked_for=tuple(sorted(file.looked_for)),
            procedures_looked_for=tuple(sorted(file.procedures_looked_for)),
            phases_inferred_for=frozenset(file.phases_inferred_for),
            kinds_told_apart=frozenset(file.kinds_told_apart),
            not_single_agent=frozenset(file.not_single_agent),
            myeloma_only_classes=frozenset(file.myeloma_only_classes),
            myeloma_only_drugs=frozenset(file.myeloma_only_drugs),
            precursors=frozenset(file.precursors),
            broad_organs=frozenset(file.broad_organs),
            values_looked_for=tuple(sorted(file.values_looked_for)),
            shown_while_preliminary=frozenset(file.shown_while_preliminary),
            computed_shares=file.computed_shares,
            stand_ins=file.stand_ins,
            plan_order=file.plan_order,
        )


def _numbers(parameters: Mapping[str, ParameterFile]) -> dict[str, float]:
    """The value of every parameter that the timeline knows, and of no other, in the unit that it counts in."""
    numbers: dict[str, float] = {}
    for name, hint in get_type_hints(Conventions, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        kind, unit = get_args(hint)
        field = f"parameters.{name}"
        parameter = parameters.get(name)
        if parameter is None:
            raise RuleFileError(PATH, field, "is missing", "Write it with value, unit, meaning and evidence")
        if parameter.unit != unit:
            raise RuleFileError(
                PATH, f"{field}.unit", f"`{parameter.unit}` is not `{unit}`", "State the number in that unit"
            )
        if kind is int and not parameter.value.is_integer():
            raise RuleFileError(
                PATH, f"{field}.value", f"{parameter.value} is not a whole number", "Write whole days or years"
            )
        numbers[name] = kind(parameter.value)
    for name in parameters:
        if name not in numbers:
            raise RuleFileError(
                PATH, f"parameters.{name}", "is not a parameter of the timeline", "Remove it or correct its name"
            )
    return numbers
