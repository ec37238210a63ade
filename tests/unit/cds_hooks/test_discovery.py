"""Discovery (cds-hooks.md C010-C027)."""

from __future__ import annotations

import re
from typing import Any

import orjson

from spmwatch.cds_hooks.wire.discovery import SERVICES, discovery, discovery_bytes
from spmwatch.cds_hooks.wire.requests import REQUESTS
from spmwatch.engine.catalogue.load import load_rule_base

KEYS = "medicationRequests, medicationStatements, medicationAdministrations and medicationDispenses"
TEXTS = load_rule_base().service_texts


def test_each_service_tells_what_is_required() -> None:
    """C010, C012-C018, C023, C024: the specification's members, none of our own, none empty."""
    services = discovery(TEXTS)["services"]
    assert isinstance(services, list)
    for service in services:
        assert set(service) == {
            "hook",
            "hookVersion",
            "title",
            "description",
            "id",
            "prefetch",
            "usageRequirements",
            "version",
        }
        assert all(service.values())
        assert re.fullmatch(r"[a-z\-]+", service["id"])
        assert service["version"] == "2.0.1"


def test_what_is_needed_names_the_keys_for_medication_records() -> None:
    """C018: all of them, and the status of an answer without any."""
    services: Any = discovery(TEXTS)["services"]
    assert {service["usageRequirements"] for service in services} == {TEXTS.needs.format(keys=KEYS, status=412)}


def test_one_id_for_one_hook() -> None:
    """C021, C022: and every hook that is listed can be read."""
    assert [service.hook for service in SERVICES.values()] == [
        "patient-view",
        "order-select",
        "order-sign",
        "medication-refill",
        "encounter-start",
    ]
    assert {service.id: service.hook for service in SERVICES.values()} == {
        f"spmwatch-{hook}": hook for hook in REQUESTS
    }


def test_each_hook_in_the_version_of_its_definition() -> None:
    """C019, C172."""
    assert {service.hook: service.hook_version for service in SERVICES.values()} == {
        "patient-view": "1.0",
        "order-select": "1.0",
        "order-sign": "1.0",
        "medication-refill": "0.1.0",
        "encounter-start": "1.0",
    }


def test_the_rules_of_every_service_are_some() -> None:
    """A hook of which no rule is asked would answer with silence for ever."""
    rules = load_rule_base().rules
    for service in SERVICES.values():
        assert any(service.hook in rule.hooks for rule in rules), service.hook


def test_the_same_bytes_each_time() -> None:
    """C025, C027."""
    assert discovery_bytes(TEXTS) == discovery_bytes(TEXTS)
    body, tag = discovery_bytes(TEXTS)
    assert orjson.loads(body) == discovery(TEXTS)
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
