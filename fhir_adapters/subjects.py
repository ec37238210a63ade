"""Whose is a resource? Never guessed: what names nobody belongs to nobody."""

from __future__ import annotations

from dataclasses import dataclass

from spmwatch.fhir_adapters.references import Item, Resource, ResourceIndex, identifiers_of, target_of
from spmwatch.fhir_adapters.shapes import patients_in, subject_in

SEVERAL = "a subject that may mean more than one patient"
IN_DOUBT = "its subject may mean more than one patient, so whose it is cannot be told"
_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient's key (Patient.id, else the address that the Patient is listed under), or why there is none."""

    key: str | None = None
    why_not: str = ""
    named: tuple[str, ...] = ()
    """Where it names several, or more than a patient: the patients whose it may be."""


def patient_key(item: Item) -> str | None:
    """The key of a Patient resource."""
    return item.text("id") or item.full_url or None


class Owners:
    """Whose resources are, asked again and again; an answer holds for all that name the subject in the same way."""

    def __init__(self, index: ResourceIndex) -> None:
        """Nothing may be entered into the index from now on."""
        self._index = index
        self._known: dict[tuple[ResourceIndex | None, str, str], Subject] = {}

    def of(self, item: Item) -> Subject:
        """As `subject_of`."""
        reference = item.resource.get("subject")
        literal = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(literal, str) or "patient" in item.resource:
            return subject_of(item, self._index)
        url = item.full_url
        key = (item.scope, literal, _server_of(url) if url and url[:4] != "urn:" else "")
        known = self._known.get(key)
        if known is None:
            known = subject_of(item, self._index)
            if literal.lstrip()[:1] not in ("#", ""):  # those are told by what else is in the resource
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = known
        return known


def _server_of(address: str) -> str:
    """All of the address under which a resource is listed that its relative references depend on."""
    target = target_of(address)
    return "" if target is None else target.base


def subject_of(item: Item, index: ResourceIndex) -> Subject:
    """Whose resource it is, by `subject` (or `patient`), in any style of reference."""
    index = item.scope or index
    if names_several(item.resource):
        return _one_of_several(item, index)
    reference, _ = subject_in(item.resource)
    return _named_by(item, reference, index)


def names_several(resource: Resource) -> bool:
    """Has it more than one thing where its patient belongs? A quick look at what nearly all are."""
    subject = resource.get("subject")
    if resource.get("patient") is not None:
        return subject is not None or len(patients_in(resource)) > 1
    if isinstance(subject, dict) and isinstance(subject.get("reference"), str):
        return False
    return len(patients_in(resource)) > 1


def _one_of_several(item: Item, index: ResourceIndex) -> Subject:
    """Of several references: who they all mean, or those whom they mean. `subject` is believed before `patient`."""
    found = [_named_by(item, reference, index) for reference in patients_in(item.resource)]
    keys = tuple(dict.fromkeys(one.key for one in found if one.key is not None))
    subject = item.resource.get("subject")
    told = subject is None or bool(patients_in({"subject": subject}))
    if len(keys) == 1 and told and found[0].key is not None:
        return Subject(keys[0])
    why_not = found[0].why_not if found else "a subject that is not a Reference"
    return Subject(why_not=SEVERAL if keys else why_not, named=keys)


def _named_by(item: Item, reference: Resource | None, index: ResourceIndex) -> Subject:
    if reference is None:
        missing = item.resource.get("subject") is None and item.resource.get("patient") is None
        return Subject(why_not="no subject" if missing else "a subject that is not a Reference")
    literal = reference.get("reference")
    if isinstance(literal, str) and literal.strip():
        return _literal(item, literal.strip(), index)
    for system, value in identifiers_of(reference):
        found = index.find_identifier("Patient", system, value)
        if found is not None:
            return Subject(patient_key(found))
    return Subject(why_not="a subject that cannot be resolved")


def _literal(item: Item, reference: str, index: ResourceIndex) -> Subject:
    found = index.find(reference, item.resource, "Patient", address=item.full_url)
    if found is not None:
        return _patient(found, index, is_contained=reference.startswith("#"))
    if reference.startswith("#"):
        return Subject(why_not="a contained subject that is not there")
    target = target_of(reference)
    if target is not None:
        if target.type.casefold() != "patient":
            return Subject(why_not="a subject that is no Patient")
        # A Patient of that id is here, but another server lists it: somebody else, named by the whole address.
        return Subject(reference.split("/_history/", maxsplit=1)[0] if index.get(target.key) is not None else target.id)
    if reference.startswith("urn:"):
        return Subject(reference)
    return Subject(why_not="a subject that cannot be resolved")


def _patient(found: Item, index: ResourceIndex, *, is_contained: bool) -> Subject:
    if found.type != "Patient":
        return Subject(why_not="a subject that is no Patient")
    if not is_contained:
        return Subject(patient_key(found))
    for system, value in identifiers_of(found.resource):  # a contained Patient is the one with its identifier
        listed = index.find_identifier("Patient", system, value)
        if listed is not None:
            return Subject(patient_key(listed))
    return Subject(why_not="a contained Patient whom no identifier ties to another")
