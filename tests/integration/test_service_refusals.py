"""What the service refuses over HTTP, and odd data that do no harm."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from spmwatch.cds_hooks.wire.strict_json import MOST_BYTES
from tests.support.calling import (
    EXAMPLES,
    GOOD,
    JSON,
    SELECT,
    SIGN,
    VIEW,
    cards_of,
    check_outcome,
    client,
    example,
    post,
    topics,
)

__all__ = ["client"]

BROKEN: dict[str, bytes] = {
    "empty body": b"",
    "list": b"[]",
    "null": b"null",
    "text": b'"patient-view"',
    "NaN": GOOD.replace(b"12.4", b"NaN"),
    "1e999": GOOD.replace(b"12.4", b"1e999"),
    "repeated member": GOOD.replace(b'"hook":', b'"hook": "order-sign", "hook":'),
    "repeated member, deep": GOOD.replace(b'"status": "completed"', b'"status": "active", "status": "completed"', 1),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "latin-1": GOOD.replace(b"Synthetic", "Sÿnthetic".encode("latin-1")),
    "10,000 levels": GOOD.replace(b"12.4", b"[" * 10_000 + b"]" * 10_000),
    "10,000 levels, open": b'{"a":' * 10_000,
    "truncated": GOOD[:-20],
    "20 MB": b'{"a": "' + b"x" * 20_000_000 + b'"}',
    "20 MB of brackets": b"[" * 20_000_000,
    "wrong hook for the service": EXAMPLES["order-sign-epic"],
    "unknown hook": GOOD.replace(b'"patient-view"', b'"order-review"'),
    "null context": re.sub(rb'"context": {.*?\n  }', b'"context": null', GOOD, flags=re.DOTALL),
    "patientId with a slash": GOOD.replace(b'"patientId": "synthetic-p01"', b'"patientId": "Patient/synthetic-p01"'),
    "patientId climbing": GOOD.replace(b'"patientId": "synthetic-p01"', b'"patientId": "../../metadata"'),
    "patientId ..": GOOD.replace(b'"patientId": "synthetic-p01"', b'"patientId": ".."'),
    "prefetch of another patient": GOOD.replace(b'"id": "synthetic-p01"', b'"id": "zacharias-2"'),
    "one resource of another patient": GOOD.replace(b"Patient/synthetic-p01", b"Patient/zacharias-2", 1),
    "absolute reference to another patient": GOOD.replace(
        b"Patient/synthetic-p01", b"https://ehr.example/fhir/Patient/zacharias-2", 1
    ),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_broken_requests_are_refused(client: httpx.Client, body: bytes) -> None:
    """C002, C041-C048, C054-C059, C070: 4xx, an OperationOutcome, nobody named, and the service lives on."""
    assert body != GOOD
    response = post(client, VIEW, body)
    check_outcome(response)
    assert "zacharias" not in response.text
    assert "metadata" not in response.text
    assert post(client, VIEW, EXAMPLES["patient-view-nothing-to-say"]).status_code == 200


def test_the_limit_is_the_limit(client: httpx.Client) -> None:
    """C056: 413 for what is too long, with and without Content-Length."""
    assert post(client, VIEW, b" " * (MOST_BYTES + 1)).status_code == 413
    assert post(client, VIEW, b" " * MOST_BYTES).status_code == 400
    pieces = (b" " * 1_000_000 for _ in range(10))
    assert client.post(VIEW, content=pieces, headers=JSON).status_code == 413


@pytest.mark.parametrize("element", ["subject", "patient"])
@pytest.mark.parametrize("path", [SIGN, SELECT])
def test_drafts_of_another_patient(client: httpx.Client, path: str, element: str) -> None:
    """C070."""
    name = "order-sign" if path == SIGN else "order-select"
    request = example(f"{name}-lenalidomide-after-transplant")
    request["context"]["draftOrders"]["entry"][0]["resource"][element] = {"reference": "Patient/zacharias-2"}
    response = post(client, path, request)
    check_outcome(response)
    assert "zacharias" not in response.text


@pytest.mark.parametrize("key", ["patient", "conditions", "medicationRequests", "procedures", "observations"])
@pytest.mark.parametrize(
    "value",
    [
        [],
        [{"resourceType": "Condition"}],
        "<html>",
        0,
        True,
        {},
        {"resourceType": []},
        {
            "resourceType": "Bundle",
            "entry": [None, "x", {"resource": None}, {"resource": {"resourceType": "Condition"}}],
        },
        {"resourceType": "Bundle", "entry": {"resource": {}}},
        {"resourceType": "MedicationRequest", "medicationCodeableConcept": "x", "dosageInstruction": {"a": [[]]}},
        {"resourceType": "Observation", "code": [], "valueQuantity": {"value": "high"}, "effectiveDateTime": 7},
        {"resourceType": "Procedure", "code": {"coding": {"system": 1}}, "performedPeriod": []},
        {"resourceType": "Condition", "code": None, "subject": [], "onsetDateTime": "2015-02-30"},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_odd_resources_do_no_harm(client: httpx.Client, key: str, value: object) -> None:
    """C069: whatever stands under a key, the others are still read (or the whole is refused as a 4xx)."""
    request = example("patient-view-maintenance-after-transplant")
    request["prefetch"][key] = value
    response = post(client, VIEW, request)
    assert response.status_code in (200, 422), response.text
    if response.status_code == 200 and key != "medicationRequests":
        assert response.json()["cards"]


@pytest.mark.parametrize(
    "draft",
    [
        {"resourceType": "MedicationRequest"},
        {"resourceType": "MedicationRequest", "medicationReference": {"reference": "#m"}, "contained": [None]},
        {"resourceType": "MedicationRequest", "medicationReference": "x", "category": {"text": "x"}},
        {"resourceType": "ServiceRequest", "code": {"text": "CBC"}},
        {"resourceType": "Nonsense"},
        {},
        None,
        "x",
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_real_and_odd_drafts_do_no_harm(client: httpx.Client, draft: object) -> None:
    """C050."""
    request = example("order-sign-lenalidomide-after-transplant")
    request["context"]["draftOrders"]["entry"].append({"resource": draft})
    assert "SPM19" in topics(cards_of(client, request))
    request["context"]["draftOrders"] = {"resourceType": "Bundle"}
    assert "SPM19" not in topics(cards_of(client, request))


def test_paths_and_methods(client: httpx.Client) -> None:
    """C051-C053."""
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("POST", "/cds-services/no-such-service", 404),
        ("GET", VIEW, 405),
        ("PUT", VIEW, 405),
        ("DELETE", "/cds-services", 405),
    ):
        response = client.request(method, path, headers=JSON)
        assert response.status_code == status
        check_outcome(response)
    assert "POST" in client.get(VIEW).headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/fhir+json"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {},
    ],
    ids=str,
)
def test_other_media_types_and_codings(client: httpx.Client, headers: dict[str, str]) -> None:
    """C053."""
    response = client.post(VIEW, content=GOOD, headers=headers)
    assert response.status_code == 415
    check_outcome(response)


def test_json_with_parameters_is_json(client: httpx.Client) -> None:
    for media_type in ("application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'):
        assert client.post(VIEW, content=GOOD, headers={"Content-Type": media_type}).status_code == 200
