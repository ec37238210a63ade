"""rules/hooks.yaml: what the service for each hook says of itself, and which hooks mean the same as others.

A rule is asked at the hooks of its own file and at those that mean the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from spmwatch.engine.catalogue.rule import Rule
from spmwatch.engine.catalogue.service_texts import ServicesPart
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import validated

FILE = "hooks.yaml"
NAMED = ("patient-view", "order-select", "order-sign")
"""What a rule file may name."""
ALIKE = ("medication-refill", "encounter-start")
"""What stands in hooks.yaml alone."""


class Like(BaseModel):
    """A hook at which the rules of another are asked.

    Attributes:
        asks: the hook whose rules these are.
        but: rules that have nothing to say at this one.
        because: why, for the reader of the file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    asks: Literal["patient-view", "order-select", "order-sign"]
    but: list[str]
    because: str = Field(min_length=1)


class HooksFile(BaseModel):
    """rules/hooks.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    services: ServicesPart
    like: dict[Literal["medication-refill", "encounter-start"], Like]


def hooks_from(data: object, path: PurePath) -> HooksFile:
    """The file. Raises RuleFileError where it does not fit."""
    return validated(HooksFile, data, path)


def asked_at(rules: Sequence[Rule], file: HooksFile, path: PurePath) -> tuple[Rule, ...]:
    """The rules with every hook at which they are asked, those of their own files first.

    Raises:
        RuleFileError: the file leaves out a rule that is not asked there anyway.
    """
    like: Mapping[str, Like] = dict(file.like.items())
    by_id = {rule.id: rule for rule in rules}
    for hook, item in like.items():
        for id_ in item.but:
            if id_ not in by_id or item.asks not in by_id[id_].hooks:
                problem = f"`{id_}` is no rule of {item.asks}"
                raise RuleFileError(path, f"like.{hook}.but", problem, "Name rules that would be asked otherwise")
    return tuple(
        dataclasses.replace(rule, hooks=(*rule.hooks, *(h for h in ALIKE if h in like and _asked(rule, like[h]))))
        for rule in rules
    )


def _asked(rule: Rule, item: Like) -> bool:
    return item.asks in rule.hooks and rule.id not in item.but
