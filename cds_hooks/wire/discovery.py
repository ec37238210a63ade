"""Which services there are: what `GET /cds-services` says.

One id per hook: clients keep services by URL, so two hooks under one id would replace each other (C021).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from spmwatch.cds_hooks.prefetch.reading import MEDICATION_KEYS, TEMPLATES
from spmwatch.engine.catalogue.service_texts import ServiceTexts

CDS_HOOKS_VERSION = "2.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: a hook answered under an id. `hook_version` is the one of the published definition (C019).

    What it says of itself stands in rules/hooks.yaml.
    """

    id: str
    hook: str
    hook_version: str = "1.0"


_SERVICES = (
    Service(id="spmwatch-patient-view", hook="patient-view"),
    Service(id="spmwatch-order-select", hook="order-select"),
    Service(id="spmwatch-order-sign", hook="order-sign"),
    Service(id="spmwatch-medication-refill", hook="medication-refill", hook_version="0.1.0"),
    Service(id="spmwatch-encounter-start", hook="encounter-start"),
)

SERVICES: Mapping[str, Service] = {service.id: service for service in _SERVICES}
"""id -> service, in the order in which they are listed."""


def prefetch() -> dict[str, str]:
    """Each key with its query; the same for every service."""
    return {template.key: template.query for template in TEMPLATES}


def discovery(texts: ServiceTexts) -> dict[str, object]:
    """The body of `GET /cds-services`."""
    *keys, last = (template.key for template in TEMPLATES if template.key in MEDICATION_KEYS)
    needs = texts.needs.format(keys=f"{', '.join(keys)} and {last}", status=HTTPStatus.PRECONDITION_FAILED.value)
    return {
        "services": [
            {
                "hook": service.hook,
                "hookVersion": service.hook_version,
                "title": texts.titles[service.hook],
                "description": texts.descriptions[service.hook],
                "id": service.id,
                "prefetch": prefetch(),
                "usageRequirements": needs,
                "version": CDS_HOOKS_VERSION,
            }
            for service in SERVICES.values()
        ]
    }


def discovery_bytes(texts: ServiceTexts) -> tuple[bytes, str]:
    """The same bytes each time, and their entity tag (C025, C027)."""
    body = orjson.dumps(discovery(texts))
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'
