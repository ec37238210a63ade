"""Where every statement comes from, and which numbers may be shown to a clinician.

rules/evidence.yaml is the only place that cites. Each number stands there as a figure with its own status; a figure
that nobody has seen in its source is stored, never displayed: the catalogue refuses it in any text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from spmwatch.engine.catalogue.rule import Grade
from spmwatch.engine.errors import RuleFileError
from spmwatch.engine.yaml_file import validated

ID = r"(?:[A-Z][A-Z0-9]*-)?[EG]\d{2}[a-z]?|convention"
"""Of evidence; what an overlay adds begins with the site's prefix, e.g. `ACS-G01`."""
_ID = re.compile(ID)
YEAR = "year"
"""`{E24.year}` in a text is the year of that evidence; no figure may be called so."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Status(StrEnum):
    """Was it seen in its source? `partly`: what is shown was, some of what is only stored was not."""

    VERIFIED = "verified"
    PARTLY = "partly"
    UNVERIFIED = "unverified"


class Kind(StrEnum):
    """What sort of evidence it is."""

    TRIAL = "randomised trial"
    POOLED = "pooled analysis"
    COHORT = "cohort"
    REVIEW = "review"
    LABEL = "label"
    SAFETY = "safety communication"
    GUIDELINE = "guideline"
    OPINION = "opinion"
    CONVENTION = "convention"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FigureFile(_Model):
    """A number as it may be shown: `text` stands in the card, `meaning` says of what and whom.

    `checked` says where it was seen, or looked for; `read` on which day, if not on that of its source.
    """

    text: Text
    meaning: Text
    status: Literal["verified", "unverified"]
    checked: Text
    read: str | None = None


class IdentifierFile(_Model):
    """A way to find the source, and whether that very identifier was seen."""

    kind: Literal["doi", "pmid", "pmcid", "url"]
    value: Text
    status: Literal["verified", "unverified"]


class EvidenceFile(_Model):
    """An entry of rules/evidence.yaml."""

    title: Text
    citation: Text
    kind: Kind
    year: int | None = Field(default=None, ge=1950, le=2100)
    grade: Grade
    status: Status
    says: Text
    unverified: list[Text] = []
    tried: Text | None = None
    identifiers: list[IdentifierFile] = []
    checked: Text
    read: str
    figures: dict[str, FigureFile] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a source; `text` may be displayed only when `verified`, `checked` where, `read` on which day."""

    id: str
    text: str
    meaning: str
    verified: bool
    checked: str
    read: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One source.

    Attributes:
        says: what it states, as far as that was seen.
        unverified: what it is said to state; kept for whoever opens the source, never displayed.
        tried: how that was looked for, without success; None when nothing is open.
        links: addresses that were seen themselves, best first.
        checked: what was opened to verify it; read: on which day.
    """

    id: str
    title: str
    citation: str
    kind: Kind
    year: int | None
    grade: Grade
    status: Status
    says: str
    unverified: tuple[str, ...]
    tried: str | None
    links: tuple[str, ...]
    checked: str
    read: date
    figures: Mapping[str, Figure]

    showable: bool = field(init=False, repr=False, compare=False)
    """May a card name it as a source? Not when nothing of it was seen."""

    def __post_init__(self) -> None:
        """Settle once what every card asks of every source."""
        object.__setattr__(self, "showable", self.status is not Status.UNVERIFIED)


_FORMS = {
    "doi": (r"10\.\d{4,9}/[^\s\"<>]+", "Write it from `10.` on, e.g. 10.1000/abc"),
    "pmid": (r"[1-9]\d{0,8}", "Write its digits alone"),
    "pmcid": (r"PMC[1-9]\d{0,8}", "Write e.g. PMC1234567"),
    "url": (r"https?://[^\s\"<>/]+(/[^\s\"<>]*)?", "Write an address that begins with https:// or http://"),
}
"""How an identifier looks, so that its link leads to a page and to nothing else."""
_LINKS = {
    "doi": "https://doi.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}/",
    "url": "{}",
}


def evidence_from(data: object, name: PurePath) -> dict[str, Evidence]:
    """The entries of rules/evidence.yaml by id. Raises RuleFileError."""
    if not isinstance(data, dict):
        raise RuleFileError(name, "-", "is not a mapping", "Write each source under its id, e.g. `E01:`")
    return {id_: _evidence(id_, entry, name) for id_, entry in sorted(data.items())}


def _evidence(id_: str, entry: object, name: PurePath) -> Evidence:
    if not _ID.fullmatch(id_):
        fix = "Use E or G with two digits, e.g. E07 or E20b; in an overlay ACS-E07"
        raise RuleFileError(name, id_, "is no evidence id", fix)
    file = validated(EvidenceFile, entry, name, id_)
    read = _day(file.read, f"{id_}.read", name)
    if YEAR in file.figures:
        problem = "is the year of the evidence itself"
        raise RuleFileError(name, f"{id_}.figures.{YEAR}", problem, "Name the figure otherwise")
    for index, identifier in enumerate(file.identifiers):
        form, fix = _FORMS[identifier.kind]
        if not re.fullmatch(form, identifier.value):
            field = f"{id_}.identifiers[{index}].value"
            raise RuleFileError(name, field, f"`{identifier.value}` is no {identifier.kind}", fix)
    open_points = bool(file.unverified) or any(f.status == "unverified" for f in file.figures.values())
    if open_points and file.status is Status.VERIFIED:
        raise RuleFileError(name, f"{id_}.status", "is `verified` with something unverified below", "Write `partly`")
    if (file.tried is None) == (open_points or file.status is Status.UNVERIFIED):
        problem = "has to say how the unverified was looked for, and nothing else"
        raise RuleFileError(name, f"{id_}.tried", problem, "Write it where something is unverified, only there")
    if file.status is Status.UNVERIFIED and any(f.status == "verified" for f in file.figures.values()):
        raise RuleFileError(name, f"{id_}.status", "is `unverified` with a verified figure", "Write `partly`")
    return Evidence(
        id=id_,
        title=file.title,
        citation=file.citation,
        kind=file.kind,
        year=file.year,
        grade=file.grade,
        status=file.status,
        says=file.says,
        unverified=tuple(file.unverified),
        tried=file.tried,
        links=tuple(_LINKS[i.kind].format(i.value) for i in file.identifiers if i.status == "verified"),
        checked=file.checked,
        read=read,
        figures={
            key: Figure(
                id=key,
                text=figure.text,
                meaning=figure.meaning,
                verified=figure.status == "verified",
                checked=figure.checked,
                read=read if figure.read is None else _day(figure.read, f"{id_}.figures.{key}.read", name),
            )
            for key, figure in file.figures.items()
        },
    )


def _day(text: str, field: str, name: PurePath) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise RuleFileError(name, field, f"`{text}` is no date", "Write it as 2026-01-31")
    return day
