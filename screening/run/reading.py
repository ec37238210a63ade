"""The steps that read the input: who is in the cohort, and every line about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isal import isal_zlib

from spmwatch.fhir_adapters.bundle import Contents, note_outcome, salvage
from spmwatch.fhir_adapters.intake import Damage, damage_of, is_manifest, patient_named, repairs_of
from spmwatch.fhir_adapters.json_text import Parsed, parse_strictly_once
from spmwatch.fhir_adapters.lines import LARGEST_DOCUMENT, Line, too_long
from spmwatch.fhir_adapters.problems import Problem
from spmwatch.fhir_adapters.references import Item
from spmwatch.fhir_adapters.relevance import DRUG_TYPES
from spmwatch.fhir_adapters.resource_types import is_resource_type
from spmwatch.fhir_adapters.shapes import is_sound
from spmwatch.screening.results.tables import may_hold_evidence
from spmwatch.screening.run.looking import Look, Looker
from spmwatch.screening.run.places import Found, Part, Seen, candidates, document
from spmwatch.screening.run.quarantine import Noted, damage_as_json
from spmwatch.screening.run.rows import NOBODYS, SHARED, Row, RowWriter
from spmwatch.screening.run.state import Cohort
from spmwatch.screening.scan.scanner import Scanner
from spmwatch.screening.scan.sources import Shape

RECORDS = frozenset({*DRUG_TYPES, "Condition", "Procedure"})
"""Types of the records that tell who is in the cohort."""

_LONGEST_TYPE = 60
MANY = 2
"""Patients of the input that are enough to know that nobody is alone in it."""


@dataclass(slots=True)
class Gains:
    """What a step found that makes the cohort grow."""

    keys: set[str] = field(default_factory=set)
    identifiers: set[tuple[str, str]] = field(default_factory=set)
    products: set[str] = field(default_factory=set)
    patients: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def take(self, look: Look, cohort: Cohort) -> None:
        """Note what a line adds to the cohort."""
        if look.evidence:
            self.keys |= look.keys
            self.identifiers |= look.identifiers
            self.products |= look.products
        for key, identifiers in look.patients.items():
            if look.evidence or cohort.has(key) or not cohort.unresolved.isdisjoint(identifiers):
                self.patients[key] = identifiers

    def take_damage(self, damage: Damage) -> None:
        """Note whom a line names that cannot be read: what it may have said makes them some of the cohort."""
        if may_hold_evidence(damage.types):
            self.keys.update(damage.patients)

    def as_json(self) -> dict[str, Any]:
        """For the work folder, in an order that is always the same."""
        return {
            "keys": sorted(self.keys),
            "identifiers": sorted(self.identifiers),
            "products": sorted(self.products),
            "patients": {key: self.patients[key] for key in sorted(self.patients)},
        }


def prime(part: Part, scanner: Scanner, looker: Looker, cohort: Cohort) -> dict[str, Any]:
    """A first look at files that are likely to tell who is in the cohort, so that the next step knows it.

    `settled`: all that was found names its patients, so whatever the next step needs of it is found by these.
    """
    gains, settled = Gains(), True
    for found in _lines(part, scanner, Seen()):
        parsed = parse_strictly_once(found.data)
        if parsed.error is None:
            look = looker.look(parsed.value, "", cohort.products, lambda key: key in gains.keys or cohort.has(key))
            gains.take(look, cohort)
            settled = settled and _names_its_patients(found, parsed, look)
        else:
            settled = False
            if found.line:
                gains.take_damage(damage_of(Line(found.line, found.data, found.complete), "", parsed.error))
    return {**gains.as_json(), "settled": settled}


def _names_its_patients(found: Found, parsed: Parsed, look: Look) -> bool:
    """Is it one sound record in which the id of its patient stands as such, and nothing to tell of besides?"""
    kind = parsed.value.get("resourceType") if isinstance(parsed.value, dict) else None
    if parsed.repairs or not isinstance(kind, str) or kind not in RECORDS or not is_sound(kind, parsed.value):
        return False
    return bool(look.keys) and not look.identifiers and all(key.encode() in found.data for key in look.keys)


def _lines(part: Part, scanner: Scanner, seen: Seen) -> Iterator[Found]:
    if part.chunk.source.shape is Shape.DOCUMENT:
        data = document(part)
        seen.read = len(data)
        if scanner.candidates(data) and len(data) <= LARGEST_DOCUMENT:
            yield Found(data, 0, 0)
        return
    yield from candidates(part, scanner, seen)


@dataclass(slots=True)
class Gathering:
    """One chunk, gathered: the lines about the cohort go to a file, and every line is accounted for.

    Attributes:
        part: the chunk; `name` what messages call its source.
        cohort: as known before; `divisions`: patients with whom a partition begins.
    """

    part: Part
    name: str
    looker: Looker
    cohort: Cohort
    partition_of: Any
    rows: RowWriter
    gains: Gains = field(default_factory=Gains)
    noted: Noted = field(default_factory=Noted)
    seen: Seen = field(default_factory=lambda: Seen(with_crc=True))
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("kept", "aside", "nobodys", "other", "damaged"), 0)
    )
    wanted: set[str] = field(default_factory=set)
    deletions: list[Any] = field(default_factory=list)
    damages: list[Any] = field(default_factory=list)
    manifests: list[Any] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    patients: set[str] = field(default_factory=set)
    told_types: set[str] = field(default_factory=set)
    torn: bool = False

    def run(self, scanner: Scanner) -> dict[str, Any]:
        """Read the chunk."""
        if self.part.chunk.source.shape is Shape.DOCUMENT:
            self._document()
        else:
            for found in candidates(self.part, scanner, self.seen):
                self._line(found)
            for line, offset, length in self.seen.passed_over:
                self.noted.lose(too_long(self.name, length), line, offset)
            if self.seen.fault:
                problem = Problem(where=self.name, found=self.seen.fault, expected="a whole one",
                                  advice="Write the file again; what could be unpacked was used.")  # fmt: skip
                self.noted.lose(problem, 0, None)
        self.rows.close()
        return self._told()

    def _told(self) -> dict[str, Any]:
        return {
            **self.gains.as_json(),
            "lines": self.seen.lines,
            "blank": self.seen.blank,
            "candidates": self.seen.candidates,
            "passed_over": len(self.seen.passed_over),
            "fault": self.seen.fault,
            "torn": self.torn,
            "bytes": self.seen.read,
            "crc32": self.seen.crc,
            "crc_bytes": self.seen.crc_bytes,
            "counts": self.counts,
            "lost": self.noted.lost,
            "remarks": self.noted.remarks,
            "places": self.noted.places,
            "wanted": sorted(self.wanted),
            "deletions": self.deletions,
            "damages": self.damages,
            "manifests": self.manifests,
            "types": sorted(self.types | self.seen.types),
            "patients_seen": sorted(self.patients)[:MANY],
            "batches": self.rows.batches,
        }

    def _document(self) -> None:
        data = document(self.part)
        self.seen.read, self.seen.crc, self.seen.crc_bytes = len(data), isal_zlib.crc32(data), len(data)
        self.seen.lines = self.seen.candidates = 1
        if len(data) > LARGEST_DOCUMENT:
            found, expected = f"more than {LARGEST_DOCUMENT:,} bytes in one document", "a smaller Bundle, or NDJSON"
            self.noted.lose(Problem(where=self.name, found=found, expected=expected, advice="Split it."), 0, None)
            return
        self._line(Found(data, 0, 0))

    def _line(self, found: Found) -> None:
        parsed = parse_strictly_once(found.data)
        if parsed.error is not None and found.line == 0:
            saved = salvage(found.data, self.name, parsed.error)
            if saved is not None:
                parsed = Parsed({"resourceType": "Bundle", "entry": [{"resource": i.resource} for i in saved.items]})
        if parsed.error is not None:
            self._unreadable(found, parsed.error)
        elif is_manifest(parsed.value):
            self.manifests.append((found.line, parsed.value))
            self.counts["other"] += 1
        else:
            self._value(found, parsed)

    def _unreadable(self, found: Found, error: str) -> None:
        damage = damage_of(Line(found.line, found.data, found.complete), "", error)
        self.noted.lose(damage.problem, found.line, found.offset)
        self.torn = self.torn or not found.complete
        self.gains.take_damage(damage)
        if damage.patients:
            self.damages.append(damage_as_json(damage, found.line))
            keys = self.cohort.of(damage.patients, ())
            if keys:  # nothing else may be there of these patients
                self.counts["damaged"] += 1
                self.rows.add(self._partition(keys), Row(keys, [], self.part.number, found.line, found.offset, b""))

    def _value(self, found: Found, parsed: Parsed) -> None:
        look = self.looker.look(parsed.value, self.name, self.cohort.products, self.cohort.has)
        self.types |= look.types
        if len(self.patients) < MANY:
            self.patients.update(look.patients)
        if look.deletions:
            self.deletions += [[one.key, one.when] for one in look.deletions]
        self.gains.take(look, self.cohort)
        repaired = _named_by_repaired(parsed)
        keys = self.cohort.of(look.keys | repaired, look.identifiers)
        if keys and (look.relevant or repaired):
            self.counts["kept"] += 1
            self._keep(self._partition(keys), keys, look, found)
            return
        lost_owner = look.evidence and bool(look.identifiers) and look.identifiers <= self.cohort.unresolved
        if (look.nobodys or lost_owner) and not look.keys and look.relevant:
            self.counts["nobodys"] += 1
            self._keep(NOBODYS, [], look, found)
            return
        for problem in repairs_of(parsed, self.name):
            self.noted.remark(problem, found.line, found.offset)
        self._set_aside(found, parsed.value, look)

    def _partition(self, keys: Iterable[str]) -> int:
        partitions = {self.partition_of(key) for key in keys}
        return partitions.pop() if len(partitions) == 1 else SHARED

    def _keep(self, partition: int, keys: list[str], look: Look, found: Found) -> None:
        self.wanted |= look.refers_to
        row = Row(keys, sorted(look.refers_to), self.part.number, found.line, found.offset, found.data, look.labels)
        self.rows.add(partition, row)

    def _set_aside(self, found: Found, value: object, look: Look) -> None:
        """What is not about the cohort; it is told of where it should not be as it is."""
        if self.noted.tell(look.problems, found.line, found.offset):
            return
        self.counts["aside"] += 1
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if kind == "OperationOutcome" and isinstance(value, dict):
            contents = Contents()
            note_outcome(contents, Item(value, self.name))
            for problem in contents.problems:
                self.noted.remark(problem, found.line, found.offset)
        elif isinstance(kind, str) and kind not in self.told_types and not is_resource_type(kind):
            self.told_types.add(kind)
            name = f" ({kind})" if kind.isalnum() and len(kind) <= _LONGEST_TYPE else ""
            problem = Problem(where=self.name, element="resourceType", found=f"a type that FHIR does not have{name}",
                              expected="a FHIR resource type", advice=_CORRECT_TYPE)  # fmt: skip
            self.noted.remark(problem, found.line, found.offset)


def _named_by_repaired(parsed: Parsed) -> set[str]:
    """Whose record tells that a resource had to be repaired to be read, whatever it is about."""
    kind = parsed.value.get("resourceType") if parsed.repairs and isinstance(parsed.value, dict) else None
    key = patient_named(Item(parsed.value)) if isinstance(kind, str) and kind != "Bundle" else None
    return set() if key is None else {key}


_CORRECT_TYPE = "Correct it if it should be read; more of its kind are counted only."


def products(part: Part, scanner: Scanner, looker: Looker, wanted: frozenset[str], path: Path) -> dict[str, Any]:
    """The Medications and Substances that kept lines refer to, as rows of a file; and what those refer to."""
    rows, refers_to, found_names = RowWriter(path), set[str](), set[str]()
    for found in _lines(part, scanner, Seen()):
        parsed = parse_strictly_once(found.data)
        if parsed.error is not None or (
            isinstance(parsed.value, dict) and parsed.value.get("resourceType") == "Bundle"
        ):
            continue
        look = looker.look(parsed.value, "", frozenset())
        names = look.products & wanted
        if names:
            row = Row(sorted(look.products), sorted(look.refers_to), part.number, found.line, found.offset, found.data)
            rows.add(0, row)
            refers_to |= look.refers_to
            found_names |= look.products
    rows.close()
    return {"batches": rows.batches, "refers_to": sorted(refers_to), "names": sorted(found_names)}
