"""An order that was not understood, over HTTP: who may be concerned is told, everybody is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.metrics import Metrics
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.card_check import check_answer
from tests.support.serving import serving

HOOKS = Path(__file__).parents[2] / "examples/hooks"
JSON = {"Content-Type": "application/json"}
BUNDLE = {"resourceType": "Bundle", "type": "searchset"}
ELSEWHERE = {"medicationReference": {"reference": "https://ehr.example/fhir/Medication/9"}}
Json = dict[str, Any]


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    rule_base = load_rule_base()
    service = Service(
        rules=Rules(rule_base),
        today=lambda: date(2026, 1, 15),
        watch=Metrics(rule_base, Board()),
        public_url="https://cds.example",
    )
    with (
        serving(lambda _: create_app(service)) as base,
        httpx.Client(base_url=base, timeout=30, trust_env=False) as running,
    ):
        yield running


def post(client: httpx.Client, medication: Json, *, myeloma: bool, hook: str = "order-sign") -> list[Json]:
    """The cards for a draft with this medication, and nothing else on record but myeloma, or not even that."""
    request = json.loads((HOOKS / "order-sign-lenalidomide-after-transplant.json").read_bytes())
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    draft = {"resourceType": "MedicationRequest", "id": "d7", "status": "draft", "intent": "order", "subject": subject}
    other = draft | {"id": "d8", "medicationCodeableConcept": {"text": "metformin"}}
    entries = [{"resource": draft | medication}, {"resource": other}]
    request["hook"] = hook
    request["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": entries}
    request["context"]["selections"] = ["MedicationRequest/d8"]
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C90.00"}
    condition = {"resourceType": "Condition", "id": "c1", "subject": subject, "code": {"coding": [coding]}}
    for key in request["prefetch"]:
        if key != "patient":
            request["prefetch"][key] = BUNDLE
    if myeloma:
        request["prefetch"]["conditions"] = BUNDLE | {"entry": [{"resource": condition | {"onsetDateTime": "2020-03"}}]}
    found = client.post(f"/cds-services/spmwatch-{hook}", content=json.dumps(request), headers=JSON)
    assert found.status_code == 200
    check_answer(found.json())
    cards: list[Json] = found.json()["cards"]
    return cards


def counted(client: httpx.Client) -> float:
    (line,) = [
        one for one in client.get("/metrics").text.splitlines() if one.startswith("spmwatch_unidentified_orders_total")
    ]
    return float(line.split()[-1])


@pytest.mark.parametrize(
    "medication",
    [
        ELSEWHERE,
        {"medicationReference": {"reference": "Medication/9"}},
        {"medicationCodeableConcept": {"coding": [{"system": "urn:oid:1.2.3.4", "code": "X9"}]}},
        {"medicationCodeableConcept": {"coding": [{"code": "X9"}]}},
    ],
)
def test_whoever_may_be_concerned_is_told_which_order_was_not_understood(
    client: httpx.Client, medication: Json
) -> None:
    (card,) = post(client, medication, myeloma=True)
    assert "Which drug is being ordered?" in card["detail"]
    assert "MedicationRequest/d7" in card["detail"]
    assert "MedicationRequest/d8" not in card["detail"]
    assert counted(client) == 1


def test_nobody_else_is_bothered_and_it_is_counted(client: httpx.Client) -> None:
    assert post(client, ELSEWHERE, myeloma=False) == []
    assert counted(client) == 1


@pytest.mark.parametrize(
    "medication", [{}, {"medicationCodeableConcept": {}}, {"medicationCodeableConcept": {"text": "aspirin"}}]
)
def test_an_order_of_something_else_or_of_nothing_yet_is_no_question(client: httpx.Client, medication: Json) -> None:
    """C050."""
    assert not any("Which drug" in card["detail"] for card in post(client, medication, myeloma=True))
    assert counted(client) == 0


def test_an_order_that_was_not_selected_is_background(client: httpx.Client) -> None:
    """C049."""
    assert not any(
        "Which drug" in card["detail"] for card in post(client, ELSEWHERE, myeloma=True, hook="order-select")
    )
    assert counted(client) == 0
