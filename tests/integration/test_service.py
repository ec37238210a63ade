"""The service over real HTTP: uvicorn on a free loopback port, httpx at the other end.

Numbers such as C054 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.servicerequest import ServiceRequest
from structlog.testing import capture_logs

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.cds_hooks.wire.strict_json import MOST_BYTES
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from tests.support.serving import serving

AS_OF = date(2026, 1, 15)
EXAMPLES = {
    path.stem: path.read_bytes() for path in sorted((Path(__file__).parents[2] / "examples/hooks").glob("*.json"))
}
VIEW, SIGN, SELECT = (f"/cds-services/spmwatch-{hook}" for hook in ("patient-view", "order-sign", "order-select"))
JSON = {"Content-Type": "application/json"}
SECONDS = 60.0
"""After so long a request hangs; how fast one is answered is the benchmark's affair."""


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A running service and a client for it."""
    service = Service(rules=Rules(load_rule_base()), today=lambda: AS_OF)
    with (
        serving(lambda _: create_app(service)) as base,
        httpx.Client(base_url=base, timeout=SECONDS, trust_env=False) as running,
    ):
        yield running


def example(name: str) -> dict[str, Any]:
    return copy.deepcopy(orjson.loads(EXAMPLES[name]))


def path_of(request: dict[str, Any]) -> str:
    return f"/cds-services/spmwatch-{request['hook']}"


def post(client: httpx.Client, path: str, body: object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return client.post(path, content=content, headers=JSON | headers)


def cards_of(client: httpx.Client, request: dict[str, Any]) -> list[dict[str, Any]]:
    response = post(client, path_of(request), request)
    assert response.status_code == 200, response.text
    cards = response.json()["cards"]
    assert isinstance(cards, list)
    return cards


def topics(cards: list[dict[str, Any]]) -> list[str]:
    return [card["source"]["topic"]["code"] for card in cards]


def check_outcome(response: httpx.Response) -> None:
    """C057, C059, C007, C121: an OperationOutcome, 4xx, JSON, not stored."""
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    OperationOutcome.model_validate(response.json())


def leaves(value: object) -> Iterator[object]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from leaves(inner)


def without_ids(value: object) -> object:
    """The same without any uuid."""
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in value.items() if key != "uuid"}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


# -- discovery ------------------------------------------------------------------------------------------------------


def test_discovery(client: httpx.Client) -> None:
    """C010, C012-C018, C020, C025-C027."""
    response = client.get("/cds-services")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    services = response.json()["services"]
    hooks = {"patient-view", "order-select", "order-sign", "medication-refill", "encounter-start"}
    assert {service["hook"] for service in services} == hooks
    assert client.get("/cds-services/").content == client.get("/cds-services").content == response.content
    assert client.get("/cds-services", headers={"If-None-Match": response.headers["etag"]}).status_code == 304
    for service in services:
        assert post(client, f"/cds-services/{service['id']}", b"").status_code == 400


def test_openapi_page(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert {"/cds-services", "/cds-services/{service_id}"} <= set(document["paths"])
    assert {"PatientViewRequest", "OrderSignRequest", "OrderSelectRequest"} <= set(document["components"]["schemas"])
    assert [name for name, path in document["paths"].items() for one in path.values() if not one.get("tags")] == []
    assert client.get("/docs").status_code == 200


def test_a_merge_policy_about_rules_that_are_not_there_never_serves() -> None:
    base = load_rule_base()
    with pytest.raises(RuleFileError, match="SPM-17"):
        Rules(replace(base, all_rules=tuple(rule for rule in base.all_rules if rule.id != "SPM-17")))


# -- cards ----------------------------------------------------------------------------------------------------------


def test_patient_view_with_the_whole_record(client: httpx.Client) -> None:
    """C040, C090: worked patient P01."""
    cards = cards_of(client, example("patient-view-maintenance-after-transplant"))
    assert {"SPM02", "SPM05"} <= set(topics(cards))
    assert cards[0]["indicator"] == "warning"
    assert len(cards) <= 4
    assert "(SPM-01)" in cards[0]["detail"]  # exposure as such has no card beside those that say more
    assert "Procedure/asct-1" in cards[topics(cards).index("SPM05")]["detail"]


def test_order_sign_of_the_first_lenalidomide_after_transplant(client: httpx.Client) -> None:
    """C050: a draft is no exposure, so only the order rules speak."""
    cards = cards_of(client, example("order-sign-lenalidomide-after-transplant"))
    assert "SPM19" in topics(cards)
    assert "SPM01" not in topics(cards)
    assert cards[0]["indicator"] == "warning"


def test_order_sign_of_a_regimen_in_words(client: httpx.Client) -> None:
    """It is an order of lenalidomide, as a possible one; it was silence."""
    request = example("order-sign-lenalidomide-after-transplant")
    (entry,) = request["context"]["draftOrders"]["entry"]
    entry["resource"]["medicationCodeableConcept"] = {"text": "VRd"}
    card = next(card for card in cards_of(client, request) if card["source"]["topic"]["code"] == "SPM19")
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Possibly: ")


def test_order_select(client: httpx.Client) -> None:
    """C049."""
    assert "SPM19" in topics(cards_of(client, example("order-select-lenalidomide-after-transplant")))


def test_order_select_speaks_of_the_selection_only(client: httpx.Client) -> None:
    """C049: what is not selected is background."""
    request = example("order-select-lenalidomide-after-transplant")
    request["context"]["selections"] = ["MedicationRequest/no-such-draft"]
    assert "SPM19" not in topics(cards_of(client, request))


def test_epic_shapes(client: httpx.Client) -> None:
    """C045, C050, C064, C067: extension, urn:oid, display-only medicationReference, category object, no results."""
    cards = cards_of(client, example("patient-view-epic"))
    assert "(SPM-01)" in cards[0]["detail"]
    assert any(card["summary"].startswith("Possibly") for card in cards)
    cards = cards_of(client, example("order-sign-epic"))
    assert "SPM19" in topics(cards)
    assert "critical" not in [card["indicator"] for card in cards]  # melphalan is known by words only


def test_nothing_to_say(client: httpx.Client) -> None:
    """C091."""
    assert post(client, VIEW, EXAMPLES["patient-view-nothing-to-say"]).json() == {"cards": []}


def test_no_medication_record_at_all(client: httpx.Client) -> None:
    """C060, C065, C066: no prefetch, null and {} are answered alike, and not with "nothing to say"."""
    for prefetch in ({}, None, {"conditions": None}):
        response = post(client, VIEW, example("patient-view-without-prefetch") | {"prefetch": prefetch})
        check_outcome(response)
        assert response.status_code == 412
    assert post(client, VIEW, EXAMPLES["patient-view-without-prefetch"]).status_code == 412


def test_a_partial_prefetch_asks_instead_of_assuming(client: httpx.Client) -> None:
    """C063, C065, C068: missing, failed and paged keys become open questions, and every card says so."""
    cards = cards_of(client, example("patient-view-partial-prefetch"))
    assert "SPM29" in topics(cards)
    assert any("SPM-01" in card["detail"] for card in cards)
    for card in cards:
        assert "MedicationAdministration" in card["detail"]
        assert "Procedure" in card["detail"]


REQUIRED = {"uuid", "summary", "detail", "indicator", "source", "overrideReasons"}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "without" not in name])
def test_every_suggestion_is_a_draft_for_this_patient(client: httpx.Client, name: str) -> None:
    """C103-C110: one `create` each, valid R4, never an order, nothing recommended above the rest."""
    request = example(name)
    for card in cards_of(client, request):
        assert ("suggestions" in card) == ("selectionBehavior" in card)
        assert card.get("selectionBehavior", "any") == "any"
        for suggestion in card.get("suggestions", []):
            assert set(suggestion) == {"label", "uuid", "actions"}
            assert uuid.UUID(suggestion["uuid"])
            assert 0 < len(suggestion["label"]) < 80
            (action,) = suggestion["actions"]
            assert set(action) == {"type", "description", "resource"}
            assert action["type"] == "create"
            draft = ServiceRequest.model_validate(action["resource"])
            assert (draft.status, draft.intent) == ("draft", "proposal")
            assert draft.subject.reference == f"Patient/{request['context']['patientId']}"
            assert "confirmed by" in draft.note[0].text


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "without" not in name])
def test_every_card_is_valid(client: httpx.Client, name: str) -> None:
    """C003, C090-C102, C112-C116, C121."""
    response = post(client, path_of(example(name)), EXAMPLES[name])
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert set(body) == {"cards"}
    assert len(body["cards"]) <= 4
    assert len({card["uuid"] for card in body["cards"]}) == len(body["cards"])
    assert len(set(topics(body["cards"]))) == len(body["cards"])
    for card in body["cards"]:
        assert set(card) - {"suggestions", "selectionBehavior", "links"} == REQUIRED
        assert not [leaf for leaf in leaves(card) if leaf is None or leaf in ("", [], {})]
        assert uuid.UUID(card["uuid"])
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] in ("info", "warning", "critical")
        assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"])
        assert "<" not in card["detail"]
        assert "Suggestion for clinical judgement" in card["detail"]
        assert not re.search(r"\bmust\b", card["detail"] + card["summary"], re.IGNORECASE)


def test_equal_requests_get_equal_cards(client: httpx.Client) -> None:
    """C083, C093, C123: only uuids differ, and they always do."""
    name = "patient-view-maintenance-after-transplant"
    first, second = (cards_of(client, example(name)) for _ in range(2))
    assert {card["uuid"] for card in first}.isdisjoint(card["uuid"] for card in second)
    assert without_ids(first) == without_ids(second)
    pages = "http://127.0.0.1:8000/rules"
    assert without_ids(respond(EXAMPLES[name], as_of=AS_OF, rule_pages=pages).body["cards"]) == without_ids(first)


def test_parallel_calls_never_mix(client: httpx.Client) -> None:
    """C167."""
    names = [name for name in EXAMPLES if "without" not in name]
    expected = {name: topics(cards_of(client, example(name))) for name in names}

    async def all_at_once() -> list[tuple[str, list[str]]]:
        async with httpx.AsyncClient(base_url=str(client.base_url), timeout=30, trust_env=False) as parallel:

            async def one(name: str) -> tuple[str, list[str]]:
                response = await parallel.post(path_of(example(name)), content=EXAMPLES[name], headers=JSON)
                return name, topics(response.json()["cards"])

            return await asyncio.gather(*(one(name) for name in names * 4))

    for name, got in asyncio.run(all_at_once()):
        assert got == expected[name]


# -- what is refused ------------------------------------------------------------------------------------------------

GOOD = EXAMPLES["patient-view-maintenance-after-transplant"]
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


# -- what is told to nobody -----------------------------------------------------------------------------------------


def test_logs_hold_no_patient_data(client: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    """C058, C077: nothing that was sent in a request, a path or a header stands in any log line.

    test_logs_tell_nobody.py does the same to a whole process, libraries included.
    """
    caplog.set_level(logging.DEBUG)
    request = example("patient-view-maintenance-after-transplant")
    request["fhirAuthorization"] = {
        "access_token": "secret-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds-service",
    }
    sent = set(
        re.findall(r"[\w\-.]{5,}", json.dumps([request["context"], request["prefetch"]["patient"], "secret-token"]))
    )
    sent -= {
        "reference",
        "resourceType",
        "Patient",
        "patientId",
        "userId",
        "encounterId",
        "gender",
        "birthDate",
        "family",
    }
    sent -= {"given", "official", "female", "Practitioner"}
    assert {"synthetic-p01", "1963-04-12", "secret-token", "synthetic-encounter"} <= sent
    with capture_logs() as told:
        post(client, VIEW, request, Authorization="Bearer secret-token")
        post(client, VIEW, orjson.dumps(request).replace(b"Patient/synthetic-p01", b"Patient/zacharias-2", 1))
        post(client, VIEW, orjson.dumps(request)[:-1])
        client.get("/cds-services/spmwatch-patient-view/synthetic-p01?name=Synthetic")
    # The client's own loggers, and uvicorn's access log, which is off: only pytest's handler brings it to life.
    others = ("httpx", "httpcore", "asyncio", "uvicorn.access")
    own = [record for record in caplog.records if not record.name.startswith(others)]
    lines = [record.getMessage() + str(record.exc_text or "") for record in own] + [str(line) for line in told]
    assert [line["status"] for line in told if line["event"] == "exchange"] == [200, 422, 400, 404]
    for line in lines:
        assert not [word for word in {*sent, "zacharias-2"} if word in line], line


def test_each_exchange_has_an_id(client: httpx.Client) -> None:
    with capture_logs() as told:
        ids = [post(client, VIEW, GOOD).headers["x-correlation-id"] for _ in range(2)]
    assert len(set(ids)) == 2
    assert [line["correlation"] for line in told] == ids
    assert {line["route"] for line in told} == {"/cds-services/{service_id}"}


def test_a_fault_of_ours_tells_nothing(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """C058, C059: 500 with an OperationOutcome; the log has type and place, not the text."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("zacharias-2")

    monkeypatch.setattr("spmwatch.cds_hooks.server.calls.conclude", fail)
    with capture_logs() as told:
        response = post(client, VIEW, GOOD)
    assert response.status_code == 500
    OperationOutcome.model_validate(response.json())
    assert "zacharias" not in response.text + str(told)
    assert "KeyError" not in response.text
    assert [line["fault"] for line in told if line["event"] == "fault"] == ["KeyError"]
    monkeypatch.undo()
    assert post(client, VIEW, GOOD).status_code == 200


def test_no_request_pays_for_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """C165, C166: rules are compiled before the first request. How fast an answer is, `make bench-service` measures."""

    def compiled(*_: object, **__: object) -> None:
        raise AssertionError("a request compiles rules")

    service = Service(rules=Rules(load_rule_base()), today=lambda: AS_OF)
    with (
        serving(lambda _: create_app(service)) as base,
        httpx.Client(base_url=base, timeout=SECONDS, trust_env=False) as client,
    ):
        monkeypatch.setattr("spmwatch.engine.reasoning.network.Network.__init__", compiled)
        for name, hook in (("patient-view-nothing-to-say", VIEW), ("order-sign-epic", SIGN)):
            assert post(client, hook, EXAMPLES[name]).status_code == 200
