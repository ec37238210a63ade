"""A record that would take minutes is refused whole: a part of it might say the wrong thing."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from spmwatch.cds_hooks.answer import respond

BODY = Path(__file__).parents[3] / "examples/hooks/patient-view-maintenance-after-transplant.json"
CPT, RXNORM = "http://www.ama-assn.org/go/cpt", "http://www.nlm.nih.gov/research/umls/rxnorm"


def answer(transplants: int, courses: int) -> tuple[int, Any]:
    request = json.loads(BODY.read_bytes())
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    common = {"status": "completed", "subject": subject}
    procedures = [
        {
            **common,
            "resourceType": "Procedure",
            "id": f"p{number}",
            "code": {"coding": [{"system": CPT, "code": "38241"}]},
            "performedDateTime": f"{1900 + number}-01-01",
        }
        for number in range(transplants)
    ]
    drugs = [
        {
            **common,
            "resourceType": "MedicationAdministration",
            "id": f"a{number}",
            "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "602910"}]},
            "effectiveDateTime": f"{1900 + number}-01-01",
        }
        for number in range(courses)
    ]
    for key, resources in (("procedures", procedures), ("medicationAdministrations", drugs)):
        entries = [{"resource": resource} for resource in resources]
        request["prefetch"][key] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    found = respond(json.dumps(request).encode(), as_of=date(2026, 1, 15))
    return found.status, found.body


@pytest.mark.parametrize(("transplants", "courses", "kind"), [(21, 0, "transplanted"), (0, 110, "exposed")])
def test_too_much_of_one_kind_is_refused_and_named(transplants: int, courses: int, kind: str) -> None:
    status, body = answer(transplants, courses)
    assert status == 422
    (issue,) = body["issue"]
    assert issue["code"] == "too-costly"
    assert kind in json.dumps(issue)
    assert "Not evaluated" in json.dumps(issue)


def test_up_to_the_bound_it_is_answered() -> None:
    status, body = answer(20, 3)
    assert status == 200
    assert body["cards"]


def test_blood_counts_of_many_years_are_no_reason_to_say_nothing() -> None:
    """Ten years of weekly counts: a long follow-up is what the service is for."""
    request = json.loads(BODY.read_bytes())
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    counts = [
        {
            "resourceType": "Observation",
            "id": f"o{number}-{code}",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "subject": subject,
            "effectiveDateTime": (date(2026, 1, 10) - timedelta(days=7 * number)).isoformat(),
            "valueQuantity": {"value": 140, "system": "http://unitsofmeasure.org", "code": "10*3/uL"},
        }
        for number in range(520)
        for code in ("777-3", "751-8")
    ]
    entries = [{"resource": resource} for resource in counts]
    request["prefetch"]["observations"] = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    found = respond(json.dumps(request).encode(), as_of=date(2026, 1, 15))
    assert (found.status, bool(found.body["cards"])) == (200, True)
