"""`/healthz`, `/readyz` and `/metrics` of a service in this process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import orjson
import pytest

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.board import Board
from spmwatch.cds_hooks.server.metrics import Metrics
from spmwatch.cds_hooks.server.service import Rules, Service
from spmwatch.cds_hooks.trust.client import Client, Everybody
from spmwatch.cds_hooks.wire.refusal import Issue, RequestError
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.serving import serving

VIEW = "/cds-services/spmwatch-patient-view"
JSON = {"Content-Type": "application/json"}
BODY = (Path(__file__).parents[2] / "examples/hooks/patient-view-maintenance-after-transplant.json").read_bytes()


class Nobody:
    """Lets nobody in."""

    async def client_of(self, authorization: str | None, url: str) -> Client:  # noqa: ARG002
        raise RequestError(401, Issue(code="login", says="Not authenticated"))


@pytest.fixture
def service() -> Service:
    rule_base = load_rule_base()
    return Service(rules=Rules(rule_base), today=lambda: date(2026, 1, 15), watch=Metrics(rule_base, Board()))


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with (
        serving(lambda _: create_app(service)) as base,
        httpx.Client(base_url=base, timeout=30, trust_env=False) as running,
    ):
        yield running


def counted(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_no_page_asks_for_a_token(service: Service, client: httpx.Client) -> None:
    service.authenticator = Nobody()
    assert client.post(VIEW, content=BODY, headers=JSON).status_code == 401
    for page in ("/healthz", "/readyz", "/metrics"):
        response = client.get(page)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        assert client.post(page).status_code == 405


def test_ready_names_rules_and_the_part_that_is_not(service: Service, client: httpx.Client) -> None:
    told = client.get("/readyz").json()
    assert told["status"] == "ready"
    assert told["parts"]["rules"]["digest"] == service.rules.current.identity.digest

    async def down() -> str | None:
        return "cannot be reached"

    async def broken() -> str | None:
        raise OSError("postgresql://user:secret@db/")

    service.probes = {"store": down, "keys": broken}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["parts"]["store"] == {"status": "cannot be reached"}
    assert response.json()["parts"]["keys"] == {"status": "failed (OSError)"}
    assert "secret" not in response.text
    assert client.get("/healthz").status_code == 200
    service.probes = {"store": down}
    response = client.get("/readyz")
    assert response.status_code == 200  # advice is given without it
    assert response.json()["parts"]["store"] == {"status": "cannot be reached"}
    service.probes = {}
    service.draining = True
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["connection"] == "close"


def test_what_happened_is_counted(service: Service, client: httpx.Client) -> None:
    answer = client.post(VIEW, content=BODY, headers=JSON).json()
    client.post(VIEW, content=BODY[:-5], headers=JSON)
    client.post("/cds-services/Quastenflosser", content=BODY, headers=JSON)
    service.authenticator = Everybody(Client(id="trial", silent=True))
    client.post(VIEW, content=BODY, headers=JSON)
    service.watch.answered("SPM-05", "overridden", "Quastenflosser")
    service.watch.answered("Quastenflosser", "Quastenflosser", None)
    service.watch.fetched("unreachable")
    service.watch.fetched("Quastenflosser")
    found = counted(client)
    assert found['spmwatch_requests_total{hook="patient-view",outcome="2xx"}'] == 2
    assert found['spmwatch_requests_total{hook="patient-view",outcome="4xx"}'] == 1
    assert found['spmwatch_refusals_total{hook="patient-view",kind="structure"}'] == 1
    assert found['spmwatch_refusals_total{hook="-",kind="no-such-service"}'] == 1
    assert found['spmwatch_request_seconds_bucket{hook="patient-view",le="+Inf"}'] == 3
    assert found['spmwatch_stage_seconds_count{stage="evaluate"}'] == 2
    assert found['spmwatch_rules_fired_total{indicator="warning",rule="SPM-05"}'] == 2
    assert found['spmwatch_cards_total{fate="shown"}'] == len(answer["cards"])
    assert found['spmwatch_cards_total{fate="silent"}'] == len(answer["cards"])
    assert found['spmwatch_card_answers_total{outcome="overridden",reason="other",rule="SPM-05"}'] == 1
    assert found['spmwatch_card_answers_total{outcome="other",reason="-",rule="other"}'] == 1
    assert found['spmwatch_fhir_fetches_total{outcome="unreachable"}'] == 1
    assert found['spmwatch_fhir_fetches_total{outcome="other"}'] == 1
    assert found["spmwatch_rules_reload_failed"] == 0
    digest = service.rules.current.identity.digest
    assert any(name.startswith("spmwatch_rulebase_info") and digest in name for name in found)
    assert "Quastenflosser" not in client.get("/metrics").text


def test_what_clients_type_makes_no_series(client: httpx.Client) -> None:
    request = orjson.loads(BODY)

    def type_in(word: str) -> set[str]:
        client.post(f"/cds-services/{word}", content=BODY, headers=JSON)
        client.post(VIEW, content=orjson.dumps(request | {"hook": word}), headers=JSON)
        client.request("PUT", f"/{word}")
        return set(counted(client))

    assert type_in("Quastenflosser-1") == type_in("Quastenflosser-2")


def test_metrics_may_be_switched_off() -> None:
    with serving(lambda _: create_app(Service(rules=Rules(load_rule_base())))) as base:
        assert httpx.get(f"{base}/metrics", trust_env=False).status_code == 404
        assert httpx.get(f"{base}/healthz", trust_env=False).status_code == 200
