"""Where experts disagree: the question, each position with its sources, and what a card should say of it.

rules/disagreements.yaml holds them. A rule names those that its texts touch, and its page shows the positions side by
side. Kind and year of the evidence of a position are those of its sources, so they cannot differ from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.evidence import Evidence, Kind
from spmwatch.engine.catalogue.texts import Texts, Writer
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import validated

FILE = "disagreements.yaml"
_ID = re.compile(r"D[1-9]\d?")
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PositionFile(_Model):
    """One side, in our words; numbers only as `{E24.limit}` or `{E24.year}` of its own sources."""

    says: Text
    evidence: list[Text] = Field(min_length=1)


class DisagreementFile(_Model):
    """An entry of rules/disagreements.yaml."""

    question: Text
    positions: list[PositionFile] = Field(min_length=2)
    card: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One side of a disagreement and what it rests on, the leading source first."""

    says: str
    evidence: tuple[Evidence, ...]

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of its evidence, each once, the leading source's first."""
        return tuple(dict.fromkeys(item.kind for item in self.evidence))

    @property
    def years(self) -> tuple[int, ...]:
        """The years of its evidence, earliest first; a source without a year is left out."""
        return tuple(sorted({item.year for item in self.evidence if item.year is not None}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A question on which experts differ. `card`: what a card that touches it should say, numbers filled in."""

    id: str
    question: str
    positions: tuple[Position, ...]
    card: str


def disagreements_from(
    data: object, name: PurePath, evidence: Mapping[str, Evidence], texts: Texts
) -> dict[str, Disagreement]:
    """The entries of rules/disagreements.yaml by id, texts checked and filled in.

    Raises:
        RuleFileError: an unknown source, a position of which nothing was seen, two positions on the same sources, or a
            text that a card may not hold either.
    """
    if not isinstance(data, dict):
        raise RuleFileError(name, "-", "is not a mapping", "Write each disagreement under its id, e.g. `D1:`")
    return {id_: _disagreement(id_, data[id_], name, evidence, texts) for id_ in sorted(data, key=_in_order)}


def _in_order(id_: str) -> tuple[int, str]:
    """D2 before D10."""
    return len(id_), id_


def _disagreement(
    id_: str, entry: object, name: PurePath, evidence: Mapping[str, Evidence], texts: Texts
) -> Disagreement:
    if not _ID.fullmatch(id_):
        raise RuleFileError(name, id_, "is no id of a disagreement", "Use D with a number, e.g. D3")
    file = validated(DisagreementFile, entry, name, id_)
    for index, position in enumerate(file.positions):
        _check_sources(position, f"{id_}.positions[{index}].evidence", name, evidence)
    sides = [frozenset(position.evidence) for position in file.positions]
    if len(set(sides)) != len(sides):
        fix = "Name what each side rests on, or tell them as one position"
        raise RuleFileError(name, f"{id_}.positions", "has two positions on the same evidence", fix)

    def fill(text: str, field: str, cited: frozenset[str]) -> str:
        writer = Writer(name, {}, evidence, texts.forbidden, texts.digits_allowed, cited)
        return writer.fill(text, f"{id_}.{field}")

    everything = frozenset().union(*sides)
    positions = [
        Position(
            says=fill(position.says, f"positions[{index}].says", sides[index]),
            evidence=tuple(evidence[source] for source in position.evidence),
        )
        for index, position in enumerate(file.positions)
    ]
    return Disagreement(
        id=id_,
        question=fill(file.question, "question", everything),
        positions=tuple(positions),
        card=fill(file.card, "card", everything),
    )


def _check_sources(position: PositionFile, field: str, name: PurePath, evidence: Mapping[str, Evidence]) -> None:
    """Each source exists and stands once; of at least one something was seen."""
    for index, id_ in enumerate(position.evidence):
        if id_ not in evidence:
            raise RuleFileError(name, field, f"`{id_}` is not in evidence.yaml", "Enter it there or name another")
        if id_ in position.evidence[:index]:
            raise RuleFileError(name, field, f"names `{id_}` twice", "Name it once")
    if not any(evidence[id_].showable for id_ in position.evidence):
        raise RuleFileError(name, field, "names only unverified sources", "Name one that was opened")
