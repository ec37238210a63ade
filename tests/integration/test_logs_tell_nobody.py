"""C058, C077, C138: whatever is sent, in good requests and in bad ones, no log line of the process holds any of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import served

ROOT = Path(__file__).parents[2]
VIEW = "/cds-services/spmwatch-patient-view"
EXAMPLE = (ROOT / "examples/hooks/patient-view-maintenance-after-transplant.json").read_text()

PATIENT, MRN, FAMILY, BORN = "zz-patient-7731", "MRN-55512345", "Quastenflosser", "1931-04-17"
USER, ENCOUNTER, HOOK_INSTANCE = (
    "Practitioner/zz-user-8842",
    "zz-encounter-9953",
    "11111111-2222-4333-8444-55566677788a",
)
TOKEN, SERVER, COMMENT = "zz.secret.token", "http://127.0.0.1:1/zz-fhir-server", "zz comment about Quastenflosser"
NOTE, REASON, CARD = "zz text of a note", "zz-reason-code", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeffff0001"
SECRETS = (PATIENT, MRN, FAMILY, BORN, "zz-user", ENCOUNTER, HOOK_INSTANCE, "zz.secret", "zz-", "zz ", REASON, CARD)


def request() -> dict[str, Any]:
    """A good one, with something of every kind in it."""
    sent: dict[str, Any] = json.loads(EXAMPLE.replace("synthetic-p01", PATIENT))
    sent["hookInstance"] = HOOK_INSTANCE
    sent["context"] |= {"userId": USER, "encounterId": ENCOUNTER}
    sent["fhirServer"] = SERVER
    sent["fhirAuthorization"] = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "zz-subject",
    }
    patient = sent["prefetch"]["patient"]
    patient |= {"birthDate": BORN, "name": [{"family": FAMILY}], "identifier": [{"system": "urn:mrn", "value": MRN}]}
    patient["text"] = {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{NOTE}</div>'}
    del sent["prefetch"]["procedures"]  # so that the client's server would be asked, if it were allowed
    return sent


def bodies() -> list[bytes]:
    good = json.dumps(request()).encode()
    foreign = request()
    foreign["prefetch"]["patient"]["id"] = "zz-another"
    wrong = request() | {"hook": f"zz-hook-{FAMILY}"}
    odd = request()
    odd["prefetch"]["conditions"] = {"resourceType": f"zz-{FAMILY}", "id": MRN, "code": [FAMILY]}
    odd["prefetch"][f"zz-key-{FAMILY}"] = FAMILY
    fault = request()
    fault["context"]["patientId"] = f"{PATIENT}/../{FAMILY}"
    return [good, good[:-1], good.replace(b"{", b"[", 1), json.dumps(foreign).encode(), json.dumps(wrong).encode()] + [
        json.dumps(each).encode() for each in (odd, fault, FAMILY, [FAMILY])
    ]


@pytest.mark.parametrize("form", ["json", "text"])
def test_logs_hold_nothing_that_was_sent(form: str, tmp_path: Path) -> None:
    own = {"SPMWATCH_OPERATION__LOG_FORMAT": form, "SPMWATCH_STORE__URL": f"sqlite:///{tmp_path}/store.db"}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", "X-Request-Id": MRN}
    with served(environment=own) as running, running.client(headers=headers) as client:
        statuses = {client.post(VIEW, content=body).status_code for body in bodies()}
        card = client.post(VIEW, content=bodies()[0]).json()["cards"][0]["uuid"]
        entry = {"outcome": "overridden", "outcomeTimestamp": "2026-01-15T10:00:00Z"}
        why = {"overrideReason": {"reason": {"code": REASON, "system": "urn:zz"}, "userComment": COMMENT}}
        for feedback in (
            [entry | why | {"card": CARD}],
            [entry | why | {"card": card}],
            [{"card": CARD}],
            [COMMENT],
            COMMENT,
        ):
            statuses.add(client.post(f"{VIEW}/feedback", json={"feedback": feedback}).status_code)
        for path in (f"/{FAMILY}", f"/Patient/{PATIENT}", f"/cds-services/{PATIENT}", f"{VIEW}/{MRN}?name={FAMILY}"):
            for method in ("GET", "POST", "DELETE"):
                statuses.add(client.request(method, path, content=f'{{"{FAMILY}": 1}}').status_code)
        statuses.add(client.get("/rules", params={"patient": PATIENT}, headers={"Cookie": TOKEN}).status_code)
        statuses.add(client.post(VIEW, content=FAMILY, headers={"Content-Type": f"text/{FAMILY}"}).status_code)
        assert {200, 400, 404, 405, 415, 422} <= statuses
        assert 500 not in statuses
        log, counts = running.log, client.get("/metrics").text
    assert log.count("exchange") >= len(bodies()) + 15
    for secret in SECRETS:
        assert secret not in log, [line for line in log.splitlines() if secret in line]
        assert secret not in counts
