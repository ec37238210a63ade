"""A service that runs without a memory, and calls of its services."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.engine.catalogue.load import load_rule_base
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


GOOD = EXAMPLES["patient-view-maintenance-after-transplant"]
