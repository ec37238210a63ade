"""The shape of an overlay: overlay.yaml as its authors write it, and the overlay as results name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

OVERLAY_FILE = "overlay.yaml"
SHIPPED_PREFIX = "SPM"
"""Ids that begin so are the shipped catalogue's own."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ParameterChange(_Model):
    """A number of a rule, a check or the conventions. `instead_of`: what it was when the overlay was written."""

    value: Number
    unit: str
    instead_of: Number | None = None
    evidence: list[str] = Field(min_length=1)
    because: Line


class TextChange(_Model):
    """Texts of a rule or a shared file: further keys are fields, e.g. `card.summary`; `evidence` adds sources."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, Line] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]

    because: Line
    evidence: list[str] = []


class Reason(_Model):
    """Why a rule is switched off, or a file replaced."""

    because: Line


class CodeFile(_Model):
    """A code of the site's own."""

    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.\-]*:\S+$")]
    code: Line
    display: Line


class OverlayFile(_Model):
    """overlay.yaml."""

    name: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    title: Line
    responsible: Line
    because: Line
    prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*$")] | None = None
    parameters: dict[str, dict[str, ParameterChange]] = {}
    texts: dict[str, TextChange] = {}
    cards: dict[str, object] = {}
    codes: dict[str, list[CodeFile]] = {}
    switched_off: dict[str, Reason] = {}
    replaces: dict[str, Reason] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An overlay that was laid over the rules.

    Attributes:
        responsible: who answers for it.
        digest: sha256 over what its files mean.
        folder: where it was read from.
        reasons: why, by what was changed, e.g. `SPM-26 parameters.mammography_interval`.
    """

    name: str
    version: str
    title: str
    responsible: str
    because: str
    digest: str
    folder: str
    reasons: Mapping[str, str]

    def __str__(self) -> str:
        """As results name it: `acs 1.0.0`."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOff:
    """A rule that an overlay switched off; `missed_by` are rules that ask for its findings, which it makes no more."""

    rule: str
    title: str
    because: str
    overlay: str
    missed_by: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In one line."""
        because = self.because.rstrip(".")
        missed = f". {', '.join(self.missed_by)} asked for its findings" if self.missed_by else ""
        return f"{self.rule} {self.title} is switched off by overlay {self.overlay}: {because}{missed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Two overlays changed the same thing; the later one holds.

    `lost`: what the earlier one had changed in a file that the later one replaces as a whole.
    """

    what: str
    earlier: str
    later: str
    lost: tuple[str, ...] = ()

    def __str__(self) -> str:
        """In one line."""
        if self.lost:
            lost = f"{self.earlier}'s change of {', '.join(self.lost)} is lost"
            return f"{self.later} replaces {self.what}, which {self.earlier} had changed: {lost}"
        return f"{self.what} is changed by overlay {self.earlier} and by {self.later}; {self.later} holds"
