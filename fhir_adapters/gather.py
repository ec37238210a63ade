"""Resources of many patients, scattered over Bundles and files, gathered patient by patient."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spmwatch.engine.dates import DateRange
from spmwatch.engine.errors import InputError
from spmwatch.engine.facts import Coverage, Gap, PatientRecord
from spmwatch.engine.terminology.value_sets import ValueSets
from spmwatch.fhir_adapters.bundle import Contents, Deletion, open_bundle
from spmwatch.fhir_adapters.corrections import stub_of, without_corrected
from spmwatch.fhir_adapters.deletions import Deleted, dated
from spmwatch.fhir_adapters.evidence import HIDDEN, may_be_evidence
from spmwatch.fhir_adapters.manifest import Told
from spmwatch.fhir_adapters.moves import (
    MAY_BE_ANOTHERS,
    Moves,
    Verdict,
    is_evidence_item,
    moves_of,
    several_versions,
    told_as_gap,
    told_as_problem,
    verdicts_on,
)
from spmwatch.fhir_adapters.problems import Fate, Problem, ProblemLog, Tally
from spmwatch.fhir_adapters.record import READERS, distinct_of, nobodys, read_record
from spmwatch.fhir_adapters.references import Item, ResourceIndex, newest_of
from spmwatch.fhir_adapters.relevance import READ_TYPES, Relevance, is_coded, relevance_of
from spmwatch.fhir_adapters.resource_types import is_resource_type
from spmwatch.fhir_adapters.shapes import references_in
from spmwatch.fhir_adapters.strays import Stray, strays_in, strays_of
from spmwatch.fhir_adapters.subjects import IN_DOUBT, Owners, Subject, patient_key
from spmwatch.fhir_adapters.terms import Terms, terms_of

_log = logging.getLogger("spmwatch.fhir_adapters")

BY_HAND = "--partial"
_LONGEST_TYPE, _MOST_TYPES = 60, 100  # names of unknown resource types that are told
NO_RESOURCE = "JSON that is not a FHIR resource"
_PLACE = "Write it as a resource with its `resourceType`."
TOLD_BY_PLACE = frozenset({"unreadable", "wrong-type", "unresolved-reference", "conflict"})
"""Kinds of gap that somebody has to mend in the file."""


def partial_coverage(types: Iterable[str]) -> dict[str, str]:
    """Types that somebody says were not supplied.

    Raises:
        InputError: a type that is not read.
    """
    given = dict.fromkeys(types, "said by hand (--partial)")
    for kind in given:
        if kind not in READ_TYPES:
            raise InputError(
                BY_HAND, kind, "is not a resource type that is read", f"Use one of {', '.join(READ_TYPES)}"
            )
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRead:
    """A patient whose resources could not be turned into facts, through a fault of ours. The others can be."""

    id: str
    error: Exception


@dataclass(slots=True)
class _Part:
    """A Bundle: what it lacks holds for the patients in it."""

    items: list[Item]
    unsupplied: Mapping[str, str]
    gaps: list[Gap]


@dataclass(slots=True)
class Gathered:
    """Relevant resources so far; `outcomes` turns them into patients.

    Only what could matter is kept: Patients, Medications, and resources whose codes or words are in a value set. A
    birth date outside `born` is told by file and line; it is the timeline that does not use it.
    """

    value_sets: ValueSets
    strict: bool = False
    born: DateRange | None = None
    terms: Terms = field(init=False)
    relevance: Relevance = field(init=False)
    index: ResourceIndex = field(default_factory=ResourceIndex)
    tally: Tally = field(default_factory=Tally)
    problems: ProblemLog = field(default_factory=ProblemLog)
    unsupplied: dict[str, str] = field(default_factory=dict)
    cut_off: dict[str, str] = field(default_factory=dict)
    """Types that an export lacks, whole or in part, and why; holds for those whose resources came outside Bundles."""
    damaged: defaultdict[str, list[Gap]] = field(default_factory=lambda: defaultdict(list))
    lost: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """Patient -> types of which a resource of that patient could not be read, and why."""
    deletions: list[Deletion] = field(default_factory=list)
    """What an export says is deleted; holds for resources outside Bundles."""
    one_of_many: bool = False
    """There are patients elsewhere, so what names nobody is not said to be the one patient's who is here."""
    moved: Moves | None = None
    """Resources outside Bundles that versions give to several patients; None: as the resources here tell."""
    _items: list[Item] = field(default_factory=list)
    _patients: dict[str, list[Item]] = field(default_factory=dict)
    _parts: list[_Part] = field(default_factory=list)
    _strays: list[tuple[Item, Stray, Problem]] = field(default_factory=list)
    _stubs: list[Item] = field(default_factory=list)
    """Of resources that no rule asks for: one of them may be a later version of one that is kept."""
    _told_types: set[str] = field(default_factory=set)
    _owners: Owners = field(init=False)
    _verdicts: dict[int, Verdict] = field(default_factory=dict)
    """What becomes of items that versions give to several patients."""

    def __post_init__(self) -> None:
        """Prepare the look-ups."""
        self.terms = terms_of(self.value_sets)
        self.relevance = relevance_of(self.terms)

    def add(self, item: Item) -> bool:
        """Take a resource; False when it cannot matter and was only counted."""
        odd = item.type not in READ_TYPES or "contained" in item.resource
        strays = strays_of(item.resource, self.terms) if odd else []
        for stray in strays:
            problem = stray.problem(item.where)
            self.problems.append(problem)
            self._strays.append((item, stray, problem))
        if item.type == "Patient":
            key = patient_key(item)
            if key is None:
                self.note(item.where, "id", "a Patient without id", "an id", "Give the Patient an id.")
                self.tally.add("Patient", Fate.UNREADABLE)
                return False
            self._patients.setdefault(key, []).append(item)
            self._enter(item)
            return True
        if item.type == "Medication":
            self._enter(item)
            self.tally.add("Medication", Fate.SUPPORTING)
            return True
        if item.type in READERS and self.relevance.might_matter(item):
            if item.type == "Condition":
                self._enter(item)
            if not item.full_url and not item.text("id"):
                found, advice = "a resource without id", f"Give it one; results call it '{item.label}'."
                self.note(item.where, "id", found, "an id", advice)
            self._items.append(item)
            return True
        if item.type == "Substance":
            self._enter(item)
        if item.type == "Condition" and item.text("id") and is_coded(item):
            (item.scope or self.index).known_irrelevant.add(f"Condition/{item.text('id')}")
        if (stub := stub_of(item)) is not None:
            self._stubs.append(stub)
        self.tally.add(item.type if item.type in READ_TYPES else "(other type)", Fate.IRRELEVANT)
        if not strays:
            self._tell_unknown_type(item)
        return False

    def add_odd(self, value: object, where: str, problem: Problem) -> None:
        """Take what stands in the place of a resource and is none, for a `problem` that is told already."""
        for one in value if isinstance(value, list) else (value,):
            self._add_odd(Item(one if isinstance(one, dict) else {"": one}, where), problem)

    def _add_odd(self, item: Item, problem: Problem) -> None:
        for stray in strays_in(item.resource, self.terms, "", ""):
            self._strays.append((item, stray, problem))

    def _tell_unknown_type(self, item: Item) -> None:
        """Name the first resource of each type that FHIR does not have."""
        told = self._told_types
        if item.type in READ_TYPES or item.type in told or len(told) >= _MOST_TYPES or is_resource_type(item.type):
            return
        told.add(item.type)
        name = f" ({item.type})" if item.type.isalnum() and len(item.type) <= _LONGEST_TYPE else ""
        advice = "Correct it if it should be read; more of its kind are counted only."
        self.note(item.where, "resourceType", f"a type that FHIR does not have{name}", "a FHIR resource type", advice)

    def _enter(self, item: Item) -> None:
        if item.scope is None:
            self.index.add(item)

    def add_contents(self, contents: Contents, *, gaps: Iterable[Gap] = ()) -> None:
        """Take an opened Bundle."""
        self.tally.merge(contents.tally)
        self.problems.extend(contents.problems)
        self.deletions += contents.deletions
        for item in contents.odd:
            self._add_odd(item, Problem(where=item.where, found=NO_RESOURCE, expected="a FHIR resource", advice=_PLACE))
        kept = [item for item in contents.items if self.add(item)]
        told = [*gaps, *(problem.as_gap() for problem in contents.problems)]
        if contents.unsupplied or told:
            self._parts.append(_Part(kept, contents.unsupplied, told))

    def take_manifests(self, told: Told) -> None:
        """Take what the manifests of a folder say; deletions without a day of their own are as old as the export."""
        self.problems.extend(told.problems)
        self.unsupplied = {**told.unsupplied, **self.unsupplied}
        self.deletions = [dated(deletion, told.deletions) for deletion in self.deletions]

    def note(self, where: str, element: str, found: str, expected: str, advice: str, *, lost: bool = False) -> None:
        """Note a problem of the input."""
        problem = Problem(where=where, element=element, found=found, expected=expected, advice=advice, lost=lost)
        self.problems.append(problem)

    def outcomes(self, report: Callable[[Problem], None]) -> Iterator[PatientRecord | NotRead]:
        """Every patient, sorted by id, read or not; what became of each resource goes into the tally on the way."""
        self._owners = Owners(self.index)
        self._place_strays()
        self._delete()
        self._correct()
        self._verdicts = verdicts_on(self._items, self.moved, self._owner, self._is_evidence)
        groups: defaultdict[str, list[Item]] = defaultdict(list)
        gaps: defaultdict[str, list[Gap]] = defaultdict(list)
        for key, patients in self._patients.items():
            groups[key] += patients
            if len(patients) > 1:
                self._several(patients, report)
        self._assign(groups, gaps, report)
        unsupplied = self._unsupplied_by_patient(gaps)
        for key, found in self.damaged.items():
            gaps[key] += found
        for key in sorted({*groups, *self.lost}):  # who is named by lines alone that cannot be read is a patient too
            items = groups.pop(key, [])
            cut_off = (
                self.cut_off if self.cut_off and (key in self.lost or any(item.scope is None for item in items)) else {}
            )
            lacking = {**cut_off, **unsupplied.get(key, {}), **self.unsupplied, **self.lost.get(key, {})}
            outcome = self._read(key, items, lacking, tuple(dict.fromkeys(gaps.get(key, ()))))
            if isinstance(outcome, PatientRecord):
                _tell_places(outcome.gaps, items, report)
                self._tell_birth(outcome, items, report)
            yield outcome

    def _read(
        self, key: str, items: list[Item], lacking: Mapping[str, str], gaps: tuple[Gap, ...]
    ) -> PatientRecord | NotRead:
        """One patient's record; a fault in reading it stays with that patient."""
        coverage = Coverage(unsupplied=tuple(sorted(lacking.items())))
        try:
            record, tally = read_record(
                key, items, terms=self.terms, index=self.index, coverage=coverage, gaps=gaps, strict=self.strict
            )
        except Exception as error:  # noqa: BLE001 - one patient's failure never ends the run; it is named by whoever asked
            _log.debug("a patient could not be read", exc_info=True)
            for item in items:
                self.tally.add(item.type, Fate.UNREADABLE)
            return NotRead(id=key, error=error)
        self.tally.merge(tally)
        return record

    def _tell_birth(self, record: PatientRecord, items: Iterable[Item], report: Callable[[Problem], None]) -> None:
        birth = record.patient.birth if record.patient else None
        if birth is None or self.born is None or birth.overlaps(self.born):
            return
        where = next((item.where for item in items if item.type == "Patient" and item.where), record.id)
        found, expected = "a day in the future, or too far back to be one's birth", "the day of birth"
        report(Problem(where=where, element="birthDate", found=found, expected=expected, advice="Correct it."))

    def _several(self, patients: list[Item], report: Callable[[Problem], None]) -> None:
        distinct = distinct_of(patients)
        if newest_of(distinct) is None:
            found = f"{len(patients)} Patient resources with one id that differ"
            advice = "Find out whether they are one person; what they disagree on is taken as unknown."
            places = patients[-1].where
            report(Problem(where=places, element="id", found=found, expected="one Patient to an id", advice=advice))

    def _assign(
        self,
        groups: defaultdict[str, list[Item]],
        gaps: defaultdict[str, list[Gap]],
        report: Callable[[Problem], None],
    ) -> None:
        only = next(iter(self._patients)) if len(self._patients) == 1 and not self.one_of_many else None
        strangers: dict[str, str] = {}
        for item in self._items:
            subject = self._owner(item)
            verdict = self._verdicts.get(id(item))
            if verdict is Verdict.GONE and subject.key is not None:
                self.tally.add(item.type, Fate.EXCLUDED)
                report(told_as_problem(item))
                gaps[subject.key].append(told_as_gap(item))
                continue
            if verdict is Verdict.IN_DOUBT:
                item.doubt = item.doubt or MAY_BE_ANOTHERS
            for key in subject.named:
                item.doubt = IN_DOUBT
                groups[key].append(item)
            if subject.key is None:
                self.tally.add(item.type, Fate.UNASSIGNED, int(not subject.named))
                counted = "what it proves is possible only for each" if subject.named else "it was counted for nobody"
                advice = f"Name one patient in `subject`; {counted}."
                report(Problem(where=item.where, element="subject", found=subject.why_not,
                               expected="a reference to a Patient", advice=advice))  # fmt: skip
                if only is not None and not subject.named:
                    gaps[only].append(nobodys(item, subject.why_not))
                continue
            if subject.key not in self._patients:
                strangers.setdefault(subject.key, item.where)
            groups[subject.key].append(item)
        for where in strangers.values():
            found = "resources of a patient whose Patient resource is not there"
            advice = "Supply the Patient; they were not counted for anybody else."
            report(Problem(where=where, element="subject", found=found, expected="that Patient too", advice=advice))
        self._items = []

    def _place_strays(self) -> None:
        """Let the records of those whom strays name tell that something of theirs is not read."""
        for item, stray, problem in self._strays:
            types = self._types_of(item, stray)
            for reference in stray.subjects:
                named = Item({"subject": reference}, item.where, item.full_url, item.scope)
                key = self._owner(named).key
                if key is None:
                    continue
                self.damaged[key].append(problem.as_gap())
                for kind, why in types.items():
                    if why == HIDDEN or kind not in self.lost[key]:
                        self.lost[key][kind] = why
        self._strays = []

    def _types_of(self, item: Item, stray: Stray) -> Mapping[str, str]:
        """What it may hide, the Medication that it refers to considered."""
        index = item.scope or self.index
        left, seen = [*stray.medications], list[Item]()
        while left:
            literal = left.pop().get("reference")
            found = index.find(literal, item.resource, "Medication") if isinstance(literal, str) else None
            if found is None or any(found is one for one in seen):
                continue
            seen.append(found)
            ingredients = found.resource.get("ingredient")
            for one in ingredients if isinstance(ingredients, list) else ():
                left += references_in(one.get("itemReference"), one.get("item")) if isinstance(one, dict) else []
        if any(may_be_evidence(one.resource, self.terms, "Medication") for one in seen):
            return dict.fromkeys(stray.types, HIDDEN)
        return stray.types

    def _delete(self) -> None:
        """Take out what was deleted after it was last changed; where that cannot be told, it is in doubt."""
        deleted = Deleted(self.deletions)
        if not deleted:
            return
        self._items = self._left(self._items, deleted)
        self._stubs = [stub for stub in self._stubs if not deleted.has(stub)]
        for key, patients in list(self._patients.items()):
            self._patients[key] = self._left(patients, deleted)
            if not self._patients[key]:
                del self._patients[key]

    def _left(self, items: Iterable[Item], deleted: Deleted) -> list[Item]:
        left: list[Item] = []
        for item in items:
            if deleted.has(item):
                self.tally.add(item.type, Fate.EXCLUDED)
            else:
                left.append(item)
        return left

    def _correct(self) -> None:
        """Take out what a later version does not say any more."""
        self._items, gone = without_corrected(self._items, self._stubs, self._owner)
        for item in gone:
            self.tally.add(item.type, Fate.DUPLICATE)
        self._stubs = []

    def moves(self) -> Moves:
        """Who loses which resources outside Bundles to a later version, for somebody who has all versions of them."""
        self._owners = Owners(self.index)
        self._delete()
        found: Moves = {}
        for versions in several_versions(item for item in self._items if item.scope is None):
            found |= moves_of(versions, self._owner, self._is_evidence)
        return found

    def _is_evidence(self, item: Item) -> bool:
        return is_evidence_item(item, self.terms, self.index)

    def _owner(self, item: Item) -> Subject:
        """Whose resource it is; a fault in finding out costs no other resource."""
        try:
            return self._owners.of(item)
        except Exception as error:  # noqa: BLE001 - as in `_read`; the resource is named and counted for nobody
            _log.debug("a subject could not be read", exc_info=True)
            return Subject(why_not=f"a subject that cannot be read ({type(error).__name__})")

    def _unsupplied_by_patient(self, gaps: defaultdict[str, list[Gap]]) -> dict[str, dict[str, str]]:
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for part in self._parts:
            keys = {patient_key(item) if item.type == "Patient" else self._owner(item).key
                    for item in part.items if item.type != "Medication"}  # fmt: skip
            for key in sorted(one for one in keys if one is not None):
                for kind, why in part.unsupplied.items():
                    found[key].setdefault(kind, why)
                gaps[key] += part.gaps
        return found


def _tell_places(gaps: Iterable[Gap], items: Iterable[Item], report: Callable[[Problem], None]) -> None:
    """Tell of elements that could not be read by file and line too; the gap itself knows only the resource."""
    places = {item.label: item.where for item in reversed(list(items)) if item.where}
    for gap in gaps:
        if gap.kind in TOLD_BY_PLACE and gap.reference in places:
            element, advice = gap.element or "-", gap.advice
            report(Problem(where=places[gap.reference], element=element, found=gap.problem, expected="", advice=advice))


def read_or_raise(outcomes: Iterable[PatientRecord | NotRead]) -> Iterator[PatientRecord]:
    """The records; the error of the first patient who could not be read."""
    for outcome in outcomes:
        if isinstance(outcome, NotRead):
            raise outcome.error
        yield outcome


def records_from_bundle(
    bundle: Mapping[str, Any], *, value_sets: ValueSets, where: str, partial: Iterable[str] = (), strict: bool = False
) -> tuple[PatientRecord, ...]:
    """Every patient of one Bundle, sorted by id. The Bundle counts as the whole record unless it says otherwise.

    Args:
        bundle: parsed JSON; any type of Bundle.
        value_sets: codes and words.
        where: what messages call it.
        partial: resource types that are not complete in it.
        strict: hold every relevant resource against fhir.resources too.

    Raises:
        InputError: it is no Bundle, or `partial` names a type that is not read.
    """
    if bundle.get("resourceType") != "Bundle":
        raise InputError(where, "resourceType", "is not `Bundle`", "Pass a FHIR Bundle")
    gathered = Gathered(value_sets, strict=strict, unsupplied=partial_coverage(partial))
    gathered.add_contents(open_bundle(bundle, where, parent=gathered.index))
    return tuple(read_or_raise(gathered.outcomes(gathered.problems.append)))
