"""Lines and documents of FHIR JSON into `Gathered`: what each holds, and what is said of one that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spmwatch.engine.facts import Gap
from spmwatch.fhir_adapters.bundle import ALL_CLINICAL, Contents, note_outcome, open_bundle, salvage, types_in_text
from spmwatch.fhir_adapters.gather import NO_RESOURCE, Gathered
from spmwatch.fhir_adapters.json_text import Parsed, kind_of, parse_strictly_once
from spmwatch.fhir_adapters.lines import Line
from spmwatch.fhir_adapters.problems import Fate, Problem
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.relevance import READ_TYPES
from spmwatch.fhir_adapters.resource_types import RESOURCE_TYPES
from spmwatch.fhir_adapters.shapes import subject_in

_WORD = re.compile("[A-Za-z]+")
CUT_OFF = "a file of the export is damaged or ends early"
LOST = "a line about the patient cannot be read"
"""Why a type was not supplied whole; stands in the Coverage of that patient."""
_A_PATIENT = rb'"(?:https?:[^"]{0,500}/)?Patient\\?/([A-Za-z0-9\-.]{1,64})["/\\]'
_PATIENT_IN_TEXT = re.compile(rb'"(?:reference|subject|patient)"\s*:[\s\[]*' + _A_PATIENT)
_SUBJECT_IN_TEXT = re.compile(
    rb'"(?:subject|patient)"\s*:[\s\[]*(?:\{[^{}]{0,500}?"reference"\s*:[\s\[]*)?' + _A_PATIENT
)


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that cannot be read, and what its text still tells: the patients that it names, the types it may hold."""

    problem: Problem
    patients: tuple[str, ...] = ()
    types: tuple[str, ...] = ()

    def tell(self, gathered: Gathered) -> None:
        """Let the patient's record say that something of it is lost."""
        for patient in self.patients:
            gathered.damaged[patient].append(self.problem.as_gap())
            for kind in self.types:
                gathered.lost[patient].setdefault(kind, LOST)


def damage_of(line: Line, at: str, error: str) -> Damage:
    """What is said of a line that cannot be parsed because of `error`."""
    found = error if line.complete else f"a line that ends early ({error})"
    expected, advice = "one resource in valid JSON", "Write the line again, a resource to a line."
    problem = Problem(where=at, found=found, expected=expected, advice=advice, lost=True)
    first = _PATIENT_IN_TEXT.search(line.data)
    named = [] if first is None else [first, *_SUBJECT_IN_TEXT.finditer(line.data)]
    patients = dict.fromkeys(one.group(1).decode() for one in named)
    return Damage(problem, tuple(patients), types_in_text(line.data) if patients else ())


def no_resource(value: object, where: str) -> Problem:
    """What is said of JSON that is no FHIR resource."""
    found = NO_RESOURCE if isinstance(value, dict) else kind_of(value)
    return Problem(where=where, element="resourceType", found=found, expected="a FHIR resource",
                   advice="Leave the file out, or correct it.", lost=True)  # fmt: skip


def repairs_of(parsed: Parsed, where: str) -> list[Problem]:
    """What had to be left out or replaced to read a line."""
    advice = "Correct it; the rest was used."
    return [Problem(where=where, found=one, expected="clean JSON", advice=advice) for one in parsed.repairs]


@dataclass(slots=True)
class Intake:
    """Takes what files hold, one line or document after the other.

    Attributes:
        gathered: where it goes.
        read_anything: was there any FHIR resource, or a manifest?
        bare_types: types of resources that came outside Bundles.
        types_here: the same of the current file; whoever begins a file empties it.
        cut_off_here: the current file has a last line that ends early.
        manifests: (place, content) of each manifest of a Bulk Data export.
    """

    gathered: Gathered
    read_anything: bool = False
    bare_types: set[str] = field(default_factory=set)
    types_here: set[str] = field(default_factory=set)
    cut_off_here: bool = False
    manifests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def begin(self) -> None:
        """A new file begins."""
        self.types_here, self.cut_off_here = set(), False

    def line(self, where: str, line: Line | Problem | None, parsed: Parsed | None = None) -> None:
        """A line of the file `where`; `parsed` when that was done already."""
        if line is None:
            return
        if isinstance(line, Problem):
            self.gathered.problems.append(line)
            self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            return
        at = f"{where}:{line.number}"
        parsed = parsed or parse_strictly_once(line.data)
        if parsed.error is None:
            self.value(parsed, at, length=len(line.data))
            return
        damage = damage_of(line, at, parsed.error)
        self.gathered.problems.append(damage.problem)
        self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
        self.cut_off_here = self.cut_off_here or not line.complete
        damage.tell(self.gathered)

    def document(self, data: bytes, where: str) -> None:
        """A document that spreads over several lines."""
        parsed = parse_strictly_once(data)
        if parsed.error is None:
            self.value(parsed, where)
            return
        saved = salvage(data, where, parsed.error, parent=self.gathered.index)
        if saved is None:
            self.gathered.note(
                where, "-", f"no valid JSON ({parsed.error})", "FHIR JSON", "Write the file again.", lost=True
            )
            self.gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            return
        self.read_anything = True
        self.gathered.add_contents(saved)

    def value(self, parsed: Parsed, where: str, *, length: int = 0) -> None:
        """A parsed document or line: a Bundle, a resource, a list of resources, a manifest, or none of these.

        `length`: the bytes that it was parsed from, where they are known.
        """
        value, gathered = parsed.value, self.gathered
        repairs = repairs_of(parsed, where) if parsed.repairs else []
        gathered.problems.extend(repairs)
        if is_list_of_resources(value):
            gathered.note(where, "-", "a list of resources", "a Bundle or NDJSON", "They were read one by one.")
            for number, one in enumerate(value):
                self.value(Parsed(one), f"{where} [{number}]")
            return
        if is_manifest(value):
            self.manifests.append((where, value))
            return
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(kind, str):
            problem = no_resource(value, where)
            gathered.problems.append(problem)
            gathered.tally.add("(not a resource)", Fate.UNREADABLE)
            gathered.add_odd(value, where, problem)
            return
        self.read_anything = True
        self._resource(value, where, [problem.as_gap() for problem in repairs], length)

    def _resource(self, value: Mapping[str, Any], where: str, gaps: list[Gap], length: int) -> None:
        gathered, kind = self.gathered, value["resourceType"]
        if kind == "Bundle":
            gathered.add_contents(open_bundle(value, where, parent=gathered.index), gaps=gaps)
            return
        if kind == "OperationOutcome":  # a remark of the export on itself; whom it concerns it does not say
            contents = Contents()
            note_outcome(contents, Item(value, where))
            gathered.problems.extend(contents.problems)
            gathered.tally.merge(contents.tally)
            return
        self.bare_types.add(kind)
        self.types_here.add(kind)
        item = Item(value, where, length=length)
        gathered.add(item)
        named = patient_named(item) if gaps else None
        if named is not None:  # let the patient's record tell of repairs to this resource
            gathered.damaged[named] += gaps


def is_manifest(value: object) -> bool:
    """Is it the list of files of a Bulk Data export?"""
    return isinstance(value, dict) and value.get("resourceType") is None and isinstance(value.get("output"), list)


def is_list_of_resources(value: object) -> bool:
    """Is it a JSON array of resources?"""
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) and "resourceType" in v for v in value)


def types_cut_off(file_name: str, types_here: set[str], *, named: bool) -> frozenset[str]:
    """Types of which a part is lost where a file of an export ends early; it may be about anybody in the export.

    Its name tells (`MedicationRequest.000.ndjson`, `1.Condition.ndjson`) where its resources so far are of that type,
    too; else it is any: what comes first in a file of several types says nothing of what would have come behind. None
    for a file that is neither named like lines nor holds any.
    """
    if not types_here and not named:
        return frozenset()
    told = set(_WORD.findall(file_name)) & RESOURCE_TYPES
    types = told if len(told) == 1 and types_here <= told else {*types_here, *ALL_CLINICAL}
    return frozenset(types & set(READ_TYPES))


def patient_named(item: Item) -> str | None:
    """Whom a repaired resource names by a plain reference; that patient's record tells of the repair."""
    subject, _ = subject_in(item.resource)
    reference = None if subject is None else subject.get("reference")
    if item.type == "Patient":
        return item.text("id")
    if not isinstance(reference, str) or "Patient/" not in reference:
        return None
    return reference.rsplit("Patient/", 1)[1].split("/")[0]
