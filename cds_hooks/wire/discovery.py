"""Which services there are: what `GET /cds-services` says.

One id per hook: clients keep services by URL, so two hooks under one id would replace each other (C021).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from spmwatch.cds_hooks.prefetch.reading import TEMPLATES

CDS_HOOKS_VERSION = "2.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: a hook answered under an id. `hook_version` is the one of the published definition (C019)."""

    id: str
    hook: str
    title: str
    description: str
    hook_version: str = "1.0"


_ABOUT = (
    "For adults with multiple myeloma who had, have or are about to get lenalidomide or melphalan: what the record "
    "says about them, stem-cell transplant and other cancers, and which checks for second primary malignancies "
    "(SPM) may follow from it. Silent for everybody else. Suggestions for clinical judgement, with their evidence and "
    "with what is not known."
)

_SERVICES = (
    Service(
        id="spmwatch-patient-view",
        hook="patient-view",
        title="Second-cancer watch when a chart is opened",
        description=_ABOUT,
    ),
    Service(
        id="spmwatch-order-select",
        hook="order-select",
        title="Second-cancer watch when lenalidomide or melphalan is selected",
        description=f"{_ABOUT} Speaks of the selected orders together with the record.",
    ),
    Service(
        id="spmwatch-order-sign",
        hook="order-sign",
        title="Second-cancer watch when lenalidomide or melphalan is signed",
        description=f"{_ABOUT} Speaks of the orders about to be signed together with the record.",
    ),
    Service(
        id="spmwatch-medication-refill",
        hook="medication-refill",
        title="Second-cancer watch when lenalidomide or melphalan is refilled",
        description=f"{_ABOUT} Speaks of the prescriptions to be refilled together with the record.",
        hook_version="0.1.0",
    ),
    Service(
        id="spmwatch-encounter-start",
        hook="encounter-start",
        title="Second-cancer watch when a visit begins",
        description=f"{_ABOUT} Says what it says when the chart is opened; a site calls one of the two.",
    ),
)

SERVICES: Mapping[str, Service] = {service.id: service for service in _SERVICES}
"""id -> service, in the order in which they are listed."""

USAGE_REQUIREMENTS = (
    "Needs the patient's medication records: with none of the prefetch keys medicationRequests, medicationStatements, "
    "medicationAdministrations and medicationDispenses the answer is 412. Every other key that is missing, failed or "
    "incomplete counts as not known, never as no. What is missing is asked of fhirServer, where the operator allows it."
)


def prefetch() -> dict[str, str]:
    """Each key with its query; the same for every service."""
    return {template.key: template.query for template in TEMPLATES}


def discovery() -> dict[str, object]:
    """The body of `GET /cds-services`."""
    return {
        "services": [
            {
                "hook": service.hook,
                "hookVersion": service.hook_version,
                "title": service.title,
                "description": service.description,
                "id": service.id,
                "prefetch": prefetch(),
                "usageRequirements": USAGE_REQUIREMENTS,
                "version": CDS_HOOKS_VERSION,
            }
            for service in SERVICES.values()
        ]
    }


def discovery_bytes() -> tuple[bytes, str]:
    """The same bytes each time, and their entity tag (C025, C027)."""
    body = orjson.dumps(discovery())
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
