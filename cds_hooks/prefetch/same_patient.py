"""Never answer about another patient (cds-hooks.md C070).

Every Patient, every subject and every draft order must be of the patient in the context. One that is not makes the
whole request untrustworthy, so it is refused; the refusal says where, not who.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from spmwatch.cds_hooks.prefetch.reading import Placed, items
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError

Json = dict[str, object]

SUBJECTS = ("subject", "patient", "for", "deliverFor", "beneficiary")
"""Elements in which FHIR resources name whom they are about."""

_HISTORY = re.compile(r"/_history/[^/]*$")


def check_same_patient(patient_id: str, placed: Iterable[Placed], draft_orders: Json | None = None) -> None:
    """Raise RequestError (422) at the first resource that is about somebody else.

    References may be relative, absolute, versioned, or `urn:uuid:` to a Patient among the drafts. A subject without a
    literal reference (identifier or display only, or none at all) names nobody else and passes.

    Args:
        patient_id: `context.patientId`, its grammar already checked.
        placed: resources of the prefetch that will be read.
        draft_orders: the Bundle of the context, where the hook has one.
    """
    drafts = list(_drafts(draft_orders)) if draft_orders is not None else []
    everything = [*placed, *(item for item, _ in drafts)]
    own_urls = {url for item, url in drafts if url and _is_own_patient(item.resource, patient_id)}
    own_urls.add(f"urn:uuid:{patient_id}")
    for item in everything:
        for where in _foreign(item, patient_id, own_urls):
            says = f"{where} is not the patient of context.patientId; nothing is answered about two patients at once"
            raise RequestError(422, Issue(code="business-rule", says=says, where=where))


def _is_own_patient(resource: Json, patient_id: str) -> bool:
    return resource.get("resourceType") == "Patient" and resource.get("id") == patient_id


def _drafts(bundle: Json) -> Iterator[tuple[Placed, str | None]]:
    """Each resource of the draft Bundle with its fullUrl."""
    for index, entry in enumerate(items(bundle.get("entry"))):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and isinstance(resource, dict):
            url = entry.get("fullUrl")
            where = f"context.draftOrders.entry[{index}].resource"
            yield Placed(where=where, resource=resource), url if isinstance(url, str) else None


def _foreign(item: Placed, patient_id: str, own_urls: set[str]) -> Iterator[str]:
    """Paths within a resource that name another patient, or whom cannot be told."""
    resource = item.resource
    if resource.get("resourceType") == "Patient" and resource.get("id") != patient_id:
        yield f"{item.where}.id"
    if resource.get("resourceType") == "Bundle":
        for inner, _ in _drafts(resource):
            yield from _foreign(inner, patient_id, own_urls)
    for name in SUBJECTS:
        for subject in _each(resource.get(name)):
            reference = subject.get("reference") if isinstance(subject, dict) else subject
            if isinstance(reference, str) and not _names(reference, patient_id, own_urls):
                yield f"{item.where}.{name}"


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _names(reference: str, patient_id: str, own_urls: set[str]) -> bool:
    """Does a literal reference name the patient of the context?"""
    bare = _HISTORY.sub("", reference)
    return reference in own_urls or bare == f"Patient/{patient_id}" or bare.endswith(f"/Patient/{patient_id}")
