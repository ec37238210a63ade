"""A Bundle and a moment as the request that an EHR would send: nothing of the record is lost or invented on the way."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
import pytest

from spmwatch.cds_hooks.answer import gather, parse_request, read
from spmwatch.cds_hooks.pages.hook_request import HOOKS, Moment, recorded, request_of
from spmwatch.cds_hooks.pages.invented import invented, orders
from spmwatch.cds_hooks.wire.refusal import RequestError
from spmwatch.engine.catalogue.load import load_rule_base
from spmwatch.engine.facts import DrugOrder
from spmwatch.fhir_adapters import records_from_bundle

DAY = date(2026, 1, 15)
PATIENT = {"fullUrl": "urn:uuid:11111111-2222-3333-4444-555555555555", "resource": {"resourceType": "Patient"}}
LENALIDOMIDE = {
    "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "602910"}],
}


def made(bundle: object, hook: str = "patient-view", **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = request_of(bundle, Moment(hook=hook, day=DAY, **options)).request
    return found


def bundle(*entries: object, **members: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "collection", "entry": list(entries), **members}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_moment_makes_a_request_that_is_taken(hook: str) -> None:
    """C041-C050."""
    drafted = orders()["lenalidomide-10"]
    request = made(orjson.loads(invented()["p67"].bundle), hook, drafted=drafted)
    parsed = parse_request(orjson.dumps(request), HOOKS[hook])
    facts = read(parsed, gather(parsed), load_rule_base().value_sets)
    has_order = hook in ("order-select", "order-sign", "medication-refill")
    ordered = [fact.drug for fact in facts.facts if isinstance(fact, DrugOrder)]
    assert ordered == (["lenalidomide"] if has_order else [])


@pytest.mark.parametrize("patient", invented())
def test_facts_are_those_of_the_bundle_itself(patient: str) -> None:
    """The way through a request reads the same as `spmwatch screen` does."""
    value_sets = load_rule_base().value_sets
    content = orjson.loads(invented()[patient].bundle)
    parsed = parse_request(orjson.dumps(made(content)), None)
    facts = read(parsed, gather(parsed), value_sets)
    (direct,) = records_from_bundle(content, where="bundle", value_sets=value_sets)
    assert set(map(repr, facts.facts)) == set(map(repr, direct.facts))
    assert facts.coverage.unsupplied == direct.coverage.unsupplied == ()


def test_references_by_address_are_followed() -> None:
    """A transaction names its resources by urn: subject and medication are found all the same."""
    medication = {
        "fullUrl": "urn:uuid:99999999-2222-3333-4444-555555555555",
        "resource": {"resourceType": "Medication", "code": LENALIDOMIDE},
    }
    order = {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": PATIENT["fullUrl"]},
        "medicationReference": {"reference": medication["fullUrl"]},
        "authoredOn": "2025-01-01",
    }
    request = made(bundle(PATIENT, medication, {"resource": order}))
    parsed = parse_request(orjson.dumps(request), None)
    facts = read(parsed, gather(parsed), load_rule_base().value_sets)
    assert parsed.context.patient_id == "11111111-2222-3333-4444-555555555555"
    assert [getattr(fact, "drug", None) for fact in facts.facts] == ["lenalidomide"]


def test_nothing_there_and_not_sent_are_two_things() -> None:
    """C060-C065: a Bundle is the whole record; what is withheld or on another page is not known."""
    prefetch = made(bundle(PATIENT))["prefetch"]
    assert prefetch["procedures"] is None
    withheld = made(bundle(PATIENT), withheld=frozenset({"Procedure"}))["prefetch"]
    assert "procedures" not in withheld
    paged = bundle(PATIENT, link=[{"relation": "next", "url": "https://fhir.example.org/Condition?page=2"}])
    assert made(paged)["prefetch"]["conditions"]["link"][0]["relation"] == "next"
    assert [gap.kind for gap in request_of(paged, Moment(hook="patient-view", day=DAY)).gaps] == ["unreadable"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "no FHIR Bundle"),
        ({"resourceType": "Patient"}, "no FHIR Bundle"),
        (bundle(), "no Patient"),
        (bundle(PATIENT, {"resource": {"resourceType": "Patient", "id": "b"}}), "2 Patients"),
        (bundle({"resource": {"resourceType": "Patient"}}), "no id"),
    ],
)
def test_what_is_no_record_of_one_patient_is_refused(value: object, says: str) -> None:
    with pytest.raises(RequestError, match=says) as refusal:
        made(value)
    assert refusal.value.status == 400


def test_a_recorded_request_loses_its_token() -> None:
    """C158: a token is shown to nobody."""
    kept = recorded({"hook": "patient-view", "fhirAuthorization": {"access_token": "t"}, "fhirServer": "https://x"})
    assert kept == {"hook": "patient-view"}
