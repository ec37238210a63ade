"""The list of survivors that were accepted, each with its reason: `accepted-survivors.yaml` beside the features."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import read_yaml, validated

FILE = "accepted-survivors.yaml"
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Acceptance(_Model):
    """Changes that no scenario has to notice, and why: mostly because no patient tells them from the rule as it is."""

    changes: list[_Text] = Field(min_length=1)
    because: _Text


class _File(_Model):
    accepted: list[Acceptance]


def accepted_in(file: Path) -> Mapping[str, str]:
    """Change -> why it is accepted; empty where there is no such file.

    Raises:
        RuleFileError: the file does not fit, or names a change twice.
    """
    if not file.is_file():
        return {}
    found: dict[str, str] = {}
    for entry in validated(_File, read_yaml(file, file), file, explained_in="docs/rule-tests.md").accepted:
        for change in entry.changes:
            if change in found:
                raise RuleFileError(file, "accepted", f"`{change}` stands twice", "Keep one of the two")
            found[change] = entry.because
    return found
