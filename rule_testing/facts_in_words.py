"""Facts as rows of a table, and back: every fact that a record can tell has its words here.

A column is a field of the fact; concepts stand by their titles in the value sets, dates as they are known (`2024-05`,
`2024-05-01..2024-08-31`, `..2024-05-01` for "at the latest").
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from spmwatch.engine.dates import DateRange
from spmwatch.engine.facts import (
    Certainty,
    Diagnosis,
    Dose,
    DrugExposure,
    DrugNotTaken,
    DrugOrder,
    Fact,
    LabValue,
    NamedRegimen,
    PlannedDrug,
    Procedure,
    Proof,
    Smoking,
    Source,
    Standing,
    Statement,
    UnidentifiedOrder,
)
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.rule_testing.vocabulary import StepError, look_up

KINDS: Mapping[str, type[Fact]] = {
    "drugs": DrugExposure,
    "drugs not taken": DrugNotTaken,
    "draft orders": DrugOrder,
    "draft orders of an unknown drug": UnidentifiedOrder,
    "planned drugs": PlannedDrug,
    "regimens by name": NamedRegimen,
    "procedures": Procedure,
    "diagnoses": Diagnosis,
    "results": LabValue,
    "statements": Statement,
    "smoking": Smoking,
}
RECORD = "record"
"""The column in which facts of one and the same record bear one name."""

_CONCEPTS: Mapping[str, str] = {"concept": "", "what": "statement", "regimen": "regimen"}
_DATES = ("start", "end", "ordered_on", "planned_on", "date", "onset", "recorded", "abated", "quit_on")
_ENUMS: Mapping[str, type[StrEnum]] = {"standing": Standing, "certainty": Certainty, "proof": Proof}
_ANSWERS: Mapping[str, bool] = {"yes": True, "no": False}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "route": ("oral", "intravenous", "local"),
    "phase": ("induction", "consolidation", "maintenance"),
    "stage": ("ordered", "planned"),
    "comparator": ("<", "<=", ">=", ">"),
    "clinical_status": ("active", "recurrence", "relapse", "inactive", "remission", "resolved"),
}
_UNTOLD = ("sources", "drug")
_OTHER_REASON = "other"
_TYPES: Mapping[type[Fact], str] = {
    DrugExposure: "MedicationStatement",
    DrugNotTaken: "MedicationStatement",
    Procedure: "Procedure",
    Diagnosis: "Condition",
    LabValue: "Observation",
    Statement: "Observation",
    Smoking: "Observation",
}


def is_draft(fact: Fact) -> bool:
    """Is it about an order that is being written, and so no part of the record yet?"""
    return isinstance(fact, (DrugOrder, UnidentifiedOrder)) or (
        isinstance(fact, NamedRegimen) and fact.stage == "ordered"
    )


def kind_of(fact: Fact) -> str:
    """The word of KINDS for a fact."""
    return next(word for word, kind in KINDS.items() if kind is type(fact))


def columns_of(kind: str) -> tuple[str, ...]:
    """The headings that a table of that kind may have. Raises StepError."""
    fields = dataclasses.fields(look_up("kind of fact", kind, KINDS))
    return (*(_heading(field.name) for field in fields if field.name not in _UNTOLD), RECORD)


@dataclass(frozen=True, slots=True)
class FactWords:
    """The words of facts, with the value sets that give concepts their titles."""

    value_sets: ValueSets

    # -- facts to rows ----------------------------------------------------------------------------------------------

    def table(self, facts: Sequence[Fact], records: Mapping[Fact, str]) -> list[list[str]]:
        """Facts of one kind as the rows of a table, its heading first; a column that nobody needs is left out.

        Args:
            facts: all of one class.
            records: facts that share a record with another, and what that record is called.
        """
        told = [self._told(fact) | ({RECORD: records[fact]} if fact in records else {}) for fact in facts]
        order = [field.name for field in dataclasses.fields(type(facts[0]))]
        names = [name for name in order if name not in _INHERITED] + [name for name in order if name in _INHERITED]
        columns = [name for name in (*names, RECORD) if any(row.get(name) for row in told)] or [RECORD]
        return [[_heading(name) for name in columns], *([row.get(name, "") for name in columns] for row in told)]

    def _told(self, fact: Fact) -> dict[str, str]:
        """The cells of a fact; what is as usual stays empty."""
        row: dict[str, str] = {}
        for field in dataclasses.fields(fact):
            value = getattr(fact, field.name)
            if field.name in _UNTOLD or (value == field.default and field.default is not dataclasses.MISSING):
                continue
            row[field.name] = self._cell(field.name, value)
        return row

    def _cell(self, name: str, value: object) -> str:
        if value is None:
            return ""
        if name in _CONCEPTS:
            return self._title(str(value))
        if name == "reasons":
            return "; ".join(self._title(str(one)) for one in value)  # type: ignore[attr-defined]  # a tuple of words
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Dose):
            return f"{_number(value.value)} {value.unit}"
        return _number(value) if isinstance(value, float) else str(value)

    def _title(self, concept: str) -> str:
        try:
            return self.value_sets.concept(concept).title
        except KeyError:
            return concept

    # -- rows to facts ----------------------------------------------------------------------------------------------

    def facts(
        self, kind: str, rows: Iterable[Mapping[str, str]], place: Callable[[type[Fact], str], Source]
    ) -> list[Fact]:
        """The facts that the rows of a table tell.

        Args:
            kind: a word of KINDS.
            rows: by heading.
            place: gives each row its source, from its kind and what the column `record` says.

        Raises:
            StepError: a heading, a word or a number that is none.
        """
        made = look_up("kind of fact", kind, KINDS)
        fields = {_heading(f.name): f for f in dataclasses.fields(made) if f.name not in _UNTOLD}
        found: list[Fact] = []
        for row in rows:
            values: dict[str, Any] = {}
            for heading, cell in row.items():
                if heading != RECORD and cell:
                    name = look_up("column", heading, fields).name
                    values[name] = self._value(made, name, cell)
            needed = [_heading(f.name) for f in fields.values() if _is_needed(f) and f.name not in values]
            if needed:
                raise StepError(f"a row of {kind} needs its {' and '.join(needed)}. Fill in each cell of that column.")
            if any(field.name == "drug" for field in dataclasses.fields(made)):
                values["drug"] = self.value_sets.concept(values["concept"]).drug or values["concept"]
            if made is LabValue:
                self._check_unit(values["analyte"], values["unit"])
            found.append(made(sources=(place(made, row.get(RECORD, "")),), **values))
        return found

    def _value(self, kind: type[Fact], name: str, cell: str) -> object:
        if name in _CONCEPTS:
            return self._concept(cell, _CONCEPTS[name])
        if name == "reasons":
            return tuple(sorted(_OTHER_REASON if one == _OTHER_REASON else self._concept(one) for one in _parts(cell)))
        if name in _DATES:
            return span_of(cell)
        type_name = {field.name: str(field.type) for field in dataclasses.fields(kind)}[name]
        if words := self._closed(name, type_name):
            return look_up(_heading(name), cell, words)
        return self._measure(type_name, cell)

    def _closed(self, name: str, type_name: str) -> Mapping[str, object]:
        """The words that may stand in that column, where not any may."""
        if type_name == "bool":
            return _ANSWERS
        if name == "analyte":
            return {one.analyte: one.analyte for one in self.value_sets.all_concepts() if one.analyte}
        return {str(one): one for one in _ENUMS.get(name, _WORDS.get(name, ()))}

    def _measure(self, type_name: str, cell: str) -> object:
        try:
            if type_name.startswith("Dose"):
                amount, unit = cell.split(maxsplit=1)
                known = self.value_sets.unit(unit)
                if known is None or known.ucum != unit:
                    raise StepError(f"`{unit}` is no unit of a dose. Write e.g. `10 mg`.")
                return Dose(value=float(amount), unit=unit)
            if type_name.startswith("float"):
                return float(cell)
            return int(cell) if type_name.startswith("int") else cell
        except ValueError:
            raise StepError(f"`{cell}` is no such number. Write e.g. `10 mg` for a dose, `28` for days.") from None

    def _check_unit(self, analyte: str, unit: str) -> None:
        """Raises StepError for a unit that is not the one in which such results are kept."""
        _, kept = self.value_sets.convert(1.0, unit, analyte) or (None, None)
        if kept != unit:
            known = {one.analyte: one.unit for one in self.value_sets.all_concepts() if one.analyte}
            raise StepError(f"`{unit}` is not the unit of {analyte}. Write `{known[analyte]}`.")

    def _concept(self, words: str, category: str = "") -> str:
        """The concept of that title, or id. Raises StepError with the nearest."""
        known = {one.title: one.id for one in self.value_sets.all_concepts() if category in ("", one.category)}
        known |= {one: one for one in known.values()}
        return look_up("concept of the value sets", words, known)


_INHERITED = tuple(field.name for field in dataclasses.fields(Fact))


def resource_type(kind: type[Fact]) -> str:
    """The type of FHIR resource by which such a fact is named."""
    return _TYPES.get(kind, "MedicationRequest")


def span_of(cell: str) -> DateRange:
    """`2024`, `2024-05`, `2024-05-01`, or a span with `..`, open where a side is left out. Raises StepError."""
    try:
        if ".." not in cell:
            return DateRange.parse(cell)
        first, last = (date.fromisoformat(side) if side else None for side in cell.split("..", maxsplit=1))
        return DateRange(first, last)
    except ValueError:
        fix = "Write e.g. `2024-05-01`, `2024-05`, `2024`, or `2024-05-01..2024-08-31`."
        raise StepError(f"`{cell}` is no date. {fix}") from None


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
