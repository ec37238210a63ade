"""What is asked of the client beforehand, and what came of it.

Every template is bound to the patient and stays within the query subset that clients are asked to support. A key is an
interface that analysts type by hand: keys are added, never renamed.

What came is read key by key. "Looked for, and nothing there" (null, an empty list) is one thing; "not looked for" (no
such key), "could not be had" (an OperationOutcome) and "only part of it" (a `next` page) are three others, and only the
first lets a rule say "no". The other three become coverage, which makes the engine answer UNKNOWN where it matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import orjson

from spmwatch.engine.facts import Coverage, Gap
from spmwatch.fhir_adapters.references import Item

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Template:
    """A query that the client runs: its key, the type of resource that it answers with, and the query itself."""

    key: str
    type: str
    query: str


def _search(key: str, type_: str) -> Template:
    return Template(key, type_, f"{type_}?patient={{{{context.patientId}}}}")


TEMPLATES: tuple[Template, ...] = (
    Template("patient", "Patient", "Patient/{{context.patientId}}"),
    _search("conditions", "Condition"),
    _search("medicationRequests", "MedicationRequest"),
    _search("medicationStatements", "MedicationStatement"),
    _search("medicationAdministrations", "MedicationAdministration"),
    _search("medicationDispenses", "MedicationDispense"),
    _search("procedures", "Procedure"),
    _search("observations", "Observation"),
)

MEDICATION_KEYS = frozenset(
    {"medicationRequests", "medicationStatements", "medicationAdministrations", "medicationDispenses"}
)
"""Without any of these nothing can be said about lenalidomide or melphalan."""


class State(StrEnum):
    """What became of one key."""

    SUPPLIED = "supplied"
    NOTHING = "nothing there"
    MISSING = "missing"
    FAILED = "failed"
    PARTIAL = "partial"

    @property
    def searched(self) -> bool:
        """Does the key tell everything there is of its type?"""
        return self in (State.SUPPLIED, State.NOTHING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A resource, where in the request it stands (`prefetch.conditions.entry[3].resource`), and its `fullUrl` or "".

    `length`: of its JSON in bytes; 0 where nobody measured it.
    """

    where: str
    resource: Json
    full_url: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One key, read.

    Attributes:
        why: why its type cannot count as searched; "" when it can.
        advice: what helps, where that is not another answer to the query.
    """

    template: Template
    state: State
    why: str = ""
    placed: tuple[Placed, ...] = ()
    gaps: tuple[Gap, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Supplied:
    """All keys, in the order of the templates.

    The reader of the client's FHIR server (fhir_server/) takes the readings that are MISSING, or PARTIAL with a `next`
    link (FAILED ones are not worth a second query, C063), asks, and puts others in their place with `replaced`.
    """

    readings: tuple[Reading, ...]

    @property
    def resources(self) -> tuple[Json, ...]:
        """Every resource that came under a known key."""
        return tuple(placed.resource for reading in self.readings for placed in reading.placed)

    @property
    def coverage(self) -> Coverage:
        """Types of which it is not known what there is."""
        return Coverage(unsupplied=tuple((r.template.type, r.why) for r in self.readings if not r.state.searched))

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What is shown with the results: types that were not supplied, entries that could not be read."""
        return tuple(gap for reading in self.readings for gap in (*reading.gaps, *_gap_of(reading)))

    @property
    def has_medications(self) -> bool:
        """Did at least one of the medication queries come with an answer?"""
        return any(
            r.template.key in MEDICATION_KEYS and r.state in (State.SUPPLIED, State.NOTHING, State.PARTIAL)
            for r in self.readings
        )

    @property
    def found(self) -> tuple[Item, ...]:
        """The same, each under its `urn:` address where it has one, by which others may refer to it.

        Other addresses are left out: whose servers they are was settled in same_patient.py; `Type/id` finds the rest.
        """
        return tuple(
            [
                Item(placed.resource, full_url=_urn_of(placed), length=placed.length)
                for reading in self.readings
                for placed in reading.placed
            ]
        )

    def without_subject(self, places: Collection[str]) -> Supplied:
        """The same, not complete where a resource asked for stands at one of these places and names no patient.

        It is counted for nobody (fhir_adapters), so what it tells is not known; that is not the same as "no".
        """
        if not places:
            return self
        return self.replaced(
            *(
                replace(
                    reading,
                    state=State.PARTIAL,
                    why=f"something under {reading.template.key} names no patient",
                    advice=f"Have the client name the patient in each {reading.template.type}",
                )
                for reading in self.readings
                if reading.state.searched
                and any(
                    p.where in places and p.resource["resourceType"] == reading.template.type for p in reading.placed
                )
            )
        )

    def replaced(self, *others: Reading) -> Supplied:
        """The same with these readings in place of those of the same key."""
        by_key = {reading.template.key: reading for reading in others}
        return Supplied(tuple(by_key.get(reading.template.key, reading) for reading in self.readings))


def read_prefetch(prefetch: Mapping[str, object] | None) -> Supplied:
    """What the client sent for each template; keys that nobody asked for are ignored."""
    given = prefetch or {}
    return Supplied(tuple(_read(template, given) for template in TEMPLATES))


def _read(template: Template, given: Mapping[str, object]) -> Reading:
    key = template.key
    if key not in given:
        return Reading(template=template, state=State.MISSING, why=f"the prefetch key {key} was not sent")
    return read_value(template, given[key])


def read_value(template: Template, value: object, *, place: str = "prefetch") -> Reading:
    """What stands under a key, or what a server answers to its query.

    Args:
        template: the key and its query.
        value: a resource, a Bundle, None, or whatever came.
        place: how the places in it begin.
    """
    key = template.key
    if value is None:
        if key == "patient":
            return Reading(template=template, state=State.FAILED, why="the prefetch key patient is null")
        return Reading(template=template, state=State.NOTHING)
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return Reading(template=template, state=State.FAILED, why=f"the prefetch key {key} holds no FHIR resource")
    if value["resourceType"] == "OperationOutcome":
        return Reading(template=template, state=State.FAILED, why=f"the client reports that its query for {key} failed")
    found = _Found()
    found.take(value, f"{place}.{key}")
    return _reading(template, found)


def _reading(template: Template, found: _Found) -> Reading:
    key = template.key
    placed = tuple(found.placed)
    holds_type = any(item.resource["resourceType"] == template.type for item in placed)
    if found.failed:
        state, why = State.PARTIAL if placed else State.FAILED, f"the client reports an error in its answer for {key}"
    elif found.partial:
        state, why = State.PARTIAL, f"the list under {key} is not complete"
    elif key == "patient" and not holds_type:
        state, why = State.FAILED, "the prefetch key patient holds no Patient"
    elif placed and not holds_type:
        state, why = State.FAILED, f"the prefetch key {key} holds other resources than {template.type}"
    else:
        state, why = (State.SUPPLIED if placed else State.NOTHING), ""
    return Reading(template=template, state=state, why=why, placed=placed, gaps=found.counted(key))


MOST_IN_LIST = 5000
"""Members of one list in a resource, e.g. codings of one code; a resource with more is named and not read."""
BRIEF = 2 * MOST_IN_LIST
"""Bytes of JSON in which no list can be longer than that."""
MOST_UNREADABLE = 20
"""Places of one key that are named when they cannot be read; the others are counted."""
_AN_ENTRY = "an entry with a FHIR resource"
_SEND_FHIR = "Have the client send FHIR JSON"


class _Found:
    """Resources met while walking through a Bundle."""

    def __init__(self) -> None:
        self.placed: list[Placed] = []
        self.gaps: list[Gap] = []
        self.failed = self.partial = False
        self._unreadables = 0

    def take(self, resource: Json, where: str, full_url: str = "") -> None:
        """A resource, or everything in a Bundle."""
        kind = resource["resourceType"]
        if kind == "Bundle":
            self._bundle(resource, where)
        elif kind == "OperationOutcome":
            self.failed |= reports_error(resource)
        elif (length := len(orjson.dumps(resource))) > BRIEF and has_endless_list(resource, length):
            self._unreadable(where, f"a resource whose lists have at most {MOST_IN_LIST} members")
        else:
            self.placed.append(Placed(where=where, resource=resource, full_url=full_url, length=length))

    def _bundle(self, bundle: Json, where: str) -> None:
        links = bundle.get("link")
        if any(
            isinstance(link, dict) and link.get("relation") == "next"
            for link in ([links] if isinstance(links, dict) else items(links))
        ):
            self.partial = True
        if not isinstance(bundle.get("entry", []), list):
            self._unreadable(f"{where}.entry", "a list of entries")
        matches = 0
        for index, entry in enumerate(items(bundle.get("entry"))):
            matches += self._entry(entry, f"{where}.entry[{index}]")
        if _number(bundle.get("total")) > matches:
            self.partial = True

    def _entry(self, entry: object, at: str) -> bool:
        """Take what an entry holds. Is it one of those that the `total` of a search counts?"""
        if not isinstance(entry, dict):
            self._unreadable(at, _AN_ENTRY)
            return False
        resource, url = entry.get("resource"), entry.get("fullUrl")
        if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
            if resource is not None or url is not None:  # something is listed there; `{}` lists nothing
                self._unreadable(at, _AN_ENTRY)
            return False
        self.take(resource, f"{at}.resource", url if isinstance(url, str) else "")
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        return mode not in ("include", "outcome") and resource["resourceType"] != "OperationOutcome"

    def _unreadable(self, where: str, expected: str) -> None:
        self.partial = True
        self._unreadables += 1
        if self._unreadables <= MOST_UNREADABLE:
            problem = f"{where} is not {expected}"
            self.gaps.append(Gap(kind="unreadable", problem=problem, advice=_SEND_FHIR, element=where))

    def counted(self, key: str) -> tuple[Gap, ...]:
        """Each place that could not be read, up to a bound; the others as a number."""
        more = self._unreadables - len(self.gaps)
        if more <= 0:
            return tuple(self.gaps)
        problem = f"{more} more places of prefetch.{key} cannot be read"
        return (*self.gaps, Gap(kind="unreadable", problem=problem, advice=_SEND_FHIR, element=f"prefetch.{key}"))


def has_endless_list(resource: Json, length: int) -> bool:
    """Has a list of it more members than any honest record? Reading them would keep everybody else waiting.

    Args:
        resource: any.
        length: of its JSON in bytes.
    """
    left: list[object] = [resource] if length > BRIEF else []  # a quick look first
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [member for member in value.values() if isinstance(member, dict | list)]
        elif isinstance(value, list):
            if len(value) > MOST_IN_LIST:
                return True
            left += value
    return False


def reports_error(outcome: Json) -> bool:
    """Does an OperationOutcome inside a list tell of a failure?

    A warning or information does not: that is how Epic says "no results" and "you may not see everything" (C064).
    """
    severities = [issue.get("severity") for issue in items(outcome.get("issue")) if isinstance(issue, dict)]
    return not severities or any(severity not in ("warning", "information", "success") for severity in severities)


def _urn_of(placed: Placed) -> str:
    """A Patient who is listed under no `urn:` may be referred to by the id as one."""
    url = placed.full_url
    if url[:4] == "urn:":
        return url
    return f"urn:uuid:{placed.resource.get('id')}" if placed.resource["resourceType"] == "Patient" else ""


def _number(value: object) -> int:
    """A number, also where it was written as a text; 0 for anything else."""
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) else 0


def items(value: object) -> list[object]:
    """The members of a list; nothing for anything else."""
    return value if isinstance(value, list) else []


def _gap_of(reading: Reading) -> Iterator[Gap]:
    if not reading.state.searched:
        yield Gap(
            kind="not-supplied",
            element=reading.template.type,
            problem=f"{reading.template.type}: {reading.why}",
            advice=reading.advice or _advice(reading),
        )


def _advice(reading: Reading) -> str:
    key, query = reading.template.key, reading.template.query
    if reading.state is State.MISSING:
        return f"Have the client send the prefetch {key}: {query}"
    much = "all that" if reading.state is State.PARTIAL else "what"
    return f"Have the client send under {key} {much} {query} finds"
