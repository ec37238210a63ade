"""Steps about the EHR's FHIR server: a double on the loopback address serves the scenario's patient."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from pytest_bdd import given, parsers, then, when

from spmwatch.cds_hooks.answer import HookAnswer, conclude, gather, parse_request
from spmwatch.cds_hooks.fhir_server.servers import ClientServers
from spmwatch.cds_hooks.fhir_server.settings import FhirSettings
from spmwatch.cds_hooks.prefetch.reading import TEMPLATES
from spmwatch.cds_hooks.trust.client import Client
from spmwatch.cds_hooks.wire.refusal import RequestError, operation_outcome
from spmwatch.rule_testing.scenario import Scenario
from tests.support.hostile_fhir import Heard, double, reply

Json = dict[str, Any]
SERVICE = "spmwatch-patient-view"
TOKEN = "token-of-the-scenario"
PATIENCE, SOON = 20.0, 1.5
"""Seconds for what is answered, on a busy machine, and for what is not."""
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
KEYS = {template.type: template.key for template in TEMPLATES}


@dataclass(slots=True)
class Ehr:
    """What the EHR sends, how its FHIR server behaves, and what came of the call."""

    scenario: Scenario
    order: Json | None = None
    medications: dict[str, Json] = field(default_factory=dict)
    sends: dict[str, object] = field(default_factory=dict)
    listed: bool = False
    status: int = 200
    silent_about: str = ""
    another_patients: str = ""
    continued_elsewhere: str = ""
    heard: list[Heard] = field(default_factory=list)
    heard_elsewhere: list[Heard] = field(default_factory=list)
    answer: HookAnswer | None = None

    def record(self, type_: str) -> Json:
        """What there is of one type: a list, or the Patient."""
        found = [one for one in self.scenario.builder.resources() if one["resourceType"] == type_]
        if type_ == "Patient":
            return found[0]
        entries = [{"resource": one} for one in found]
        return {"resourceType": "Bundle", "type": "searchset"} | ({"entry": entries} if entries else {})

    def whole(self) -> dict[str, object]:
        """Every key."""
        return {template.key: self.record(template.type) for template in TEMPLATES}

    async def call(self) -> None:
        """Call the service while the server and another one run."""

        async def foreign(writer: asyncio.StreamWriter, _: Heard) -> None:
            writer.write(reply(200, {"resourceType": "Bundle"}))

        async with double(foreign) as other:

            async def act(writer: asyncio.StreamWriter, heard: Heard) -> None:
                if heard.type == self.silent_about:
                    await asyncio.sleep(60)
                if heard.type == "Medication":
                    found = self.medications.get(heard.target.rsplit("/", 1)[-1])
                    writer.write(reply(200, found) if found else reply(404, FAILED))
                else:
                    writer.write(reply(self.status, self._said(heard.type, other.base)))

            async with double(act) as server:
                await self._called(server.base)
                self.heard = server.heard
            self.heard_elsewhere = other.heard

    def _said(self, type_: str, other: str) -> Json:
        body = self.record(type_)
        if type_ == self.another_patients:
            return orjson.loads(orjson.dumps(body).replace(b"Patient/", b"Patient/another-"))
        if type_ == self.continued_elsewhere:
            return body | {"link": [{"relation": "next", "url": f"{other}/{type_}?page=2"}]}
        return body

    async def _called(self, base: str) -> None:
        body: Json = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/u1", "patientId": self.scenario.builder.patient_id},
            "prefetch": self.sends,
            "fhirServer": base,
            "fhirAuthorization": {
                "access_token": TOKEN,
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.rs",
                "subject": "spmwatch",
            },
        }
        service = SERVICE
        if self.order is not None:
            service, body["hook"] = "spmwatch-order-sign", "order-sign"
            body["context"] |= {"draftOrders": {"resourceType": "Bundle", "entry": [{"resource": self.order}]}}
        seconds = SOON if self.silent_about else PATIENCE
        rules = self.scenario.evaluator
        asking = ClientServers(FhirSettings(total_seconds=seconds), lambda: rules.rule_base.value_sets)
        client = Client(id="hospital", fhir_servers=(base,) if self.listed else ())
        try:
            request = parse_request(orjson.dumps(body), service)
            supplied = await asking.completed(request, gather(request), client)
            self.answer = conclude(request, supplied, rules, as_of=self.scenario.today)
        except RequestError as refusal:
            self.answer = HookAnswer(status=refusal.status, body=operation_outcome(refusal.issues))
        finally:
            await asking.aclose()

    @property
    def answered(self) -> HookAnswer:
        """What came back."""
        assert self.answer is not None, "the service was not called yet"
        return self.answer


@pytest.fixture
def ehr(scenario: Scenario) -> Ehr:
    return Ehr(scenario)


@given("the EHR's FHIR server is listed")
def listed(ehr: Ehr) -> None:
    ehr.listed = True


@given("the EHR's FHIR server is not listed")
def not_listed(ehr: Ehr) -> None:
    ehr.listed = False


@given("the EHR sends nothing beforehand")
def sends_nothing(ehr: Ehr) -> None:
    ehr.sends = {}


@given(parsers.parse("the EHR sends everything but {type_}"))
def sends_all_but(ehr: Ehr, type_: str) -> None:
    ehr.sends = {key: value for key, value in ehr.whole().items() if key != KEYS[type_]}


@given(parsers.parse("the EHR reports that its query for {type_} failed"))
def query_failed(ehr: Ehr, type_: str) -> None:
    ehr.sends = ehr.whole() | {KEYS[type_]: FAILED}


@given(parsers.parse("the FHIR server answers with status {status:d}"))
def answers_with(ehr: Ehr, status: int) -> None:
    ehr.status = status


@given(parsers.parse("the FHIR server never answers about {type_}"))
def never_answers(ehr: Ehr, type_: str) -> None:
    ehr.silent_about = type_


@given(parsers.parse("the FHIR server answers about {type_} with another patient's"))
def another_patients(ehr: Ehr, type_: str) -> None:
    ehr.another_patients = type_


@given(parsers.parse("the FHIR server says that more about {type_} stands on another server"))
def continued_elsewhere(ehr: Ehr, type_: str) -> None:
    ehr.continued_elsewhere = type_


@given("the EHR sends the whole record")
def sends_all(ehr: Ehr) -> None:
    ehr.sends = ehr.whole()


@given(parsers.parse("an order that is about to be signed refers to {what} by its address alone"))
def order_by_address(ehr: Ehr, what: str) -> None:
    ehr.order = {
        "resourceType": "MedicationRequest",
        "id": "draft",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{ehr.scenario.builder.patient_id}"},
        "medicationReference": {"reference": "Medication/m1"},
    }
    if what != "a Medication that nobody has":
        ehr.medications = {"m1": {"resourceType": "Medication", "id": "m1", "code": {"text": what}}}


@given("an order that is about to be signed has no medication yet")
def order_without_medication(ehr: Ehr) -> None:
    order_by_address(ehr, "a Medication that nobody has")
    assert ehr.order is not None
    del ehr.order["medicationReference"]


@when("the service is called")
def called(ehr: Ehr) -> None:
    asyncio.run(ehr.call())


@then("it answers as if the whole record had been sent")
def as_if_sent(ehr: Ehr) -> None:
    fetched = without_ids(ehr.answered.body)
    whole = Ehr(ehr.scenario, sends=ehr.whole())
    asyncio.run(whole.call())
    assert ehr.answered.body["cards"]
    assert fetched == without_ids(whole.answered.body)
    assert whole.heard == []


@then("the FHIR server was asked for nothing but this patient's record")
def asked_for_the_record(ehr: Ehr) -> None:
    id_ = ehr.scenario.builder.patient_id
    for one in ehr.heard:
        assert re.fullmatch(rf"/fhir/(Patient/{id_}|[A-Za-z]+\?patient={id_}&_count=\d+)", one.target), one.target
        assert (one.method, one.headers["authorization"]) == ("GET", f"Bearer {TOKEN}")
    assert sorted(one.type for one in ehr.heard) == sorted(KEYS)


@then(parsers.parse("the FHIR server was asked for {type_} only"))
def asked_only(ehr: Ehr, type_: str) -> None:
    assert [one.type for one in ehr.heard] == [type_]


@then("a card asks which drug is being ordered and names the order")
def asks_for_the_drug(ehr: Ehr) -> None:
    (card,) = [card for card in cards_of(ehr) if "Which drug is being ordered?" in card["detail"]]
    assert card["indicator"] == "info"
    assert "MedicationRequest/draft" in card["detail"]


@then("no card asks which drug is being ordered")
def asks_nothing(ehr: Ehr) -> None:
    assert not any("Which drug is being ordered?" in card["detail"] for card in cards_of(ehr))


@then("its answer has no card")
def no_card(ehr: Ehr) -> None:
    assert cards_of(ehr) == []


@then(parsers.parse("its answer has a card that says {summary}"))
def says(ehr: Ehr, summary: str) -> None:
    assert summary.strip('"') in [card["summary"] for card in cards_of(ehr)]


def cards_of(ehr: Ehr) -> list[Json]:
    """The cards of the answer."""
    assert ehr.answered.status == 200
    cards = ehr.answered.body["cards"]
    assert isinstance(cards, list)
    return cards


@then("the FHIR server was not asked")
def not_asked(ehr: Ehr) -> None:
    assert ehr.heard == []


@then("the other server was not asked")
def other_not_asked(ehr: Ehr) -> None:
    assert ehr.heard_elsewhere == []


@then(parsers.parse("it is refused with status {status:d}"))
def refused(ehr: Ehr, status: int) -> None:
    assert ehr.answered.status == status
    assert ehr.answered.body["resourceType"] == "OperationOutcome"


@then(parsers.parse("every card says that {type_} is not known"))
def says_not_known(ehr: Ehr, type_: str) -> None:
    cards = ehr.answered.body["cards"]
    assert isinstance(cards, list)
    assert cards
    for card in cards:
        (line,) = [one for one in card["detail"].splitlines() if one.startswith("**Not sent, or not in full")]
        assert type_ in line


def without_ids(value: object) -> object:
    """The same without any uuid."""
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in value.items() if key != "uuid"}
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value
