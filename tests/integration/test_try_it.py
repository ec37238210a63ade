"""The try-it page: invented patients, a record of one's own, and what comes of feedback."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from spmwatch.cds_hooks.pages.invented import invented
from tests.support.pages import AS_OF, Html, Running, running
from tests.support.visiting import ROOT, SECONDS, browser, bundle, secret, sent, service

__all__ = ["browser", "service"]


def test_every_invented_patient_has_a_page(browser: httpx.Client) -> None:
    start = Html(browser.get("/").text)
    links = [attrs["href"] for attrs in start.all("a") if "patient=" in attrs["href"]]
    assert len(links) == len(invented()) >= 12
    for link in links:
        response = browser.get(f"/{link.removeprefix('./')}")
        assert response.status_code == 200
        assert "cards" in response.text
        assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("patient", "rule"), [("p67", "SPM-19"), ("p46", "SPM-12"), ("p43", "SPM-11"), ("p07", "SPM-19")]
)
def test_orders_of_the_stories_speak(browser: httpx.Client, patient: str, rule: str) -> None:
    """The moment of the story is an order, and the order is what the card is about."""
    page = Html(browser.get("/", params={"patient": patient}).text)
    assert f"{rule}, its logic and evidence" in page.text


def test_invented_patients_are_the_examples() -> None:
    """They are copied by `make examples`."""
    for patient in invented().values():
        assert json.loads(patient.bundle) == bundle(patient.id), "run `make examples`"


def test_a_pasted_bundle_gets_the_same_cards(browser: httpx.Client, service: Running) -> None:
    whole = Html(browser.get("/?patient=p61").text)
    pasted = Html(sent(browser, bundle=json.dumps(bundle("p61")), day=AS_OF.isoformat()).text)
    assert "none recorded for breast cancer" in pasted.text
    summaries = [
        [a["aria-label"] for a in page.all("button") if "Dismiss" in a.get("aria-label", "")]
        for page in (whole, pasted)
    ]
    assert summaries[0] == summaries[1]
    assert {decision.client for decision in service.memory.decisions} == {"try-it"}
    assert all(decision.body is None for decision in service.memory.decisions)


def test_a_file_counts_more_than_the_text_field(browser: httpx.Client) -> None:
    parts = {
        "page-secret": (None, secret(browser)),
        "bundle": (None, ""),
        "file": ("record.json", json.dumps(bundle("p36")).encode(), "application/json"),
        "day": (None, AS_OF.isoformat()),
    }
    response = browser.post("/try-it", files=parts)
    assert "Critical" in response.text


def test_a_recorded_request_is_answered_without_its_token(browser: httpx.Client) -> None:
    request = json.loads(
        (ROOT / "examples/hooks/order-sign-lenalidomide-after-transplant.json").read_text(encoding="utf-8")
    )
    token = {"access_token": "s3cret-token", "token_type": "Bearer", "expires_in": 1, "scope": "", "subject": "x"}
    request |= {"fhirServer": "https://fhir.example.org", "fhirAuthorization": token}
    response = sent(browser, bundle=json.dumps(request), day=AS_OF.isoformat())
    assert response.status_code == 200
    assert "SPM-19" in response.text
    shown = response.text.replace("&#34;", '"')
    assert "s3cret-token" not in shown[: shown.index('<textarea name="bundle"')]


BROKEN = {
    "nothing": "",
    "no JSON": "{",
    "not a number": '{"resourceType": "Bundle", "total": NaN}',
    "twice": '{"resourceType": "Bundle", "resourceType": "Bundle"}',
    "a list": "[]",
    "another resource": '{"resourceType": "Patient", "id": "x"}',
    "no patient": '{"resourceType": "Bundle", "entry": []}',
    "a patient without id": '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}',
    "no id of FHIR": '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "a b"}}]}',
    "entries that are none": '{"resourceType": "Bundle", "entry": 7}',
    "deep": '{"a":' * 400 + "1" + "}" * 400,
    "a foreign subject": json.dumps(
        {"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Patient", "id": "a"}},
            {"resource": {"resourceType": "Condition", "id": "c", "subject": {"reference": "Patient/b"}}}]}),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_used_is_told_and_can_be_mended(browser: httpx.Client, name: str) -> None:
    response = sent(browser, bundle=BROKEN[name])
    assert 400 <= response.status_code < 500
    page = Html(response.text)
    assert any(attrs.get("role") == "alert" for _, attrs in page.tags)
    assert "Traceback" not in page.text
    assert BROKEN[name] in page.text or " ".join(BROKEN[name].split()) in page.text
    assert response.headers["cache-control"] == "no-store"


def test_text_of_the_record_stays_text(browser: httpx.Client) -> None:
    """C096, C122: wherever a record's text reaches the page, it is no markup."""
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    record = bundle("p61")
    for entry in record["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource["name"] = [{"text": evil}]
        for concept in ("code", "medicationCodeableConcept"):
            if concept in resource:
                resource[concept]["text"] = evil
                for coding in resource[concept].get("coding", []):
                    coding["display"] = evil
        if resource["resourceType"] == "Procedure":
            resource["id"] = evil
    page = Html(sent(browser, bundle=json.dumps(record), day=AS_OF.isoformat()).text)
    assert page.all("img") == []
    assert all(attrs.get("src", "").endswith(".js") for attrs in page.all("script"))
    assert "alert(1)" not in "".join(
        f"{name}={value}" for _, attrs in page.tags for name, value in attrs.items() if name.startswith("on")
    )


def test_after_a_broken_paste_everything_chosen_stands_as_it_was(browser: httpx.Client) -> None:
    fresh = Html(browser.get("/").text)
    order = [attrs["value"] for attrs in fresh.all("option")][-1]
    chosen = {"hook": "order-sign", "day": "2025-11-03", "order": order, "without": "Observation"}
    response = sent(browser, bundle='{"resourceType": "Bundle"', **chosen)
    assert response.status_code == 400
    page = Html(response.text)
    assert {attrs["value"] for attrs in page.all("option") if "selected" in attrs} == {"order-sign", order}
    assert [attrs["value"] for attrs in page.all("input") if attrs.get("name") == "day"] == ["2025-11-03"]
    assert [attrs["value"] for attrs in page.all("input") if "checked" in attrs] == ["Observation"]
    (field,) = page.all("textarea")
    assert field["aria-invalid"] == "true"
    assert f'id="{field["aria-describedby"]}"' in response.text
    assert "aria-invalid" not in fresh.all("textarea")[0]


def test_nothing_that_was_pasted_is_kept_or_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """C138: neither ids nor names nor texts, neither in the log nor in the store's file; nor when it cannot be used."""
    record = json.dumps(bundle("p61")).replace("p61", "zqx-4711")
    named = json.loads(record)
    named["entry"][0]["resource"] |= {"name": [{"family": "Quirinus"}], "identifier": [{"value": "MRN-90210"}]}
    with running() as service, httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as browser:
        first = sent(browser, bundle=json.dumps(named), day=AS_OF.isoformat())
        assert first.status_code == 200
        (pressed, *_) = buttons(first.text, "dismiss")
        again = sent(browser, "/try-it/feedback", bundle=json.dumps(named), day=AS_OF.isoformat(), answer=pressed)
        assert "Kept quiet" in again.text
        assert sent(browser, bundle=json.dumps(named)[:-9]).status_code == 400
        kept = b"".join(file.read_bytes() for file in service.folder.iterdir())
        assert service.memory.feedback
    log = "".join(capsys.readouterr())
    assert "route=/try-it" in log
    for secret_text in ("zqx-4711", "Quirinus", "MRN-90210"):
        assert secret_text in json.dumps(named)
        assert secret_text not in log
        assert secret_text.encode() not in kept


def buttons(page: str, what: str) -> list[str]:
    return re.findall(rf'name="answer" value="({what} [^"]+)"', page)


@pytest.mark.parametrize("what", ["dismiss", "accept"])
def test_feedback_is_taken_and_the_next_look_is_quiet(what: str) -> None:
    with running() as service, httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as browser:
        first = browser.get("/?patient=p61").text
        (pressed, *_) = buttons(first, what)
        card = pressed.split(" ")[1]
        reason = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes|action-completed"
        fields = {"patient": "p61", "answer": pressed, f"reason-{card}": reason}
        response = sent(browser, "/try-it/feedback", **fields)
        assert response.status_code == 303
        following = Html(browser.get(response.headers["location"].removeprefix("..").split("#")[0]).text)
        ((client, asked, kept),) = service.memory.feedback
        assert (client, asked, kept.card) == ("try-it", "spmwatch-patient-view", card)
        assert kept.outcome == ("overridden" if what == "dismiss" else "accepted")
        assert (kept.reason == tuple(reason.split("|"))) == (what == "dismiss")
        assert "No cards" in following.text
        assert "Kept quiet" in following.text


def test_an_answer_that_no_button_sends_is_refused(browser: httpx.Client, service: Running) -> None:
    for answer in ("", "dismiss", "accept 123", "dismiss 00000000-0000-0000-0000-000000000000 x", "drop table"):
        before = len(service.memory.feedback)
        assert sent(browser, "/try-it/feedback", patient="p61", answer=answer).status_code == 400
        assert len(service.memory.feedback) == before
    foreign = "00000000-0000-0000-0000-000000000000"
    fields = {"patient": "p61", "answer": f"dismiss {foreign}", f"reason-{foreign}": "urn:other|because"}
    assert sent(browser, "/try-it/feedback", **fields).status_code == 400
