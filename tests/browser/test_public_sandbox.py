"""The public CDS Hooks sandbox, an EHR that nobody here wrote, in a real browser against the service.

It is not part of this project: build it elsewhere from its own sources, and name the folder with its `index.html` in
SPMWATCH_SANDBOX (docs/public-sandbox.md). Without it these tests are skipped.

The browser reaches nothing but this machine. Requests are not intercepted: that would answer preflights in the place of
the service and hide what CORS refuses.
"""

from __future__ import annotations

import functools
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Request, sync_playwright

from spmwatch.cds_hooks.server.app import create_app
from spmwatch.cds_hooks.server.assemble import assemble
from spmwatch.cds_hooks.server.settings import Settings
from spmwatch.engine.catalogue.load import load_rule_base
from tests.support.fhir_server import fhir_server
from tests.support.programs import ROOT, program
from tests.support.serving import serving

BUILD = os.environ.get("SPMWATCH_SANDBOX", "")
ISSUER = "https://sandbox.cds-hooks.org"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

pytestmark = [
    pytest.mark.skipif(not BUILD, reason="SPMWATCH_SANDBOX names no built sandbox (docs/public-sandbox.md)"),
    pytest.mark.xdist_group("public-sandbox"),
]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """Nothing."""


@contextmanager
def _files(folder: Path) -> Iterator[str]:
    """The origin of a server of static files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Sandbox:
    """One page of the sandbox, and what it asked of the service."""

    def __init__(self, page: Page, sandbox: str, fhir: str, service: str) -> None:
        self.page, self._sandbox, self._fhir, self._service = page, sandbox, fhir, service
        self.sent: list[Request] = []
        page.on("request", lambda request: self.sent.append(request) if request.url.startswith(service) else None)

    def open(self, hook: str, screen: str, patient: str) -> None:
        """Open a patient's chart at one of its screens."""
        query = {
            "fhirServiceUrl": self._fhir,
            "patientId": patient,
            "hook": hook,
            "screen": screen,
            "serviceDiscoveryURL": f"{self._service}/cds-services",
        }
        self.page.goto(f"{self._sandbox}/?{urlencode(query)}")

    def answers(self, path: str) -> list[tuple[int, Any, Any]]:
        """Status, what was sent and what came back of every POST that went to this path."""
        calls = [one for one in self.sent if one.method == "POST" and one.url == f"{self._service}{path}"]
        found = []
        for call in calls:
            response = call.response()
            assert response is not None, "the browser did not let the answer through"
            found.append((response.status, json.loads(call.post_data or "null"), response.text()))
        return found


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, str]]:
    """Origins of the sandbox and base addresses of the FHIR server and of the service, which asks for its token."""
    jwks = Path(BUILD) / ".well-known" / "jwks.json"
    with (
        _files(Path(BUILD)) as sandbox,
        fhir_server(tmp_path_factory.mktemp("fhir"), token=None) as fhir,
    ):
        fhir.load(*map(_with_a_name, ("p03", "p13")))
        settings = {
            "trust": {
                "origins": [sandbox],
                "clients": [
                    {
                        "id": "sandbox",
                        "issuers": [ISSUER],
                        "jwks_file": jwks,
                        "jku": [f"{ISSUER}/.well-known/jwks.json"],
                        "max_lifetime_seconds": 3600,
                    }
                ],
            },
            "store": {"url": f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}"},
        }

        def make(base: str) -> Any:
            made = Settings.model_validate(settings | {"public_url": base})
            return create_app(assemble(made, load_rule_base(), today=lambda: date(2026, 1, 15)))

        with serving(make) as service:
            yield sandbox, fhir.base, service


def _with_a_name(name: str) -> dict[str, Any]:
    """An example patient; the sandbox wants a given name."""
    bundle: dict[str, Any] = json.loads((ROOT / "examples" / "bundles" / f"{name}.json").read_bytes())
    for entry in bundle["entry"]:
        if entry["resource"]["resourceType"] == "Patient":
            entry["resource"].setdefault("name", [{"given": ["Example"], "family": name}])
    return bundle


@pytest.fixture
def sandbox(addresses: tuple[str, str, str]) -> Iterator[Sandbox]:
    chromium = program("chromium", "/usr/bin/chromium", install="apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(30_000)
        yield Sandbox(page, *addresses)
        browser.close()


def test_a_chart_is_opened(sandbox: Sandbox) -> None:
    """C010, C040, C090-C102, C145-C151, C156: discovery, preflight, token, prefetch, cards, all by a foreign client."""
    sandbox.open("patient-view", "patient-view", "p03")
    sandbox.page.get_by_text("Lenalidomide together with oral melphalan").first.wait_for()
    [(status, sent, _)] = sandbox.answers("/cds-services/spmwatch-patient-view")
    assert status == 200
    assert set(sent["prefetch"]) >= {"patient", "conditions", "medicationRequests", "observations"}
    if folder := os.environ.get("SPMWATCH_SCREENSHOTS"):
        sandbox.page.screenshot(path=f"{folder}/public-sandbox.png")


def test_lenalidomide_is_signed_and_the_card_set_aside(sandbox: Sandbox) -> None:
    """C050, C103-C112, C130-C134: a draft without a type, override reasons, feedback; then the card stays quiet."""
    page = sandbox.page
    sandbox.open("order-sign", "rx-sign", "p13")
    page.locator("[name=medication-input]").fill("lenalidomide")
    page.get_by_role("button", name="lenalidomide 10 MG Oral Capsule", exact=True).click()
    page.get_by_role("button", name="Sign Order").click()
    page.get_by_role("button", name="Dismiss").first.wait_for()
    page.get_by_role("button", name="select dismiss reason").first.click()
    with page.expect_response("**/spmwatch-order-sign/feedback"):
        page.get_by_role("menuitem", name="Intended and discussed").click()
    [(status, sent, _)] = sandbox.answers("/cds-services/spmwatch-order-sign/feedback")
    assert status == 200
    [feedback] = sent["feedback"]
    assert feedback["outcome"] == "overridden"
    assert feedback["overrideReason"]["reason"]["code"] == "intended-and-discussed"
    with page.expect_response("**/spmwatch-order-sign"):
        page.get_by_role("button", name="Sign Order").click()
    calls = sandbox.answers("/cds-services/spmwatch-order-sign")
    first, last = (json.loads(body)["cards"] for _, _, body in (calls[0], calls[-1]))
    assert {status for status, _, _ in calls} == {200}
    assert len(last) < len(first)
