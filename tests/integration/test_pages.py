"""The pages for people over real HTTP: who is offered what, what headers say, what becomes of what is pasted."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from spmwatch.cds_hooks.pages.invented import invented
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.pages import AS_OF, HEADINGS, Html, Running, running

ROOT = Path(__file__).parents[2]
SECONDS = 10.0


@pytest.fixture(scope="module")
def service() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def browser(service: Running) -> Iterator[httpx.Client]:
    """Keeps cookies, as a browser does."""
    with httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as client:
        yield client


def bundle(patient: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "examples/bundles" / f"{patient}.json").read_text(encoding="utf-8"))
    return found


def secret(browser: httpx.Client) -> str:
    found = re.search(r'name="page-secret" value="([^"]+)"', browser.get("/").text)
    assert found is not None
    return found[1]


def sent(browser: httpx.Client, path: str = "/try-it", **fields: str | bytes) -> httpx.Response:
    """The form of the page, as a browser sends it."""
    parts = {name: (None, value) for name, value in {"page-secret": secret(browser), **fields}.items()}
    return browser.post(path, files=parts, headers={"Sec-Fetch-Site": "same-origin"})


PAGES = (
    "/",
    "/?patient=p01",
    "/?patient=p05",
    "/rules",
    "/rules?q=transplant",
    "/rules/SPM-05",
    "/docs",
    "/rules/SPM-99",
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_may_fetch_from_nowhere_else(browser: httpx.Client, path: str) -> None:
    response = browser.get(path)
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Html(response.text)
    assert [attrs for _, attrs in page.tags if "style" in attrs or any(name.startswith("on") for name in attrs)] == []
    assert page.all("style") == []
    assert all(script.get("src") for script in page.all("script"))
    addresses = [attrs[name] for _, attrs in page.tags for name in ("src", "action") if name in attrs]
    addresses += [attrs["href"] for attrs in page.all("link")]
    assert [address for address in addresses if "//" in address] == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_read_well_without_eyes(browser: httpx.Client, path: str) -> None:
    """One h1, headings that skip no level, unique ids, a name for every field, landmarks."""
    page = Html(browser.get(path).text)
    levels = [HEADINGS.index(tag) + 1 for tag, _ in page.tags if tag in HEADINGS]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), levels
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert sorted(ids) == sorted(set(ids))
    for attrs in (attrs for _, attrs in page.tags):
        for name in ("aria-labelledby", "aria-describedby", "for", "form"):
            assert set(attrs.get(name, "").split()) <= set(ids), attrs
    labelled = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
    for tag in ("input", "select", "textarea"):
        for attrs in page.all(tag):
            hidden = attrs.get("type") in ("hidden", "checkbox")  # a checkbox stands inside its label
            assert hidden or attrs.get("aria-label") or attrs.get("id") in labelled, attrs
    assert [tag for tag, _ in page.tags if tag in ("header", "main", "footer")] == ["header", "main", "footer"]
    assert page.all("html")[0]["lang"] == "en"


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


# -- feedback -------------------------------------------------------------------------------------------------------


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


# -- who may --------------------------------------------------------------------------------------------------------


def test_a_form_from_elsewhere_is_refused(browser: httpx.Client, service: Running) -> None:
    known = secret(browser)
    body = {"page-secret": known, "patient": "p01"}
    assert browser.post("/try-it", data=body).status_code == 303
    assert browser.post("/try-it", data=body, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert browser.post("/try-it", data={"patient": "p01"}).status_code == 403
    assert browser.post("/try-it", data=body | {"page-secret": "x" * 43}).status_code == 403
    assert httpx.post(f"{service.base}/try-it", data=body, trust_env=False).status_code == 403  # no cookie
    assert "SameSite=strict" in browser.get("/").headers["set-cookie"]
    assert "HttpOnly" in browser.get("/").headers["set-cookie"]


def test_a_foreign_page_may_link_here_and_fetch_nothing(browser: httpx.Client, service: Running) -> None:
    before = len(service.memory.decisions)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert browser.get("/?patient=p01", headers=foreign | {"Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert len(service.memory.decisions) == before
    assert browser.get("/?patient=p01", headers=foreign | {"Sec-Fetch-Mode": "navigate"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example.org", "evil.example.org:8000", "", "["])
def test_a_foreign_name_for_this_machine_is_refused(browser: httpx.Client, host: str) -> None:
    assert browser.get("/?patient=p01", headers={"Host": host}).status_code in (400, 421)


def test_the_try_it_page_can_be_closed() -> None:
    with running(try_it=False) as service, httpx.Client(base_url=service.base, trust_env=False) as browser:
        page = browser.get("/?patient=p01")
        assert page.status_code == 200
        assert "not offered here" in page.text
        assert "SPM-05" not in page.text
        assert browser.post("/try-it", data={"patient": "p01"}).status_code == 404
        assert browser.post("/try-it/feedback", data={"patient": "p01"}).status_code == 404
        assert browser.get("/rules/SPM-05").status_code == 200
        assert service.memory.decisions == []


def test_a_body_that_is_too_long_is_refused(browser: httpx.Client) -> None:
    response = sent(browser, bundle=b" " * (8 * 1024 * 1024 + 1))
    assert response.status_code == 413
    assert "longer than" in response.text


# -- rules ----------------------------------------------------------------------------------------------------------


def test_the_page_of_every_rule(browser: httpx.Client) -> None:
    """C099: what cards link to is there, whole."""
    for rule in load_rule_base().all_rules:
        response = browser.get(f"/rules/{rule.id}")
        assert response.status_code == 200
        page = Html(response.text)
        assert rule.title in page.text
        assert f"Version {rule.version}" in page.text
        for part in ("When it speaks", "When it keeps silent", "Parameters", "Evidence", "How it was tested"):
            assert part in page.text
        inside = {attrs["href"][1:] for attrs in page.all("a") if attrs.get("href", "").startswith("#")}
        assert inside <= {attrs["id"] for _, attrs in page.tags if "id" in attrs}


def test_links_of_cards_lead_to_pages(browser: httpx.Client) -> None:
    page = Html(browser.get("/?patient=p01").text)
    links = [a["href"] for a in page.all("a") if re.match(r"https?:.*/rules/SPM", a.get("href", ""))]
    assert links
    for link in links:
        assert httpx.get(link, trust_env=False, timeout=SECONDS).status_code == 200


def test_no_such_rule(browser: httpx.Client) -> None:
    response = browser.get("/rules/SPM-99")
    assert response.status_code == 404
    assert "There is no such rule" in response.text
    assert browser.get("/rules/%3Cscript%3E").status_code == 404
    assert browser.get("/rules/spm-05").status_code == 200


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("q=SPM-05", "SPM-05", "SPM-01"),
        ("q=autologous+transplant", "SPM-05", "SPM-03"),
        ("topic=melphalan", "SPM-03", "SPM-05"),
        ("indicator=critical", "SPM-17", "SPM-01"),
        ("hook=patient-view", "SPM-22", "SPM-19"),
    ],
)
def test_the_list_is_narrowed_without_a_script(browser: httpx.Client, query: str, there: str, not_there: str) -> None:
    text = browser.get(f"/rules?{query}").text
    shown = re.findall(r"<li data-words.*?</li>", text, re.DOTALL)
    found = {match for item in shown for match in re.findall(r'class="id">(SPM-\d+)', item)}
    assert there in found
    assert not_there not in found
    assert f"{len(found)} of " in text


def test_the_rules_shown_are_those_in_force() -> None:
    with running() as service, httpx.Client(base_url=service.base, timeout=SECONDS, trust_env=False) as browser:
        before = browser.get("/rules/SPM-05")
        tag = before.headers["etag"]
        assert browser.get("/rules/SPM-05", headers={"If-None-Match": tag}).status_code == 304
        base = load_rule_base()
        renamed = tuple(replace(r, title="Exchanged") if r.id == "SPM-05" else r for r in base.all_rules)
        service.service.rules.exchange(replace(base, all_rules=renamed, digest="0" * 64))
        after = browser.get("/rules/SPM-05", headers={"If-None-Match": tag})
        assert after.status_code == 200
        assert "Exchanged" in after.text


# -- assets and the API's page --------------------------------------------------------------------------------------


def test_assets_are_kept_for_ever_and_have_their_types(browser: httpx.Client) -> None:
    types = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
    names = set()
    for path in ("/?patient=p01", "/rules/SPM-05", "/docs"):
        page = Html(browser.get(path).text)
        for address in [a["href"] for a in page.all("link")] + [a["src"] for a in page.all("script")]:
            response = browser.get(f"/{address.lstrip('./')}")
            assert response.status_code == 200
            assert response.headers["content-type"] == types[address.rpartition(".")[2]]
            assert "immutable" in response.headers["cache-control"]
            names.add(address.rpartition("/")[2])
    assert {"pages.css", "pages.js", "explained.css", "rules.css", "swagger-ui-bundle.js"} <= names
    assert browser.get("/assets/0000000000000000/pages.css").status_code == 404
    assert browser.get("/assets/x/../../settings.py").status_code == 404


def test_an_unknown_path_is_told_to_people_as_a_page_and_to_programs_as_an_outcome(browser: httpx.Client) -> None:
    """C057: what is below /cds-services is a program's, whatever it says that it accepts."""
    as_browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/rule/SPM-05", "/a/b/c", "/metrics/x"):
        response = browser.get(path, headers=as_browser)
        assert response.status_code == 404
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        page = Html(response.text)
        assert "There is nothing here" in page.text
        (back,) = {link["href"] for link in page.all("a") if link["href"].endswith("/rules")}
        assert browser.get(response.url.join(back)).status_code == 200
        assert path not in response.text
        assert browser.get(path).json()["resourceType"] == "OperationOutcome"
    for path in ("/cds-services/none", "/cds-services/none/feedback/x"):
        assert "json" in browser.get(path, headers=as_browser).headers["content-type"]


def test_head_is_answered(browser: httpx.Client) -> None:
    for path in ("/", "/rules", "/rules/SPM-05", "/docs"):
        response = browser.head(path)
        assert response.status_code == 200
        assert response.content == b""


def test_pages_are_no_part_of_the_api(browser: httpx.Client) -> None:
    paths = browser.get("/openapi.json").json()["paths"]
    assert not {"/", "/rules", "/docs", "/try-it"} & set(paths)
    assert browser.get("/redoc").status_code == 404


def test_every_rule_in_force_is_told_of(browser: httpx.Client) -> None:
    """What is not asked at the moment is named too, so that nobody takes its absence for a "no"."""
    at_the_chart = browser.get("/", params={"patient": "p03"}).text
    apart = at_the_chart.partition("Not asked at this moment")[2].partition("</p>")[0]
    assert re.findall(r">(SPM-\d\d)<", apart) == ["SPM-19", "SPM-20", "SPM-28"]
    assert set(re.findall(r">(SPM-\d\d)<", at_the_chart)) == {f"SPM-{number:02}" for number in range(1, 31)}
