"""The service over HTTP: discovery, the cards it answers with, and what of a call is told to nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from dataclasses import replace

import httpx
import orjson
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.servicerequest import ServiceRequest
from structlog.testing import capture_logs

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.errors import RuleFileError
from tests.support.calling import (
    AS_OF,
    EXAMPLES,
    GOOD,
    JSON,
    SECONDS,
    SIGN,
    VIEW,
    cards_of,
    check_outcome,
    client,
    example,
    leaves,
    path_of,
    post,
    topics,
    without_ids,
)
from tests.support.serving import serving

__all__ = ["client"]


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

    monkeypatch.setattr("spmwatch.cds_hooks.server.calls.known", fail)
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
