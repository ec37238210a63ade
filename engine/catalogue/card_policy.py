"""How many cards a visit gets, and the words that each carries beside its rule's own: rules/cards.yaml, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.rule import RULE_ID
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import read_yaml, validated

FILE = "cards.yaml"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
AbsoluteUri = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.\-]*:\S+$")]
RuleId = Annotated[str, Field(pattern=RULE_ID)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cause(_Model):
    """Rules whose critical findings tell of one and the same thing."""

    id: str
    rules: list[RuleId] = Field(min_length=1)


class OverrideReason(_Model):
    """Why a clinician may set a card aside."""

    code: str = Field(pattern=r"^[A-Za-z0-9\-]+$")
    system: AbsoluteUri
    display: Line


class Lines(_Model):
    """The lines under a rule's own words."""

    also: Line
    beyond: Line
    beyond_item: Line
    unknown: Line
    records: Line
    more_records: Line
    not_supplied: Line
    failed: Line
    certainty: Line
    certainty_open: Line
    as_of: Line
    study: Line
    rule: Line


class CardPolicy(_Model):
    """rules/cards.yaml."""

    most_cards: int = Field(ge=1, le=20)
    most_records: int = Field(ge=1)
    most_links: int = Field(ge=0)
    topic_system: AbsoluteUri
    data_gaps: RuleId
    causes: list[Cause]
    lines: Lines
    override_reasons: list[OverrideReason] = Field(min_length=1)

    def cause_of(self, rule: str) -> str | None:
        """The cause that a rule's critical findings have in common with other rules', or None."""
        return next((cause.id for cause in self.causes if rule in cause.rules), None)


_NAMES: Mapping[str, set[str]] = {
    "also": {"summary", "rule"},
    "beyond": set(),
    "beyond_item": {"summary", "rule", "indicator"},
    "unknown": {"questions"},
    "records": {"references"},
    "more_records": {"references", "number"},
    "not_supplied": {"types"},
    "failed": {"rules"},
    "certainty": {"certainty", "grade"},
    "certainty_open": {"grade"},
    "as_of": {"as_of"},
    "study": {"studies"},
    "rule": {"rule", "version", "rulebase"},
}


@lru_cache(maxsize=1)
def default_card_policy() -> CardPolicy:
    """The policy shipped with the rules; read once. Raises RuleFileError."""
    return load_card_policy(files("spmwatch.rules") / FILE)


def load_card_policy(file: Traversable) -> CardPolicy:
    """The policy of a file.

    Raises:
        RuleFileError: something is missing, unknown or of another form, or a placeholder stands for nothing.
    """
    name = PurePath("rules") / FILE
    policy = validated(CardPolicy, read_yaml(file, name), name)
    for key, text in policy.lines.model_dump().items():
        if set(_PLACEHOLDER.findall(text)) != _NAMES[key]:
            wanted = ", ".join(sorted(f"{{{each}}}" for each in _NAMES[key])) or "no placeholder"
            raise RuleFileError(name, f"lines.{key}", "has other placeholders than it takes", f"Use exactly: {wanted}")
    ruled = [rule for cause in policy.causes for rule in cause.rules]
    if len(set(ruled)) != len(ruled):
        raise RuleFileError(name, "causes", "a rule stands under two causes", "Keep one of the two")
    return policy
