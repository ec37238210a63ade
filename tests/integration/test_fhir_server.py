"""What prefetch lacks, asked of a FHIR server that nobody here wrote: the cards are those of the prefetched record.

Numbers such as C083 are the obligations in docs/cds-hooks.md.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from spmwatch.cds_hooks.answer import respond
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES
from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.assemble import assemble
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.fhir_server import TOKEN, FhirServer, fhir_server
from tests.support.programs import ROOT
from tests.support.serving import serving

Json = dict[str, Any]

AS_OF = date(2026, 1, 15)
VIEW = "/cds-services/spmwatch-patient-view"
CHARTS: dict[str, Json] = {
    path.stem: orjson.loads(path.read_bytes()) for path in sorted((ROOT / "examples/bundles").glob("*.json"))
}
SOME = ("p01", "p13", "p31", "p45", "p57")


def patient_of(chart: Json) -> str:
    (patient,) = (entry["resource"] for entry in chart["entry"] if entry["resource"]["resourceType"] == "Patient")
    return str(patient["id"])


def chart_with_referred_medications() -> Json:
    """P01 under another id, its medications told by reference alone: one with a display, the others without."""
    text = orjson.dumps(CHARTS["p01"]).replace(b"p01", b"q01")
    chart: Json = orjson.loads(text)
    medications = []
    for entry in chart["entry"]:
        concept = entry["resource"].pop("medicationCodeableConcept", None)
        if concept is not None:
            id_ = f"q01-medication-{len(medications)}"
            medications.append({"resourceType": "Medication", "id": id_, "code": concept})
            shown = {"display": concept.get("text") or concept["coding"][0]["display"]} if not medications[1:] else {}
            entry["resource"]["medicationReference"] = {"reference": f"Medication/{id_}"} | shown
    assert len(medications) > 2
    chart["entry"] += [{"resource": one} for one in medications]
    return chart


REFERRED = chart_with_referred_medications()


@pytest.fixture(scope="module", params=[False, True], ids=["relative references", "absolute references"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirServer]:
    with fhir_server(tmp_path_factory.mktemp("fhir"), absolute_references=request.param) as running:
        running.load(*CHARTS.values(), REFERRED)
        yield running


@contextmanager
def service(server: FhirServer, **changes: Any) -> Iterator[httpx.Client]:
    """A service that may ask the server, and a client for it. Time is no subject here: the machine may be busy."""
    fhir = FhirSettings(**({"servers": (server.base,), "total_seconds": 30, "connect_seconds": 10} | changes))
    running = assemble(Settings(fhir=fhir), load_rule_base(), today=lambda: AS_OF)
    with (
        serving(lambda _: create_app(running)) as base,
        httpx.Client(base_url=base, timeout=60, trust_env=False) as client,
    ):
        server.forget()
        yield client


@pytest.fixture(scope="module")
def asking(server: FhirServer) -> Iterator[httpx.Client]:
    with service(server) as client:
        yield client


def request_for(server: FhirServer, patient: str, prefetch: Json | None = None, *, token: str | None = TOKEN) -> Json:
    request: Json = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": patient},
        "fhirServer": server.base,
    }
    if prefetch is not None:
        request["prefetch"] = prefetch
    if token is not None:
        request["fhirAuthorization"] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-service",
            "patient": patient,
        }
    return request


def prefetched(chart: Json) -> Json:
    """The chart as a client that honours every template would send it; Medications included with their requests."""
    resources = [entry["resource"] for entry in chart["entry"]]
    found: Json = {}
    for template in TEMPLATES[1:]:
        own = [one for one in resources if one["resourceType"] == template.type]
        if template.key == "medicationRequests":
            own += [one for one in resources if one["resourceType"] == "Medication"]
        entries = [{"resource": one} for one in own]
        found[template.key] = {"resourceType": "Bundle", "type": "searchset", "entry": entries} if entries else None
    found["patient"] = next(one for one in resources if one["resourceType"] == "Patient")
    return found


def without_ids(value: object) -> object:
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in value.items() if key != "uuid"}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value


def expected(server: FhirServer, chart: Json) -> object:
    """Status and body for the same record, prefetched."""
    request = request_for(server, patient_of(chart), prefetched(chart))
    answer = respond(orjson.dumps(request), as_of=AS_OF, rule_pages="http://127.0.0.1:8000/rules")
    return without_ids({"status": answer.status, "body": answer.body})


def answered(client: httpx.Client, request: Json) -> Any:
    response = client.post(VIEW, content=orjson.dumps(request), headers={"Content-Type": "application/json"})
    return without_ids({"status": response.status_code, "body": response.json()})


@pytest.mark.parametrize("name", CHARTS)
def test_fetched_or_prefetched_the_same_cards(server: FhirServer, asking: httpx.Client, name: str) -> None:
    """C075, C076, C083: nothing prefetched, everything fetched."""
    chart = CHARTS[name]
    assert answered(asking, request_for(server, patient_of(chart))) == expected(server, chart)


def test_pages_change_nothing(server: FhirServer) -> None:
    """C068: one entry a page."""
    with service(server, page_size=1, most_pages=100) as client:
        for name in SOME:
            chart = CHARTS[name]
            assert answered(client, request_for(server, patient_of(chart))) == expected(server, chart)
    assert len(server.asked()) > len(SOME) * len(TEMPLATES)


def test_nothing_is_asked_but_what_lacks(server: FhirServer, asking: httpx.Client) -> None:
    """C060, C065, C078, C079: reads and searches of the patient in the context, with the token, of lacking keys."""
    chart = CHARTS["p01"]
    have = prefetched(chart)
    for lacking in (["patient"], ["medicationRequests", "procedures"], list(have)):
        server.forget()
        some = {key: value for key, value in have.items() if key not in lacking}
        assert answered(asking, request_for(server, "p01", some)) == expected(server, chart)
        asked = server.asked()
        types = {template.type for template in TEMPLATES if template.key in lacking}
        assert {one.url.removeprefix("/fhir/") for one in asked} == {
            "Patient/p01" if type_ == "Patient" else f"{type_}?patient=p01&_count=200" for type_ in types
        }
        assert len(asked) == len(lacking)
        assert {one.method for one in asked} == {"GET"}
        assert {one.headers["accept"] for one in asked} == {"application/fhir+json"}


def test_a_whole_prefetch_asks_nothing(server: FhirServer, asking: httpx.Client) -> None:
    """C079."""
    server.forget()
    chart = CHARTS["p01"]
    assert answered(asking, request_for(server, "p01", prefetched(chart))) == expected(server, chart)
    assert server.asked() == []


def test_the_rest_of_a_prefetched_list_is_fetched(server: FhirServer, asking: httpx.Client) -> None:
    """C068, C079: the first page is not asked for again."""
    chart = CHARTS["p01"]
    have = prefetched(chart) | {"procedures": server.get("Procedure?patient=p01&_count=2")}
    assert any(link["relation"] == "next" for link in have["procedures"]["link"])
    server.forget()
    assert answered(asking, request_for(server, "p01", have)) == expected(server, chart)
    offsets = [one.url.partition("_offset=")[2] for one in server.asked()]
    assert offsets == ["2", "4"]


def test_medications_told_by_reference_are_read(server: FhirServer, asking: httpx.Client) -> None:
    """C079, C083: once each, and only where the record itself does not tell; relative and absolute references."""
    server.forget()
    whole = expected(server, REFERRED)
    assert answered(asking, request_for(server, "q01")) == whole
    reads = [one.url for one in server.asked() if "/Medication/" in one.url]
    count = sum(entry["resource"]["resourceType"] == "Medication" for entry in REFERRED["entry"])
    assert len(reads) == len(set(reads)) == count
    server.forget()
    assert answered(asking, request_for(server, "q01", prefetched(REFERRED))) == whole
    assert server.asked() == []


def test_medications_are_bounded(server: FhirServer) -> None:
    """C081: what is not read is not known, and not "no"."""
    with service(server, most_medications=1) as client:
        answer = answered(client, request_for(server, "q01"))
        assert sum("/Medication/" in one.url for one in server.asked()) == 1
    assert answer["status"] == 200
    assert any("(SPM-29)" in card["detail"] for card in answer["body"]["cards"])  # the rule about data gaps


def test_another_token_is_refused_by_the_server(server: FhirServer, asking: httpx.Client) -> None:
    """C060, C081: 401 -> 412."""
    server.forget()
    answer = answered(asking, request_for(server, "p01", token="not-the-token"))
    assert answer["status"] == 412
    assert {one.status for one in server.asked()} == {401}


def test_without_token_an_open_server_alone_is_asked(server: FhirServer) -> None:
    """C076."""
    with service(server) as client:
        assert answered(client, request_for(server, "p01", token=None))["status"] == 412
        assert server.asked() == []
    with service(server, open_servers=(server.base,)) as client:
        assert answered(client, request_for(server, "p01", token=None))["status"] == 412
        assert {one.status for one in server.asked()} == {401}


def test_a_patient_who_is_not_there(server: FhirServer, asking: httpx.Client) -> None:
    """C060: nobody is told "nothing to say" about somebody unknown: empty lists are, the missing Patient is said."""
    answer = answered(asking, request_for(server, "nobody-7"))
    assert answer["status"] == 200
    assert answer["body"] == {"cards": []}


def test_logs_hold_neither_token_nor_patient(
    server: FhirServer, asking: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """C077: not even those of the HTTP library, at its most talkative."""
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection"):
        caplog.set_level(logging.DEBUG, logger=name)
    with capture_logs() as told:
        answered(asking, request_for(server, "q01"))
        answered(asking, request_for(server, "q01", token="not-the-token"))
    events = [one["event"] for one in told]
    assert events == ["fhir", "exchange"] * 2
    lines = [*map(str, told), *(record.getMessage() for record in caplog.records)]
    for line in lines:
        assert not [word for word in ("q01", TOKEN, "not-the-token", server.base) if word in line], line


def test_orders_are_judged_with_the_fetched_record(server: FhirServer, asking: httpx.Client) -> None:
    """C083 at order-sign."""
    text = (ROOT / "examples/hooks/order-sign-lenalidomide-after-transplant.json").read_bytes()
    given: Json = orjson.loads(text)
    patient = given["context"]["patientId"]
    entries = [entry for value in given["prefetch"].values() if value for entry in value.get("entry", [])]
    server.load({"entry": [{"resource": given["prefetch"]["patient"]}, *copy.deepcopy(entries)]})
    path = "/cds-services/spmwatch-order-sign"
    headers = {"Content-Type": "application/json"}
    whole = asking.post(path, content=orjson.dumps(given), headers=headers).json()
    bare = request_for(server, patient) | {"hook": given["hook"], "context": given["context"]}
    fetched = asking.post(path, content=orjson.dumps(bare), headers=headers).json()
    assert whole["cards"]
    assert without_ids(fetched) == without_ids(whole)
