"""Units of measure in their many spellings, and the conversions that laboratory values need (knowledge 7.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

_SPELLINGS_REMEMBERED = 4_096
_SIGNS = str.maketrans(
    {**{digit: f"^{n}" for n, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}, "µ": "u", "μ": "u", "×": "x", "−": "-"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit.

    Attributes:
        ucum: its UCUM code.
        dimension: what it measures; only units of one dimension convert into each other.
        factor: what one of it is in the base unit of its dimension.
        spellings: how it is also written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    ucum: str
    dimension: str
    factor: float
    meaning: str
    source: str
    spellings: tuple[str, ...] = ()


class Analyte(BaseModel):
    """What a laboratory measures: its canonical unit, and factors from units of other dimensions (by UCUM code)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    unit: str
    factors: dict[str, float] = {}
    source: str


class UnitsFile(BaseModel):
    """rules/value_sets/units.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    units: tuple[Unit, ...]
    analytes: tuple[Analyte, ...]


class Units:
    """All units and analytes that are known."""

    def __init__(self, file: UnitsFile) -> None:
        """Raises ValueError when a spelling means two units, or an analyte names a unit that is not there."""
        self._exact: dict[str, Unit] = {}
        self._folded: dict[str, set[str]] = {}
        for unit in file.units:
            for spelling in (unit.ucum, *unit.spellings):
                if self._exact.setdefault(_plain(spelling), unit) is not unit:
                    raise ValueError(
                        f"`{spelling}` is written for {self._exact[_plain(spelling)].ucum} and {unit.ucum}"
                    )
                self._folded.setdefault(_plain(spelling).casefold(), set()).add(unit.ucum)
        self.analytes = {analyte.id: analyte for analyte in file.analytes}
        self._factors: dict[tuple[str, str], tuple[float, str]] = {}
        for analyte in file.analytes:
            for ucum in (analyte.unit, *analyte.factors):
                if ucum not in self._exact:
                    raise ValueError(f"analyte {analyte.id}: the unit `{ucum}` is not listed")

    def find(self, written: str) -> Unit | None:
        """The unit that `written` means; None when unknown, or when only its case would tell two units apart."""
        listed = self._exact.get(written)  # most are written as we list them; `_plain` changes nothing in those
        if listed is not None:
            return listed
        plain = _plain(written)
        exact = self._exact.get(plain)
        if exact is not None:
            return exact
        meant = self._folded.get(plain.casefold(), set())
        return self._exact[next(iter(meant))] if len(meant) == 1 else None

    def convert(self, value: float, written: str, analyte_id: str) -> tuple[float, str] | None:
        """`value` in the canonical unit of the analyte, with that unit; None when unit or analyte are not known to fit.

        A missing unit is never guessed (knowledge 7.10).
        """
        known = self._factors.get((analyte_id, written)) or self._factor(analyte_id, written)
        if known is None or not math.isfinite(value):
            return None
        return _tidy(value * known[0]), known[1]

    def _factor(self, analyte_id: str, written: str) -> tuple[float, str] | None:
        """What one `written` is in the canonical unit of the analyte, and that unit; remembered where they fit."""
        analyte, unit = self.analytes.get(analyte_id), self.find(written)
        if analyte is None or unit is None:
            return None
        canonical = self._exact[analyte.unit]
        if unit.ucum in analyte.factors:
            factor = analyte.factors[unit.ucum]
        elif unit.dimension == canonical.dimension:
            factor = unit.factor / canonical.factor
        else:
            return None
        if len(self._factors) >= _SPELLINGS_REMEMBERED:
            self._factors.clear()
        self._factors[analyte_id, written] = factor, canonical.ucum
        return factor, canonical.ucum


def _plain(written: str) -> str:
    """Without spaces and a leading times sign, with superscripts and Greek mu spelled out."""
    plain = "".join(written.translate(_SIGNS).split())
    return plain[1:] if plain[:1] in ("x", "X") and plain[1:3] == "10" else plain


def _tidy(value: float) -> float:
    """Without the last binary digits that a factor leaves behind: 900 /uL is 0.9, not 0.9000000000000001."""
    return float(f"{value:.12g}")
