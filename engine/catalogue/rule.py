"""The shape of a rule file, and the rule that the engine evaluates.

`RuleFile` is what stands in rules/<topic>/<id>-<what>.yaml (docs/rule-file.md explains it to its authors); `Rule` is
the same, checked and with its conditions parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.conditions import Branch, ConditionError, Parameter, Unless, parse_unless, parse_when
from spmwatch.engine.errors import RuleFileError

RULE_ID = r"^[A-Z][A-Z0-9]*-\d{2,4}$"
SUMMARY_LIMIT = 139  # CDS Hooks: fewer than 140 characters
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""What somebody reads is never empty."""


class Indicator(StrEnum):
    """Urgency as CDS Hooks names it, mildest first."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """1 info, 2 warning, 3 critical."""
        return _RANKS[self]


_RANKS = {indicator: rank for rank, indicator in enumerate(Indicator, start=1)}


class Grade(StrEnum):
    """Strength of evidence: A several trials or a label; B one trial or a large cohort; C opinion or convention."""

    A = "A"
    B = "B"
    C = "C"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParameterFile(_Model):
    """One named number."""

    value: Annotated[float, Field(strict=True, allow_inf_nan=False)]
    unit: str
    meaning: Text
    evidence: list[str] = Field(min_length=1)


class UnknownFile(_Model):
    """What a missing record means: `no_record` after a search, `incomplete_record` when the record does not decide."""

    no_record: Literal["absent"]
    incomplete_record: Literal["ask", "silent"]
    because: Text


class CardFile(_Model):
    """What the clinician reads. `{name}` inserts a parameter, `{E03.figure-id}` a verified figure."""

    summary: Text
    detail: Text
    ask: Text
    source: str


class VariantFile(_Model):
    """One way in which the rule speaks, strongest first within its part."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    part: Annotated[str, Field(pattern=r"^[a-z]$")] | None = None
    indicator: Indicator
    grade: Grade | None = None
    when: dict[str, object]
    unless: list[dict[str, object]] = []
    summary: Text | None = None
    detail: Text | None = None


class RuleFile(_Model):
    """A rule file, key by key."""

    id: str = Field(pattern=RULE_ID)
    title: Text
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    status: Literal["draft", "active", "retired"]
    hooks: list[str] = Field(min_length=1)
    grade: Grade
    rationale: Text
    evidence: list[str] = Field(min_length=1)
    parameters: dict[str, ParameterFile]
    when: dict[str, object] | None = None
    variants: list[VariantFile] = Field(min_length=1)
    unless: list[dict[str, object]]
    unknown: UnknownFile
    card: CardFile
    follow_up: list[str] = []
    disagreements: list[str] = []
    tests: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant with its logic parsed: true when some branch holds and no `unless` does."""

    id: str
    part: str | None
    indicator: Indicator
    grade: Grade
    branches: tuple[Branch, ...]
    unless: tuple[Unless, ...]
    summary: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, ready to be evaluated; `variants` stand strongest first, in each `part` the first that holds speaks.

    `follow_up`: checks (rules/checks) for which a finding of the rule is a reason. `disagreements`: ids of
    rules/disagreements.yaml that its texts touch. `overlays` changed or brought the rule, e.g. `acs 1.0.0`.
    """

    id: str
    title: str
    version: str
    status: str
    hooks: tuple[str, ...]
    grade: Grade
    rationale: str
    evidence: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    variants: tuple[Variant, ...]
    asks: bool
    because: str
    ask: str
    source: str
    follow_up: tuple[str, ...]
    disagreements: tuple[str, ...]
    path: str
    tests: str
    overlays: tuple[str, ...] = ()

    @property
    def shown_version(self) -> str:
        """As results name it: `1.0.0`, or `1.0.0 + overlay acs 1.0.0` when an overlay changed the rule."""
        return " + ".join([self.version, *(f"overlay {name}" for name in self.overlays)])


def parse_rule(file: RuleFile, path: PurePath, common_unless: list[dict[str, object]]) -> Rule:
    """The rule of a file that is well formed; `common_unless` are the catalogue's negatives for every rule.

    Raises:
        RuleFileError: a condition that cannot be understood, with the field and what to write instead.
    """
    try:
        return _parse(file, path, common_unless)
    except ConditionError as error:
        raise RuleFileError(path, error.field, error.problem, error.fix) from None


def _parse(file: RuleFile, path: PurePath, common_unless: list[dict[str, object]]) -> Rule:
    parameters = {
        name: Parameter(name=name, value=p.value, unit=p.unit, meaning=p.meaning, evidence=tuple(p.evidence))
        for name, p in file.parameters.items()
    }
    ids = [variant.id for variant in file.variants]
    if len(set(ids)) != len(ids):
        raise ConditionError("variants", "two variants have one id", "Give each its own")
    variants = tuple(_variant(file, variant, parameters, common_unless) for variant in file.variants)
    return Rule(
        id=file.id,
        title=file.title,
        version=file.version,
        status=file.status,
        hooks=tuple(file.hooks),
        grade=file.grade,
        rationale=file.rationale.strip(),
        evidence=tuple(file.evidence),
        parameters=parameters,
        variants=variants,
        asks=file.unknown.incomplete_record == "ask",
        because=file.unknown.because,
        ask=file.card.ask,
        source=file.card.source,
        follow_up=tuple(file.follow_up),
        disagreements=tuple(file.disagreements),
        path=str(path),
        tests=file.tests,
    )


def _variant(
    file: RuleFile, variant: VariantFile, parameters: Mapping[str, Parameter], common_unless: list[dict[str, object]]
) -> Variant:
    trees = [tree for tree in (file.when, variant.when) if tree is not None]
    field = f"variants.{variant.id}"
    branches = parse_when({"all": trees}, f"{field}.when", parameters, {})
    unless = []
    for branch in branches[:1]:
        bound = {condition.name: condition.verb for condition in branch.conditions}
        for index, entry in enumerate([*variant.unless, *file.unless, *common_unless]):
            id_, condition = parse_unless(entry, f"{field}.unless[{index}]", parameters, bound)
            unless.append(Unless(id=id_, condition=condition))
    for branch in branches[1:]:
        _check_anchors(branch, unless, field)
    return Variant(
        id=variant.id,
        part=variant.part,
        indicator=variant.indicator,
        grade=variant.grade or file.grade,
        branches=tuple(branches),
        unless=tuple(unless),
        summary=variant.summary or file.card.summary,
        detail=variant.detail or file.card.detail,
    )


def _check_anchors(branch: Branch, unless: list[Unless], field: str) -> None:
    """Every name that an `unless` uses is bound in every branch."""
    names = {condition.name for condition in branch.conditions}
    for item in unless:
        for test in item.condition.spans:
            if test.anchor not in (None, "today") and test.anchor not in names:
                raise ConditionError(
                    f"{field}.unless.{item.id}",
                    f"`{test.anchor}` is not bound in every branch of `any`",
                    "Bind it outside `any`",
                )
