"""Never answer about another patient (cds-hooks.md C070).

Every Patient, every subject and every draft order must be of the patient in the context. One that is not makes the
whole request untrustworthy, so it is refused; the refusal says where, not who.

A relative `Patient/1` is the patient of that id, whoever lists it. An absolute one is, when its server is the client's:
`fhirServer`, and the server that lists all that was sent (behind a proxy its address may differ). Of two servers the
second has patients of its own, who may have the same ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from spmwatch.cds_hooks.prefetch.reading import Placed, Supplied, items
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.cds_hooks.wire.requests import Drafts, Request, drafts_of

Json = dict[str, object]

SUBJECTS = ("subject", "patient", "for", "deliverFor", "beneficiary")
"""Elements in which FHIR resources name whom they are about."""

_PLAIN_ID = re.compile(r"[A-Za-z0-9.\-]+")
_HISTORY = re.compile(r"/_history/[^/]*$")
_ABSOLUTE = re.compile(r"https?://(?P<base>[^?#|]+)/(?P<type>[A-Za-z]+)/(?P<id>[^/?#|]+)")


def of_the_patient(request: Request, supplied: Supplied) -> Supplied:
    """The same, once it is seen that all of it, and every draft order, is about the patient of the context.

    Raises:
        RequestError: 422 when anything is about another patient.
    """
    placed = [item for reading in supplied.readings for item in reading.placed]
    nameless = check_same_patient(request.context.patient_id, placed, drafts_of(request), request.fhir_server)
    return supplied.without_subject(nameless)


def check_same_patient(
    patient_id: str, placed: Iterable[Placed], drafts: Drafts | None = None, fhir_server: str | None = None
) -> frozenset[str]:
    """Raise RequestError (422) at the first resource that is about somebody else.

    References may be relative, absolute, versioned, `urn:uuid:` to a Patient that was sent, or `#` to a contained one.
    A subject without a literal reference is held against the identifiers of the patient; where they have no system in
    common it names nobody else and passes.

    Args:
        patient_id: `context.patientId`, its grammar already checked.
        placed: resources of the prefetch that will be read.
        drafts: the orders of the context, where the hook has them.
        fhir_server: `fhirServer` of the request.

    Returns:
        The places of resources that name no patient at all: the reader counts them for nobody.
    """
    everything = [*placed, *(within(drafts.bundle, drafts.where) if drafts is not None else ())]
    named = [_named_in(item.resource) for item in everything]
    known = _Known(patient_id)
    known.learn(everything, named, fhir_server)
    return frozenset(
        item.where
        for item, subjects in zip(everything, named, strict=True)
        if not _is_of_the_patient(item, subjects, known)
    )


class _Whose(Enum):
    """Whom a subject means."""

    OWN = "the patient of the context"
    OTHER = "another patient, or whom cannot be told"
    NOBODY = "nobody"


@dataclass(slots=True)
class _Known:
    """By which names the patient of the context goes.

    Attributes:
        urls: addresses under which the Patient was listed.
        servers: servers whose absolute references are the client's own, without scheme.
        identifiers: system -> values of the Patient.
        own: literal references that were found to name the patient.
    """

    patient_id: str
    urls: set[str] = field(default_factory=set)
    servers: set[str] = field(default_factory=set)
    identifiers: dict[str, set[str]] = field(default_factory=dict)
    own: set[str | None] = field(default_factory=set)

    def learn(self, everything: Iterable[Placed], named: Iterable[_Named], fhir_server: str | None) -> None:
        """Take the names from what was sent, and from the subjects that are named in it."""
        self.urls.add(f"urn:uuid:{self.patient_id}")
        listing: set[str] = set()
        servers = Servers()
        for item in everything:
            if item.full_url and (own := servers.of(item.full_url)):
                listing.add(own)
            if item.resource.get("resourceType") == "Patient" and item.resource.get("id") == self.patient_id:
                if item.full_url:
                    self.urls.add(item.full_url)
                for system, value in _identifiers(item.resource.get("identifier")):
                    self.identifiers.setdefault(system, set()).add(value)
        references = {literal for subjects in named for _, _, literal in subjects if literal is not None}
        pointing = {server_of(reference) for reference in references} - {""}
        if fhir_server is not None:
            self.servers.add(_server_key(fhir_server.partition("://")[2]))
        if len(listing) == 1:
            self.servers |= listing
        if not self.servers and len(pointing) == 1:
            self.servers |= pointing  # nothing says which server is the client's, and nothing disagrees

    def is_named_by(self, reference: str) -> bool:
        """Does a literal reference, not a `#` one, name the patient? Ask when everything has been learned."""
        bare = _HISTORY.sub("", reference.strip())
        named = bare in self.urls or bare == f"Patient/{self.patient_id}"
        if not named and (match := _ABSOLUTE.fullmatch(bare)) is not None:
            is_patient = (match["type"], match["id"]) == ("Patient", self.patient_id)
            named = is_patient and _server_key(match["base"]) in self.servers
        if named:
            self.own.add(reference)
        return named

    def by_identifier(self, identifiers: object) -> _Whose:
        """Whom identifiers mean: the patient where one is the same, another where one of a known system is not."""
        found = [(s, v) for s, v in _identifiers(identifiers) if s in self.identifiers]
        if any(value not in self.identifiers[system] for system, value in found):
            return _Whose.OTHER
        return _Whose.OWN if found else _Whose.NOBODY


class Servers:
    """Servers of addresses; asked once for all that differ in a plain id at their end alone."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, address: str) -> str:
        """As `server_of`."""
        listed, _, ident = address.rpartition("/")
        if _PLAIN_ID.fullmatch(ident) is None:
            return server_of(address)
        known = self._known.get(listed)
        if known is None:
            known = server_of(address)
            if not listed.endswith("/_history"):
                self._known[listed] = known
        return known


def server_of(address: str) -> str:
    """The server of an absolute address, as `_server_key` has it; "" where there is none."""
    match = _ABSOLUTE.fullmatch(_HISTORY.sub("", address.strip()))
    return _server_key(match["base"]) if match else ""


def _server_key(address: str) -> str:
    """`EHR.example:443/fhir/` -> `ehr.example/fhir`: http or https, port written or not, it is one server."""
    host, slash, path = address.partition("/")
    return re.sub(r":(?:80|443)$", "", host.lower()) + (slash + path).rstrip("/")


def within(bundle: Json, where: str) -> Iterator[Placed]:
    """Each resource of a Bundle and of Bundles in it."""
    for index, entry in enumerate(items(bundle.get("entry"))):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and isinstance(resource, dict):
            url, at = entry.get("fullUrl"), f"{where}.entry[{index}].resource"
            yield Placed(where=at, resource=resource, full_url=url if isinstance(url, str) else "")
            if resource.get("resourceType") == "Bundle":
                yield from within(resource, at)


_Named: TypeAlias = list[tuple[str, object, str | None]]
"""Each subject that a resource names: the element that names it, what stands there, and its literal reference."""


def _named_in(resource: Json) -> _Named:
    found: _Named = []
    for name in SUBJECTS:
        if name in resource and (named := resource[name]) is not None:
            for subject in named if isinstance(named, list) else (named,):
                reference = subject.get("reference") if isinstance(subject, dict) else subject
                found.append((name, subject, reference if isinstance(reference, str) else None))
    return found


def _is_of_the_patient(item: Placed, subjects: _Named, known: _Known) -> bool:
    """Does a resource, or what it contains, name the patient? `subjects` are its own.

    Raises:
        RequestError: 422 when it names another, or whom cannot be told.
    """
    resource = item.resource
    if resource.get("resourceType") == "Patient":
        if resource.get("id") != known.patient_id:
            raise _about_another(f"{item.where}.id")
        return True
    if "contained" not in resource:
        return _name_the_patient(subjects, item.where, {}, known)
    listed = [one for one in items(resource["contained"]) if isinstance(one, dict)]
    inside: dict[object, Json] = {one["id"]: one for one in listed if isinstance(one.get("id"), str)}
    own = _name_the_patient(subjects, item.where, inside, known)
    for index, one in enumerate(listed):
        if one.get("resourceType") != "Patient":  # the id of a contained Patient is local; `#` tells
            own |= _name_the_patient(_named_in(one), f"{item.where}.contained[{index}]", inside, known)
    return own


def _name_the_patient(subjects: _Named, where: str, inside: Mapping[object, Json], known: _Known) -> bool:
    """Does one of these subjects mean the patient? Raises RequestError (422) at the first that means another."""
    own = False
    for name, subject, literal in subjects:
        if literal in known.own:
            own = True
            continue
        whose = _whose(subject, literal, inside, known)
        if whose is _Whose.OTHER:
            raise _about_another(f"{where}.{name}")
        own = own or whose is _Whose.OWN
    return own


def _about_another(where: str) -> RequestError:
    says = f"{where} is not the patient of context.patientId; nothing is answered about two patients at once"
    return RequestError(422, Issue(code="business-rule", says=says, where=where))


def _whose(subject: object, literal: str | None, inside: Mapping[object, Json], known: _Known) -> _Whose:
    if literal is None:
        return known.by_identifier(subject.get("identifier")) if isinstance(subject, dict) else _Whose.NOBODY
    if literal[:1] != "#":
        return _Whose.OWN if known.is_named_by(literal) else _Whose.OTHER
    one = inside.get(literal[1:], inside.get(literal))
    if one is None or one.get("resourceType") != "Patient":
        return _Whose.OTHER
    return known.by_identifier(one.get("identifier"))


def _identifiers(value: object) -> Iterator[tuple[str, str]]:
    """(system, value) of each identifier that has both."""
    for one in value if isinstance(value, list) else (value,):
        if isinstance(one, dict):
            system, text = one.get("system"), one.get("value")
            if isinstance(system, str) and isinstance(text, str):
                yield system, text
