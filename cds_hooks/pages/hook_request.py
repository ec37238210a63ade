"""A Bundle and a moment of work -> the CDS Hooks request that an EHR would send then.

So the try-it page takes the same path as an EHR, and shows integrators what goes over the wire.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from spmwatch.cds_hooks.pages.invented import Drafted
from spmwatch.cds_hooks.prefetch.reading import MEDICATION_KEYS, TEMPLATES
from spmwatch.cds_hooks.wire.discovery import SERVICES
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.engine.facts import Gap
from spmwatch.fhir_adapters.bundle import Contents, open_bundle
from spmwatch.fhir_adapters.references import REFERRED_TO, Item

Json = dict[str, object]

_KEYS = {template.type: template.key for template in TEMPLATES}
_URN = re.compile(r"urn:uuid:([A-Za-z0-9\-.]{1,64})")
_USER, _ENCOUNTER = "Practitioner/try-it", "try-it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What happens at which time.

    Attributes:
        hook: what the EHR reports.
        day: the day of the evaluation.
        drafted: the order that the moment is about; None where it is about none.
        withheld: types of resource that the EHR does not send.
    """

    hook: str
    day: date
    drafted: Drafted | None = None
    withheld: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The request, and what was found wrong in the Bundle while it was made."""

    request: Json
    gaps: tuple[Gap, ...]


def request_of(bundle: object, moment: Moment) -> Made:
    """The request for the one patient of a Bundle.

    Raises:
        RequestError: 400 when it is no Bundle, or holds no patient, or several.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise _refused("This is JSON, but no FHIR Bundle: its `resourceType` has to be `Bundle`")
    contents = open_bundle(bundle, "Bundle")
    names = _names(contents.items)
    resources = [(item.type, _renamed(item, names)) for item in contents.items]
    patients = [resource for kind, resource in resources if kind == "Patient"]
    if len(patients) != 1:
        found = "no Patient" if not patients else f"{len(patients)} Patients"
        raise _refused(f"The Bundle holds {found}; an EHR asks about one patient at a time")
    patient = patients[0].get("id")
    if not isinstance(patient, str):
        raise _refused("The Patient in the Bundle has no id, by which everything else could name it")
    request: Json = {
        "hook": moment.hook,
        "hookInstance": str(uuid.uuid4()),
        "context": context_of(moment, patient),
        "prefetch": dict(_prefetch(resources, contents, moment.withheld)),
    }
    return Made(request=request, gaps=tuple(problem.as_gap() for problem in contents.problems))


def recorded(request: Json) -> Json:
    """A request that was recorded elsewhere, without its token and server: neither is of any use here."""
    return {name: value for name, value in request.items() if name not in ("fhirAuthorization", "fhirServer")}


def _refused(says: str) -> RequestError:
    return RequestError(400, Issue(code="structure", says=says))


# -- context --------------------------------------------------------------------------------------------------------


def context_of(moment: Moment, patient: str) -> Json:
    """The context of the moment's hook."""
    return {"userId": _USER, "patientId": patient} | _CONTEXTS[moment.hook](moment, patient)


def _nothing_more(moment: Moment, patient: str) -> Json:  # noqa: ARG001
    return {}


def _in_encounter(moment: Moment, patient: str) -> Json:  # noqa: ARG001
    return {"encounterId": _ENCOUNTER}


def _signing(moment: Moment, patient: str) -> Json:
    return {"draftOrders": _bundle_of(_drafts(moment, patient))}


def _selecting(moment: Moment, patient: str) -> Json:
    drafts = _drafts(moment, patient)
    chosen = [f"{draft['resourceType']}/{draft['id']}" for draft in drafts]
    return {"selections": chosen, "draftOrders": _bundle_of(drafts)}


def _refilling(moment: Moment, patient: str) -> Json:
    return {"medications": _bundle_of(_drafts(moment, patient))}


_CONTEXTS: Mapping[str, Callable[[Moment, str], Json]] = {
    "patient-view": _nothing_more,
    "encounter-start": _in_encounter,
    "order-select": _selecting,
    "order-sign": _signing,
    "medication-refill": _refilling,
}
HOOKS = {service.hook: service.id for service in SERVICES.values() if service.hook in _CONTEXTS}
"""The hooks that can be tried, with the service that answers each."""
WITH_ORDER = frozenset({"order-select", "order-sign", "medication-refill"})


def _drafts(moment: Moment, patient: str) -> list[Json]:
    return [moment.drafted.for_patient(patient, moment.day)] if moment.drafted is not None else []


def _bundle_of(resources: Sequence[Json]) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


# -- prefetch -------------------------------------------------------------------------------------------------------


def _prefetch(
    resources: Sequence[tuple[str, Json]], contents: Contents, withheld: Collection[str]
) -> Iterator[tuple[str, object]]:
    """Each key with what the Bundle holds of it: a Bundle is the whole record, so nothing there means nothing there."""
    helpers = [resource for kind, resource in resources if kind in REFERRED_TO and kind not in _KEYS]
    for template in TEMPLATES:
        if template.type in withheld:
            continue
        found = [resource for kind, resource in resources if kind == template.type]
        if template.type == "Patient":
            yield template.key, found[0]
            continue
        if found and template.key in MEDICATION_KEYS:
            found, helpers = [*found, *helpers], []
        partial = template.type in contents.unsupplied
        yield template.key, _found(found, partial=partial) if found or partial else None


def _found(resources: Sequence[Json], *, partial: bool) -> Json:
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources]}
    return bundle | {"link": [{"relation": "next", "url": "urn:spmwatch:not-supplied"}]} if partial else bundle


def _names(items: Sequence[Item]) -> dict[str, str]:
    """Address of a resource in the Bundle -> `Type/id`, under which it travels in a prefetch."""
    return {item.full_url: f"{item.type}/{ident}" for item in items if item.full_url and (ident := _id_of(item))}


def _id_of(item: Item) -> str | None:
    named = _URN.fullmatch(item.full_url)
    return item.text("id") or (named[1] if named else None)


def _renamed(item: Item, names: Mapping[str, str]) -> Json:
    """The resource with its id, and with references as `Type/id` where they mean something in the Bundle."""
    resource, ident = _members(item.resource, names), _id_of(item)
    return resource | {"id": ident} if ident else resource


def _members(value: Mapping[str, object], names: Mapping[str, str]) -> Json:
    reference = value.get("reference")
    named = {"reference": names[reference]} if isinstance(reference, str) and reference in names else {}
    return {name: _with_names(inner, names) for name, inner in value.items()} | named


def _with_names(value: object, names: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_with_names(inner, names) for inner in value]
    return _members(value, names) if isinstance(value, dict) else value
